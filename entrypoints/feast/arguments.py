"""Feast's objects as arguments: what is not of the class that is needed is refused by name, before Feast sees it."""

from typing import Any, Literal

from foreset.domain.definitions.field_types import Unfit, fitting, shown
from foreset.entrypoints.wiring.raising import reject

Kind = Literal["entity", "feature view", "field", "file format", "file source", "type"]


def check_object(call: str, argument: str, value: object, kind: Kind) -> None:
    """Raise `InvalidSpec` for a value that is not a Feast object of a kind. Loading Feast takes seconds."""
    from foreset.adapters.feast.repository.object_classes import CLASSES

    classes = CLASSES[kind]
    if not isinstance(value, classes):
        names = " or ".join(f"{found.__module__}.{found.__qualname__}" for found in classes)
        reject(call, f"{argument} is {shown(value)}, which is not a {kind} of Feast", f"give a {names}")


def object_list(call: str, argument: str, values: object, kind: Kind) -> tuple[Any, ...]:
    """A list of Feast objects of a kind. Raises `InvalidSpec` for any other value."""
    try:
        found: tuple[Any, ...] = fitting(tuple[Any, ...])(values)
    except Unfit as unfit:
        reject(call, f"{argument}{unfit.at} {unfit.problem}", unfit.remedy)
    for number, value in enumerate(found):
        check_object(call, f"{argument}[{number}]", value, kind)
    return found
