"""The store as it was at a time, or at a position of its log."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.definitions.catalog import registry_events
from foreset.application.event_log.history import receipt_among
from foreset.application.ports.engine import Progress
from foreset.application.training_sets.plan import plan_retrieval
from foreset.application.training_sets.rebuild import rebuild
from foreset.application.training_sets.retrieve import retrieve
from foreset.domain.definitions.registry import Catalog, replay
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.history import PastError, PastIsReadOnly
from foreset.domain.errors.retrieval import PlanError, RebuildError, RetrievalError
from foreset.domain.errors.specs import NoSuchTrainingSet
from foreset.domain.event_log.history import Past, in_utc, past_of
from foreset.entrypoints.store.old_names import OldNames
from foreset.entrypoints.store.parts.past import PastLog, PastModels, PastTables, PastTrainingSets, read_only
from foreset.entrypoints.store.reports import OwnStore, Reporter
from foreset.entrypoints.store.training_set import TrainingSet
from foreset.entrypoints.wiring.arguments import fitted_arguments
from foreset.entrypoints.wiring.build import as_of
from foreset.entrypoints.wiring.openings import not_pickled
from foreset.entrypoints.wiring.unread import results_must_be_read

if TYPE_CHECKING:
    from foreset.application.ports.engine import Adapters
    from foreset.domain.definitions.specs import TrainingSetSpec
    from foreset.domain.event_log.receipts import TrainingSetRetrieved
    from foreset.domain.planning.plan import RetrievalPlan


@results_must_be_read
@all_need_threads(
    but=(
        *("adapters", "at", "catalog", "past", "position", "receipt", "reporter", "when"),
        *("log", "models", "tables", "training_sets"),
        *("apply", "register", "remove"),  # which are refused in any process
    )
)
class PastStore(OldNames):
    """A store as it was: definitions, events, receipts, and tables at the versions that were current then.

    It can be looked at and retrieved from, and not changed: what would change it is refused with `PastIsReadOnly`.
    A retrieval or a rebuild happens now, so its event goes to the end of the log as it is now: the id of a training set
    that was retrieved as of the past is known to the store of today, which rebuilds it.
    """

    def __init__(self, past: Past, adapters: "Adapters", store: OwnStore | None = None) -> None:
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

    @cached_property
    def _catalog(self) -> Catalog:
        return replay(registry_events(self._past.events))

    @fitted_arguments
    def receipt(self, id: str) -> "Result[TrainingSetRetrieved, NoSuchTrainingSet | StoreError]":  # noqa: A002  # as the store has it
        """The receipt of a training set that had been built by then."""
        return receipt_among(id, self._past.events)

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
            lambda retrieval: TrainingSet(retrieval, self.reporter(self._catalog))
        )

    @fitted_arguments
    def rebuild(self, id: str, *, spine: object | None = None) -> "Result[TrainingSet, RebuildError]":  # noqa: A002  # as the store has it
        """A training set that had been built by then, again, proved equal, or refused. Recorded in the log of now."""
        return Result.do(
            TrainingSet(retrieval, self.reporter(self._catalog))
            for receipt in self.receipt(id)
            for retrieval in rebuild(receipt.id, self._adapters, self._catalog, spine)
        )

    def apply(self, *specs_or_files: object) -> "Result[Any, PastIsReadOnly]":
        """Refused with `PastIsReadOnly`."""
        return read_only(self.when, f"registering {len(specs_or_files)} definitions")

    register = apply

    def remove(self, *, entities: Iterable[str] = (), views: Iterable[str] = ()) -> "Result[Any, PastIsReadOnly]":
        """Refused with `PastIsReadOnly`."""
        return read_only(self.when, f"removing {', '.join([*entities, *views])}")

    # === Groups of calls ===

    @property
    def training_sets(self) -> PastTrainingSets:
        """Training sets that had been retrieved: `list`, `load`."""
        return PastTrainingSets(self)

    @property
    def tables(self) -> PastTables:
        """Tables as they were: `info`."""
        return PastTables(self)

    @property
    def log(self) -> PastLog:
        """The events up to then: `events`, `lineage`."""
        return PastLog(self)

    @property
    def models(self) -> PastModels:
        """Models that had been recorded: `list`."""
        return PastModels(self)

    # === What its parts share ===

    @property
    def past(self) -> Past:
        """The log as it was."""
        return self._past

    @property
    def adapters(self) -> "Adapters":
        """The adapters as of then."""
        return self._adapters

    def reporter(self, catalog: Catalog) -> Reporter:
        """What the training sets of then ask about themselves."""
        return Reporter(self._adapters, catalog, self._store)

    def __reduce__(self) -> NoReturn:
        """Refused: a past store holds all events of then."""
        remedy = f"pickle the store itself, and call .at({self.position}) in the other process"
        not_pickled(f"The store as of position {self.position}", "it is a view of another store", remedy)

    def __repr__(self) -> str:
        """Its time and position."""
        return f"PastStore(at {self._past.at.isoformat()}, position {self.position})"
