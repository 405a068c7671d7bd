"""Law 7 for tables that have no versions: what was read while its files were changed is not given."""

from collections.abc import Iterator

from returns.result import Result

from foreset.adapters.shared.tables.by_format import parquet_path
from foreset.application.ports.engine import PlanExecutor, Retrieved
from foreset.application.ports.tables import ArrowStream, TableStore
from foreset.domain.errors.feast import ExecutionError
from foreset.domain.errors.files import FilesChanged
from foreset.domain.errors.problem import raised, refuse
from foreset.domain.planning.plan import RetrievalPlan


class SteadyExecutor:
    """An executor whose Parquet files are looked at before and after: they must be those that were planned with."""

    def __init__(self, executor: PlanExecutor, tables: TableStore) -> None:
        """Run plans by `executor`; look at files through `tables`."""
        self._executor = executor
        self._tables = tables

    def execute(self, plan: RetrievalPlan, spine: ArrowStream) -> Result[Retrieved, ExecutionError]:
        """The plan's gathered columns."""
        changed = self._changed(plan)
        if changed is not None:
            return refuse(changed)
        return self._executor.execute(plan, spine).map(
            lambda retrieved: Retrieved(self._parts(plan, retrieved.parts), retrieved.work)
        )

    def _parts(self, plan: RetrievalPlan, parts: Iterator[ArrowStream]) -> Iterator[ArrowStream]:
        for part in parts:
            changed = self._changed(plan)
            if changed is not None:
                raise raised(changed)
            yield part
            del part  # or it would stay in memory while the next one is read

    def _changed(self, plan: RetrievalPlan) -> FilesChanged | None:
        for scan in plan.scans:
            path = parquet_path(scan.table)
            if path is not None and self._id(scan.table) != scan.table_id:
                return FilesChanged(place=path)
        return None

    def _id(self, table: str) -> str | None:
        return self._tables.observe(table).map(lambda snapshot: snapshot.facts.table_id).value_or(None)
