"""Commit a write: at exactly the version after the one that it was computed from, or computed anew from a newer one."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote
from uuid import uuid4

from returns.result import Result, Success

from foreset.adapters.delta.commit.base_version import PinnedTable
from foreset.adapters.delta.commit.data_file_writer import NewFiles
from foreset.adapters.delta.commit.local_storage import Extended, Raced, Storage, Unfit, transaction_of
from foreset.adapters.delta.log.faults import WRITE_FAULTS, writing
from foreset.adapters.delta.log.folders import FOLDER_FAULTS
from foreset.domain.errors.problem import ForesetError, because, refuse, told
from foreset.domain.errors.table_writes import CommitUnsettled, StaleTable, TableContended, UnwritableTable
from foreset.domain.errors.tables import TableError, TableWriteError
from foreset.domain.tables.delta_commit import TableChange

_TRIES: Final = 200
_FIRST_WAIT: Final = 0.004
_LONGEST_WAIT: Final = 0.3  # seconds

Pin = Callable[[], Result[PinnedTable | None, TableError]]
"""Gives the table at its newest version, None where there is none."""


class Plan(Protocol):
    """A write that is to be made."""

    def change(self, base: PinnedTable | None, /) -> Result[TableChange | None, TableWriteError]:
        """What makes the write of this version of the table, its files written; None where nothing is to be done."""
        ...


@dataclass(frozen=True)
class _Pending:
    """A commit that was begun, and of which nothing is known yet."""

    version: int
    transaction_id: str
    paths: frozenset[str]


class Committer:
    """Makes a plan the next version of a table. `expected` is the version that the table must be at."""

    def __init__(  # noqa: PLR0913  # all that a commit needs
        self,
        table: str,
        uri: str,
        options: Mapping[str, str],
        *,
        storage: Storage,
        files: NewFiles,
        pin: Pin,
        expected: int | None = None,
    ) -> None:
        """Commit to the table at `uri`; `options` are those of its store."""
        self._table, self._uri, self._options = table, uri, options
        self._storage, self._files, self._pin, self._expected = storage, files, pin, expected
        self._pending: _Pending | None = None
        self._kept: frozenset[str] = frozenset()

    def commit(self, plan: Plan) -> Result[int | None, TableWriteError]:
        """The version that the write became, None where there was nothing to do.

        Files that no commit names are gone afterwards, however it ends.
        """
        try:
            for attempt in range(_TRIES):
                _wait(attempt)
                done = self._attempt(plan)
                if done is not None:
                    return done
            return refuse(TableContended(table=self._table, tries=_TRIES))
        except ForesetError as fault:
            error: TableWriteError = fault.error  # type: ignore[assignment]  # of those that reading a table has
            return refuse(error)
        except WRITE_FAULTS as fault:
            return refuse(self._failed(fault))
        finally:
            self._settled()
            self._files.discard(self._kept)

    def _attempt(self, plan: Plan) -> Result[int | None, TableWriteError] | None:
        """The end of the write; None where another writer was faster."""
        found = self._pin()
        if not isinstance(found, Success):
            return refuse(found.failure())
        base = found.unwrap()
        stale = self._stale(base)
        if stale is not None:
            return refuse(stale)
        planned = plan.change(base)
        if not isinstance(planned, Success):
            return refuse(planned.failure())
        change = planned.unwrap()
        if change is None:
            return Success(None)
        return self._commit(base, change)

    def _stale(self, base: PinnedTable | None) -> StaleTable | None:
        if self._expected is None or (base is not None and base.version == self._expected):
            return None
        found = "no version, for it does not exist" if base is None else f"version {base.version}"
        return StaleTable(table=self._table, expected=self._expected, found=found)

    def _commit(self, base: PinnedTable | None, change: TableChange) -> Result[int | None, TableWriteError] | None:
        paths = frozenset(unquote(path) for path in change.paths)
        self._storage.settle(paths)
        if base is not None and not base.is_there():
            return None
        version = 0 if base is None else base.version + 1
        self._pending = _Pending(version, str(uuid4()), paths)
        try:
            self._storage.commit(version, change, self._pending.transaction_id)
        except Raced as raced:
            self._pending = None
            if isinstance(raced, Extended) and self._expected is not None:
                self._expected += 1
            return None
        except Unfit as unfit:
            self._pending = None
            return refuse(because(UnwritableTable(table=self._table, feature=str(unfit)), unfit))
        self._pending, self._kept = None, paths
        settings = change.settings or (base.settings if base else None)
        self._storage.tend(version, settings.configuration if settings else {})
        return Success(version)

    def _failed(self, fault: Exception) -> TableWriteError:
        pending = self._pending
        if pending is None or not self._settled():
            return writing(self._table, fault)
        return because(CommitUnsettled(table=self._table, version=pending.version, problem=told(fault)), fault)

    def _settled(self) -> bool:
        """Whether a commit that was begun is, or may be, in the log; then its files stay."""
        pending, self._pending = self._pending, None
        if pending is None:
            return False
        try:
            holds = transaction_of(self._uri, self._options, pending.version) == pending.transaction_id
        except FOLDER_FAULTS:
            holds = True
        self._kept = pending.paths if holds else frozenset()
        return holds


def _wait(attempt: int) -> None:
    """Longer each time, and never as long as another process that began at the same moment."""
    if attempt:
        time.sleep(random.uniform(0, min(_FIRST_WAIT * 2**attempt, _LONGEST_WAIT)))  # noqa: S311  # no secret
