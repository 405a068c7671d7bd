"""Writes docs/errors.md from the errors in the code and their examples: `make docs`."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Final, get_args

from docs.error_examples import EXAMPLES
from docs.markdown import example_of, quoted
from foreset.domain import errors
from foreset.domain.errors.problem import Fault, Problem, raised

PAGE: Final = Path(__file__).parent / "errors.md"

_INTRO: Final = """\
# Errors

Every failure that is to be expected is a value with a message in two halves: what is wrong, with names and values, and
what to do next. Results hold it (`result.failure()`); `unwrap()` and the functions that raise, raise it as a
`ForesetError`, whose `error` is the value and whose `__cause__` is what the library underneath raised, if anything.
Whose fault it is tells what a caller can do:

| fault | raised as | what to do |
|---|---|---|
| caller | `CallerError` | change the call |
| data | `DataError` | mend the data |
| world | `WorldError` | mend the machine or the files |
| conflict | `ConflictError` | somebody else wrote first: try again |

This page is made from the code by `make docs`.
"""
_TITLE: Final = "What can be wrong with "


def modules() -> list[ModuleType]:
    """The modules that define errors, in the order of the page."""
    names = [f"{errors.__name__}.{found.name}" for found in iter_modules(errors.__path__)]
    return [import_module(name) for name in [*names, "foreset.entrypoints.demo.faults"]]


def kinds(module: ModuleType) -> list[type[Problem]]:
    """The errors that a module defines, by whose fault they are, in their order in the code."""
    order = get_args(Fault)
    found = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Problem)]
    own = [kind for kind in found if kind.__module__ == module.__name__ and hasattr(kind, "says")]
    return sorted(own, key=lambda kind: order.index(kind.fault))


def page() -> str:
    """The page's text."""
    examples = {type(example): example for example in EXAMPLES}
    return "\n".join([_INTRO, *(line for module in modules() for line in _section(module, examples))])


def _section(module: ModuleType, examples: dict[type[Problem], Problem]) -> Iterator[str]:
    if own := kinds(module):
        title = str(module.__doc__).splitlines()[0].rstrip(".")
        yield f"## {title.removeprefix(_TITLE)[:1].upper()}{title.removeprefix(_TITLE)[1:]}\n"
        for kind in own:
            yield from _entry(kind, example_of(kind, examples, "docs/error_examples.py"))


def _entry(kind: type[Problem], example: Problem) -> Iterator[str]:
    says, _, then = example.message.rpartition(" Next: ")
    fields = ", ".join(f"`{name}`" for name in kind.__struct_fields__)
    yield f"### {kind.__name__}\n"
    about, exception = str(kind.__doc__).splitlines()[0], type(raised(example)).__name__
    yield f"{about} Fault: {kind.fault} (`{exception}`). Fields: {fields}.\n"
    yield quoted(says, then)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
