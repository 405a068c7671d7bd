"""What can be wrong with the database of a store: each is told, and no password ever is."""

import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import psycopg
import pytest

from foreset.adapters.postgres import Database, PostgresBlobs, PostgresEventStore
from foreset.domain.errors.event_log import (
    LogBusy,
    LogCorrupt,
    LogTooNew,
    LogUnreachable,
    NoLog,
    StoreError,
    StoreUnwritable,
    UnfitAddress,
)
from foreset.domain.event_log.receipts import TableWritten

AT = datetime(2024, 5, 1, tzinfo=UTC)


def event(number: int) -> TableWritten:
    return TableWritten(table="weather", version=number, mode="append", rows=1)


def append(store: PostgresEventStore, number: int = 0) -> None:
    store.append("tables", (event(number),), expected=None, at=AT, actor="ann").unwrap()


def opened(address: str, timeout: float = 10.0, away: float = 30.0) -> PostgresEventStore:
    return PostgresEventStore(Database.open(f"postgresql://{address}", timeout=timeout, away=away).unwrap())


def refused(url: str) -> StoreError:
    return Database.open(url, away=1).failure()


def sql(address: str, *statements: str) -> None:
    with psycopg.connect(f"postgresql://{address}", autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def log(postgres_database: str) -> str:
    """The address of a log of three events."""
    with closing(opened(postgres_database)) as store:
        for number in range(3):
            append(store, number)
    return postgres_database


def test_nothing_is_made_in_a_database_without_a_log_unless_that_is_wanted(postgres_database: str) -> None:
    url = f"postgresql://{postgres_database}"
    refusal = Database.open(url, away=1, create=False).failure()
    assert isinstance(refusal, NoLog)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('foreset_events')").fetchone() == (None,)
    with closing(opened(postgres_database)):
        pass
    with closing(Database.open(url, create=False).unwrap()):
        pass


# === Addresses ===


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("postgresql://ann:s3cret@127.0.0.1:1/features", LogUnreachable),
        ("postgresql://ann:s3cret@no.such.host.invalid/features", LogUnreachable),
        ("postgresql://ann@127.0.0.1:1/features?password=s3cret", LogUnreachable),
        ("postgresql://ann:s3cret@127.0.0.1:port/features", LogUnreachable),
        ("postgresql://ann:s3cret@127.0.0.1/features?no_such_option=1", UnfitAddress),
        ("postgresql://ann:s3cret@[::1/features", UnfitAddress),
        ("postgresql://ann:s3cret@[::1]x/features", UnfitAddress),
        ("postgresql://ann:s3c@ret@127.0.0.1/features", UnfitAddress),
        ("postgresql://ann:s3c/ret@127.0.0.1/features", UnfitAddress),
        ("postgresql://ann:s3c?ret@127.0.0.1/features", UnfitAddress),
        ("postgresql://ann:s3c#ret@127.0.0.1/features", UnfitAddress),
        ("postgresql://ann:s3c%ret@127.0.0.1/features", UnfitAddress),
    ],
)
def test_a_database_that_cannot_be_opened_is_told_without_its_password(url: str, kind: type[StoreError]) -> None:
    error = refused(url)
    assert isinstance(error, kind)
    told = str(error) + "".join(traceback.format_exception(error.cause)) if error.cause else str(error)
    assert "s3c" not in told
    assert "ret" not in told.replace("returned", "")
    assert "Next: " in str(error)


def test_a_server_that_refuses_is_told(postgres_server: str) -> None:
    error = refused(f"postgresql://{postgres_server}/nowhere")
    assert isinstance(error, LogUnreachable)
    assert 'database "nowhere" does not exist. Nothing was written.' in str(error)


def test_a_server_that_is_too_old_is_told(postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psycopg.ConnectionInfo.server_version", 12_00_09)
    error = refused(f"postgresql://{postgres_database}")
    assert isinstance(error, LogUnreachable)
    assert ", and 13 or newer is needed. Nothing was written." in str(error)


def test_what_is_not_asked_for_in_the_address_has_defaults(postgres_database: str) -> None:
    with closing(opened(f"{postgres_database}?application_name=mine&connect_timeout=3")) as store:
        connection = store._database._connected(time.monotonic())
        told = connection.info.get_parameters()
    assert (told["application_name"], told["connect_timeout"], told["keepalives_idle"]) == ("mine", "3", "30")


# === Rights ===


@pytest.fixture
def reader(log: str) -> str:
    """The address for a role that may read the log, and nothing else."""
    name = f"reader_{log.rpartition('_')[2]}"
    sql(
        log,
        f"CREATE ROLE {name} LOGIN",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}",
        "REVOKE CREATE ON SCHEMA public FROM public",
    )
    return f"{name}@{log.partition('@')[2]}"


def test_a_role_that_may_only_read_reads_and_is_refused_to_write(reader: str, log: str) -> None:
    with closing(opened(reader)) as store:
        assert len(store.read().unwrap()) == 3
        head = store.stored().unwrap().head
        assert head is not None
        for done in (
            store.append("tables", (event(3),), expected=None, at=AT, actor="eve"),
            store.redact({1: event(9)}, expected=None, at=AT, actor="eve"),
            store.extend((), head),
            store.seal(head, "elsewhere"),
        ):
            error = done.failure()
            assert isinstance(error, StoreUnwritable)
            assert "permission denied" in error.problem or "only the owner" in error.problem
            assert error.remedy
            assert error.problem in str(error)
        with pytest.raises(OSError, match="permission denied"):
            PostgresBlobs(store._database).write("spines/a", b"1")
    with closing(opened(log)) as store:
        assert len(store.read().unwrap()) == 3


def test_a_role_that_may_make_nothing_is_told_where_there_is_no_log(postgres_database: str) -> None:
    name = f"guest_{postgres_database.rpartition('_')[2]}"
    sql(postgres_database, f"CREATE ROLE {name} LOGIN", "REVOKE CREATE ON SCHEMA public FROM public")
    error = refused(f"postgresql://{name}@{postgres_database.partition('@')[2]}")
    assert isinstance(error, StoreUnwritable)
    assert "permission denied for schema public" in str(error)


def test_only_the_owner_redacts(log: str) -> None:
    name = f"writer_{log.rpartition('_')[2]}"
    sql(log, f"CREATE ROLE {name} LOGIN", f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")
    with closing(opened(f"{name}@{log.partition('@')[2]}")) as store:
        append(store, 3)
        error = store.redact({1: event(9)}, expected=None, at=AT, actor="eve").failure()
        assert "only the owner of foreset_events can clear it of what is redacted" in str(error)
        with pytest.raises(OSError, match="its owner may clear them, with VACUUM FULL foreset_frames"):
            PostgresBlobs(store._database).sweep()
        assert "VACUUM FULL foreset_events" in str(store.sweep().failure())
        assert len(store.read().unwrap()) == 4


def test_a_server_that_only_reads_is_told(log: str) -> None:
    sql(log, f"ALTER DATABASE {log.rpartition('/')[2]} SET default_transaction_read_only = on")
    with closing(opened(log)) as store:
        assert len(store.read().unwrap()) == 3
        error = store.append("tables", (event(3),), expected=None, at=AT, actor="ann").failure()
    assert isinstance(error, StoreUnwritable)
    assert "read-only transaction" in str(error)


# === Tables ===


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM foreset_events WHERE position = 2", "the log lacks events between 1 and 3"),
        ("ALTER TABLE foreset_events RENAME COLUMN body TO said", 'column "body" does not exist'),
    ],
)
def test_a_log_that_lost_something_is_corrupt(log: str, statement: str, problem: str) -> None:
    sql(log, statement)
    with closing(opened(log)) as store:
        error = store.read().failure()
    assert isinstance(error, LogCorrupt)
    assert problem in str(error)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM foreset_events WHERE position = 3", "its head is of the event at position 3, and it ends"),
        ("UPDATE foreset_head SET hash = 'x'", "its head is of the event at position 3, and it ends otherwise, at 3"),
    ],
)
def test_nothing_is_put_after_an_end_that_is_not_the_heads(log: str, statement: str, problem: str) -> None:
    sql(log, statement)
    with closing(opened(log)) as store:
        error = store.append("tables", (event(3),), expected=None, at=AT, actor="ann").failure()
    assert isinstance(error, LogCorrupt)
    assert problem in str(error)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DROP TABLE foreset_events", "its events are gone"),
        ("DROP TABLE foreset_head", "its head is gone"),
        ("DELETE FROM foreset_head", "its head is gone"),
        ("ALTER TABLE foreset_head DROP COLUMN format", "its head is gone"),
    ],
)
def test_tables_of_which_one_is_gone_are_corrupt(log: str, statement: str, problem: str) -> None:
    sql(log, statement)
    error = refused(f"postgresql://{log}")
    assert isinstance(error, LogCorrupt)
    assert problem in str(error)


def test_a_newer_format_is_refused(log: str) -> None:
    with closing(opened(log)) as store:
        sql(log, "UPDATE foreset_head SET format = 2")
        late = store.append("tables", (event(3),), expected=None, at=AT, actor="ann").failure()
    for error in (late, refused(f"postgresql://{log}")):
        assert isinstance(error, LogTooNew)
        assert "it has format 2, and this one knows format 1" in str(error)


def test_a_locked_log_is_busy(log: str) -> None:
    with closing(opened(log, timeout=0.1)) as store, psycopg.connect(f"postgresql://{log}") as other:
        other.execute("SELECT * FROM foreset_head FOR UPDATE")
        error = store.append("tables", (event(3),), expected=None, at=AT, actor="ann").failure()
        assert error == LogBusy(path=f"postgresql://{log}", seconds=0.1)
        assert len(store.read().unwrap()) == 3
        other.rollback()
        append(store, 3)


def test_several_stores_share_a_database_by_their_schemas(postgres_database: str) -> None:
    sql(postgres_database, "CREATE SCHEMA team")
    with (
        closing(opened(postgres_database)) as one,
        closing(opened(f"{postgres_database}?options=-csearch_path%3Dteam")) as other,
    ):
        append(one)
        assert len(one.read().unwrap()) == 1
        assert other.read().unwrap() == ()


def test_processes_that_make_the_tables_at_once_all_open(postgres_database: str) -> None:
    barrier, found = threading.Barrier(4), list[object]()

    def run() -> None:
        barrier.wait()
        with closing(opened(postgres_database)) as store:
            found.append(store.read().unwrap())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [()] * 4


def test_what_was_redacted_is_in_no_page_of_the_table(log: str) -> None:
    with closing(opened(log)) as store:
        secret = TableWritten(table="secret-4711", version=0, mode="append", rows=1)
        position = store.append("tables", (secret,), expected=None, at=AT, actor="ann").unwrap()[0].position
        store.redact({position: event(0)}, expected=None, at=AT, actor="ann").unwrap()
    with psycopg.connect(f"postgresql://{log}", autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pageinspect")
        pages = connection.execute("SELECT get_raw_page('foreset_events', 0)").fetchone()
    assert pages is not None
    assert b"weather" in pages[0]
    assert b"secret-4711" not in pages[0]


def test_a_removed_frame_is_in_no_page_of_the_table(log: str) -> None:
    with closing(opened(log)) as store:
        blobs = PostgresBlobs(store._database)
        blobs.write("spines/a", b"secret-4711")
        assert blobs.remove("spines/a")
        blobs.sweep()
    assert size(log, "foreset_frames") == 0


def size(log: str, table: str) -> int:
    with psycopg.connect(f"postgresql://{log}") as connection:
        found = connection.execute("SELECT pg_relation_size(%s::regclass)", (table,)).fetchone()
    assert found is not None
    return int(found[0])


def test_a_table_that_others_read_is_told_after_a_redaction(log: str) -> None:
    with closing(opened(log, timeout=0.2)) as store, psycopg.connect(f"postgresql://{log}") as other:
        other.execute("SELECT * FROM foreset_events")
        error = store.redact({1: event(9)}, expected=0, at=AT, actor="ann").failure()
        assert isinstance(error, StoreUnwritable)
        assert "events were redacted, and their bytes stay: others read the table" in str(error)
        other.rollback()
        assert store.read().unwrap()[0].event == event(9)
        store.sweep().unwrap()


# === Processes ===


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_and_its_parent_both_write(postgres_database: str) -> None:
    script = """
import os, sys
from datetime import UTC, datetime
from foreset.adapters.postgres import Database, PostgresEventStore
from foreset.domain.event_log.receipts import TableWritten
store = PostgresEventStore(Database.open(sys.argv[1]).unwrap())
def append(n):
    event = TableWritten(table="t", version=n, mode="append", rows=1)
    store.append("tables", (event,), expected=None, at=datetime.now(UTC), actor="x").unwrap()
append(0)
child = os.fork()
if child == 0:
    append(1)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
append(2)
print([r.event.version for r in store.read().unwrap()])
"""
    url = f"postgresql://{postgres_database}"
    run = subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "[0, 1, 2]\n"), run.stderr


@contextmanager
def asleep(address: str) -> Iterator[psycopg.Connection]:
    """A process that began to write and was stopped in the middle."""
    with psycopg.connect(f"postgresql://{address}") as connection:
        connection.execute("SET idle_in_transaction_session_timeout = '1s'")
        connection.execute("SELECT * FROM foreset_head FOR UPDATE")
        yield connection
        connection.close()


def test_a_process_that_fell_asleep_while_it_wrote_stops_others_for_a_while_only(log: str) -> None:
    with asleep(log), closing(opened(log)) as store:
        append(store, 3)
        shown = store._database._connected(time.monotonic()).execute("SHOW idle_in_transaction_session_timeout")
        assert shown.fetchone() == ("15s",)
