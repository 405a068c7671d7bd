"""Spines: read from whatever users have, and looked at."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace as replaced
from pathlib import Path
from typing import Final

import polars as pl
from blake3 import blake3
from msgspec.structs import replace
from polars.exceptions import PolarsError
from returns.result import Result, Success

from foreset.adapters.polars.csv.spines import csv_spine
from foreset.adapters.polars.frames.affected_rows import within
from foreset.adapters.polars.frames.fingerprint import column_digest, combined, digests
from foreset.adapters.polars.frames.profile import profile
from foreset.adapters.shared.files.input_files import require_file
from foreset.adapters.shared.frames.arrow_types import dtype_name, plain_dtype, polars_frame
from foreset.adapters.shared.frames.pandas_rows import PandasRows, PandasType, arrow_type, categories_of, types_of
from foreset.adapters.shared.interchange.frame_gate import kind_of, read_frame
from foreset.adapters.shared.parquet.scan import READ_FAULTS
from foreset.adapters.shared.rows.condition_bounds import too_long
from foreset.application.ports.engine import Fingerprint, SpineFrame
from foreset.application.ports.tables import ArrowStream, TableStore
from foreset.domain.definitions.field_types import shown
from foreset.domain.definitions.recordable import secret_in
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.dtypes import width
from foreset.domain.errors.files import CsvSchemaUnfit
from foreset.domain.errors.problem import CallerError, because, refuse, told
from foreset.domain.errors.retention import Affected
from foreset.domain.errors.retrieval import SPINES, DoesNotFit, SpineError, SpineUnreadable
from foreset.domain.errors.system import or_out_of_reach
from foreset.domain.facts import SpineFacts, TableFacts
from foreset.domain.planning.explain import size
from foreset.domain.planning.rules.choose_passes import INFLATED, decoded_bytes
from foreset.domain.retention.affected_rows import Box

_CSV_INFLATED: Final = 6
"""How much larger than its text a CSV file is taken to be in memory, while it is read."""


class PolarsSpines:
    """Spines as polars frames."""

    def __init__(self, tables: TableStore) -> None:
        """Read spines that are tables from `tables`."""
        self._tables = tables

    def read(
        self, spine: object, room_bytes: int | None = None, time: str | None = None
    ) -> Result[SpineFrame, SpineError]:
        """A polars, pandas or pyarrow frame, a path, or a `SpineReference`, as a polars frame."""
        if isinstance(spine, (str, os.PathLike)):
            return Result.do(read for found in _reference(spine) for read in self._referenced(found, room_bytes, time))
        if isinstance(spine, SpineReference):
            return self._referenced(spine, room_bytes, time)
        return _frame(spine).map(SpineFrame)

    def _referenced(
        self, reference: SpineReference, room_bytes: int | None, time: str | None
    ) -> Result[SpineFrame, SpineError]:
        secret = secret_in(reference.path)
        if secret is not None:
            return refuse(secret)
        suffix = Path(reference.path).suffix.lower()
        is_file = suffix in (".parquet", ".csv") and not Path(reference.path).is_dir()
        if (reference.schema or reference.time_formats) and not (is_file and suffix == ".csv"):
            problem = "schema and time_formats are for CSV files; a Parquet file and a table have types of their own"
            remedy = "leave them out, or cast the columns and give the frame"
            return refuse(CsvSchemaUnfit(spine=reference.path, problem=problem, remedy=remedy))
        if is_file:
            return Result.do(
                SpineFrame(rows)
                for _ in _fits(reference, file_bytes(Path(reference.path)), room_bytes)
                for frame in _file(reference, suffix, time)
                for rows in _filtered(frame, reference)
            )
        return Result.do(
            SpineFrame(rows, replace(reference, version=snapshot.facts.version))
            for snapshot in self._tables.observe(
                reference.path, reference.version, partition_time_zone=reference.partition_time_zone
            )
            for _ in _fits(reference, table_bytes(snapshot.facts), room_bytes)
            for frame in snapshot.read(tuple(column.name for column in snapshot.facts.columns))
            for rows in _filtered(pl.DataFrame(frame), reference)
        )

    def profile(
        self, frame: ArrowStream, time: str, keys: Iterable[tuple[str, ...]], partitions: Collection[str] = ()
    ) -> SpineFacts:
        """What planning needs to know."""
        return profile(polars_frame(frame), time, keys, partitions)

    def fingerprint(self, frame: ArrowStream) -> Fingerprint:
        """A hash of the content."""
        rows = polars_frame(frame)
        columns = digests(rows.get_columns())
        former = {c.name: column_digest(c, dtype_name) for c in rows.get_columns() if plain_dtype(c.dtype) != c.dtype}
        found = Fingerprint(combined(rows.height, columns), columns)
        before = Fingerprint(combined(rows.height, columns | former), columns | former) if former else None
        types = types_of(frame)
        if types:
            return Fingerprint(_with_types(found.value, types), columns, before or found)
        return replaced(found, former=before)

    def plain(self, frame: ArrowStream) -> pl.DataFrame:
        """The same values in plain types."""
        rows = polars_frame(frame)
        return rows.cast({name: plain_dtype(dtype) for name, dtype in rows.schema.items()})

    def within(self, frame: ArrowStream, boxes: Collection[Box]) -> Affected:
        """How many rows of a spine are in any of some boxes, and the first of them."""
        return within(polars_frame(frame), boxes)


def _reference(path: object) -> Result[SpineReference, SpineUnreadable]:
    """The reference to a file or table; a path that is not a text is refused."""
    try:
        return Success(SpineReference(path))  # type: ignore[arg-type]  # which looks at it
    except CallerError as fault:
        problem = getattr(fault.error, "problem", told(fault))
        return refuse(SpineUnreadable(spine=shown(path), problem=problem))


def _with_types(value: str, types: Mapping[str, PandasType]) -> str:
    """The fingerprint of rows, of columns of these types in pandas."""
    whole = blake3(f"foreset-pandas.v1/{value}".encode())
    for name, note in sorted(types.items()):
        whole.update(f"/{name!r}:{_identity(note)}".encode())
    return whole.hexdigest()


def _identity(note: PandasType) -> str:
    categories = column_digest(categories_of(note)) if note.categories else ""
    inner = _identity(note.inner) if note.inner else ""
    backed = str(arrow_type(note)) if note.schema else ""
    return f"{note.name!r}/{note.ordered}/{categories}/{inner}/{backed!r}"


def _fits(reference: SpineReference, needs: int, room_bytes: int | None) -> Result[None, DoesNotFit]:
    """Refuse a spine that takes more memory than there is room for."""
    if room_bytes is None or needs <= room_bytes:
        return Success(None)
    what = f"The spine {reference.path}"
    return refuse(DoesNotFit(what=what, needs=size(needs), budget=size(room_bytes)))


def file_bytes(path: Path) -> int:
    """About what a Parquet or CSV file takes in memory; 0 for one that cannot be looked at."""
    try:
        if path.suffix.lower() == ".csv":
            return path.stat().st_size * _CSV_INFLATED
        schema = pl.read_parquet_schema(path)
        rows = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    except READ_FAULTS:
        return 0
    known = [width(dtype_name(dtype)) for dtype in schema.values()]
    open_ended = path.stat().st_size * known.count(None) // max(len(known), 1)
    return rows * sum(w for w in known if w is not None) + open_ended * INFLATED


def table_bytes(facts: TableFacts) -> int:
    """About what a table takes in memory."""
    return decoded_bytes(tuple(column.name for column in facts.columns), facts, facts.rows, facts.size_bytes)


def _frame(spine: object) -> Result[pl.DataFrame | PandasRows, SpineUnreadable]:
    if isinstance(spine, PandasRows):
        return Success(spine)  # it came through the gate
    taken = _taken(spine, f"({kind_of(spine)})")
    if not type(spine).__module__.startswith("pandas."):
        return taken.map(lambda rows: rows)
    from foreset.adapters.shared.interchange.pandas_dtypes import with_types  # noqa: PLC0415  # it loads pandas

    return taken.map(lambda rows: with_types(rows, spine))


def _taken(spine: object, name: str) -> Result[pl.DataFrame, SpineUnreadable]:
    """A spine through the gate for all frames that come in."""
    taken = read_frame(spine)
    if isinstance(taken, Success):
        return taken.map(lambda frame: frame)
    unfit = taken.failure()
    error = SpineUnreadable(spine=name, problem=unfit.problem, remedy=unfit.remedy or SPINES)
    return refuse(error if unfit.cause is None else because(error, unfit.cause))


def _file(reference: SpineReference, suffix: str, time: str | None) -> Result[pl.DataFrame, SpineError]:
    if reference.version is not None:
        return refuse(SpineUnreadable(spine=reference.path, problem="only a Delta table has versions"))
    if suffix == ".csv":
        return csv_spine(reference, time)
    try:
        return _taken(pl.read_parquet(require_file(reference.path), glob=False), reference.path)
    except READ_FAULTS as fault:
        error = SpineUnreadable(spine=reference.path, problem=told(fault))
        return refuse(or_out_of_reach(error, reference.path, fault))


def _filtered(frame: pl.DataFrame, reference: SpineReference) -> Result[pl.DataFrame, SpineUnreadable]:
    if reference.filter is None:
        return Success(frame)
    if (problem := too_long(reference.filter)) is not None:
        problem = f"the filter {reference.filter[:100]!r} is not used: {problem}"
        return refuse(SpineUnreadable(spine=reference.path, problem=problem))
    try:
        return Success(frame.filter(pl.sql_expr(reference.filter)))
    except PolarsError as fault:
        problem = f"the filter {reference.filter!r} is no condition on it ({told(fault)})"
        return refuse(because(SpineUnreadable(spine=reference.path, problem=problem), fault))
