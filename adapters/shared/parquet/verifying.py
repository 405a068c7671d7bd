"""Files of tables, verified before they are read: the checksums of their footers, and of the pages that are asked for.

What was verified is remembered for as long as a file is the same: its place on the disk, its size, its time. polars
reads without a look at checksums, so they are looked at here. A file in an object store is not: it would be fetched
twice, and stores keep checksums of their own.
"""

import os
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from foreset.adapters.shared.files.input_files import OPEN
from foreset.adapters.shared.files.known_files import KnownFiles, identity
from foreset.adapters.shared.parquet.footer_marks import look_at_footer
from foreset.adapters.shared.parquet.page_checksums import PageDamageError, Window, chunk_of, verify_chunk
from foreset.domain.errors.files import FileDamaged, FooterDamaged
from foreset.domain.facts import DataFile

_KEPT: Final = 20_000
"""Files that are remembered; of each it is a few hundred bytes."""


class _Seen:
    """What is known of a file: the column chunks that were verified, and whether all of them had checksums."""

    def __init__(self, *, marked: bool) -> None:
        self.marked, self.complete = marked, True
        self.chunks: set[tuple[int, str]] = set()


_SEEN: Final[KnownFiles[_Seen]] = KnownFiles(_KEPT)


def verify_files(
    table: str, files: Sequence[DataFile], columns: Collection[str], part: tuple[int, int] | None = None
) -> FileDamaged | FooterDamaged | None:
    """The first damage in what is read of these files: of a `part`, so many rows of one file from a row.

    None where nothing is damaged, as far as the files have checksums. A file that cannot be opened, or that is not
    Parquet, is left to whoever reads it.
    """
    for file in files:
        if "://" in file.path:
            continue
        asked = [file.stored[name].name if name in file.stored else name for name in columns]
        try:
            _verify(file.path, frozenset(asked) - set(file.partition), part)
        except _DamageError as found:
            if found.column is None:
                return FooterDamaged(table=table, file=file.path)
            problem = str(found.__cause__)
            return FileDamaged(
                table=table, file=file.path, column=found.column, row_group=found.row_group, problem=problem
            )
    return None


def is_verified(path: str) -> bool:
    """Whether all that was read of a local file has checksums, which fit."""
    with suppress(OSError):
        seen = _SEEN.get(identity(path, os.stat(path)))  # noqa: PTH116  # a Path for each file is slow
        return seen is not None and seen.complete
    return False


class _DamageError(Exception):
    """A damage: in a column's row group, or, without a column, in the footer."""

    def __init__(self, column: str | None = None, row_group: int = 0) -> None:
        super().__init__(column, row_group)
        self.column, self.row_group = column, row_group


def _verify(path: str, columns: frozenset[str], part: tuple[int, int] | None) -> None:
    with suppress(OSError), _opened(path) as (file, state):
        known = identity(path, state)
        seen = _SEEN.get(known)
        if seen is not None and part is None and all((-1, name) in seen.chunks for name in columns):
            return
        look = look_at_footer(file, state.st_size)
        if look is None:
            return
        if look.proved is False:
            raise _DamageError
        seen = seen or _SEEN.learn(known, _Seen(marked=look.proved is True))
        _verify_columns(Window(file), look.tail, columns, part, seen)


def _verify_columns(
    window: Window, tail: bytes, columns: frozenset[str], part: tuple[int, int] | None, seen: _Seen
) -> None:
    try:
        footer: Any = pq.read_metadata(pa.BufferReader(tail))
        groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    except (OSError, ValueError, pa.ArrowException):  # what polars will say of it
        seen.complete = False
        return
    if groups:
        _verify_names(footer, groups[0])
    places = [(place, name) for place, name in _leaves(footer) if _is_asked(name, columns)]
    start = 0
    for number, group in enumerate(groups):
        within = part is None or (start < sum(part) and part[0] < start + group.num_rows)
        start += group.num_rows
        for place, name in places if within else ():
            if (number, name) not in seen.chunks:
                _verify_one(window, group.column(place), number, name, seen)
    if part is None:
        seen.chunks.update((-1, name) for name in columns)


def _verify_names(footer: Any, group: Any) -> None:
    """Compare the two places where a footer names its columns: one that has another name would be read as missing."""
    for place, name in _leaves(footer):
        held = group.column(place).path_in_schema
        if held != name:
            raise _DamageError(held, 0) from PageDamageError(f"its footer names it {name!r} in the schema")


def _verify_one(window: Window, column: Any, number: int, name: str, seen: _Seen) -> None:
    try:
        whole = verify_chunk(window, chunk_of(column), strict=seen.marked)
    except PageDamageError as damage:
        raise _DamageError(name, number) from damage
    seen.complete = seen.complete and whole
    seen.chunks.add((number, name))


def _leaves(footer: Any) -> Iterator[tuple[int, str]]:
    schema = footer.schema
    for place in range(footer.num_columns):
        yield place, schema.column(place).path


def _is_asked(leaf: str, columns: frozenset[str]) -> bool:
    """Whether a leaf is of one of these columns, whose names may have dots in them."""
    if leaf in columns:
        return True
    return "." in leaf and any(leaf.startswith(f"{name}.") for name in columns)


@contextmanager
def _opened(path: str) -> Generator[tuple[int, os.stat_result], None, None]:
    file = os.open(path, OPEN)
    try:
        yield file, os.fstat(file)
    finally:
        os.close(file)
