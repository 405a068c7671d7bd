"""Many processes at one log, and a server that is killed under them."""

import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg

from foreset.adapters.postgres import Database, PostgresEventStore
from foreset.application.event_log.verify import verify_log
from foreset.domain.event_log.receipts import Recorded, TableWritten
from tests.postgres_server import Cluster

WRITERS = 8
WRITER = """
import sys
from datetime import UTC, datetime
from foreset.adapters.postgres import Database, PostgresEventStore
from foreset.domain.event_log.receipts import TableWritten
url, actor, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = PostgresEventStore(Database.open(url).unwrap())
for number in range(count):
    event = TableWritten(table=actor, version=number, mode="append", rows=1)
    done = store.append("tables", (event, event), expected=None, at=datetime.now(UTC), actor=actor).unwrap()
    print(number, done[-1].position, flush=True)
"""


def writers(address: str, folder: Path, count: int) -> dict[str, subprocess.Popen[bytes]]:
    """Processes that append, each under its name; what is acknowledged to them goes to a file of that name."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    for actor in map(str, range(WRITERS)):
        command = [sys.executable, "-c", WRITER, f"postgresql://{address}", actor, str(count)]
        with (folder / actor).open("wb") as told:
            processes[actor] = subprocess.Popen(command, stdout=told)
    return processes


def ended(processes: dict[str, subprocess.Popen[bytes]], folder: Path) -> dict[str, str]:
    """What was acknowledged to each, once all are done."""
    assert [process.wait(timeout=240) for process in processes.values()] == [0] * WRITERS
    return {actor: (folder / actor).read_text() for actor in processes}


def log_of(address: str) -> tuple[Recorded, ...]:
    """The events of a log that is whole: no gap, the chain holds, both events of each append."""
    with closing(PostgresEventStore(Database.open(f"postgresql://{address}").unwrap())) as store:
        log = store.read().unwrap()
        assert verify_log(store).unwrap().whole
        assert [recorded.version for recorded in store.read("tables").unwrap()] == list(range(1, len(log) + 1))
    assert [recorded.position for recorded in log] == list(range(1, len(log) + 1))
    pairs = list(zip(log[::2], log[1::2], strict=True))
    assert all(a.event == b.event and a.actor == b.actor for a, b in pairs)
    return log


def check(log: tuple[Recorded, ...], printed: dict[str, str], count: int) -> None:
    """Each append of each writer is there once, where it was told to be."""
    for actor, lines in printed.items():
        told = {int(number): int(position) for number, position in (line.split() for line in lines.splitlines())}
        own = [recorded for recorded in log if recorded.actor == actor]
        there = {r.event.version: r.position for r in own if isinstance(r.event, TableWritten)}
        assert len(own) == 2 * count
        assert told == there
        assert list(told) == list(range(count))


def test_eight_processes_append_at_once(postgres_database: str, tmp_path: Path) -> None:
    printed = ended(writers(postgres_database, tmp_path, 40), tmp_path)
    log = log_of(postgres_database)
    assert len(log) == WRITERS * 40 * 2
    check(log, printed, 40)


def test_a_server_that_is_killed_and_begun_again_loses_and_doubles_nothing(
    postgres_alone: Cluster, tmp_path: Path
) -> None:
    address = f"{postgres_alone.address}/postgres"
    log_of(address)  # the tables are there
    processes = writers(address, tmp_path, 120)
    while not all((tmp_path / actor).stat().st_size for actor in processes):
        time.sleep(0.01)
    for _ in range(4):
        wait_for_events(address, 60)
        postgres_alone.stop(signal.SIGQUIT)
        time.sleep(0.3)
        postgres_alone.start()
    printed = ended(processes, tmp_path)
    check(log_of(address), printed, 120)


def wait_for_events(address: str, more: int) -> None:
    with psycopg.connect(f"postgresql://{address}", autocommit=True) as connection:
        first = position(connection)
        while position(connection) < first + more:
            time.sleep(0.01)


def position(connection: psycopg.Connection) -> int:
    found = connection.execute("SELECT position FROM foreset_head").fetchone()
    assert found is not None
    return int(found[0])
