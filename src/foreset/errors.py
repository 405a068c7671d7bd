"""Every expected failure by its name, such as `errors.TableMissing`: what `result.failure()` is, and `ForesetError.error`.

docs/errors.md lists them with their fields and texts. A module of errors is loaded when one of its names is first used.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from foreset.domain import errors

if TYPE_CHECKING:
    from types import ModuleType

    from foreset.domain.errors import Problem


def _modules() -> "list[ModuleType]":
    return [errors, *(import_module(f"{errors.__name__}.{found.name}") for found in iter_modules(errors.__path__))]


def __getattr__(name: str) -> "type[Problem]":
    """An error by its name."""
    for module in () if name.startswith("_") else _modules():
        found = getattr(module, name, None)
        if isinstance(found, type) and found.__module__.startswith(errors.__name__):
            globals()[name] = found
            return found
    message = f"module 'foreset.errors' has no attribute {name!r}: docs/errors.md lists the errors"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """The names of the errors."""
    found = {name: kind for module in _modules() for name, kind in vars(module).items() if isinstance(kind, type)}
    return sorted(name for name, kind in found.items() if issubclass(kind, (errors.Problem, Exception)))
