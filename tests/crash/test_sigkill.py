"""A process killed at any moment loses nothing that it was told is done, and leaves nothing half done.

FORESET_KILLS sets how often; by default a few times for each job, so that the suite stays quick.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from foreset import FeatureStore, TrainingSetSpec
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from tests.crash import worker

KILLS = int(os.environ.get("FORESET_KILLS", "2"))


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    made = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "data").unwrap()
    made.tables.write(worker.ROWS, "things").unwrap()
    made.register(worker.ENTITY, worker.view("first")).unwrap()
    return made


def start(tmp_path: Path, job: str) -> subprocess.Popen[str]:
    command = [sys.executable, worker.__file__, str(tmp_path / "store"), str(tmp_path / "data"), job]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def acknowledged_before_kill(tmp_path: Path, job: str, acknowledged: int, moment: float) -> list[str]:
    """What a process said was done that was killed some time after it had said so a number of times."""
    process = start(tmp_path, job)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(1 + acknowledged)]
    time.sleep(moment)
    process.kill()
    lines += process.stdout.readlines()
    process.wait()
    process.stdout.close()
    assert lines[0] == "open\n"
    return [line.split()[1] for line in lines[1:] if line.endswith("\n")]


def check_log(tmp_path: Path) -> FeatureStore:
    """The store opens, and its log has no gap and nothing that cannot be read."""
    opened = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "data").unwrap()
    history = opened.log.events().unwrap()
    assert [event.position for event in history] == list(range(1, len(history) + 1))
    streams: dict[str, list[int]] = {}
    for event in history:
        streams.setdefault(event.stream, []).append(event.version)
    assert all(versions == list(range(1, len(versions) + 1)) for versions in streams.values())
    return opened


@pytest.mark.parametrize("job", ["register", "retrieve", "write"])
def test_killed_at_a_random_moment(tmp_path: Path, store: FeatureStore, job: str) -> None:
    chance = random.Random(job)  # noqa: S311  # moments, not secrets
    for kill in range(KILLS):
        acknowledged = 0 if kill == 0 else chance.randint(1, 5)
        told = acknowledged_before_kill(tmp_path, job, acknowledged, chance.uniform(0, 0.05))
        assert len(told) >= acknowledged
        opened = check_log(tmp_path)
        if told:
            check_kept(opened, job, told)
        assert opened.training_set(TrainingSetSpec(["things:x"]), _labels()).unwrap().frame.height == 1
    del store


def _labels() -> object:
    return worker.ROWS.head(1).select("k", event_timestamp="at")


def check_kept(opened: FeatureStore, job: str, told: list[str]) -> None:
    if job == "register":
        assert opened.catalog().unwrap().views["things"].version >= int(told[-1])
    elif job == "retrieve":
        kept = {e.event.id for e in opened.log.events().unwrap() if isinstance(e.event, TrainingSetRetrieved)}
        assert set(told) <= kept
        assert opened.rebuild(told[-1]).unwrap().id == told[-1]
    else:
        facts = opened.tables.info("things").unwrap()
        assert facts.version >= int(told[-1])
        assert facts.rows == (facts.version + 1) * worker.ROWS.height


def test_two_processes_register_at_once(tmp_path: Path, store: FeatureStore) -> None:
    processes = [start(tmp_path, f"entities-of-{name}") for name in "ab"]
    for process in processes:
        output, _ = process.communicate()
        assert process.returncode == 0
        assert output.count("entity") == 20
    names = set(check_log(tmp_path).catalog().unwrap().entities)
    assert names == {"thing", *(f"{name}{number}" for name in "ab" for number in range(20))}
    del store
