"""A plan's scan, open for reading: its rows have a position, by which they are found again."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, Literal, Protocol

import polars as pl
from returns.result import Result, Success

from foreset.adapters.parquet_files import ambiguous_partition, as_many_rows, scan_files
from foreset.application.ports import Snapshot
from foreset.domain.errors.problem import raised, refuse
from foreset.domain.errors.tables import TableError, TableUnreadable, UnsupportedTable
from foreset.domain.facts import Column, DataFile
from foreset.domain.plan import Scan, TimeBounds

Engine = Literal["in-memory", "streaming"]
POSITION: Final = "__position"
SMALL_BYTES: Final = 8_000_000
"""A table of so many bytes is read once and kept in memory: a second look at the file would cost more."""


class Source(Protocol):
    """Rows by position. Positions grow with the snapshot's order.

    `engine` is the one to collect queries over them with: streaming has a price that small frames need not pay.
    """

    engine: Engine

    def lazy(self, columns: Sequence[str]) -> pl.LazyFrame:
        """All rows that may serve, with these columns and `POSITION`."""
        ...

    def gather(self, columns: Sequence[str], positions: pl.Series) -> pl.DataFrame:
        """These columns of the rows at `positions`, in that order; null where a position is null."""
        ...


class FrameSource:
    """Rows in memory."""

    engine: Engine = "in-memory"

    def __init__(self, frame: pl.DataFrame) -> None:
        """Serve `frame`."""
        self._frame = frame.with_row_index(POSITION)

    def lazy(self, columns: Sequence[str]) -> pl.LazyFrame:
        """All rows."""
        return self._frame.lazy().select(POSITION, *columns)

    def gather(self, columns: Sequence[str], positions: pl.Series) -> pl.DataFrame:
        """The rows at `positions`."""
        return self._frame.select(pl.col(name).gather(positions) for name in columns)


class FileSource:
    """Rows in Parquet files, gathered file by file, so that memory holds one file's columns at a time."""

    engine: Engine = "streaming"

    def __init__(self, table: str, files: Sequence[DataFile], columns: Sequence[Column]) -> None:
        """Serve `files`, in their order."""
        self._table = table
        self._files = files
        self._columns = columns
        self._rows = [self._count(file) for file in files]

    def _count(self, file: DataFile) -> int:
        """The rows of a file by its footer; the log must say the same, for positions rest on it."""
        found = int(scan_files([file], []).select(pl.len()).collect().item())
        if file.rows is not None and file.rows != found:
            problem = f"{file.path} has {found} rows, and its log says {file.rows}"
            raise raised(TableUnreadable(table=self._table, problem=problem))
        return found

    def lazy(self, columns: Sequence[str]) -> pl.LazyFrame:
        """All rows of the files."""
        return scan_files(self._files, self._of(columns)).with_row_index(POSITION)

    def gather(self, columns: Sequence[str], positions: pl.Series) -> pl.DataFrame:
        """The rows at `positions`, each touched file read once."""
        wanted = positions.drop_nulls().unique().sort()
        starts = [0, *accumulate(self._rows)]
        cuts = [int(wanted.search_sorted(start)) for start in starts]
        parts = [scan_files([], self._of(columns)).collect()]
        for index, file in enumerate(self._files):
            inside = wanted[cuts[index] : cuts[index + 1]]
            if inside.len():
                rows = scan_files([file], self._of(columns)).collect()
                parts.append(rows.select(pl.all().gather(inside - starts[index])))
        found = pl.concat(parts)
        places = positions.to_frame(POSITION).join(
            wanted.to_frame(POSITION).with_row_index("place"), on=POSITION, how="left", maintain_order="left"
        )["place"]
        return found.select(pl.all().gather(places))

    def _of(self, names: Sequence[str]) -> list[Column]:
        return [column for name in names for column in self._columns if column.name == name]


def open_source(snapshot: Snapshot, scan: Scan) -> Result[Source, TableError]:
    """The source for a scan: in memory where the table is small or only the table store can read it."""
    files = snapshot.files()
    if files is None:
        return snapshot.read(scan.columns).map(lambda frame: FrameSource(pl.DataFrame(frame)))
    wanted = [c for c in snapshot.facts.columns if c.name in scan.columns]
    ambiguous = ambiguous_partition(files, wanted)
    if ambiguous is not None:
        return refuse(UnsupportedTable(table=scan.table, feature=ambiguous))
    chosen = [file for file in files if _may_serve(file, scan.bounds)]
    if sum(file.size_bytes for file in chosen) <= SMALL_BYTES:
        return as_many_rows(scan_files(chosen, wanted).collect(), scan.table, chosen).map(FrameSource)
    return Success(FileSource(scan.table, chosen, wanted))


def _may_serve(file: DataFile, bounds: TimeBounds | None) -> bool:
    """Whether a file may hold a row within the bounds, by the log's statistics."""
    if bounds is None or bounds.column not in file.time_ranges:
        return True
    least, greatest = file.time_ranges[bounds.column]
    too_old = bounds.least is not None and greatest < bounds.least
    too_new = bounds.greatest is not None and least > bounds.greatest
    return not (too_old or too_new)
