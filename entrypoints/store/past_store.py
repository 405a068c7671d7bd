"""The store as it was at a time, or at a position of its log."""

from collections.abc import Iterable
from datetime import datetime
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, NoReturn, Unpack

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.definitions.catalog import registry_events
from foreset.application.event_log.history import lineage_around, receipt_among
from foreset.application.ports.engine import Progress
from foreset.application.training_sets.plan import plan_retrieval
from foreset.application.training_sets.rebuild import rebuild
from foreset.application.training_sets.retrieve import retrieve
from foreset.domain.definitions.registry import Catalog, replay
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.history import PastError, PastIsReadOnly, UnknownName
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import PlanError, RebuildError, RetrievalError
from foreset.domain.errors.specs import NoSuchTrainingSet
from foreset.domain.errors.tables import TableError
from foreset.domain.event_log.history import EventFilter, Past, Wanted, in_utc, past_of, select_events
from foreset.entrypoints.store.reports import Reporter
from foreset.entrypoints.store.training_set import TrainingSet
from foreset.entrypoints.wiring.arguments import fitted_arguments
from foreset.entrypoints.wiring.build import as_of
from foreset.entrypoints.wiring.openings import Rebuilder, not_pickled
from foreset.entrypoints.wiring.unread import results_must_be_read

if TYPE_CHECKING:
    from foreset.application.ports.engine import Adapters
    from foreset.domain.definitions.specs import TrainingSetSpec
    from foreset.domain.event_log.lineage import Lineage
    from foreset.domain.event_log.receipts import Recorded, TrainingSetRetrieved
    from foreset.domain.facts import TableFacts
    from foreset.domain.planning.plan import RetrievalPlan


@results_must_be_read
@all_need_threads(
    but=(
        *("at", "catalog", "history", "lineage", "position", "receipt", "when"),
        *("optimize", "register", "remove", "write"),  # which are refused in any process
    )
)
class PastStore:
    """A store as it was: definitions, events, receipts, and tables at the versions that were current then.

    It can be looked at and retrieved from, and not changed: what would change it is refused with `PastIsReadOnly`.
    A retrieval or a rebuild happens now, so its event goes to the end of the log as it is now: the id of a training set
    that was retrieved as of the past is known to the store of today, which rebuilds it.
    """

    def __init__(self, past: Past, adapters: "Adapters", store: Rebuilder | None = None) -> None:
        """Show what the log was, over the adapters of the store as it is."""
        self._past = past
        self._adapters = as_of(adapters, past.at)
        self._present = adapters
        self._store = store

    @property
    def when(self) -> datetime:
        """The time as of which it is shown, in UTC."""
        return self._past.at

    @property
    def position(self) -> int:
        """The last position of the log by then."""
        return len(self._past.events)

    @fitted_arguments
    def at(self, when: datetime | int) -> "Result[PastStore, PastError]":
        """The same store as it was still earlier."""
        return past_of(in_utc(when), self._past.events, self._past.at).map(
            lambda past: PastStore(past, self._present, self._store)
        )

    def catalog(self) -> "Result[Catalog, StoreError]":
        """What was defined."""
        return Result.from_value(self._catalog)

    @property
    def _catalog(self) -> Catalog:
        return replay(registry_events(self._past.events))

    @fitted_arguments
    def history(self, **wanted: Unpack[Wanted]) -> "Result[tuple[Recorded, ...], StoreError]":
        """The events up to then, in their order; `wanted` as for `FeatureStore.history`."""
        return Result.from_value(select_events(self._past.events, EventFilter.of(wanted)).events)

    @fitted_arguments
    def lineage(self, name: str | None = None) -> "Result[Lineage, UnknownName]":
        """What came of what, by then; see `FeatureStore.lineage`."""
        return lineage_around(name, self._past.events)

    @fitted_arguments
    def receipt(self, id: str) -> "Result[TrainingSetRetrieved, NoSuchTrainingSet | StoreError]":  # noqa: A002  # as the store has it
        """The receipt of a training set that had been built by then."""
        return receipt_among(id, self._past.events)

    @fitted_arguments
    def table(self, table: str | PathLike[str], version: int | None = None) -> "Result[TableFacts, TableError]":
        """What is known of a table at a version, the one that was current then by default."""
        return self._adapters.tables.observe(fspath(table), version).map(lambda snapshot: snapshot.facts)

    @fitted_arguments
    def plan(self, spec: "TrainingSetSpec", spine: object) -> "Result[RetrievalPlan, PlanError]":
        """The plan of a training set as it would have been: definitions and tables of then."""
        return plan_retrieval(spec, spine, self._adapters, self._catalog).map(lambda planned: planned.plan)

    @fitted_arguments
    def training_set(
        self,
        spec: "TrainingSetSpec",
        spine: object,
        *,
        keep_spine: bool = True,
        progress: "Progress | None" = None,
    ) -> "Result[TrainingSet, RetrievalError]":
        """The training set by the definitions and tables of then; what arguments mean is as for `FeatureStore`.

        Versions that the spec names are read as named. It is recorded in the log as it is now.
        """
        return retrieve(spec, spine, self._adapters, self._catalog, keep_spine=keep_spine, progress=progress).map(
            lambda retrieval: TrainingSet(retrieval, Reporter(self._adapters, self._catalog, self._store))
        )

    @fitted_arguments
    def rebuild(self, id: str, *, spine: object | None = None) -> "Result[TrainingSet, RebuildError]":  # noqa: A002  # as the store has it
        """A training set that had been built by then, again, proved equal, or refused. Recorded in the log of now."""
        return Result.do(
            TrainingSet(retrieval, Reporter(self._adapters, self._catalog, self._store))
            for receipt in self.receipt(id)
            for retrieval in rebuild(receipt.id, self._adapters, self._catalog, spine)
        )

    def register(self, *specs: object) -> "Result[Any, PastIsReadOnly]":
        """Refused."""
        return self._refused(f"registering {len(specs)} definitions")

    def remove(self, *, entities: Iterable[str] = (), views: Iterable[str] = ()) -> "Result[Any, PastIsReadOnly]":
        """Refused."""
        return self._refused(f"removing {', '.join([*entities, *views])}")

    @fitted_arguments
    def write(self, frame: object, table: str | PathLike[str], **options: object) -> "Result[Any, PastIsReadOnly]":  # noqa: ARG002  # refused
        """Refused."""
        return self._refused(f"writing the table {table!r}")

    @fitted_arguments
    def optimize(self, table: str | PathLike[str], **options: object) -> "Result[Any, PastIsReadOnly]":  # noqa: ARG002  # refused
        """Refused."""
        return self._refused(f"optimizing the table {table!r}")

    def _refused(self, what: str) -> "Result[Any, PastIsReadOnly]":
        return refuse(PastIsReadOnly(what=what, at=self._past.at.isoformat()))

    def __reduce__(self) -> NoReturn:
        """Refused: a past store holds all events of then."""
        remedy = f"pickle the store itself, and call .at({self.position}) in the other process"
        not_pickled(f"The store as of position {self.position}", "it is a view of another store", remedy)

    def __repr__(self) -> str:
        """Its time and position."""
        return f"PastStore(at {self._past.at.isoformat()}, position {self.position})"
