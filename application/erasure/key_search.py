"""One look for a key: in tables, in what the store keeps, in training sets and events."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from typing import Protocol

from returns.result import Result, Success

from foreset.application.event_log.erasures import erasures_among
from foreset.application.ports.engine import Adapters
from foreset.application.ports.tables import ArrowStream, Snapshot
from foreset.domain.definitions.models import ModelTrained
from foreset.domain.erasure.key import SoughtKey, as_dtype
from foreset.domain.erasure.key_places import KeyPlace, is_shared, online_of
from foreset.domain.erasure.key_report import (
    KeyReport,
    ModelHolding,
    SetHolding,
    SpineKind,
    TableHolding,
    Unread,
    literal,
)
from foreset.domain.erasure.redaction import positions_naming, positions_telling
from foreset.domain.errors.tables import TableError
from foreset.domain.event_log.pins import pin_prefix
from foreset.domain.event_log.receipts import Recorded, TrainingSetRetrieved, spine_name
from foreset.domain.unreadable import UnreadableEvent


class KeySearch(Protocol):
    """Counts rows that hold a key."""

    def in_frame(self, frame: ArrowStream, forms: Sequence[Mapping[str, object]]) -> int:
        """How many rows of a frame hold the key in one of its forms, in columns or fields of their names."""
        ...

    def in_categories(self, frame: ArrowStream, forms: Sequence[Mapping[str, object]]) -> bool:
        """Whether the types of a frame name the key in one of its forms, though its rows do not."""
        ...

    def in_table(self, snapshot: Snapshot, form: Mapping[str, object]) -> Result[int, TableError]:
        """How many rows of a table, which has these columns, hold it."""
        ...


def unread_events(events: Iterable[Recorded]) -> Iterator[Unread]:
    """The events that cannot be decoded, which may name the key, or a table or training set that holds it."""
    for event in (recorded.event for recorded in events):
        if isinstance(event, UnreadableEvent):
            why = f"the event {event.kind!r} cannot be decoded ({event.problem})"
            yield Unread(place=f"the event at position {event.position} of the log", why=why, kept=True)


class KeyLook:
    """A look for a key, of which `report` tells. Everything is looked at when it is asked for, once."""

    def __init__(  # noqa: PLR0913, PLR0917  # the key, where it may be, and by what
        self,
        entity: str,
        key: SoughtKey,
        events: tuple[Recorded, ...],
        places: tuple[tuple[KeyPlace, dict[str, object]], ...],
        spines: tuple[str, ...],
        pins: tuple[str, ...],
        adapters: Adapters,
        search: KeySearch,
    ) -> None:
        """Look for `key` in these places, and in the kept frames of these names."""
        self._entity, self._key, self._events, self._places = entity, key, events, places
        self._spines, self._pins = spines, pins
        self._adapters, self._search = adapters, search
        self._unread: list[Unread] = list(unread_events(events))
        self._marked = {name for _, erased in erasures_among(events) for name in erased.training_sets}

    @cached_property
    def report(self) -> KeyReport:
        """Where the key is."""
        spines = {name: rows for name in self._spines if (rows := self._in_kept(name)) is not None}
        pins = {name: rows for name in self._pins if (rows := self._in_kept(name)) is not None}
        redactable = positions_naming(self._events, self._key, self._others)
        sets = tuple(self._sets(spines, pins, redactable))
        ids = {holding.id for holding in sets}
        return KeyReport(
            entity=self._entity,
            tables=tuple(self._tables()),
            training_sets=sets,
            spines=tuple(spines),
            pins=tuple(name for name in self._pins if name in pins or any(name.startswith(pin_prefix(i)) for i in ids)),
            models=tuple(self._models(ids)),
            online=tuple(online_of({view for place, _ in self._places for view in place.views}, self._events)),
            redactable=tuple(sorted({*redactable, *positions_telling(self._events, self._key, ids)})),
            unread=tuple(self._unread),
        )

    # === What the store keeps ===

    def _in_kept(self, name: str) -> int | None:
        """How many rows of a kept frame hold the key; None where neither rows nor categories do.

        Of a pin, columns count by their names in the table too.
        """
        if name in self._foreign:
            return None
        forms = [*self._key.forms, *(place.in_table(form) for place, form in self._places)]
        wanted = {column for form in forms for column in form}
        loaded = self._adapters.kept.load(name, wanted)
        if not isinstance(loaded, Success):
            self._unread.append(Unread(place=name, why=loaded.failure().message.partition(" Next: ")[0], kept=True))
            return None
        frame = loaded.unwrap()
        rows = self._search.in_frame(frame, forms)
        return rows if rows or self._search.in_categories(frame, forms) else None

    @cached_property
    def _others(self) -> set[str]:
        """The training sets whose keys, though of the same names, are of another entity."""
        if not is_shared(self._entity, self._key, self._events):
            return set()
        return {receipt.id for receipt in self._receipts.values() if not self._asks(receipt)}

    @cached_property
    def _foreign(self) -> set[str]:
        """The frames that are kept of those alone."""
        frames = {r.id: {spine_name(r.spine.fingerprint), *self._of_pin(r)} for r in self._receipts.values()}
        others = {name for identifier in self._others for name in frames[identifier]}
        return others - {name for identifier in frames.keys() - self._others for name in frames[identifier]}

    def _of_pin(self, receipt: TrainingSetRetrieved) -> set[str]:
        return {name for name in self._pins if name.startswith(pin_prefix(receipt.id))}

    def _asks(self, receipt: TrainingSetRetrieved) -> bool:
        """Whether a training set asks a view of the entity."""
        views = {view for place, _ in self._places for view in place.views}
        return any(match.view in views for _, match, _ in receipt.plan.gathers)

    # === Training sets ===

    def _sets(
        self, spines: Mapping[str, int], pins: Mapping[str, int], redactable: Iterable[int]
    ) -> Iterator[SetHolding]:
        named = {
            r.event.id for r in self._events if r.position in redactable and isinstance(r.event, TrainingSetRetrieved)
        }
        for receipt in self._receipts.values():
            spine = spine_name(receipt.spine.fingerprint)
            pinned = sum(rows for name, rows in pins.items() if name.startswith(pin_prefix(receipt.id)))
            referred = 0 if spine in spines else self._in_reference(receipt)
            counts: dict[SpineKind, int] = {"kept": spines.get(spine, 0), "table": referred, "pinned": pinned}
            held: list[SpineKind] = [kind for kind, rows in counts.items() if rows]
            typed = spine in spines or any(name.startswith(pin_prefix(receipt.id)) for name in pins)
            where: SpineKind = held[0] if held else "category" if typed else "named"
            if where != "named" or receipt.id in named:
                marked = receipt.id in self._marked
                yield SetHolding(id=receipt.id, rows=counts.get(where, 0), where=where, marked=marked)

    @cached_property
    def _receipts(self) -> dict[str, TrainingSetRetrieved]:
        return {r.event.id: r.event for r in self._events if isinstance(r.event, TrainingSetRetrieved)}

    def _in_reference(self, receipt: TrainingSetRetrieved) -> int:
        """How many rows hold the key of a spine that is read from a table."""
        reference = receipt.spine.reference
        forms = self._key.in_columns(column.name for column in receipt.plan.spine.columns)
        ours = receipt.id not in self._marked and receipt.id not in self._others
        if not forms or not ours or (receipt.spine.kept and reference is None):
            return 0
        if reference is None:
            self._untold(receipt, "its spine was not kept")
            return 0
        room = self._adapters.machine.observe().free_bytes
        read = self._adapters.spines.read(reference, room, receipt.plan.spine.time).map(lambda spine: spine.frame)
        if not isinstance(read, Success):
            self._untold(receipt, read.failure().message.partition(" Next: ")[0])
            return 0
        return self._search.in_frame(read.unwrap(), forms)

    def _untold(self, receipt: TrainingSetRetrieved, why: str) -> None:
        self._unread.append(Unread(place=f"the spine of {receipt.id}", why=why, kept=False))

    def _models(self, ids: set[str]) -> Iterator[ModelHolding]:
        for event in (recorded.event for recorded in self._events):
            if isinstance(event, ModelTrained) and event.training_set_id in ids:
                name = event.name or event.estimator
                yield ModelHolding(name=name, training_set=event.training_set_id, saved_to=event.saved_to)

    # === Tables ===

    def _tables(self) -> Iterator[TableHolding]:
        by_table = sorted(self._places, key=lambda pair: (pair[0].table, sorted(pair[0].in_table(pair[1]))))
        for _, same in groupby(by_table, key=lambda pair: (pair[0].table, sorted(pair[0].in_table(pair[1])))):
            places = list(same)
            place, form = places[0]
            views = tuple(dict.fromkeys(view for known, _ in places for view in known.views))
            holding = self._in_table(place, place.in_table(form), views)
            if holding is not None:
                yield holding

    def _in_table(self, place: KeyPlace, form: dict[str, object], views: tuple[str, ...]) -> TableHolding | None:
        """The newest version of a table that holds the key."""
        newest = self._observed(place, None)
        if newest is None:
            return None
        last, seen = newest.facts.version, set[tuple[str, str]]()
        snapshot: Snapshot | None = newest
        while snapshot is not None:
            rows = self._rows(snapshot, form, seen)
            if rows:
                return TableHolding(
                    table=place.table,
                    views=views,
                    place=self._adapters.tables.place(place.table),
                    columns=tuple((n, literal(as_dtype(v, snapshot.facts.dtype(n) or ""))) for n, v in form.items()),
                    version=snapshot.facts.version,
                    newest=last,
                    rows=rows,
                    storage_options=bool(place.storage_options),
                )
            version = snapshot.facts.version - 1
            snapshot = self._observed(place, version) if version >= 0 else None
        return None

    def _observed(self, place: KeyPlace, version: int | None) -> Snapshot | None:
        """A version of a table; None where it is not there, which is told of the newest alone."""
        seen: Result[Snapshot, TableError] = self._adapters.tables.observe(
            place.table, version, place.storage_options, partition_time_zone=place.partition_time_zone
        )
        if version is None and not isinstance(seen, Success):
            why = seen.failure().message.partition(" Next: ")[0]
            self._unread.append(Unread(place=f"the table {place.table}", why=why, kept=False))
        return seen.value_or(None)

    def _rows(self, snapshot: Snapshot, form: dict[str, object], seen: set[tuple[str, str]]) -> int:
        """How many rows of a version hold the key; none where all its files were looked at before."""
        facts = snapshot.facts
        files = {(file.path, sha256(file.deleted).hexdigest()) for file in facts.data_files}
        if (files and files <= seen) or any(facts.dtype(name) is None for name in form):
            return 0
        rows: Result[int, TableError] = self._search.in_table(snapshot, form)
        if not isinstance(rows, Success):
            self._unreadable(facts.table, facts.version, rows.failure())
            return 0
        seen |= files
        return rows.value_or(0)

    def _unreadable(self, table: str, version: int, error: TableError) -> None:
        """Tell of the newest version of a table that cannot be read; older ones cannot be either, as a rule."""
        if not any(unread.place.startswith(f"{table}@") for unread in self._unread):
            why = error.message.partition(" Next: ")[0]
            self._unread.append(Unread(place=f"{table}@{version}", why=why, kept=False))
