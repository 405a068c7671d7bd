"""A hundred random changes to the tables of a log, in SQLite and in PostgreSQL: each is found and named."""

import random
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from foreset.adapters.postgres import Database, PostgresEventStore
from foreset.adapters.sqlite import SqliteEventStore
from foreset.application.event_log.verify import verify_log
from foreset.application.ports.event_log import EventStore
from foreset.domain.event_log.chain_audit import LogReport
from foreset.domain.event_log.chain_findings import EventAdded, HeadChanged, HeadLost
from foreset.domain.event_log.receipts import TableWritten
from tests.postgres_server import database_in
from tests.tampering import SQL, TOLD

AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
CASES = [(seed, kind) for seed, kind in enumerate([*SQL] * 8)][:104]
EVENTS = 25


def fill(store: EventStore) -> None:
    for number in range(EVENTS):
        event = TableWritten(table="weather", version=number, mode="append", rows=1)
        store.append(f"stream-{number % 4}", (event,), expected=None, at=AT, actor="ann").unwrap()


class Sqlite:
    """A log that is copied for each change."""

    def __init__(self, folder: Path) -> None:
        self._whole, self._copy = folder / "whole", folder / "copy"
        with closing(SqliteEventStore.open(self._whole).unwrap()) as store:
            fill(store)

    def after(self, statements: Sequence[str]) -> LogReport:
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._whole, self._copy)
        with closing(sqlite3.connect(self._copy / "events.db")) as connection, connection:
            for statement in statements:
                connection.execute(statement.format(events="events", head="head"))
        with closing(SqliteEventStore.open(self._copy).unwrap()) as store:
            return verify_log(store).unwrap()


class Postgres:
    """A log that is put back after each change."""

    def __init__(self, address: str) -> None:
        self._url = f"postgresql://{address}"
        self._store = PostgresEventStore(Database.open(self._url).unwrap())
        fill(self._store)
        with psycopg.connect(self._url) as connection:
            connection.execute("CREATE TABLE events_whole AS SELECT * FROM foreset_events")
            connection.execute("CREATE TABLE head_whole AS SELECT * FROM foreset_head")

    def after(self, statements: Sequence[str]) -> LogReport:
        with psycopg.connect(self._url) as connection:
            for statement in statements:
                connection.execute(statement.format(events="foreset_events", head="foreset_head").encode())
        report = verify_log(self._store).unwrap()
        with psycopg.connect(self._url) as connection:
            for name in ("events", "head"):
                connection.execute(f"DELETE FROM foreset_{name}".encode())  # noqa: S608  # names of this file
                connection.execute(f"INSERT INTO foreset_{name} SELECT * FROM {name}_whole".encode())  # noqa: S608  # as above
        return report


Log = Sqlite | Postgres


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    if request.param == "sqlite":
        yield Sqlite(tmp_path_factory.mktemp("log"))
    else:
        yield Postgres(database_in(request.getfixturevalue("postgres_server")))


def test_a_log_that_nobody_touched_is_whole(log: Log) -> None:
    assert log.after([]).whole
    assert log.after(["UPDATE {events} SET actor = actor"]).whole


@pytest.mark.parametrize(("seed", "kind"), CASES)
def test_a_random_change_is_found_and_named(log: Log, seed: int, kind: str) -> None:
    position = random.Random(f"{seed} {kind}").randrange(1, EVENTS + 1)  # noqa: S311  # no secret
    assert list(log.after(SQL[kind](EVENTS, position)).findings) == TOLD[kind](EVENTS, position)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE {head} SET position = 24", HeadChanged),
        ("UPDATE {head} SET hash = 'x'", HeadChanged),
        ("DELETE FROM {head}", HeadLost),
    ],
)
def test_a_head_that_was_changed_is_found(log: Log, statement: str, kind: type[HeadChanged | HeadLost]) -> None:
    assert [type(found) for found in log.after([statement]).findings] == [kind]


@pytest.mark.parametrize("position", [0, -1, -(2**63)])
def test_an_event_that_was_put_before_the_first_is_found(log: Log, position: int) -> None:
    # whoever reads its stream alone would take it for the last of it
    row = f"{position}, 'stream-1', 7, at, 'eve', type, body, salt, digest, hash"
    statement = f"INSERT INTO {{events}} SELECT {row} FROM {{events}} WHERE position = 2"  # noqa: S608  # a test's own
    assert list(log.after([statement]).findings) == [EventAdded(position=position)]


def test_all_events_gone_are_told(log: Log) -> None:
    assert list(log.after(["DELETE FROM {events}"]).findings) == TOLD["truncate"](EVENTS, 1)
