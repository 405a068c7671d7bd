"""Which training sets could not be rebuilt any more if a table were vacuumed now."""

from collections.abc import Collection, Iterable, Iterator
from math import inf
from typing import NamedTuple

from msgspec.structs import replace
from returns.result import Result, Success

from foreset.application.event_log.erasures import erasures_among
from foreset.application.event_log.history import unreadable_receipts
from foreset.application.ports.engine import Adapters
from foreset.application.training_sets.from_pin import newest_pin
from foreset.application.training_sets.recorded_inputs import options_of
from foreset.domain.definitions.models import ModelTrained
from foreset.domain.definitions.registry import Catalog
from foreset.domain.errors.event_log import EventUnreadable, StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retention import NothingToVacuum
from foreset.domain.errors.tables import ObjectStoreFailed, TableError
from foreset.domain.event_log.pins import TrainingSetPinned, pin_prefix
from foreset.domain.event_log.receipts import OURSELVES, Recorded, TrainingSetRetrieved, training_set_stream
from foreset.domain.facts import bound
from foreset.domain.planning.nodes import Bounds
from foreset.domain.retention.vacuum_rule import (
    Retention,
    SetRetention,
    StoredTable,
    StoredVersion,
    expired,
    fate_of,
    log_expires,
    needed,
)

RetentionError = TableError | StoreError | NothingToVacuum
"""Why it cannot be told."""


class _Use(NamedTuple):
    """How a training set reads the table: which columns at which version, within bounds; a spine is all of it."""

    name: str
    table_id: str | None
    version: int
    zone: str | None
    columns: tuple[str, ...] = ()
    bounds: tuple[Bounds, ...] = ()


class _Needs(NamedTuple):
    """The files that a use needs, those of them that are gone, and why it cannot be read already, if that is so."""

    files: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    why: str | None = None


class _Known(NamedTuple):
    """A training set by the log: its receipt, its pin, the models trained on it, how it reads the table."""

    receipt: TrainingSetRetrieved
    pin: TrainingSetPinned | None
    models: tuple[str, ...]
    uses: tuple[_Use, ...]


def retention(
    table: str, hours: float | None, adapters: Adapters, catalog: Catalog, lose: Collection[str] = ()
) -> Result[Retention, RetentionError]:
    """What a vacuum of a table now, which keeps what was removed within `hours`, deletes and makes of training sets.

    `hours` is by default what the table asks for. Each training set of the log counts that reads the table, or whose
    spine is read from it. Of pins it is told whether they are there; a vacuum looks at what they hold.

    A training set whose receipt cannot be decoded may rest on any file: that is refused, unless `lose` names it.
    """
    if hours is not None and not 0 <= hours < inf:
        problem = f"{hours:g} hours are no duration"
        return refuse(NothingToVacuum(table=table, problem=problem, remedy="give 0 or more hours"))
    return Result.do(
        told
        for events in adapters.events.read()
        for unread in _unread(table, events, lose)
        for known in Success(tuple(_sets(table, events, adapters)))
        for versions in Success(frozenset(use.version for found in known for use in found.uses))
        for stored in adapters.tables.stored(table, versions, options_of(table, catalog))
        for found in _told(stored, stored.hours if hours is None else hours, known, adapters, catalog)
        for told in Success(replace(found, unread=unread))
    )


def _unread(
    table: str, events: tuple[Recorded, ...], lose: Collection[str]
) -> Result[tuple[str, ...], EventUnreadable]:
    """The training sets named as lost of which no receipt can be decoded; an error for one that is not named."""
    read = {r.event.id for r in events if isinstance(r.event, TrainingSetRetrieved)}
    erased = {identifier for _, event in erasures_among(events) for identifier in event.training_sets}
    unread = {name: event for name, event in unreadable_receipts(events).items() if name not in read | erased}
    for identifier, event in unread.items():
        if identifier not in lose:
            what = f"Whether the training set {identifier} rests on files of the table {table!r} is not known"
            call, command = f"store.tables.vacuum(..., lose=[{identifier!r}])", f"`foreset vacuum --lose {identifier}`"
            remedy = f"name it as lost: {call}, or {command}"
            return refuse(
                EventUnreadable(
                    what=what, event=event.kind, position=event.position, problem=event.problem, remedy=remedy
                )
            )
    return Success(tuple(unread))


def _sets(table: str, events: tuple[Recorded, ...], adapters: Adapters) -> Iterator[_Known]:
    """The training sets that read a table, but for those that can be rebuilt no more because a key was erased."""
    place = adapters.tables.place(table)
    erased = {identifier for _, event in erasures_among(events) for identifier in event.training_sets}
    streams: dict[str, list[Recorded]] = {}
    receipts: dict[str, TrainingSetRetrieved] = {}
    for recorded in events:
        streams.setdefault(recorded.stream, []).append(recorded)
        if isinstance(recorded.event, TrainingSetRetrieved) and recorded.event.id not in erased:
            receipts[recorded.event.id] = recorded.event
    for identifier, receipt in receipts.items():
        uses = tuple(use for use in _uses(receipt) if adapters.tables.place(use.name) == place)
        if uses:
            own = streams[training_set_stream(identifier)]
            yield _Known(receipt, newest_pin(own), tuple(_models(own)), uses)


def _uses(receipt: TrainingSetRetrieved) -> Iterator[_Use]:
    for scan in receipt.plan.scans:
        yield _Use(scan.table, scan.table_id, scan.version, scan.partition_time_zone, scan.columns, scan.bounds)
    reference = receipt.spine.reference
    if reference is not None and reference.version is not None:
        yield _Use(reference.path, None, reference.version, reference.partition_time_zone)


def _models(own: Iterable[Recorded]) -> Iterator[str]:
    for event in (recorded.event for recorded in own):
        if isinstance(event, ModelTrained):
            name = event.name or event.estimator
            yield f"{name} ({event.saved_to})" if event.saved_to else name


def _told(
    stored: StoredTable, hours: float, known: tuple[_Known, ...], adapters: Adapters, catalog: Catalog
) -> Result[Retention, RetentionError]:
    now_ms = (bound(adapters.clock.now()) or 0) // 1_000
    goes = expired(stored, hours, now_ms)
    there = adapters.kept.names("pins/")
    if not isinstance(there, Success):
        return refuse(there.failure())
    look = _Look(
        stored,
        frozenset(path for file in goes for path in (file.path, *file.also)),
        frozenset(there.unwrap()),
        now_ms,
        adapters,
        catalog,
    )
    sets: list[SetRetention] = []
    for found in known:
        told = look.retention(found)
        if not isinstance(told, Success):
            return refuse(told.failure())
        sets.append(told.unwrap())
    return Success(
        Retention(
            table=stored.table,
            version=stored.version,
            hours=hours,
            table_hours=stored.hours,
            files=goes,
            sets=tuple(sets),
            unknown=stored.unknown,
        )
    )


class _Look(NamedTuple):
    """What is known of a table and of what a vacuum deletes; `kept` are the names of kept frames of pins."""

    stored: StoredTable
    goes: frozenset[str]
    kept: frozenset[str]
    now_ms: int
    adapters: Adapters
    catalog: Catalog

    def retention(self, known: _Known) -> Result[SetRetention, RetentionError]:
        """What the vacuum means to a training set."""
        needs: list[_Needs] = []
        for use in known.uses:
            found = self._needs(use)
            if not isinstance(found, Success):
                return refuse(found.failure())
            needs.append(found.unwrap())
        return Success(self._told(known, needs))

    def _told(self, known: _Known, needs: list[_Needs]) -> SetRetention:
        loses = {path for need in needs for path in need.files & self.goes}
        gone = {path for need in needs for path in need.gone}
        why = next((need.why for need in needs if need.why is not None), None)
        pin = known.pin if known.pin is not None and self._is_there(known.pin) else None
        return SetRetention(
            id=known.receipt.id,
            name=known.receipt.spec.name,
            version=known.uses[0].version,
            fate=fate_of(loses=bool(loses), gone=bool(gone) or why is not None, pinned=pin is not None),
            files=tuple(sorted(gone or loses)),
            pin_bytes=None if pin is None else pin.size_bytes,
            models=known.models,
            log_expires=any(log_expires(self.stored, use.version, self.now_ms) for use in known.uses),
            why=why,
        )

    def _needs(self, use: _Use) -> Result[_Needs, RetentionError]:
        """What a use of the table needs of it.

        Of a version that is not read, but whose log is whole, all files count: it is not given up for lost because of
        something else. An object store that is away tells nothing, so nothing is told then.
        """
        options = options_of(use.name, self.catalog)
        seen = self.adapters.tables.observe(use.name, use.version, options, partition_time_zone=use.zone)
        version = self.stored.versions.get(use.version, StoredVersion())
        if isinstance(seen, Success):
            facts = seen.unwrap().facts
            if use.table_id is not None and facts.table_id != use.table_id:
                return Success(_Needs(why=f"the table is another one now: its id is {facts.table_id}"))
            skips = self.adapters.executed_by == OURSELVES  # the stores of others are given whole tables
            files = needed(facts.data_files, version, use.columns, use.bounds if skips else ())
            return Success(_Needs(files, files & version.missing))
        error = seen.failure()
        if isinstance(error, ObjectStoreFailed):
            return refuse(error)
        if version.problem is not None:
            return Success(_Needs(why=error.message.partition(" Next: ")[0]))
        return Success(_Needs(frozenset((*version.files, *version.vectors)), version.missing))

    def _is_there(self, pin: TrainingSetPinned) -> bool:
        names = {frame.name for frame in pin.frames}
        return names <= self.kept and all(name.startswith(pin_prefix(pin.id)) for name in names)
