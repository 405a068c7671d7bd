"""The changed rows of a table in the user's hands."""

from collections.abc import Iterator
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.ports.tables import Changes, TableStore
from foreset.domain.safe_text.addresses import without_secrets
from foreset.domain.tables.changes import CHANGE_TYPE, CHANGE_TYPES, ChangesFacts
from foreset.entrypoints.store.outputs import delta_table, whole_file
from foreset.entrypoints.store.sources import of_table, spared
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.openings import not_pickled
from foreset.entrypoints.wiring.raising import given
from foreset.entrypoints.wiring.unread import results_must_be_read

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


@results_must_be_read
@all_need_threads(but=("explain", "facts"))
class TableChanges:
    """The rows that changed after one version of a table, up to and including another.

    The columns are the table's at the last version, then `_change_type` (`insert`, `delete`, `update_preimage` or
    `update_postimage`), `_commit_version` (int64) and `_commit_timestamp` (microseconds, UTC); the last two are null
    where the way in which the rows are found does not tell them. Taking away the deleted rows and the preimages from
    the rows at the first version, and adding the inserted ones and the postimages, gives the rows at the last one.

    Nothing is read before the rows are asked for.
    """

    def __init__(self, changes: Changes, tables: TableStore | None = None) -> None:
        """Wrap what a table store gave."""
        self._tables = tables
        self._changes = changes

    @property
    def facts(self) -> ChangesFacts:
        """The versions, how the rows are found, and what is read for that: files, rows, bytes.

        Where the table's change data feed turns out not to lead from one version to the other, the files of both are
        compared instead, and these facts say so once the rows were read.
        """
        return self._changes.facts

    def explain(self) -> str:
        """What will be read, and why."""
        return self.facts.explain()

    @cached_property
    def frame(self) -> "pl.DataFrame":
        """The rows, a polars frame. Reads them when it is first asked for; raises `ForesetError` where that fails."""
        import polars as pl  # kept off the import of foreset

        read = given(self._changes.read())
        return read if isinstance(read, pl.DataFrame) else pl.DataFrame(read)

    def counts(self) -> dict[str, int]:
        """How many rows there are of each change type."""
        found: dict[str, int] = dict(self.frame.group_by(CHANGE_TYPE).len().iter_rows())
        return {change: found.get(change, 0) for change in CHANGE_TYPES}

    def to_arrow(self) -> "pa.Table":  # pyright: ignore[reportUnknownParameterType]  # pyarrow has no stubs
        """As a pyarrow table, without a copy where types allow."""
        table: pa.Table = self.frame.to_arrow()
        return table

    def to_pandas(self) -> "pd.DataFrame":
        """As a pandas frame with a plain index, a copy, with the types of `TrainingSet.to_pandas`."""
        from foreset.adapters.shared.interchange.to_pandas import pandas_frame  # kept off the import of foreset

        return pandas_frame(self.frame)

    def batches(self) -> "Iterator[pl.DataFrame]":
        """The rows, as one polars frame."""
        return iter([self.frame])

    @fitted_arguments
    def write_parquet(self, path: Place, *, overwrite: bool = False) -> Path:
        """Write the rows to a Parquet file, whole or not at all; gives its path.

        Raises `CallerError` (`OutputIsSource`) for a place in the table itself, unless `overwrite` is given.
        """
        self._spare(path, overwrite=overwrite)
        return whole_file(path, self.frame.write_parquet)

    @fitted_arguments
    def write_delta(self, path: Place, *, overwrite: bool = False) -> Path:
        """Write the rows to a new Delta table, or replace the rows of one; gives its folder.

        Raises `CallerError` (`OutputIsSource`) for the table itself, unless `overwrite` is given.
        """
        self._spare(path, overwrite=overwrite)
        return delta_table(path, self.frame)

    def _spare(self, path: str | PathLike[str], *, overwrite: bool) -> None:
        if self._tables is not None:
            itself = of_table(self.facts.table, f"the table {self.facts.table}", self._tables)
            given(spared(path, itself, overwrite=overwrite))

    def __reduce__(self) -> NoReturn:
        """Refused: the rows may not be read yet, and are read with what the store knows of the table."""
        facts = self.facts
        call = f"store.tables.changes({without_secrets(facts.table)!r}, {facts.first}, {facts.last})"
        remedy = f"ask for them in the other process, by {call}, or send the rows: .frame"
        not_pickled(f"The changes of {without_secrets(facts.table)}", "they are read when they are asked for", remedy)

    def __repr__(self) -> str:
        """The versions and how the rows are told."""
        return f"TableChanges({self.facts.table}, {self.facts.first} to {self.facts.last}, {self.facts.how})"
