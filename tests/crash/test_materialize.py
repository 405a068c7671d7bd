"""A load into the online store that is killed is repeated without harm: nothing that was acknowledged is lost."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from foreset.application.online.materialize import stream_of
from foreset.domain.online.loading import ViewMaterialized
from tests.crash import materializing

KILLS = max(int(os.environ.get("FORESET_KILLS", "4")) // 2, 1)
"""Fewer than for other jobs, for each process takes seconds to import Feast."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    store, online = materializing.opened(tmp_path)
    store.tables.write(materializing.rows(0), "things").unwrap()
    store.register(materializing.ENTITY, materializing.VIEW).unwrap()
    online.materialize().unwrap()
    online.close()
    return tmp_path


def killed_while_loading(folder: Path, moment: float) -> list[str]:
    """What the process had acknowledged when it was killed, so many seconds after it began to write a load.

    Without a moment it is killed in the midst of a load.
    """
    command = [sys.executable, materializing.__file__, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as told:
        assert told.readline() == "open\n"
        stop_in_a_load(folder / "repo" / "data" / "online_store.db", process)
        if moment:
            process.send_signal(signal.SIGCONT)
            time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        lines = told.readlines()
    assert process.wait() == -signal.SIGKILL
    return [line for line in lines if line.endswith("\n")]


def stop_in_a_load(place: Path, process: "subprocess.Popen[str]") -> None:
    """Stop the process when the online store says that a load is under way, and still says so then."""
    with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=0.1)) as held:
        while process.poll() is None:
            if is_loading(held):
                process.send_signal(signal.SIGSTOP)
                os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
                if is_loading(held):
                    return
                process.send_signal(signal.SIGCONT)
            time.sleep(0.001)


def is_loading(held: sqlite3.Connection) -> bool:
    query = "SELECT value_text FROM ml_workflow_things WHERE feature_name = '__foreset_loaded'"
    try:
        return any('"begun":[]' not in text for (text,) in held.execute(query))
    except sqlite3.OperationalError:  # stopped while it had the file locked
        return False


def test_killed_in_the_midst_of_a_load(folder: Path) -> None:
    chance = random.Random(5)  # noqa: S311  # moments, not secrets
    cut = 0
    for number in range(KILLS):
        told = killed_while_loading(folder, chance.uniform(0, 0.2) * number)
        store, online = materializing.opened(folder)
        recorded = store.adapters.events.read(stream_of("things")).unwrap()
        events = [each.event for each in recorded if isinstance(each.event, ViewMaterialized)]
        assert {int(line.split()[1]) for line in told} <= {event.version for event in events}
        held = online._online.store.loaded("things").unwrap()
        cut += held is not None and bool(held.begun)
        newest = store.tables.info("things").unwrap().version
        done = online.materialize(["things"]).unwrap()[0]
        assert (done.version, done.way) == (newest, "incremental")
        checked = online.check("things").unwrap()
        assert (checked.agrees, checked.loaded, checked.keys) == (True, newest, materializing.KEYS)
        found = online.read(["things:*"], {"k": [0, materializing.KEYS - 1]}).unwrap().to_dict()
        assert found["x"] == [float(newest)] * 2
        assert online.materialize(["things"]).unwrap()[0].keys == 0
        online.close()
    assert cut > 0
