"""Every expected failure by its name, such as `errors.TableMissing`: what `result.failure()` is, and `ForesetError.error`.

docs/errors.md lists them with their fields and texts. They are loaded when one of the names is first used.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from foreset.domain import errors

if TYPE_CHECKING:
    from foreset.domain.errors import Problem


@cache
def _kinds() -> dict[str, Any]:  # values, and the exceptions that carry them
    modules = (import_module(f"{errors.__name__}.{found.name}") for found in iter_modules(errors.__path__))
    return {
        name: kind
        for module in (errors, *modules)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, (errors.Problem, errors.ForesetError))
    }


def __getattr__(name: str) -> "type[Problem]":
    """An error by its name."""
    if not name.startswith("_") and name in _kinds():
        kind: type[Problem] = _kinds()[name]
        return kind
    message = f"module 'foreset.errors' has no attribute {name!r}: docs/errors.md lists the errors"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """The names of the errors."""
    return sorted(_kinds())
