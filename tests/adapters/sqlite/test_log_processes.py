"""Several processes at one log, and processes that are killed."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from foreset.adapters.sqlite import SqliteEventStore

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from foreset.adapters.sqlite import SqliteEventStore
from foreset.domain.event_log.receipts import TableWritten
folder, actor, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = SqliteEventStore.open(folder).unwrap()
for number in range(count):
    event = TableWritten(table=actor, version=number, mode="append", rows=1)
    done = store.append("tables", (event, event), expected=None, at=datetime.now(UTC), actor=actor).unwrap()
    print(done[-1].position, flush=True)
"""


def writer(folder: Path, actor: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), actor, str(count)], stdout=subprocess.PIPE, text=True
    )


def check(folder: Path) -> int:
    """The number of events in a log that is whole: no gap, and both events of each append."""
    store = SqliteEventStore.open(folder).unwrap()
    log = store.read().unwrap()
    stream = store.read("tables").unwrap()
    store.close()
    assert [recorded.position for recorded in log] == list(range(1, len(log) + 1))
    assert [recorded.version for recorded in stream] == list(range(1, len(log) + 1))
    pairs = list(zip(log[::2], log[1::2], strict=True))
    assert all(a.event == b.event and a.actor == b.actor for a, b in pairs)
    return len(log)


def test_processes_that_begin_a_log_at_once_all_write(tmp_path: Path) -> None:
    processes = [writer(tmp_path, name, 50) for name in "abc"]
    printed = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert check(tmp_path) == 300
    acknowledged = sorted(int(position) for lines in printed for position in lines.split())
    assert acknowledged == list(range(2, 301, 2))


def test_a_killed_process_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(2024)  # noqa: S311  # moments, not secrets
    before = 0
    for _ in range(20):
        process = writer(tmp_path, "a", 1_000_000)
        assert process.stdout is not None
        if chance.random() < 0.7:  # else killed while it starts, or opens the log
            process.stdout.readline()
            time.sleep(chance.random() * 0.05)
        else:
            time.sleep(chance.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        rest, _ = process.communicate(timeout=60)
        lines = [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
        acknowledged = max((int(line) for line in lines), default=before)
        after = check(tmp_path)
        assert after >= acknowledged >= before
        before = after
    assert before > 100
