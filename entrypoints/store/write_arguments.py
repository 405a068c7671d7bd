"""What a write asks, as users say it."""

from collections.abc import Iterable
from typing import Any, TypedDict

from returns.result import Result, Success

from foreset.domain.definitions.field_hints import IntegerGiven
from foreset.domain.errors.problem import CallerError, refuse
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.tables.write_options import SchemaMode, WriteOptions


class WriteArguments(TypedDict, total=False):
    """What a write may ask beyond its mode; what each means: `write_to_delta_lake`."""

    partition_by: Iterable[str] | None
    schema_mode: SchemaMode | None
    replace_where: str | None
    merge_on: Iterable[str] | None
    expected_version: IntegerGiven | None
    app_id: str | None
    app_version: IntegerGiven | None


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
