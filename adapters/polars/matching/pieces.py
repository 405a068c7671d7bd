"""Parquet files cut into pieces: whole files, or runs of row groups of large ones, without those that cannot serve."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from foreset.adapters.shared.parquet.decoded_sizes import decoded_group_bytes, decoded_row_bytes
from foreset.adapters.shared.parquet.scan import (
    READ_FAULTS,
    FileScan,
    collected,
    deleted_rows,
    require_files,
    statistics_range,
    unreadable,
)
from foreset.adapters.shared.parquet.verifying import verify_files
from foreset.domain.dtypes import width
from foreset.domain.errors.problem import raised
from foreset.domain.facts import Column, DataFile
from foreset.domain.planning.data_skipping import contradiction, may_serve
from foreset.domain.planning.nodes import Bounds, Scan
from foreset.domain.planning.planner import contradicting
from foreset.domain.planning.rules.choose_passes import INFLATED

_LARGE: Final = 1_000_000
"""A file of more rows is taken to have several row groups: its footer is read."""
_WIDEST: Final = 64
"""Bytes of a value that is of no unusual width."""
_TEXTS: Final = ("string", "binary")
_SLICES: Final = 64
"""Into how many slices a row group is cut at the most: its texts are decoded for each again."""


@dataclass(frozen=True, eq=False)
class Piece:
    """`length` rows of a file from `start`, `rows` of which are not deleted. `whole`: it is all of the file."""

    file: DataFile
    start: int
    length: int
    rows: int
    whole: bool


def pieces_of(  # noqa: PLR0913  # what is read, and how
    scan: Scan,
    files: Sequence[DataFile],
    columns: Sequence[Column],
    storage_options: Mapping[str, str],
    most_bytes: int,
    *,
    verify: bool = True,
) -> list[Piece]:
    """The files in pieces of which a column takes about `most_bytes`, or a row group where that is larger.

    `verify`: the checksum of a footer is looked at before the footer is. Raises `ForesetError` for a file whose footer
    cannot be read.
    """
    pieces: list[Piece] = []
    for file in files:
        try:
            require_files([file])
            live = _rows(scan.table, file, storage_options, verify=verify)
            cut = list(_cut(scan, file, live, columns, most_bytes, verify=verify))
        except (*READ_FAULTS, pa.ArrowException) as fault:
            raise raised(unreadable(scan.table, fault, [file], storage_options)) from fault
        pieces += [piece for piece in cut if piece.rows]
    return pieces


def skips_groups(pieces: Sequence[Piece], files: Sequence[DataFile]) -> bool:
    """Whether row groups of the files may be in no piece."""
    held: Counter[str] = Counter()
    for piece in pieces:
        held[piece.file.path] += piece.length
    whole = {piece.file.path for piece in pieces if piece.whole}
    return any(file.path not in whole and not _is_whole(file, held[file.path]) for file in files)


def _is_whole(file: DataFile, held: int) -> bool:
    return not held if file.rows is None else held == file.rows + file.deleted_count or not file.rows


def _cut(  # noqa: PLR0913  # what is cut, and how
    scan: Scan, file: DataFile, live: int, columns: Sequence[Column], most_bytes: int, *, verify: bool
) -> Iterator[Piece]:
    rows = live + file.deleted_count
    widest = max((_bytes_per_row(column, file, rows) for column in columns), default=1)
    if rows <= _LARGE and (widest <= _WIDEST or rows * widest <= most_bytes):
        yield Piece(file, 0, rows, live, whole=True)
        return
    if "://" in file.path:  # its footer is not at hand
        step = max(int(most_bytes / widest), _LARGE if widest <= _WIDEST else 1)
        yield from (_piece(file, at, min(step, rows - at), rows) for at in range(0, rows, step))
        return
    damage = verify_files(scan.table, [file], ()) if verify else None
    if damage is not None:
        raise raised(damage)
    start = held = 0
    for first, count in _row_groups(scan.table, file, rows, scan.bounds):
        if held and (first != start + held or (held + count) * widest > most_bytes):
            yield _piece(file, start, held, rows)
            held = 0
        if widest > _WIDEST and count * widest > most_bytes:
            yield from _slices(file, first, count, max(int(most_bytes / widest), count // _SLICES, 1), rows)
            continue
        start, held = (start, held + count) if held else (first, count)
    if held:
        yield _piece(file, start, held, rows)


def _slices(file: DataFile, first: int, count: int, step: int, rows: int) -> Iterator[Piece]:
    """A row group in slices: of lists and numbers only those that are asked for are decoded."""
    for start in range(first, first + count, step):
        yield _piece(file, start, min(step, first + count - start), rows)


def _piece(file: DataFile, start: int, length: int, rows: int) -> Piece:
    live = length - deleted_rows(file, start, length).size if file.deleted else length
    return Piece(file, start, length, live, whole=length == rows)


def _row_groups(table: str, file: DataFile, rows: int, bounds: Sequence[Bounds]) -> Iterator[tuple[int, int]]:
    """First row and number of rows of each row group that may serve, of a file that must have so many rows."""
    footer = pq.read_metadata(file.path)
    if footer.num_rows != rows:
        problem = f"it has {footer.num_rows} rows, and its log says {rows}"
        raise OSError(problem)
    places = {footer.schema.column(place).path: place for place in range(footer.num_columns)}
    held = {b.column: file.stored[b.column].name if b.column in file.stored else b.column for b in bounds}
    wanted = {column: places[name] for column, name in held.items() if name in places}
    start = 0
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        known = {name: statistics_range(group.column(place).statistics) for name, place in wanted.items()}
        ranges = {name: found for name, found in known.items() if found is not None}
        part = DataFile(path=file.path, rows=group.num_rows, size_bytes=0, modified_ms=0, ranges=ranges)
        met = contradiction([part], bounds)
        if met is not None:
            raise raised(contradicting(table, *met, f"footer (row group {number})"))
        if may_serve(part, bounds):
            yield start, group.num_rows
        start += group.num_rows


def _rows(table: str, file: DataFile, storage_options: Mapping[str, str], *, verify: bool) -> int:
    """The rows of a file that are not deleted, by the log; by its footer where the log does not say."""
    if file.rows is not None:
        return file.rows
    counted = collected(FileScan(table, [file], [], storage_options, verify=verify), lambda rows: rows.select(pl.len()))
    return int(counted.unwrap().item())


def _bytes_per_row(column: Column, file: DataFile, rows: int) -> float:
    """By its type, else as the footer of a local file says, else by the file's size."""
    known = width(column.dtype) or _footer_row_bytes(column, file)
    return file.size_bytes * INFLATED / max(rows, 1) if known is None else known


def _footer_row_bytes(column: Column, file: DataFile) -> float | None:
    if "://" in file.path or column.name in file.partition:
        return None
    return decoded_row_bytes(file.path, _stored(column, file))


def largest_texts(columns: Sequence[Column], pieces: Sequence[Piece]) -> tuple[int, str, str]:
    """What the texts of a row group take where they take most, with their column and file.

    polars decodes them together, and of lists and numbers those alone that are asked for. A row that is alone in its
    row group is not cut, and so not counted.
    """
    files = {piece.file.path: piece.file for piece in pieces}.values()
    sizes = (
        (taken, column.name, file.path)
        for file in files
        if "://" not in file.path
        for column in columns
        if column.dtype in _TEXTS and column.name not in file.partition
        if (taken := decoded_group_bytes(file.path, _stored(column, file))) > (_footer_row_bytes(column, file) or 0)
    )
    return max(sizes, default=(0, "", ""))


def _stored(column: Column, file: DataFile) -> str:
    return file.stored[column.name].name if column.name in file.stored else column.name


def widest_row(columns: Sequence[Column], pieces: Sequence[Piece]) -> int:
    """What values of no fixed width take in an average row, by the footers: where they take most."""
    files = {piece.file.path: piece.file for piece in pieces}.values()
    wide = [column for column in columns if width(column.dtype) is None]
    return int(max((sum(_footer_row_bytes(column, file) or 0 for column in wide) for file in files), default=0))


def bytes_in_file(column: Column, file: DataFile) -> float:
    """About what a column of a file takes in memory."""
    rows = (file.rows or 1) + file.deleted_count
    return _bytes_per_row(column, file, rows) * rows


def together(pieces: Sequence[Piece], most: int) -> Iterator[list[Piece]]:
    """Neighbouring whole files together, up to about `most` rows; a piece of a file by itself."""
    group: list[Piece] = []
    for piece in pieces:
        if group and (not piece.whole or not group[-1].whole or sum(p.rows for p in group) + piece.rows > most):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def bytes_per_row(columns: Sequence[Column], pieces: Sequence[Piece]) -> float:
    """About what a row of these columns takes in memory, at the most."""
    files = {piece.file.path: piece for piece in pieces}.values()
    return max((sum(_bytes_per_row(c, piece.file, piece.rows) for c in columns) for piece in files), default=1) or 1


def column_groups(group: Sequence[Piece], columns: Sequence[Column], most_bytes: int) -> Iterator[list[str]]:
    """Columns of some pieces together, up to about `most_bytes` in memory."""
    names: list[str] = []
    held = 0.0
    for column in columns:
        size = sum(_bytes_per_row(column, piece.file, piece.rows) * piece.rows for piece in group)
        if names and held + size > most_bytes:
            yield names
            names, held = [], 0.0
        names.append(column.name)
        held += size
    if names:
        yield names
