"""What changed between two versions of a table in memory, whose files are what its writes brought."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
from returns.result import Result, Success

from foreset.adapters.memory.writing import Content, conformed
from foreset.adapters.shared.rows.row_changes import as_changes, difference
from foreset.domain.errors.tables import TableError
from foreset.domain.facts import DataFile
from foreset.domain.tables.changes import ChangeFiles, ChangesFacts, CommitFiles, FileAction, Reading, reading

Written = tuple[Content, datetime]
"""A version, and when it was committed."""


class MemoryChanges:
    """The changed rows. Immutable."""

    def __init__(self, table: str, first: int, written: Sequence[Written]) -> None:
        """Compare the versions that were `written`, of which the first one is version `first`."""
        self._chunks = {str(id(chunk)): chunk for (chunks, *_), _ in written for chunk in chunks}
        self._schema = written[-1][0][1]
        self._empty = self._schema.to_frame()
        before, after = (_files(chunks) for (chunks, *_), _ in (written[0], written[-1]))
        self._reading: Reading = reading(before, after, list(_commits(first, written)))
        self.facts: ChangesFacts = self._reading.facts(table, first, first + len(written) - 1)

    def read(self) -> Result[pl.DataFrame, TableError]:
        """The changed rows, in the order of the writes where they were appended."""
        parts = self._reading.parts
        if self._reading.how == "difference":
            gone, come = (
                self._rows(part for part in parts if part.change == change) for change in ("delete", "insert")
            )
            return Success(difference(gone, come))
        told = (as_changes(self._rows([part]), part.change, part.version, part.at_us) for part in parts)
        return Success(pl.concat([as_changes(self._empty, "insert"), *told]))

    def _rows(self, parts: Iterator[ChangeFiles] | Sequence[ChangeFiles]) -> pl.DataFrame:
        chunks = (self._chunks[file.path] for part in parts for file in part.files)
        return pl.concat([self._empty, *(conformed(chunk, self._schema) for chunk in chunks)])


def _commits(first: int, written: Sequence[Written]) -> Iterator[CommitFiles]:
    for version, (before, after) in enumerate(pairwise(written), first + 1):
        old, new = ({file.path: file for file in _files(chunks)} for (chunks, *_), _ in (before, after))
        yield CommitFiles(
            version=version,
            at_us=(after[1] - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1),
            added=_actions(new, old),
            removed=_actions(old, new),
        )


def _actions(these: Mapping[str, DataFile], those: Mapping[str, DataFile]) -> tuple[FileAction, ...]:
    return tuple(FileAction(path=path, data_change=True, file=these[path]) for path in these if path not in those)


def _files(chunks: Sequence[pl.DataFrame]) -> list[DataFile]:
    return [
        DataFile(path=str(id(chunk)), rows=chunk.height, size_bytes=int(chunk.estimated_size()), modified_ms=0)
        for chunk in chunks
    ]
