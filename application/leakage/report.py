"""Tell of a training set what leaks, what is missing, and how old its values are."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace
from returns.result import Result, Success

from foreset.application.event_log.history import receipt_of
from foreset.application.ports.engine import Adapters, Progress
from foreset.application.ports.leakage import Information, ReportRows
from foreset.application.ports.tables import ArrowStream
from foreset.application.training_sets.rebuild import from_tables
from foreset.application.training_sets.recorded_inputs import advised, options_of, recorded_semantics, recorded_tables
from foreset.application.training_sets.retrieve import Retrieval
from foreset.domain.definitions.registry import Catalog
from foreset.domain.errors.feast import ExecutionError
from foreset.domain.errors.leakage import ReportColumnMissing
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import RebuildError
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.domain.facts import TableFacts
from foreset.domain.leakage.assess import findings
from foreset.domain.leakage.probes import Probe, probes
from foreset.domain.leakage.report import ColumnReport, LeakReport, Role, ViewReport
from foreset.domain.planning.plan import RetrievalPlan

SAMPLE_ROWS: Final = 10_000
"""How many rows are looked at, at the most, for how much a column tells of the target."""
SAMPLE_CELLS: Final = 10_000_000
"""How many cells of all columns together are looked at for it: sets of more columns are looked at in fewer rows."""
LEAST_ROWS: Final = 1_000
"""How many rows are looked at of sets of any width, where they have as many: fewer would say too little."""

ReportError = RebuildError | ReportColumnMissing
"""Why there is no report."""


def sample_rows(columns: int) -> int:
    """How many rows of so many columns are looked at, at the most.

    >>> sample_rows(20), sample_rows(4_000), sample_rows(50_000)
    (10000, 2500, 1000)
    """
    return min(SAMPLE_ROWS, max(LEAST_ROWS, SAMPLE_CELLS // max(columns, 1)))


@dataclass(frozen=True)
class Looks:
    """What looks at the rows of training sets, and what tells how much of a target is in a column, made when asked."""

    rows: ReportRows
    information: Callable[[], Information]


def report(  # noqa: PLR0913, PLR0917  # of what, with what, and whom to tell
    retrieval: Retrieval,
    looks: Looks,
    adapters: Adapters,
    catalog: Catalog,
    target: str | None = None,
    progress: Progress | None = None,
) -> Result[LeakReport, ReportError]:
    """What a training set tells of itself. Its tables are read again, at its versions; nothing is recorded.

    `progress(done, all)` is called after each view, and after each column that is looked at for the target.
    """
    receipt = retrieval.receipt
    spine = looks.rows.spine(retrieval.frame, [column.name for column in receipt.plan.spine.columns])
    return Result.do(
        LeakReport(
            id=receipt.id,
            at=adapters.clock.now(),
            rows=receipt.rows,
            time=receipt.plan.spine.time,
            target=target,
            views=views,
            columns=columns,
            findings=findings(views, columns, receipt.rows, target, sample),
            sample_rows=sample,
        )
        for roles in _roles(receipt, target)
        for steps in Success(_Steps(len(receipt.plan.gathers) + len(_asked(roles, target)), progress))
        for tables in recorded_tables(receipt, adapters, catalog)
        for views in _views(receipt, spine, tables, looks.rows, adapters, catalog, steps)
        for columns, sample in Success(_columns(retrieval, roles, looks, target, steps))
    )


def report_of(  # noqa: PLR0913, PLR0917  # of what, and with what
    identifier: str,
    looks: Looks,
    adapters: Adapters,
    catalog: Catalog,
    target: str | None = None,
    spine: object | None = None,
    progress: Progress | None = None,
) -> Result[LeakReport, ReportError]:
    """What the training set of a receipt tells of itself; it is built again, equal to the first, or refused."""
    began = adapters.clock.now()
    return Result.do(
        told
        for receipt in receipt_of(identifier, adapters.events)
        for _ in recorded_semantics(receipt)
        for made in from_tables(receipt, adapters, catalog, spine, began)
        for told in report(
            Retrieval(receipt, made.made.assembled.frame, made.plan, made.made.measured),
            looks,
            adapters,
            catalog,
            target,
            progress,
        )
    )


class _Steps:
    """How far a report is, for whoever wants to know."""

    def __init__(self, every: int, progress: Progress | None) -> None:
        self._every, self._progress = every, progress
        self._done = 0

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._every)


# === Views ===


def _views(  # noqa: PLR0913, PLR0917  # what is looked at, and with what
    receipt: TrainingSetRetrieved,
    spine: ArrowStream,
    tables: dict[str, TableFacts],
    rows: ReportRows,
    adapters: Adapters,
    catalog: Catalog,
    steps: _Steps,
) -> Result[tuple[ViewReport, ...], ReportError]:
    found: list[ViewReport] = []
    newest = dict(_newest(receipt, adapters, catalog))
    for probe in probes(receipt.plan, tables, newest):
        told = _told(probe, spine, tables, newest, adapters)
        if not isinstance(told, Success):
            return refuse(told.failure())
        counts = rows.view(probe, spine, told.unwrap())
        found.append(
            ViewReport(
                view=probe.match.view,
                table=probe.scan.table,
                version=probe.scan.version,
                event_time=probe.match.event_time,
                created_time=probe.match.created_time,
                ttl_us=probe.match.ttl_us,
                known_at=probe.match.known_at,
                features=tuple(output.name for output in probe.gather.columns),
                served=counts.served,
                without_match=receipt.rows - counts.served - counts.expired,
                expired=counts.expired,
                ties=receipt.ties.get(probe.match.view, 0),
                ages=counts.ages,
                quantiles=counts.quantiles,
                written_later=counts.written_later,
                under_event_time=counts.under_event_time,
                under_later_writes=counts.under_later_writes,
                newest_version=probe.newest_version,
                valid_until=probe.match.ends,
                closed=probe.match.closed or "right",
            )
        )
        steps.step()
    return Success(tuple(found))


def _newest(receipt: TrainingSetRetrieved, adapters: Adapters, catalog: Catalog) -> Iterator[tuple[str, TableFacts]]:
    """The facts of the tables now, of those that were read as of a time; what cannot be read now is left out."""
    for _, match, scan in receipt.plan.gathers:
        if match.known_by_us is not None:
            options, zone = options_of(scan.table, catalog), scan.partition_time_zone
            seen = adapters.tables.observe(scan.table, None, options, partition_time_zone=zone)
            if isinstance(seen, Success):
                yield scan.table, seen.unwrap().facts


def _told(
    probe: Probe, spine: ArrowStream, tables: dict[str, TableFacts], newest: dict[str, TableFacts], adapters: Adapters
) -> Result[list[Iterator[ArrowStream]], ExecutionError]:
    """What the probe's plans give, each in parts."""
    found: list[Iterator[ArrowStream]] = []
    plans: list[tuple[RetrievalPlan, dict[str, TableFacts]]] = [(probe.plan, tables)]
    if probe.newest is not None:
        plans.append((probe.newest, newest))
    for plan, facts in plans:
        run = adapters.engine.execute(advised(plan, facts, spine, adapters), spine)
        if not isinstance(run, Success):
            return refuse(run.failure())
        found.append(run.unwrap().parts)
    return Success(found)


# === Columns ===


def _roles(receipt: TrainingSetRetrieved, target: str | None) -> Result[dict[str, Role], ReportColumnMissing]:
    """What each column of the training set is for."""
    if target is not None and target not in receipt.columns:
        return refuse(ReportColumnMissing(id=receipt.id, column=target, columns=receipt.columns))
    keys = {key.spine for _, match, _ in receipt.plan.gathers for key in match.keys}
    features = {output.name for gather, _, _ in receipt.plan.gathers for output in gather.columns}
    return Success({name: _role(name, receipt, target, keys, features) for name in receipt.columns})


def _role(name: str, receipt: TrainingSetRetrieved, target: str | None, keys: set[str], features: set[str]) -> Role:
    if name == target:
        return "target"
    if name == receipt.plan.spine.time:
        return "time"
    if name in keys:
        return "key"
    return "feature" if name in features else "spine"


def _asked(roles: Mapping[str, Role], target: str | None) -> list[str]:
    """The columns that are looked at for the target."""
    return [] if target is None else [name for name, role in roles.items() if role in {"feature", "spine"}]


def _columns(
    retrieval: Retrieval, roles: Mapping[str, Role], looks: Looks, target: str | None, steps: _Steps
) -> tuple[tuple[ColumnReport, ...], int | None]:
    """The columns, and how many rows were sampled for the target."""
    receipt = retrieval.receipt
    owners = {output.name: match.view for gather, match, _ in receipt.plan.gathers for output in gather.columns}
    counted = looks.rows.columns(retrieval.frame, roles, receipt.plan.spine.time, target)
    shares: Mapping[str, float] = {}
    sampled: int | None = None
    if target is not None:
        asked = _asked(roles, target)
        sample, sampled = looks.rows.sample(retrieval.frame, target, sample_rows(len(asked)))
        shares = looks.information().shares(sample, target, asked, steps.step)
    return tuple(replace(c, view=owners.get(c.name), target_share=shares.get(c.name)) for c in counted), sampled
