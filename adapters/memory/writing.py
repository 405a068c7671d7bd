"""What a write makes of a table in memory: the same as of a Delta table, row for row and in the same order."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import polars as pl
from returns.result import Result, Success

from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.adapters.shared.frames.fitting import as_known, as_new
from foreset.adapters.shared.rows.merge_keys import have_key, keyed, unfit_keys
from foreset.adapters.shared.rows.partitions import folder_of, parts, unfit_partition
from foreset.adapters.shared.rows.sql_conditions import condition
from foreset.domain.errors.problem import listed, refuse
from foreset.domain.errors.tables import SchemaMismatch, TableWriteError
from foreset.domain.facts import Column
from foreset.domain.tables.write_options import WriteMode, WriteOptions

Chunks = tuple[pl.DataFrame, ...]
"""What each write that still stands brought, in the order of the writes; partitions in the order of their folders."""
Content = tuple[Chunks, pl.Schema, tuple[str, ...]]
"""The rows of a table, its columns, and those that it is partitioned by. Older chunks may lack newer columns."""
_Gone = Callable[[pl.DataFrame], Result[pl.Series, TableWriteError]]


def written(
    table: str, known: Content | None, frame: pl.DataFrame, mode: WriteMode, options: WriteOptions
) -> Result[Content, TableWriteError]:
    """The table after a write."""
    anew = known is None or (mode == "overwrite" and options.schema_mode == "overwrite")
    fitted = (
        as_new(table, frame, _stored)
        if known is None or anew
        else as_known(table, frame, known[1], _stored, widen=options.schema_mode == "merge")
    )
    return Result.do(
        ((*kept, *_new_chunks(rows, by)), rows.schema, by)
        for rows in fitted
        for by in _partitions(table, known, rows, options, anew=anew)
        for kept in _kept(table, known, rows, mode, options)
    )


def conformed(chunk: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The rows of a chunk with the columns of a table, null where they came later."""
    if chunk.schema == schema:
        return chunk
    return chunk.select(
        pl.col(name) if name in chunk.columns else pl.lit(None, dtype).alias(name) for name, dtype in schema.items()
    )


def together(chunks: Chunks, schema: pl.Schema, by: Sequence[str], target_bytes: int) -> Iterator[Chunks]:
    """Neighbours of one partition that are smaller than a size, and together no larger; others by themselves."""
    run: list[pl.DataFrame] = []
    for chunk in chunks:
        size = sum(held.estimated_size() for held in run) + chunk.estimated_size()
        if run and (size > target_bytes or _partition(run[-1], by) != _partition(chunk, by)):
            yield tuple(run)
            run = []
        run.append(conformed(chunk, schema))
    if run:
        yield tuple(run)


def _partition(chunk: pl.DataFrame, by: Sequence[str]) -> tuple[object, ...]:
    return chunk.select(by).row(0) if by else ()


def _stored(dtype: pl.DataType) -> pl.DataType:
    return pl.String() if isinstance(dtype, pl.Categorical | pl.Enum) else dtype


def _partitions(
    table: str, known: Content | None, rows: pl.DataFrame, options: WriteOptions, *, anew: bool
) -> Result[tuple[str, ...], SchemaMismatch]:
    asked, held = tuple(options.partition_by), () if known is None else known[2]
    by = asked if known is None or (anew and asked) else held
    problem = unfit_partition(rows, by)
    if asked and asked != by:
        problem = f"the table is partitioned by {listed(by)}, and partition_by is {listed(asked)}"
    return Success(by) if problem is None else refuse(SchemaMismatch(table=table, problem=problem))


def _new_chunks(rows: pl.DataFrame, by: Sequence[str]) -> Iterator[pl.DataFrame]:
    found = [(folder_of(partition), part) for partition, part in parts(rows, by)]
    return (part for _, part in sorted(found, key=lambda known: known[0]))


def _kept(
    table: str, known: Content | None, rows: pl.DataFrame, mode: WriteMode, options: WriteOptions
) -> Result[Chunks, TableWriteError]:
    """What stays of the table's rows."""
    old, columns = () if known is None else known[0], _columns(rows.schema)
    if options.replace_where is not None:
        return Result.do(
            kept
            for met in condition(table, options.replace_where, columns)
            for _ in met.must_hold(rows)
            for kept in _without(old, met.holds)
        )
    if mode == "merge":
        keys = tuple(options.merge_on)
        unfit = unfit_keys(table, keys, columns if known is None else _columns(known[1]))
        if unfit is not None:
            return refuse(unfit)
        return Result.do(
            kept for wanted in keyed(table, rows, keys) for kept in _without(old, _having(wanted, rows.schema))
        )
    return Success(() if mode == "overwrite" else old)


def _having(keys: pl.DataFrame, schema: pl.Schema) -> _Gone:
    return lambda chunk: Success(have_key(conformed(chunk, schema), keys))


def _columns(schema: pl.Schema) -> tuple[Column, ...]:
    return tuple(Column(name, dtype_name(dtype)) for name, dtype in schema.items())


def _without(chunks: Iterable[pl.DataFrame], gone: _Gone) -> Result[Chunks, TableWriteError]:
    """The chunks without rows that go; those that lose none are the same."""
    kept: list[pl.DataFrame] = []
    for chunk in chunks:
        marks = gone(chunk)
        if not isinstance(marks, Success):
            return refuse(marks.failure())
        rest = chunk.filter(~marks.unwrap()) if marks.unwrap().any() else chunk
        kept += [rest] if rest.height else []
    return Success(tuple(kept))
