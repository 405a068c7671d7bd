"""Find the commit that caused each changed cell: the last one after which another value serves."""

from collections.abc import Mapping

from returns.result import Success

from foreset.application.diff.lookup import look
from foreset.application.ports.diff import Cells, Found
from foreset.application.ports.engine import Adapters
from foreset.domain.diff.lookups import Lookup
from foreset.domain.diff.parts import ByCommit, ByCommits
from foreset.domain.tables.commits import TableCommit

_SHARE_OF_MEMORY = 8
"""Changed rows are read where they take no more than this part of the memory that is left."""


class CommitWalk:
    """A walk over the versions of a table, from b's to a's, with cells whose commit is not found yet.

    At each version these cells are looked up again. Those of rows whose keys no changed row has are left out: what
    serves them is the same there. This holds where a commit only adds files. One that writes rows anew may change their
    order, by which ties are decided, so then it holds only if there are none.
    """

    def __init__(
        self, asked: Mapping[str, Lookup], commits: Mapping[int, TableCommit], adapters: Adapters, *, ties: bool
    ) -> None:
        """Look columns up so. `ties`: the snapshot's order may have decided on values at b's version."""
        self._asked, self._commits, self._adapters, self._ties = asked, commits, adapters, ties
        self._like = next(iter(asked.values()))

    def found(self, cells: Cells, a: int, b: int) -> list[Found]:
        """The cells by their causes, all of which differ between the versions `a` and `b`."""
        found: list[Found] = []
        toward = 1 if a > b else -1
        at = b
        for version in range(b + toward, a, toward):
            if not cells.count:
                return found
            near = self._near(cells, version, at)
            seen = look(self._asked, version, near, self._adapters) if near.count else None
            if seen is not None and not isinstance(seen, Success):
                continue  # what is between the next version that can be read and `at` counts as one
            if seen is not None:
                changed = near.differing(seen.unwrap().parts)
                self._ties = seen.unwrap().ties or (self._ties and near.count < cells.count)
                found.append(((self._cause(version, at),), changed))
                cells = cells.without(changed)
            at = version
        return [*found, ((self._cause(a, at),), cells)]

    def _cause(self, before: int, at: int) -> ByCommit | ByCommits:
        low, high = sorted((before, at))
        table, undone = self._like.table, before > at
        if high - low > 1:
            return ByCommits(table=table, first=low + 1, last=high, undone=undone)
        commit = self._commits.get(high, TableCommit(version=high))
        return ByCommit(table=table, commit=commit, undone=undone)

    def _near(self, cells: Cells, version: int, at: int) -> Cells:
        """The cells that may have another value at a version than at the one where they were last looked up."""
        low, high = sorted((version, at))
        commit = self._commits.get(high)
        if high - low > 1 or commit is None or commit.changes_columns:
            return cells
        told = self._adapters.tables.changes(
            self._like.table, low, high, partition_time_zone=self._like.partition_time_zone
        )
        if not isinstance(told, Success):
            return cells
        changes = told.unwrap()
        if changes.facts.how == "difference" or (changes.facts.how != "appended files" and self._ties):
            return cells
        if changes.facts.how == "nothing changed":
            return cells.of(())
        if changes.facts.size_bytes * _SHARE_OF_MEMORY > self._adapters.machine.observe().free_bytes:
            return cells
        rows = changes.read()
        return cells.touched(rows.unwrap(), self._like.keys) if isinstance(rows, Success) else cells
