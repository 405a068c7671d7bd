"""What differs between two training sets: told by their receipts, then by their rows, each change with its cause."""

from collections.abc import Callable
from dataclasses import replace as replaced
from functools import cache
from typing import NamedTuple, cast

from msgspec.structs import replace
from returns.result import Result, Success

from foreset.application.diff.causes import Sides, causes_of
from foreset.application.event_log.history import ReceiptError, receipt_of
from foreset.application.ports.diff import Comparer, Side
from foreset.application.ports.engine import Adapters
from foreset.application.ports.tables import ArrowStream, TableStore
from foreset.application.training_sets.rebuild import made_again
from foreset.application.training_sets.recorded_inputs import options_of
from foreset.domain.definitions.registry import STREAM, Catalog, RegistryEvent
from foreset.domain.diff.parts import RowsMatched, SetSide
from foreset.domain.diff.receipts import spec_changes, spine_changes, table_versions, view_changes
from foreset.domain.diff.report import TrainingSetDiff
from foreset.domain.diff.steps import Definition, definitions
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import DoesNotFit, RebuildError
from foreset.domain.event_log.receipts import Recorded, TableWritten, TrainingSetRetrieved
from foreset.domain.planning.explain import size
from foreset.domain.tables.commits import TableCommit
from foreset.domain.unreadable import UnreadableEvent

DiffError = ReceiptError | DoesNotFit
"""Why two training sets cannot be compared."""

_HELD = 3
"""So many times the rows of both are held: as they are, matched, and as the cells whose causes are looked for."""


def diff(  # noqa: PLR0913  # two of them, by what, and how much is shown
    a: str, b: str, adapters: Adapters, catalog: Catalog, comparer: Comparer, *, examples: int = 5
) -> Result[TrainingSetDiff, DiffError]:
    """What differs from the training set `a` to `b`, each an id or a beginning of one.

    Both are made again, and nothing is recorded. Where one cannot be, the cells are not told, and `untold` says why.
    `examples` are given of each column, and of rows that only one has.
    """
    by = _By(adapters, catalog, comparer, max(examples, 0))
    return Result.do(
        _told(_sides(one, other, recorded, by), recorded, by)
        for one in receipt_of(a, adapters.events)
        for other in receipt_of(b, adapters.events)
        for recorded in adapters.events.read()
        for _ in _room(one, other, adapters)
    )


class _By(NamedTuple):
    """By what training sets are compared."""

    adapters: Adapters
    catalog: Catalog
    comparer: Comparer
    examples: int


def _room(a: TrainingSetRetrieved, b: TrainingSetRetrieved, adapters: Adapters) -> Result[None, DoesNotFit]:
    if a.fingerprint == b.fingerprint:
        return Success(None)
    needs = _HELD * sum(side.plan.result.how.result_bytes for side in (a, b) if side.plan.result.how)
    free = adapters.machine.observe().free_bytes
    if needs <= free:
        return Success(None)
    return refuse(DoesNotFit(what=f"The difference of {a.id} and {b.id}", needs=size(needs), budget=size(free)))


def _sides(a: TrainingSetRetrieved, b: TrainingSetRetrieved, recorded: tuple[Recorded, ...], by: _By) -> Sides:
    tables = by.adapters.tables
    for table in {**a.versions, **b.versions}:
        tables.observe(table, storage_options=options_of(table, by.catalog))  # which keeps them for later calls
    events = [(r, cast("RegistryEvent | UnreadableEvent", r.event)) for r in recorded if r.stream == STREAM]

    @cache
    def history(view: str) -> tuple[Definition, ...]:
        return definitions(view, events)

    return Sides(a, b, history, _commits(tables, recorded))


def _commits(tables: TableStore, recorded: tuple[Recorded, ...]) -> Callable[[str, int, int], tuple[TableCommit, ...]]:
    """The commits of a table between versions; of those that were made through the store, the author is its actor."""
    actors = {(r.event.table, r.event.version): r.actor for r in recorded if isinstance(r.event, TableWritten)}

    @cache
    def commits(table: str, first: int, last: int) -> tuple[TableCommit, ...]:
        found = tables.commits(table, first, last).value_or(())
        return tuple(replace(commit, author=actors.get((table, commit.version), commit.author)) for commit in found)

    return commits


# === By receipts ===


def _told(sides: Sides, recorded: tuple[Recorded, ...], by: _By) -> TrainingSetDiff:
    a, b = sides.a, sides.b
    told = TrainingSetDiff(
        a=_side(a, recorded),
        b=_side(b, recorded),
        spec=spec_changes(a.spec, b.spec),
        views=view_changes(a.plan, b.plan, sides.history),
        tables=table_versions(a.plan, b.plan, sides.commits),
        spine=spine_changes(a, b),
        only_a=tuple(name for name in a.columns if name not in b.columns),
        only_b=tuple(name for name in b.columns if name not in a.columns),
    )
    if told.same:
        return replace(told, rows=RowsMatched(by_place=True, both=a.rows, only_a=0, only_b=0), columns=())
    made = Result.do((one, other) for one in _made(a, by) for other in _made(b, by))
    if not isinstance(made, Success):
        return replace(told, untold=made.failure().message.partition(" Next: ")[0])
    return _compared(told, sides, made.unwrap(), by)


def _side(receipt: TrainingSetRetrieved, recorded: tuple[Recorded, ...]) -> SetSide:
    last = next(r for r in reversed(recorded) if isinstance(r.event, TrainingSetRetrieved) and r.event.id == receipt.id)
    return SetSide(
        id=receipt.id,
        name=receipt.spec.name,
        at=last.at,
        actor=last.actor,
        rows=receipt.rows,
        fingerprint=receipt.fingerprint,
    )


# === By rows ===


def _made(receipt: TrainingSetRetrieved, by: _By) -> Result[ArrowStream, RebuildError]:
    """The rows again, proved by their fingerprint: of the tables, or of a pin."""
    own = replaced(by.adapters, executor=by.adapters.engine)
    return made_again(receipt, own, by.catalog, None, own.clock.now()).map(lambda done: done.made.assembled.frame)


def _compared(told: TrainingSetDiff, sides: Sides, frames: tuple[ArrowStream, ArrowStream], by: _By) -> TrainingSetDiff:
    both = (sides.a, sides.b)
    a, b = (_as_side(receipt, frame) for receipt, frame in zip(both, frames, strict=True))
    by_place = sides.a.spine.fingerprint == sides.b.spine.fingerprint
    comparison = by.comparer.compare(a, b, by_place=by_place)
    stages = causes_of(comparison.changed(), sides, by.adapters)
    return replace(told, rows=comparison.rows(by.examples), columns=comparison.columns(stages, by.examples))


def _as_side(receipt: TrainingSetRetrieved, frame: ArrowStream) -> Side:
    keys = (key.spine for _, match, _ in receipt.plan.gathers for key in match.keys)
    spine = tuple(column.name for column in receipt.plan.spine.columns)
    return Side(frame, spine, tuple(dict.fromkeys(keys)), receipt.plan.spine.time)
