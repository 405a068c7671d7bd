"""What every event store does. An adapter is one more entry in FACTORIES."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import force_setattr, replace
from returns.result import Success

from foreset.adapters.memory import MemoryEventStore
from foreset.adapters.postgres import Database, PostgresEventStore
from foreset.adapters.shared.event_log.event_rows import body_of
from foreset.adapters.sqlite import SqliteEventStore
from foreset.application.definitions.catalog import registry_events
from foreset.application.ports.event_log import EventStore
from foreset.domain.definitions.models import ModelTrained, split_metrics
from foreset.domain.definitions.registry import EntityRegistered, replay
from foreset.domain.definitions.specs import EntitySpec
from foreset.domain.errors.event_log import EventUnrecordable, LogMoved, LogTaken
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.event_log.chain_audit import audit
from foreset.domain.event_log.chain_findings import EventUndecodable
from foreset.domain.event_log.decoding import TAGS
from foreset.domain.event_log.erasures import REDACTIONS, EventsRedacted, KeyErased
from foreset.domain.event_log.hash_chain import EMPTY, START, Head, digest_of, head_of, link, rewritten
from foreset.domain.event_log.history import EventFilter, past_of, select_events
from foreset.domain.event_log.lineage import lineage_of
from foreset.domain.event_log.receipts import Event
from foreset.domain.unreadable import UnreadableEvent
from tests.contracts.unreadable_rows import BODIES, TIMES, put

Made = Callable[[pytest.FixtureRequest], EventStore]
FACTORIES: dict[str, Made] = {
    "memory": lambda _: MemoryEventStore(),
    "sqlite": lambda request: SqliteEventStore.open(request.getfixturevalue("tmp_path") / "repo").unwrap(),
    "postgres": lambda request: PostgresEventStore(
        Database.open(f"postgresql://{request.getfixturevalue('postgres_database')}").unwrap()
    ),
}
AT = datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
Written = Callable[[int], Event]
FIELDS = ("spec", "name", "version", "columns", "id", "table", "mode", "rows", "training_sets", "entity", "digests")


@pytest.fixture(params=FACTORIES)
def store(request: pytest.FixtureRequest) -> EventStore:
    return FACTORIES[request.param](request)


def test_an_empty_log_has_no_events(store: EventStore) -> None:
    assert store.read() == Success(())
    assert store.read("registry") == Success(())
    assert store.read("registry", after=7) == Success(())


def test_what_is_appended_is_read_back(store: EventStore, registered: Event, written: Written) -> None:
    first = store.append("registry", (registered,), expected=0, at=AT, actor="ann").unwrap()
    second = store.append("tables", (written(0), written(1)), expected=None, at=AT, actor="bob").unwrap()
    assert store.read().unwrap() == first + second
    assert store.read("tables").unwrap() == second
    assert [(r.position, r.stream, r.version, r.at, r.actor) for r in first + second] == [
        (1, "registry", 1, AT, "ann"),
        (2, "tables", 1, AT, "bob"),
        (3, "tables", 2, AT, "bob"),
    ]
    assert first[0].event == registered


def test_after_leaves_out_what_is_known(store: EventStore, registered: Event, written: Written) -> None:
    store.append("registry", (registered,), expected=0, at=AT, actor="ann").unwrap()
    last = store.append("tables", tuple(map(written, range(3))), expected=0, at=AT, actor="ann").unwrap()
    assert store.read("tables", after=2).unwrap() == last[2:]
    assert store.read(after=3).unwrap() == last[2:]
    assert store.read("tables", after=3).unwrap() == ()
    assert store.read(after=99).unwrap() == ()


def test_times_come_back_in_utc(store: EventStore, written: Written) -> None:
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    store.append("tables", (written(0),), expected=None, at=tokyo, actor="ann").unwrap()
    store.append("tables", (written(1),), expected=None, at=AT.replace(tzinfo=None), actor="ann").unwrap()
    times = [recorded.at for recorded in store.read().unwrap()]
    assert times == [AT, AT]
    assert [time.utcoffset() for time in times] == [timedelta(0)] * 2


@pytest.mark.parametrize("expected", [0, 2])
def test_a_stale_write_is_refused_whole(store: EventStore, written: Written, expected: int) -> None:
    kept = store.append("tables", (written(0),), expected=0, at=AT, actor="ann").unwrap()
    refused = store.append("tables", (written(1), written(2)), expected=expected, at=AT, actor="bob").failure()
    assert refused == StaleWrite(stream="tables", expected=expected, actual=1)
    assert str(refused).startswith(f"Another process changed 'tables' first: it is at version 1, not at {expected}.")
    assert store.read().unwrap() == kept
    assert store.append("tables", (written(1),), expected=1, at=AT, actor="bob").unwrap()[0].position == 2


def test_appending_nothing_writes_nothing(store: EventStore) -> None:
    assert store.append("tables", (), expected=0, at=AT, actor="ann") == Success(())
    assert store.read() == Success(())


def test_threads_share_a_store(store: EventStore, written: Written) -> None:
    def run(name: int) -> None:
        for number in range(25):
            twice = (written(number), written(number))
            store.append(f"stream-{name % 2}", twice, expected=None, at=AT, actor=str(name)).unwrap()

    threads = [threading.Thread(target=run, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = store.read().unwrap()
    assert [recorded.position for recorded in log] == list(range(1, 201))
    for stream in ("stream-0", "stream-1"):
        assert [recorded.version for recorded in store.read(stream).unwrap()] == list(range(1, 101))
    assert all(a.event == b.event and a.actor == b.actor for a, b in zip(log[::2], log[1::2], strict=True))


def test_of_threads_that_expect_the_same_version_one_writes(store: EventStore, written: Written) -> None:
    barrier = threading.Barrier(4)
    results: list[bool] = []

    def run() -> None:
        barrier.wait()
        done = store.append("registry", (written(0),), expected=0, at=AT, actor="ann")
        results.append(isinstance(done, Success))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, False, False, True]
    assert len(store.read().unwrap()) == 1


# === The chain ===


def test_each_event_is_chained_to_the_one_before(store: EventStore, registered: Event, written: Written) -> None:
    assert store.stored().unwrap().head == EMPTY
    store.append("registry", (registered,), expected=0, at=AT, actor="ann").unwrap()
    store.append("tables", (written(0), written(1)), expected=None, at=AT, actor="bob").unwrap()
    stored = store.stored().unwrap()
    previous = START
    for row in stored.rows:
        assert row.digest == digest_of(row.salt, row.body)
        assert row.hash == link(previous, row)
        previous = row.hash
    assert stored.head == Head(3, previous)
    assert (stored.rows[1].at, stored.rows[1].type) == ("2024-05-01T12:00:00.123456+00:00", "table-written.v1")


def test_what_events_say_cannot_be_told_by_their_digests(store: EventStore, written: Written) -> None:
    store.append("tables", (written(0), written(0)), expected=0, at=AT, actor="ann").unwrap()
    store.redact({1: written(0)}, expected=0, at=AT, actor="ann").unwrap()
    rows = store.stored().unwrap().rows
    assert rows[0].body == rows[1].body
    assert len({row.digest for row in rows}) == len({row.salt for row in rows}) == 3
    assert digest_of(rows[0].salt, rows[0].body) != rows[0].digest


def test_what_an_event_says_is_redacted_and_its_digest_stays(store: EventStore, written: Written) -> None:
    store.append("tables", tuple(map(written, range(3))), expected=0, at=AT, actor="ann").unwrap()
    before = store.stored().unwrap().rows
    told = store.redact({2: written(99)}, expected=0, at=AT, actor="bob", reason="asked for").unwrap()
    assert (told.position, told.stream, told.version, told.actor) == (4, REDACTIONS, 1, "bob")
    after = store.stored().unwrap().rows
    assert told.event == EventsRedacted(digests={2: digest_of(after[1].salt, after[1].body)}, reason="asked for")
    assert [recorded.event for recorded in store.read().unwrap()] == [written(0), written(99), written(2), told.event]
    assert (after[0], after[2]) == (before[0], before[2])
    assert (after[1].digest, after[1].hash) == (before[1].digest, before[1].hash)
    assert '"version":99' in after[1].body


def test_a_redaction_that_is_decided_on_an_old_log_is_refused(store: EventStore, written: Written) -> None:
    store.append("tables", (written(0),), expected=0, at=AT, actor="ann").unwrap()
    store.redact({1: written(7)}, expected=None, at=AT, actor="ann").unwrap()
    refused = store.redact({1: written(8)}, expected=0, at=AT, actor="bob").failure()
    assert refused == StaleWrite(stream=REDACTIONS, expected=0, actual=1)
    assert store.read().unwrap()[0].event == written(7)


@pytest.mark.parametrize("position", [1, 2, 3])
def test_a_redaction_keeps_the_kind_of_event(
    store: EventStore, registered: Event, written: Written, position: int
) -> None:
    store.append("registry", (registered, registered), expected=0, at=AT, actor="ann").unwrap()
    with pytest.raises(ValueError, match="are not there, or of another kind"):
        store.redact({position: written(0)}, expected=None, at=AT, actor="ann")
    assert len(store.read().unwrap()) == 2


# === Moves ===


def test_rows_are_taken_over_as_they_are(store: EventStore, registered: Event, written: Written) -> None:
    source = MemoryEventStore()
    source.append("registry", (registered,), expected=0, at=AT, actor="ann").unwrap()
    source.append("tables", (written(0), written(1)), expected=0, at=AT, actor="bob").unwrap()
    source.redact({2: written(5)}, expected=0, at=AT, actor="ann").unwrap()
    rows = source.stored().unwrap().rows
    store.extend(rows[:2], EMPTY).unwrap()
    store.extend(rows[2:], head_of(rows[:2])).unwrap()
    assert store.stored() == source.stored()
    assert store.read() == source.read()
    assert store.append("tables", (written(2),), expected=2, at=AT, actor="ann").unwrap()[0].position == 5


def test_what_was_redacted_after_it_was_copied_is_redacted_in_the_copy(store: EventStore, written: Written) -> None:
    source = MemoryEventStore()
    source.append("tables", (written(0), written(1)), expected=0, at=AT, actor="bob").unwrap()
    copied = source.stored().unwrap().rows
    store.extend(copied, EMPTY).unwrap()
    source.redact({2: written(5)}, expected=0, at=AT, actor="ann").unwrap()
    rows = source.stored().unwrap().rows
    assert rewritten(rows, copied) == rows[1:2]
    store.extend(rows[2:], head_of(copied), rewritten(rows, copied)).unwrap()
    assert store.stored() == source.stored()
    assert store.read() == source.read()


def test_rows_that_do_not_follow_are_not_taken_over(store: EventStore, written: Written) -> None:
    store.append("tables", (written(0),), expected=0, at=AT, actor="ann").unwrap()
    before = store.stored()
    error = store.extend(before.unwrap().rows, EMPTY).failure()
    assert isinstance(error, LogTaken)
    assert error.events == 1
    assert store.stored() == before


def test_a_log_that_was_moved_takes_no_more_events(store: EventStore, written: Written) -> None:
    first = store.append("tables", (written(0),), expected=0, at=AT, actor="ann").unwrap()
    head = store.stored().unwrap().head
    assert head is not None
    store.append("tables", (written(1),), expected=1, at=AT, actor="ann").unwrap()
    newer = store.seal(head, "elsewhere").unwrap()
    assert newer.position == 2
    store.append("tables", (written(2),), expected=2, at=AT, actor="ann").unwrap()
    third = store.stored().unwrap().head
    assert third is not None
    assert store.seal(third, "elsewhere") == Success(third)
    for refused in (
        store.append("tables", (written(3),), expected=None, at=AT, actor="ann"),
        store.redact({1: written(3)}, expected=None, at=AT, actor="ann"),
    ):
        error = refused.failure()
        assert isinstance(error, LogMoved)
        assert "was moved to elsewhere. Nothing was written. Next: use the store there" in str(error)
    assert store.read("tables", after=0).unwrap()[:1] == first
    assert store.stored().unwrap().moved_to == "elsewhere"
    store.extend((), third).unwrap()
    assert store.stored().unwrap().moved_to is None
    store.append("tables", (written(3),), expected=3, at=AT, actor="ann").unwrap()


def test_sweeping_keeps_what_is_recorded(store: EventStore, written: Written) -> None:
    kept = store.append("tables", (written(0),), expected=0, at=AT, actor="ann").unwrap()
    store.sweep().unwrap()
    assert store.read().unwrap() == kept


def test_a_store_that_is_closed_opens_again_when_it_is_used(store: EventStore, registered: Event) -> None:
    first = store.append("registry", (registered,), expected=0, at=AT, actor="ann").unwrap()
    store.close()
    store.close()
    assert store.read().unwrap() == first


# === Events that would not be read as they were written ===


def forced(event: Any, **fields: object) -> Any:
    """An event, or a spec, as no constructor makes it."""
    made = replace(event)
    for name, value in fields.items():
        force_setattr(made, name, value)
    return made


TRAINED = ModelTrained(
    training_set_id="ts-1", estimator="auto", params={}, metrics={}, rows_train=1, rows_test=1, fingerprint="f"
)
TOLD = KeyErased(entity="k", requested_by=None, reason=None)
STRANGE: dict[str, Event] = {
    "a number for a text": forced(TOLD, reason=7),
    "a text for a list": forced(TOLD, models=3),
    "a tag that is no text": EntityRegistered(spec=forced(EntitySpec("k", ["k"]), tags={"version": 2}), version=1),
    "a number that is not finite": forced(TRAINED, metrics={"r2": float("nan")}),
    "a value that JSON has not": forced(TRAINED, params={"a": object()}),
    "a set, which JSON has as a list": forced(TRAINED, params={"a": {1}}),
    "a lone surrogate": forced(TRAINED, name="\ud800"),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_an_event_that_would_be_read_as_another_is_not_appended_and_the_log_goes_on(
    store: EventStore, registered: Event, kind: str
) -> None:
    store.append("registry", (registered,), expected=0, at=AT, actor="ann").unwrap()
    refused = store.append("registry", (registered, STRANGE[kind]), expected=1, at=AT, actor="ann").failure()
    assert isinstance(refused, EventUnrecordable)
    assert "Nothing was written to the log." in refused.message
    store.append("registry", (registered,), expected=1, at=AT, actor="ann").unwrap()
    assert [recorded.event for recorded in store.read().unwrap()] == [registered] * 2


# === Events that cannot be decoded ===


@pytest.mark.parametrize("wrong", BODIES)
def test_an_event_that_cannot_be_decoded_keeps_its_place_and_hides_no_other(
    store: EventStore, registered: Event, written: Written, wrong: str
) -> None:
    store.append("registry", (registered,), expected=0, at=AT, actor="ann").unwrap()
    assert put(store, "registry", *BODIES[wrong]) == 2
    store.append("tables", (written(0),), expected=0, at=AT, actor="bob").unwrap()
    store.append("registry", (registered,), expected=2, at=AT, actor="ann").unwrap()
    events = [recorded.event for recorded in store.read().unwrap()]
    assert [events[0], *events[2:]] == [registered, written(0), registered]
    lost = events[1]
    assert isinstance(lost, UnreadableEvent)
    assert (lost.position, lost.kind) == (2, BODIES[wrong][0])
    assert lost.problem
    assert [recorded.event for recorded in store.read("registry", after=1).unwrap()] == [lost, registered]


@pytest.mark.parametrize("time", TIMES)
def test_an_event_whose_time_cannot_be_read_hides_no_other_and_cuts_no_state_of_the_log(
    store: EventStore, registered: Event, written: Written, time: str
) -> None:
    store.append("registry", (registered,), expected=0, at=AT, actor="ann").unwrap()
    put(store, "tables", "table-written.v1", body_of(written(0)), time)
    store.append("tables", (written(1),), expected=None, at=AT, actor="bob").unwrap()
    recorded = store.read().unwrap()
    assert [found.event for found in (recorded[0], recorded[2])] == [registered, written(1)]
    lost = recorded[1].event
    assert isinstance(lost, UnreadableEvent)
    assert "its time" in lost.problem
    assert past_of(AT, recorded, AT).unwrap().events == recorded
    (finding,) = audit(store.stored().unwrap()).findings
    assert "at position 2 cannot be decoded: its time" in finding.what


@pytest.mark.parametrize("wrong", BODIES)
def test_it_is_named_apart_from_what_was_changed_and_moves_with_the_log(
    store: EventStore, registered: Event, wrong: str
) -> None:
    store.append("registry", (registered,), expected=0, at=AT, actor="ann").unwrap()
    position = put(store, "registry", *BODIES[wrong])
    log = store.stored().unwrap()
    report = audit(log)
    assert [type(finding) for finding in report.findings] == [EventUndecodable]
    assert report.breaks == ()
    assert f"at position {position} cannot be decoded" in report.findings[0].what
    other = MemoryEventStore()
    other.extend(log.rows, EMPTY).unwrap()
    assert other.stored().unwrap().rows == log.rows
    assert other.read() == store.read()


@given(body=st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5),
), tag=st.sampled_from(sorted(TAGS)))  # fmt: skip
def test_no_body_of_any_kind_stops_the_log_from_being_read(body: object, tag: str) -> None:
    said = {**body, "type": tag} if isinstance(body, dict) else body
    store = MemoryEventStore()
    put(store, "registry", tag, json.dumps(said))
    (recorded,) = store.read().unwrap()
    assert isinstance(recorded.event, UnreadableEvent) or recorded.event.__struct_config__.tag == tag
    replay(registry_events((recorded,)))
    lineage_of((recorded,))
    select_events((recorded,), EventFilter(view="x"))


@given(metrics=st.dictionaries(st.text(max_size=8), st.floats()))
def test_metrics_that_are_not_finite_are_recorded_and_read_back(metrics: dict[str, float]) -> None:
    finite, others = split_metrics(metrics)
    event = ModelTrained(
        training_set_id="ts-1",
        estimator="Ridge",
        params={},
        metrics=finite,
        not_finite=others,
        rows_train=1,
        rows_test=1,
        fingerprint="f",
    )
    store = MemoryEventStore()
    store.append("training-set/ts-1", (event,), expected=0, at=AT, actor="ann").unwrap()
    other = MemoryEventStore()
    other.extend(store.stored().unwrap().rows, EMPTY).unwrap()
    read = other.read().unwrap()[0].event
    assert isinstance(read, ModelTrained)
    assert {name: repr(value) for name, value in read.measured.items()} == {n: repr(v) for n, v in metrics.items()}
