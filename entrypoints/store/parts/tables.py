"""The tables of a store: `store.tables`."""

from collections.abc import Iterable, Mapping
from os import fspath
from typing import TYPE_CHECKING, Any, Unpack

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.retention.impact import RetentionError, retention
from foreset.application.retention.vacuum import Vacuumed, VacuumError, VacuumTask, vacuum
from foreset.application.tables.write import WriteError, optimize_table, write_table
from foreset.domain.errors.tables import TableError
from foreset.domain.facts import TableFacts
from foreset.domain.retention.vacuum_rule import Retention
from foreset.domain.table_health.report import TableReport
from foreset.domain.tables.write_options import TARGET_BYTES, WriteMode
from foreset.entrypoints.store.frames import frame_to_write
from foreset.entrypoints.store.parts.part import StorePart
from foreset.entrypoints.store.table_changes import TableChanges
from foreset.entrypoints.store.write_arguments import WriteArguments, write_options
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.limits import size_of
from foreset.entrypoints.wiring.unread import results_must_be_read

if TYPE_CHECKING:
    from foreset.domain.tables.write_options import Compaction


@results_must_be_read
@all_need_threads()
class StoreTables(StorePart):
    """Tables: what is known of them, writes, changes, health, and what a vacuum would cost.

    A table is named by a dataset name, which is looked up in the store's `data_dir`, by its path, or by its address.
    `storage_options` are those of a `DeltaSource`.
    """

    _called = "store.tables"

    @fitted_arguments
    def info(
        self,
        table: Place,
        version: int | None = None,
        *,
        storage_options: Mapping[str, str] | None = None,
    ) -> "Result[TableFacts, TableError]":
        """What is known of a table at a version, the newest by default.

        Later calls for the table reuse the `storage_options`.
        """
        return self._adapters.tables.observe(fspath(table), version, storage_options).map(
            lambda snapshot: snapshot.facts
        )

    @fitted_arguments
    def check(
        self, table: Place, *, deep: bool = False, storage_options: Mapping[str, str] | None = None
    ) -> "Result[TableReport, TableError]":
        """What is wrong with a table, and what could be better: its log, its files, and with `deep` all its data.

        The report's `findings` stand worst first; each says what is wrong and what to do next. A broken table is a
        report too: an error is only that there is no table, or no way to look at it.
        """
        return self._adapters.tables.check(fspath(table), deep=deep, storage_options=storage_options)

    @fitted_arguments
    def changes(
        self,
        table: Place,
        from_version: int,
        to_version: int | None = None,
        *,
        partition_time_zone: str | None = None,
        storage_options: Mapping[str, str] | None = None,
    ) -> "Result[TableChanges, TableError]":
        """What changed after `from_version`, up to and including `to_version`, the newest by default.

        `explain()` shows what will be read and why, before anything is; `frame` reads it. The changes lead from the
        rows at the one version to exactly those at the other, whatever the table's writers did, with or without a
        change data feed. `partition_time_zone` is that of a `DeltaSource`.
        """
        return self._adapters.tables.changes(
            fspath(table), from_version, to_version, storage_options, partition_time_zone=partition_time_zone
        ).map(lambda changes: TableChanges(changes, self._adapters.tables))

    @fitted_arguments
    def write(
        self,
        frame: Any,
        table: Place,
        *,
        mode: WriteMode = "append",
        storage_options: Mapping[str, str] | None = None,
        **options: Unpack[WriteArguments],
    ) -> "Result[TableFacts, WriteError]":
        """Write a table as `write_to_delta_lake` does, with the same arguments, and record it; gives its facts.

        `frame` is polars, pandas or pyarrow. `options` are `partition_by`, `schema_mode`, `replace_where`, `merge_on`,
        `expected_version`, `app_id` and `app_version`. A write that was made before, by its app_version, gives
        `Untouched` facts, and is not recorded.
        """
        return Result.do(
            facts
            for asked in write_options(**options)
            for rows in frame_to_write(frame, fspath(table))
            for facts in write_table(
                fspath(table), rows, self._adapters, mode=mode, options=asked, storage_options=storage_options
            )
        )

    @fitted_arguments
    def optimize(
        self,
        table: Place,
        *,
        target_size: int | str = TARGET_BYTES,
        storage_options: Mapping[str, str] | None = None,
    ) -> "Result[Compaction, WriteError]":
        """Put small files of a table together, up to about `target_size` (bytes, or text such as "256MB") each.

        The rows, their order and the older versions stay. What was done is recorded.
        """
        return Result.do(
            done
            for size in size_of("target_size", target_size)
            for done in optimize_table(
                fspath(table), self._adapters, target_bytes=size, storage_options=storage_options
            )
        )

    @fitted_arguments
    def retention(self, table: Place, *, hours: float | None = None) -> "Result[Retention, RetentionError]":
        """Which training sets could not be rebuilt any more if a table were vacuumed now.

        The vacuum would keep what was removed from the table within `hours`, by default what the table asks for.
        """
        return Result.do(
            impact
            for known in self._store.current()
            for impact in retention(fspath(table), hours, self._adapters, known.catalog)
        )

    @fitted_arguments
    def vacuum(  # noqa: PLR0913  # what a vacuum may ask
        self,
        table: Place,
        *,
        hours: float | None = None,
        pin_first: bool = False,
        lose: Iterable[str] = (),
        force: bool = False,
        dry_run: bool = False,
    ) -> "Result[Vacuumed, VacuumError]":
        """Delete the files of a table that are no part of it since `hours` or longer: those that `retention` names.

        It is refused where training sets would be lost that have no pin, unless they are in `lose`, or pinned before
        (`pin_first`). Less `hours` than the table asks for need `force`. With `dry_run` nothing is deleted.
        """
        task = VacuumTask(
            table=fspath(table), hours=hours, lose=tuple(lose), pin_first=pin_first, force=force, dry_run=dry_run
        )
        return Result.do(
            done for known in self._store.current() for done in vacuum(task, self._adapters, known.catalog)
        )
