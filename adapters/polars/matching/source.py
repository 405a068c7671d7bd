"""A plan's scan, open for reading: its rows have a position, by which they are found again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from itertools import accumulate
from typing import Final, NamedTuple, Protocol

import numpy as np
import polars as pl
from returns.result import Result, Success

from foreset.adapters.polars.matching.gathered import NO_ROW, Gathered, Room, TooWideError
from foreset.adapters.polars.matching.ordering import Int64s
from foreset.adapters.polars.matching.pieces import (
    Piece,
    bytes_in_file,
    bytes_per_row,
    column_groups,
    largest_texts,
    pieces_of,
    skips_groups,
    together,
    widest_row,
)
from foreset.adapters.polars.matching.widths import alone, is_open_ended
from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.adapters.shared.parquet.scan import FileScan, as_many_rows, collected
from foreset.adapters.shared.parquet.verifying import is_verified
from foreset.application.ports.tables import Snapshot
from foreset.domain.dtypes import width
from foreset.domain.errors.problem import raised, refuse
from foreset.domain.errors.tables import RowTooLarge, TableError, TableUnreadable
from foreset.domain.facts import Column, DataFile
from foreset.domain.planning.data_skipping import bound_by_age, contradiction, may_serve, only_too_old
from foreset.domain.planning.explain import size
from foreset.domain.planning.nodes import Scan
from foreset.domain.planning.planner import contradicting
from foreset.domain.planning.rules.choose_passes import SMALL

_TOGETHER_BYTES: Final = 32_000_000
"""How much of files to read together: polars holds their bytes beside what it decodes."""
_AT_EASE: Final = 256_000_000
"""Where the rows that serve may take so much, files are read side by side."""
_COPIED: Final = 2
"""Where fewer than one row in so many is kept, texts are copied: they would hold on to all texts that were read."""
_SPARSE: Final = 64
"""Where fewer than one row in so many is wanted, the rows are gathered; where more are, the others are filtered out."""


class Reader(NamedTuple):
    """Who decodes features, about how many bytes at a time, and whether the checksums of files are looked at before."""

    workers: Executor
    late_bytes: int
    verify: bool = True


class _Limit:
    """How many bytes rows may take, and what those take that were read so far, on any thread."""

    def __init__(self, room: Room | None, rows: int) -> None:
        self._most, self._rows = None if room is None else room.most_bytes, rows
        self._taken = self._read = 0

    @property
    def is_passed(self) -> bool:
        """Whether they take more. One row by itself never does: it cannot be cut."""
        return self._most is not None and self._taken > self._most and self._rows > 1

    @property
    def is_tight(self) -> bool:
        """Whether pages are read one after another: of long values, those of a few readers would take all there is."""
        return self._most is not None and self._most < _AT_EASE

    def add(self, rows: pl.DataFrame) -> None:
        """Some more. Values of fixed width were planned with, and do not count."""
        wide = (column for column in rows.get_columns() if is_open_ended(column.dtype))
        self._taken += sum(int(column.estimated_size()) for column in wide)
        self._read += rows.height

    def check(self) -> None:
        """Raise a `TooWideError` where they take more."""
        if self.is_passed:
            raise TooWideError((self._most or 0) / self._taken * self._read / self._rows)


class Source(Protocol):
    """Rows by position. Positions grow with the snapshot's order. `dtypes` has the types of the columns.

    `past_unread`: rows may be left out only because they are too old to serve.
    """

    dtypes: dict[str, str]
    past_unread: bool

    def batches(self, columns: Sequence[str], most: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """All rows that may serve, about `most` at a time, each batch with the position of its first row."""
        ...

    def gather(self, columns: Sequence[str], positions: Int64s, room: Room | None = None) -> Gathered:
        """These columns of the rows at `positions`, in that order; null where a position is NO_ROW.

        Raises a `TooWideError` where the rows, each once, take more than there is `room` for, and a `ForesetError` of
        `RowTooLarge` where one by itself does.
        """
        ...

    def largest_texts(self, columns: Sequence[str]) -> tuple[int, str, str]:
        """What texts that are decoded together take at the most, with their column and file."""
        ...

    def read(self) -> tuple[int, int, int | None]:
        """How many files and bytes were looked at so far, and of how many files checksums; None where of none."""
        ...


class FrameSource:
    """Rows in memory."""

    def __init__(
        self, frame: pl.DataFrame, files: Sequence[DataFile] = (), *, past_unread: bool = False, verify: bool = True
    ) -> None:
        """Serve `frame`, which was read from `files`, whose checksums were looked at where they `verify`.

        Its columns are taken out of it.
        """
        self.past_unread = past_unread
        # Many rows are gathered from one chunk several times faster than from many.
        self._frame = pl.DataFrame([frame.drop_in_place(name).rechunk() for name in frame.columns])
        verified = sum(is_verified(file.path) for file in files) if verify else None
        self._read = len(files), sum(file.size_bytes for file in files), verified
        self.dtypes = {name: dtype_name(dtype) for name, dtype in self._frame.schema.items()}

    def batches(self, columns: Sequence[str], most: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """All rows."""
        for offset in range(0, self._frame.height, most):
            yield offset, self._frame[list(columns)].slice(offset, most)

    def gather(self, columns: Sequence[str], positions: Int64s, room: Room | None = None) -> Gathered:  # noqa: ARG002  # they are in memory already
        """The rows at `positions`."""
        return Gathered(self._frame[list(columns)], positions)

    def largest_texts(self, columns: Sequence[str]) -> tuple[int, str, str]:  # noqa: ARG002  # they are in memory already
        """None."""
        return 0, "", ""

    def read(self) -> tuple[int, int, int | None]:
        """The files that it was read from."""
        return self._read


class FileSource:
    """Rows in Parquet files, read in pieces, so that memory holds a few pieces at a time."""

    def __init__(  # noqa: PLR0913  # what is read, and with what
        self,
        scan: Scan,
        files: Sequence[DataFile],
        columns: Sequence[Column],
        *,
        storage_options: Mapping[str, str],
        reader: Reader,
        files_too_old: bool = False,
        bound_by_age: bool = False,
    ) -> None:
        """Serve `files`, in their order, as `reader` says.

        `files_too_old`: others were left out for their age; `bound_by_age`: row groups may be.
        """
        self._table = scan.table
        self._options = storage_options
        self._columns = {column.name: column for column in columns}
        self._workers, self._late_bytes, self._verify = reader
        self._pieces = pieces_of(scan, files, columns, storage_options, reader.late_bytes, verify=reader.verify)
        self._starts = np.array([0, *accumulate(piece.rows for piece in self._pieces)], dtype=np.int64)
        self._opened: set[str] = set()
        self._sizes = {file.path: file.size_bytes for file in files}
        self.dtypes = {column.name: column.dtype for column in columns}
        self.past_unread = files_too_old or (bound_by_age and skips_groups(self._pieces, files))

    def batches(self, columns: Sequence[str], most: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """All rows of the files."""
        offset = 0
        for group in together(self._pieces, most):
            self._opened.update(piece.file.path for piece in group)
            frame = self._frame(group, columns)
            yield offset, frame
            offset += frame.height

    def gather(self, columns: Sequence[str], positions: Int64s, room: Room | None = None) -> Gathered:
        """The rows at `positions`, each touched piece read once."""
        wanted, places = compact(positions, int(self._starts[-1]))
        cuts = np.searchsorted(wanted, self._starts)
        inside = {
            piece: wanted[first:end] - start
            for piece, first, end, start in zip(self._pieces, cuts[:-1], cuts[1:], self._starts[:-1], strict=True)
            if first < end
        }
        self._opened.update(piece.file.path for piece in inside)
        asked = [self._columns[name] for name in columns]
        if room is not None and (widest := widest_row(asked, list(inside))) > room.row_bytes:
            what = f"A row of the table {self._table!r}"
            raise raised(RowTooLarge(what=what, needs=size(widest), most=size(room.row_bytes)))
        row_bytes = bytes_per_row(asked, list(inside))
        groups = list(together(list(inside), int(self._late_bytes // row_bytes)))
        empty = FileScan(self._table, [], asked).rows().collect()
        found = [empty, *self._read_groups(groups, columns, inside, _Limit(room, wanted.size))]
        return Gathered(pl.concat(found), places, self._workers)

    def _read_groups(
        self, groups: Sequence[Sequence[Piece]], columns: Sequence[str], inside: Mapping[Piece, Int64s], limit: "_Limit"
    ) -> Iterator[pl.DataFrame]:
        """The wanted rows of each group of pieces, until they take too much."""

        def rows_of(group: Sequence[Piece]) -> pl.DataFrame | None:
            if limit.is_passed:
                return None
            parts = column_groups(group, [self._columns[name] for name in columns], self._late_bytes)
            rows = pl.concat((self._rows(group, names, inside) for names in parts), how="horizontal")
            limit.add(rows)
            return rows

        for rows in (map if limit.is_tight else self._workers.map)(rows_of, groups):
            limit.check()
            if rows is not None:
                yield rows

    def _rows(self, group: Sequence[Piece], names: Sequence[str], inside: Mapping[Piece, Int64s]) -> pl.DataFrame:
        """Some rows of neighbouring pieces, by their places in each."""
        frame = self._frame(group, names)
        starts = accumulate((piece.rows for piece in group[:-1]), initial=0)
        rows = np.concatenate([inside[piece] + start for piece, start in zip(group, starts, strict=True)])
        if rows.size == frame.height:
            return frame
        if rows.size * _SPARSE < frame.height:
            return alone(frame.select(pl.all().gather(pl.Series(rows, dtype=pl.UInt32))), self._late_bytes)
        wanted = np.zeros(frame.height, dtype=np.bool_)
        wanted[rows] = True
        found = frame.filter(pl.Series(wanted))
        return alone(found, self._late_bytes) if found.height * _COPIED < frame.height else found

    def largest_texts(self, columns: Sequence[str]) -> tuple[int, str, str]:
        """Those of a row group, by the footers of local files."""
        return largest_texts([self._columns[name] for name in columns], self._pieces)

    def read(self) -> tuple[int, int, int | None]:
        """The files that were opened."""
        verified = sum(map(is_verified, self._opened)) if self._verify else None
        return len(self._opened), sum(self._sizes[path] for path in self._opened), verified

    def _frame(self, group: Sequence[Piece], columns: Sequence[str]) -> pl.DataFrame:
        """The rows of neighbouring pieces; they must be as many as the log says, for positions rest on it."""
        wanted = [self._columns[name] for name in columns]
        first = group[0]
        files = [piece.file for piece in group]
        part = (first.start, first.length) if len(group) == 1 and not first.whole else None
        frame = collected(FileScan(self._table, files, wanted, self._options, part, self._verify)).unwrap()
        expected = sum(piece.rows for piece in group)
        if frame.height != expected:
            named = first.file.path if len(group) == 1 else f"{first.file.path} to {group[-1].file.path}"
            problem = f"{named}: read {frame.height} rows, and its log says {expected}"
            raise raised(TableUnreadable(table=self._table, problem=problem))
        return frame


def compact(positions: Int64s, rows: int) -> tuple[Int64s, Int64s]:
    """The distinct positions among `rows` rows, in order, and the place of each position among them.

    >>> compact(np.array([7, -1, 3, 7]), 10)
    (array([3, 7]), array([ 1, -1,  0,  1]))
    """
    if positions.size * 4 > rows:  # marking the rows costs less than sorting the positions
        seen = np.zeros(rows + 1, dtype=np.bool_)
        seen[positions[positions != NO_ROW]] = True
        places = (np.cumsum(seen, dtype=np.uint32) - np.uint32(1)).astype(np.int64)[positions]
        return np.flatnonzero(seen), np.where(positions == NO_ROW, NO_ROW, places)
    order = np.argsort(positions)
    ordered = positions[order]
    fresh = np.ones(ordered.size, dtype=np.bool_)
    fresh[1:] = ordered[1:] != ordered[:-1]
    wanted = ordered[fresh]
    missing = bool(wanted.size) and wanted[0] == NO_ROW
    places = np.empty(positions.size, dtype=np.int64)
    places[order] = np.cumsum(fresh) - (2 if missing else 1)
    return wanted[1:] if missing else wanted, places


def _groups(files: Sequence[DataFile]) -> Iterator[Sequence[DataFile]]:
    """Neighbouring files together, up to a size; one group of none where there are none."""
    start = held = 0
    for index, file in enumerate(files):
        if held and held + file.size_bytes > _TOGETHER_BYTES:
            yield files[start:index]
            start, held = index, 0
        held += file.size_bytes
    yield files[start:]


def open_source(
    snapshot: Snapshot, scan: Scan, reader: Reader, event_times: Collection[str] = ()
) -> Result[Source, TableError]:
    """The source for a scan: in memory where the plan advises a single pass or only the table store can read it.

    `event_times` are the columns by which rows age.
    """
    opened = snapshot.files(scan.columns)
    if not isinstance(opened, Success):
        return refuse(opened.failure())
    files, options = opened.unwrap(), snapshot.storage_options
    if files is None:
        return snapshot.read(scan.columns).map(lambda frame: FrameSource(pl.DataFrame(frame), verify=False))
    wanted = [c for c in snapshot.facts.columns if c.name in scan.columns]
    met = contradiction(files, scan.bounds)
    if met is not None:
        return refuse(contradicting(scan.table, *met, "log"))
    chosen = [file for file in files if may_serve(file, scan.bounds)]
    files_too_old = any(only_too_old(file, scan.bounds, event_times) for file in files)
    if scan.how is not None and scan.how.passes == "single pass" and _is_small(chosen, wanted, scan.how.memory_bytes):
        first, *others = _groups(chosen)

        def read(group: Sequence[DataFile]) -> pl.DataFrame:
            return collected(FileScan(scan.table, group, wanted, options, verify=reader.verify)).unwrap()

        begun = reader.workers.map(read, others)
        frame = pl.concat([read(first), *begun])
        return as_many_rows(frame, scan.table, chosen).map(
            lambda whole: FrameSource(whole, chosen, past_unread=files_too_old, verify=reader.verify)
        )
    return Success(
        FileSource(
            scan,
            chosen,
            wanted,
            storage_options=options,
            reader=reader,
            files_too_old=files_too_old,
            bound_by_age=bound_by_age(scan.bounds, event_times),
        )
    )


def _is_small(files: Sequence[DataFile], columns: Sequence[Column], planned: int) -> bool:
    """Whether columns of no fixed width take no more than what a single pass may, or than was planned.

    The plan has the files' sizes alone, in which a value that is there a million times takes no more than one.
    """
    open_ended = [column for column in columns if width(column.dtype) is None]
    taken = sum(bytes_in_file(column, file) for file in files for column in open_ended)
    return taken <= max(planned, SMALL)
