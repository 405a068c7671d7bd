"""What every event store does. An adapter is one more entry in FACTORIES."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from returns.result import Success

from foreset.adapters.memory import MemoryEventStore
from foreset.adapters.sqlite import SqliteEventStore
from foreset.application.ports import EventStore
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.receipt import Event

FACTORIES: dict[str, Callable[[Path], EventStore]] = {
    "memory": lambda _: MemoryEventStore(),
    "sqlite": lambda folder: SqliteEventStore.open(folder / "repo").unwrap(),
}
AT = datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
Written = Callable[[int], Event]


@pytest.fixture(params=FACTORIES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EventStore:
    return FACTORIES[request.param](tmp_path)


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
