"""A commit whose answer never comes: it is looked up what became of it, and nothing is lost or doubled."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest

from foreset.adapters.postgres import Database, PostgresBlobs, PostgresEventStore
from foreset.application.event_log.verify import verify_log
from foreset.domain.errors.event_log import AppendUnsettled
from foreset.domain.event_log.receipts import Event, TableWritten
from tests.adapters.postgres.cut_wire import Cut, CutWire

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
WHEN: list[Cut] = ["before", "after"]


def event(number: int) -> Event:
    return TableWritten(table="weather", version=number, mode="append", rows=1)


@pytest.fixture
def wire(postgres_database: str) -> Iterator[CutWire]:
    host, _, port = postgres_database.partition("@")[2].partition("/")[0].partition(":")
    with closing(CutWire((host, int(port)))) as made:
        yield made


@pytest.fixture
def database(wire: CutWire, postgres_database: str) -> Iterator[Database]:
    user, name = postgres_database.partition("@")[0], postgres_database.rpartition("/")[2]
    made = Database.open(f"postgresql://{user}@127.0.0.1:{wire.port}/{name}", away=2).unwrap()
    yield made
    made.close()


def direct(postgres_database: str) -> PostgresEventStore:
    return PostgresEventStore(Database.open(f"postgresql://{postgres_database}").unwrap())


@pytest.mark.parametrize("when", WHEN)
@pytest.mark.parametrize("expected", [None, 1])
def test_an_append_is_there_once(
    wire: CutWire, database: Database, postgres_database: str, when: Cut, expected: int | None
) -> None:
    store = PostgresEventStore(database)
    first = store.append("tables", (event(0),), expected=0, at=AT, actor="ann").unwrap()
    wire.cut(when)
    second = store.append("tables", (event(1), event(2)), expected=expected, at=AT, actor="ann").unwrap()
    third = store.append("tables", (event(3),), expected=3, at=AT, actor="ann").unwrap()
    assert wire.cuts == 1
    with closing(direct(postgres_database)) as seen:
        assert seen.read().unwrap() == first + second + third
        assert verify_log(seen).unwrap().whole


@pytest.mark.parametrize("when", WHEN)
def test_a_redaction_a_move_and_a_frame_are_there_once(
    wire: CutWire, database: Database, postgres_database: str, when: Cut
) -> None:
    store = PostgresEventStore(database)
    store.append("tables", (event(0),), expected=0, at=AT, actor="ann").unwrap()
    wire.cut(when)
    told = store.redact({1: event(9)}, expected=0, at=AT, actor="ann").unwrap()
    wire.cut(when)
    PostgresBlobs(database, part=3).write("spines/a", b"12345678")
    wire.cut(when)
    head = store.stored().unwrap().head
    assert head is not None
    assert store.seal(head, "elsewhere").unwrap() == head
    assert wire.cuts == 3
    with closing(direct(postgres_database)) as seen:
        assert [recorded.event for recorded in seen.read().unwrap()] == [event(9), told.event]
        assert seen.stored().unwrap().moved_to == "elsewhere"
    assert PostgresBlobs(database).read("spines/a") == b"12345678"


@pytest.mark.parametrize("when", WHEN)
def test_a_commit_that_cannot_be_looked_up_is_told(wire: CutWire, database: Database, when: Cut) -> None:
    store = PostgresEventStore(database)
    wire.cut(when, for_good=True)
    error = store.append("tables", (event(1),), expected=0, at=AT, actor="ann").failure()
    assert isinstance(error, AppendUnsettled)
    assert str(error).startswith(f"Whether what was to be written is in the store {database.address} cannot be told: ")
    wire.mend()
    there = 1 if when == "after" else 0
    assert len(store.read().unwrap()) == there
    assert len(store.append("tables", (event(2),), expected=there, at=AT, actor="ann").unwrap()) == 1


def test_a_commit_that_the_server_is_still_at_is_waited_for(
    wire: CutWire, database: Database, postgres_database: str
) -> None:
    """A deferred trigger makes the commit take longer than the client is there."""
    with psycopg.connect(f"postgresql://{postgres_database}") as connection:
        connection.execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$"
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON foreset_events DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION slow()"
        )
    store = PostgresEventStore(database)
    wire.cut("after")
    done = store.append("tables", (event(1),), expected=0, at=AT, actor="ann").unwrap()
    assert store.read().unwrap() == done


@pytest.mark.parametrize("when", WHEN)
def test_a_connection_that_is_lost_between_calls_is_opened_again(
    database: Database, postgres_database: str, when: Cut
) -> None:
    store = PostgresEventStore(database)
    store.append("tables", (event(0),), expected=0, at=AT, actor="ann").unwrap()
    with psycopg.connect(f"postgresql://{postgres_database}", autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    if when == "before":
        assert len(store.read().unwrap()) == 1
    assert store.append("tables", (event(1),), expected=1, at=AT, actor="ann").unwrap()[0].position == 2
