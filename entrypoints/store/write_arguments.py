"""What a write asks, as users say it."""

from collections.abc import Iterable
from typing import Any

from returns.result import Result, Success

from foreset.domain.errors.problem import CallerError, refuse
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.tables.write_options import WriteOptions


def write_options(
    *, partition_by: Iterable[str] | None = None, merge_on: Iterable[str] | None = None, **beside: Any
) -> Result[WriteOptions, InvalidSpec]:
    """The options of a write, or why they contradict one another."""
    try:
        return Success(WriteOptions(partition_by=partition_by or (), merge_on=merge_on or (), **beside))
    except CallerError as fault:
        if isinstance(fault.error, InvalidSpec):
            return refuse(fault.error)
        raise
