"""Writes of one table: all are files to add and to remove, committed against one version of it.

No lossy cast, no silent change of schema, all or nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from msgspec.structs import asdict
from returns.result import Result, Success

from foreset.adapters.delta.commit.base_version import PinnedTable
from foreset.adapters.delta.commit.committer import Committer, Plan
from foreset.adapters.delta.commit.data_file_writer import NewFiles
from foreset.adapters.delta.commit.local_storage import LocalStorage, Storage
from foreset.adapters.delta.commit.object_storage import ObjectStorage
from foreset.adapters.delta.log.faults import OPEN_FAULTS
from foreset.adapters.delta.log.paths import decoded, is_url
from foreset.adapters.delta.writing.compaction import CompactionPlan, alone
from foreset.adapters.delta.writing.row_writes import RowWrite
from foreset.adapters.delta.writing.whole_writes import WholeWrite
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.table_writes import TableBusy
from foreset.domain.errors.tables import TableError, TableWriteError, WriteFailed
from foreset.domain.facts import TableFacts
from foreset.domain.tables.write_options import Compaction, Untouched, WriteMode, WriteOptions


@dataclass(frozen=True)
class OpenTable:
    """A table as the store has it open.

    `pinned` gives it at its newest version, with how far an application has written; None where there is none.
    `facts` are of a version.
    """

    name: str
    uri: str
    options: dict[str, str]
    pinned: Callable[[str | None], Result[PinnedTable | None, TableError]]
    facts: Callable[[int | None], Result[TableFacts, TableError]]

    def write(self, frame: pl.DataFrame, mode: WriteMode, options: WriteOptions) -> Result[TableFacts, TableWriteError]:
        """Commit the frame's rows, in their order, as one commit; gives the table's facts after it."""
        return self._stored().bind(lambda storage: self._write(frame, mode, options, NewFiles(storage)))

    def _write(
        self, frame: pl.DataFrame, mode: WriteMode, options: WriteOptions, files: NewFiles
    ) -> Result[TableFacts, TableWriteError]:
        by_row = mode == "merge" or options.replace_where is not None
        plan: Plan = (
            RowWrite(self.name, frame, mode, options, files)
            if by_row
            else WholeWrite(self.name, mode, options, files).of(frame)
        )
        return self._committed(plan, files, options).bind(self._after)

    def replace(self, parts: Iterator[pl.DataFrame]) -> Result[TableFacts, TableWriteError]:
        """The same of rows that come part by part, in place of all that the table holds."""
        return self._stored().bind(lambda storage: self._replace(parts, NewFiles(storage)))

    def _replace(self, parts: Iterator[pl.DataFrame], files: NewFiles) -> Result[TableFacts, TableWriteError]:
        first, options = next(parts), WriteOptions(schema_mode="overwrite")
        plan = WholeWrite(self.name, "overwrite", options, files).of_parts(first.clear(), _with(first, parts))
        del first  # it is not needed while the next part is read
        return self._committed(plan, files, options).bind(self._after)

    def optimize(self, target_bytes: int) -> Result[Compaction, TableWriteError]:
        """Put small files together. `TableBusy` where another process of this machine does so."""
        if is_url(self.uri):
            return self._compacted(target_bytes)
        with alone(Path(self.uri)) as is_alone:
            return self._compacted(target_bytes) if is_alone else refuse(TableBusy(table=self.name))

    def _compacted(self, target_bytes: int) -> Result[Compaction, TableWriteError]:
        return self._stored().bind(lambda storage: self._compact(target_bytes, NewFiles(storage)))

    def _compact(self, target_bytes: int, files: NewFiles) -> Result[Compaction, TableWriteError]:
        plan = CompactionPlan(self.name, self.uri, files, target_bytes)
        return Result.do(
            Compaction(facts=facts, merged=plan.merged, into=plan.into)
            for version in self._committed(plan, files, WriteOptions())
            for facts in self.facts(version)
        )

    def _stored(self) -> Result[Storage, TableWriteError]:
        """Where the files are put; an address may be of a kind of store that takes no writes, such as `http://`."""
        place = decoded(self.uri)
        try:
            return Success(ObjectStorage(self.uri, self.options) if is_url(place) else LocalStorage(place))
        except OPEN_FAULTS as fault:
            problem = f"its address is not one of an object store that can be written ({told(fault)})"
            return refuse(because(WriteFailed(table=self.name, problem=problem), fault))

    def _committed(self, plan: Plan, files: NewFiles, options: WriteOptions) -> Result[int | None, TableWriteError]:
        return Committer(
            self.name,
            self.uri,
            self.options,
            storage=files.storage,
            files=files,
            pin=lambda: self.pinned(options.app_id),
            expected=options.expected_version,
        ).commit(plan)

    def _after(self, version: int | None) -> Result[TableFacts, TableWriteError]:
        facts = self.facts(version)
        return facts if version is not None else facts.map(lambda known: Untouched(**asdict(known)))


def _with(first: pl.DataFrame, parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    waiting = [first]
    del first
    while waiting:
        yield waiting.pop()
    yield from parts
