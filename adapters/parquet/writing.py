"""Write Parquet files: a whole file at a time, which is there when it is complete.

A single file is put in the place of the old one. In a folder rows come in a file of their own, whose path comes after
those of the files that are there, so that the later of two rows that tie is the one that was written later.
"""

import fcntl
import os
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.exceptions import PolarsError
from returns.result import Result, Success

from foreset.adapters.parquet.places import PLACE_FAULTS, LocalPlace, RemotePlace
from foreset.adapters.parquet.snapshot import NO_VALUE, ParquetSnapshot
from foreset.adapters.shared.files.object_stores import polars_options
from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_dtype
from foreset.adapters.shared.frames.fitting import as_known, as_new
from foreset.adapters.shared.parquet.footer_marks import MarkedFile
from foreset.adapters.shared.parquet.writer import ParquetFileWriter
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.table_writes import UnwritableTable
from foreset.domain.errors.tables import SchemaMismatch, TableWriteError, WriteFailed
from foreset.domain.tables.write_options import WriteMode, WriteOptions

_FAULTS: Final = (*PLACE_FAULTS, pa.ArrowException, PolarsError)
_NUMBERED: Final = re.compile(r"(.*)~(\d{6})(?:-[0-9a-f]{8})?")
_LAST_NUMBER: Final = 999_999


def write_files(  # noqa: PLR0913, PLR0917  # a write, where it goes, and what is there
    table: str,
    place: LocalPlace | RemotePlace,
    frame: pl.DataFrame,
    mode: WriteMode,
    options: WriteOptions,
    known: ParquetSnapshot | None,
) -> Result[None, TableWriteError]:
    """Append the rows, in their order, or put them in the place of all Parquet files that are there.

    With `schema_mode="merge"` rows of a folder may lack columns, or have new ones. Files beside them stay. A write that
    is killed leaves what was there, or, where a folder's files are replaced, no file at all; never a part of the rows.
    """
    if mode == "error" and known is not None:
        return refuse(WriteFailed(table=table, problem="it exists, and mode='error' only makes new tables"))
    if mode != "append":
        known = None
    by = known.facts.partition_columns if known else tuple(options.partition_by)
    fitted = _fitted(table, frame, known, widen=options.schema_mode == "merge" and not place.is_file)
    unfit = _unfit(table, fitted.value_or(frame), by, place, appends=known is not None)
    if not isinstance(fitted, Success) or unfit is not None:
        return refuse(unfit or fitted.failure())
    if known is not None and not frame.height:
        return Success(None)
    try:
        if isinstance(place, LocalPlace):
            _write_local(place, fitted.unwrap(), mode, by)
        else:
            _write_remote(place, fitted.unwrap(), mode, by)
    except _FAULTS as fault:
        return refuse(because(WriteFailed(table=table, problem=told(fault, place=True)), fault))
    return Success(None)


def _fitted(
    table: str, frame: pl.DataFrame, known: ParquetSnapshot | None, *, widen: bool
) -> Result[pl.DataFrame, SchemaMismatch]:
    if known is None:
        return as_new(table, frame, _stored)
    columns = {column.name: polars_dtype(column.dtype) for column in known.facts.columns}
    return as_known(table, frame, columns, _stored, widen=widen)


def _stored(dtype: pl.DataType) -> pl.DataType:
    return pl.String() if isinstance(dtype, pl.Categorical | pl.Enum) else dtype


def _unfit(
    table: str, frame: pl.DataFrame, by: Sequence[str], place: LocalPlace | RemotePlace, *, appends: bool
) -> TableWriteError | None:
    strange = [name for name in by if name not in frame.columns]
    if strange:
        return SchemaMismatch(table=table, problem=f"it has no column to partition by: {strange}")
    odd = next((name for name in by if not _names_folders(frame.schema[name])), None)
    if odd is not None:
        problem = (
            f"column {odd!r} is {dtype_name(frame.schema[odd])}; folders are named by whole numbers, texts or dates"
        )
        return SchemaMismatch(table=table, problem=problem)
    if place.is_file and by:
        return SchemaMismatch(table=table, problem=f"a single file is not partitioned, and {list(by)} was asked for")
    if place.is_file and appends and isinstance(place, RemotePlace):
        feature = "one file in an object store, which two writers at once would overwrite"
        return UnwritableTable(table=table, feature=feature, remedy="name a folder there, or a Delta table")
    return None


def _names_folders(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype in {pl.String(), pl.Date()}


# === On a local disk ===


def _write_local(place: LocalPlace, frame: pl.DataFrame, mode: WriteMode, by: Sequence[str]) -> None:
    root = place.path
    root.parent.mkdir(parents=True, exist_ok=True)
    if place.is_file:
        with _alone(root.parent), _replaced(root) as partial:
            _write_file(partial, frame, root if mode == "append" and root.exists() else None)
        return
    root.mkdir(exist_ok=True)
    with _alone(root):
        names = [found.name for found in place.files()]
        rows = list(_by_folder(frame, by))
        with _all_replaced([root / name_after(names, folder) for folder, _ in rows]) as partials:
            for partial, (_, part) in zip(partials, rows, strict=True):
                _write_file(partial, part, None)
            for name in names if mode != "append" else []:
                (root / name).unlink()


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Keep other writers of this folder waiting."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _replaced(path: Path) -> Generator[Path]:
    with _all_replaced([path]) as partials:
        yield partials[0]


@contextmanager
def _all_replaced(paths: Sequence[Path]) -> Generator[list[Path]]:
    """Hidden places for files that take their own when they are written."""
    partials = [path.with_name(f".{path.name}.{uuid4().hex[:8]}.partial") for path in paths]
    try:
        for partial in partials:
            partial.parent.mkdir(parents=True, exist_ok=True)
        yield partials
        for partial, path in zip(partials, paths, strict=True):
            partial.replace(path)
    finally:
        for partial in partials:
            partial.unlink(missing_ok=True)


def _write_file(path: Path, frame: pl.DataFrame, before: Path | None) -> None:
    """Write the rows, behind those of the file `before` where there is one."""
    if before is None:
        with ParquetFileWriter(path) as writer:
            writer.write(frame)
        return
    with pq.ParquetFile(before, coerce_int96_timestamp_unit="us") as old, path.open("wb") as file:
        schema = old.schema_arrow.remove_metadata()
        marked = MarkedFile(file)
        writer = pq.ParquetWriter(marked, schema, compression="zstd", write_page_checksum=True)
        for number in range(old.num_row_groups):
            writer.write_table(old.read_row_group(number).cast(schema))
        writer.write_table(_in_schema(frame, schema))
        with marked:
            writer.close()
        os.fsync(file.fileno())
    with suppress(OSError):
        path.chmod(S_IMODE(before.stat().st_mode))


def _in_schema(frame: pl.DataFrame, schema: Any) -> Any:  # pyarrow's, without stubs
    return frame.select(schema.names).to_arrow().cast(schema)


# === In an object store ===


def _write_remote(place: RemotePlace, frame: pl.DataFrame, mode: WriteMode, by: Sequence[str]) -> None:
    options: Any = polars_options(place.options)
    if place.is_file:
        frame.write_parquet(place.url, storage_options=options)
        return
    names = [found.name for found in place.files()]
    if mode != "append":
        place.remove(names)
    for folder, part in _by_folder(frame, by):
        part.write_parquet(f"{place.url}/{name_after(names, folder)}", storage_options=options)


# === Names ===


def name_after(names: Sequence[str], folder: str = "") -> str:
    """A new file in a folder (empty, or ending in a slash) whose path comes after all others there.

    >>> name_after(["b.parquet", "a/z.parquet"]).rpartition("-")[0], name_after([], "day=1/").rpartition("-")[0]
    ('b~000001', 'day=1/part~000001')
    """
    last = max((name.removeprefix(folder) for name in names if name.startswith(folder)), default="part")
    stem = last.partition("/")[0]
    stem = stem.rpartition(".")[0] if "/" not in last and "." in stem else stem
    numbered = _NUMBERED.fullmatch(stem)
    if numbered and int(numbered[2]) < _LAST_NUMBER:
        return f"{folder}{numbered[1]}~{int(numbered[2]) + 1:06}-{uuid4().hex[:8]}.parquet"
    return f"{folder}{stem}~000001-{uuid4().hex[:8]}.parquet"


def _by_folder(frame: pl.DataFrame, by: Sequence[str]) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows of each folder, which does not hold the columns that it is named by."""
    if not by:
        yield "", frame
        return
    for values, part in frame.partition_by(list(by), as_dict=True, maintain_order=True).items():
        named = (f"{quote(column)}={_text(value)}" for column, value in zip(by, values, strict=True))
        yield "/".join(named) + "/", part.drop(list(by))


def _text(value: object) -> str:
    return NO_VALUE if value is None else quote(str(value), safe="")
