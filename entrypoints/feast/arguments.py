"""Feast's objects as arguments: what is not of the class that is needed is refused by name, before Feast sees it."""

from typing import Any

from foreset.domain.definitions.field_types import Unfit, fitting, shown
from foreset.entrypoints.wiring.raising import reject


def check_object(call: str, argument: str, value: object, *classes: type) -> None:
    """Raise `InvalidSpec` for a value that is of none of some classes of Feast."""
    if not isinstance(value, classes):
        names = " or ".join(f"{found.__module__}.{found.__qualname__}" for found in classes)
        reject(call, f"{argument} is {shown(value)}, which is not a {names}", f"give a {names}")


def object_list(call: str, argument: str, values: object, kind: type) -> tuple[Any, ...]:
    """A list of objects of a class of Feast. Raises `InvalidSpec` for any other value."""
    try:
        found: tuple[Any, ...] = fitting(tuple[Any, ...])(values)
    except Unfit as unfit:
        reject(call, f"{argument}{unfit.at} {unfit.problem}", unfit.remedy)
    for number, value in enumerate(found):
        check_object(call, f"{argument}[{number}]", value, kind)
    return found
