"""The groups of calls of a store as it was. What would change anything is refused."""

from collections.abc import Callable
from datetime import datetime
from os import fspath
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Unpack

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.event_log.history import lineage_around, receipts_among
from foreset.application.training_sets.models import models_among
from foreset.application.training_sets.rebuild import load
from foreset.domain.errors.history import PastIsReadOnly, UnknownName
from foreset.domain.errors.problem import refuse
from foreset.domain.event_log.history import EventFilter, Past, Wanted, select_events
from foreset.entrypoints.store.training_set import TrainingSet
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.unread import results_must_be_read

if TYPE_CHECKING:
    from foreset.application.ports.engine import Adapters
    from foreset.domain.definitions.models import ModelTrained
    from foreset.domain.definitions.registry import Catalog
    from foreset.domain.errors.event_log import StoreError
    from foreset.domain.errors.retrieval import RebuildError
    from foreset.domain.errors.specs import NoSuchTrainingSet
    from foreset.domain.errors.tables import TableError
    from foreset.domain.event_log.lineage import Lineage
    from foreset.domain.event_log.receipts import Recorded, TrainingSetRetrieved
    from foreset.domain.facts import TableFacts
    from foreset.entrypoints.store.reports import Reporter


def read_only(when: datetime, what: str) -> "Result[Any, PastIsReadOnly]":
    """The refusal of what would change a store as it was."""
    return refuse(PastIsReadOnly(what=what, at=when.isoformat()))


def _refused(what: str) -> Callable[..., Result[Any, PastIsReadOnly]]:
    """A call that would change a store, and of a past one is refused."""

    def call(self: "_PastPart", *given: object, **named: object) -> "Result[Any, PastIsReadOnly]":  # noqa: ARG001  # refused
        """Refused with `PastIsReadOnly`."""
        return read_only(self.when, what)

    return call


class WholePastStore(Protocol):
    """What a group needs of the past store that it is of: see `PastStore`."""

    @property
    def when(self) -> datetime:
        """The time as of which it is shown."""
        ...

    @property
    def past(self) -> Past:
        """The log as it was."""
        ...

    @property
    def adapters(self) -> "Adapters":
        """The adapters as of then."""
        ...

    def catalog(self) -> "Result[Catalog, StoreError]":
        """What was defined."""
        ...

    def receipt(self, id: str) -> "Result[TrainingSetRetrieved, NoSuchTrainingSet | StoreError]":  # noqa: A002  # as the store has it
        """The receipt of a training set."""
        ...

    def reporter(self, catalog: "Catalog") -> "Reporter":
        """What the training sets of then ask about themselves."""
        ...


class _PastPart:
    """Calls of a past store that belong together."""

    _called: ClassVar[str]

    def __init__(self, store: WholePastStore) -> None:
        """Be a part of this store."""
        self._store = store
        self.when = store.when


@results_must_be_read
@all_need_threads(but=("write", "optimize", "vacuum"))
class PastTables(_PastPart):
    """Tables at the versions that were current then."""

    _called = "store.at(...).tables"

    @fitted_arguments
    def info(self, table: Place, version: int | None = None) -> "Result[TableFacts, TableError]":
        """What is known of a table at a version, the one that was current then by default."""
        return self._store.adapters.tables.observe(fspath(table), version).map(lambda snapshot: snapshot.facts)

    @fitted_arguments
    def write(self, frame: object, table: Place, **options: object) -> "Result[Any, PastIsReadOnly]":  # noqa: ARG002  # refused
        """Refused with `PastIsReadOnly`."""
        return read_only(self.when, f"writing the table {table!r}")

    @fitted_arguments
    def optimize(self, table: Place, **options: object) -> "Result[Any, PastIsReadOnly]":  # noqa: ARG002  # refused
        """Refused with `PastIsReadOnly`."""
        return read_only(self.when, f"optimizing the table {table!r}")

    vacuum = _refused("vacuuming a table")


@results_must_be_read
@all_need_threads(but=("events", "lineage", "move"))
class PastLog(_PastPart):
    """The events up to then."""

    _called = "store.at(...).log"

    @fitted_arguments
    def events(self, **wanted: Unpack[Wanted]) -> "Result[tuple[Recorded, ...], StoreError]":
        """The events up to then, in their order; arguments as for `store.log.events`."""
        return Result.from_value(select_events(self._store.past.events, EventFilter.of(wanted)).events)

    @fitted_arguments
    def lineage(self, name: str | None = None) -> "Result[Lineage, UnknownName]":
        """What had been made from what by then; see `store.log.lineage`."""
        return lineage_around(name, self._store.past.events)

    move = _refused("moving its log")


@results_must_be_read
@all_need_threads(but=("list", "pin", "unpin"))
class PastTrainingSets(_PastPart):
    """Training sets that had been retrieved by then."""

    _called = "store.at(...).training_sets"

    @fitted_arguments
    def list(self, name: str | None = None) -> "Result[tuple[TrainingSetRetrieved, ...], StoreError]":
        """The receipts of the training sets of then, the newest first: all, or those of this name."""
        return Result.from_value(receipts_among(self._store.past.events, name))

    @fitted_arguments
    def load(self, id: str, *, spine: object | None = None) -> "Result[TrainingSet, RebuildError]":  # noqa: A002  # the contract's name
        """A training set that had been retrieved by then; see `store.training_sets.load`."""
        return Result.do(
            TrainingSet(retrieval, self._store.reporter(catalog))
            for catalog in self._store.catalog()
            for receipt in self._store.receipt(id)
            for retrieval in load(receipt.id, self._store.adapters, catalog, spine)
        )

    pin = _refused("pinning a training set")
    unpin = _refused("giving up a pin")


@results_must_be_read
@all_need_threads(but=("list", "record", "train"))
class PastModels(_PastPart):
    """Models that had been recorded by then."""

    _called = "store.at(...).models"

    @fitted_arguments
    def list(
        self, training_set: str | None = None
    ) -> "Result[tuple[ModelTrained, ...], NoSuchTrainingSet | StoreError]":
        """The models of then, the newest first: all, or those of a training set, by its id or name."""
        return models_among(self._store.past.events, training_set)

    record = _refused("recording a model")
    train = _refused("recording a model")
