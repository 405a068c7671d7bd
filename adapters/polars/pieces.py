"""Parquet files cut into pieces that fit in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from foreset.adapters.parquet_files import scan_files
from foreset.domain.dtypes import width
from foreset.domain.facts import Column, DataFile

_INFLATED: Final = 4
"""How much larger than in its file a value of no fixed width is taken to be."""
_FEWEST: Final = 65_536
"""Rows of the smallest piece: less is not worth opening a file for."""


@dataclass(frozen=True)
class Piece:
    """`rows` rows of a file from `start`. `whole`: it is all of the file."""

    file: DataFile
    start: int
    rows: int
    whole: bool


def pieces_of(files: Sequence[DataFile], columns: Sequence[Column], most_bytes: int) -> list[Piece]:
    """The files in pieces of which any one column takes at most about `most_bytes`."""
    return [piece for file in files for piece in _cut(file, columns, most_bytes)]


def _cut(file: DataFile, columns: Sequence[Column], most_bytes: int) -> Iterator[Piece]:
    rows = _rows(file)
    widest = max((_bytes_per_row(column, file, rows) for column in columns), default=1)
    step = max(int(most_bytes / max(widest, 1)), _FEWEST)
    for start in range(0, max(rows, 1), step):
        yield Piece(file, start, min(step, rows - start), whole=rows <= step)


def _rows(file: DataFile) -> int:
    """The rows of a file by the log, by its footer where the log does not say."""
    return int(scan_files([file], []).select(pl.len()).collect().item()) if file.rows is None else file.rows


def _bytes_per_row(column: Column, file: DataFile, rows: int) -> float:
    return width(column.dtype) or file.size_bytes * _INFLATED / max(rows, 1)


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


def column_groups(piece: Piece, columns: Sequence[Column], most_bytes: int) -> Iterator[list[str]]:
    """Columns of a piece together, up to about `most_bytes` in memory."""
    group: list[str] = []
    held = 0.0
    for column in columns:
        size = _bytes_per_row(column, piece.file, piece.rows) * piece.rows
        if group and held + size > most_bytes:
            yield group
            group, held = [], 0.0
        group.append(column.name)
        held += size
    if group:
        yield group
