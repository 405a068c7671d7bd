"""An erasure that is killed at any moment is brought to an end by the next one.

FORESET_KILLS sets how often; by default a few times, so that the suite stays quick.
"""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from foreset import FeatureStore, TrainingSetSpec
from foreset.domain.errors.erasure import TrainingSetErased
from foreset.domain.event_log.erasures import KeyErased
from tests.erasing import eraser
from tests.erasing.conftest import ANN, CUSTOMERS, SPINE, left_in, opened

KILLS = int(os.environ.get("FORESET_KILLS", "2"))


def killed(folder: Path, moment: float) -> bool:
    """Whether the erasure was killed before it was done."""
    command = [sys.executable, eraser.__file__, str(folder), "customer", ANN]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    time.sleep(moment)
    process.kill()
    told = process.stdout.read()
    process.wait()
    process.stdout.close()
    return "done" not in told


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_a_random_moment(store: FeatureStore, tmp_path: Path, number: int) -> None:
    sets = [
        store.training_set(TrainingSetSpec(["ages:age"]), SPINE.with_columns(number=i)).unwrap().id for i in range(4)
    ]
    for identifier in sets[:2]:
        store.training_sets.pin(identifier).unwrap()
    store.tables.write(CUSTOMERS.clear(), "customers", mode="overwrite", replace_where=f"mail = '{ANN}'").unwrap()
    killed(tmp_path, random.Random(number).uniform(0, 0.05))  # noqa: S311  # moments, not secrets
    after = opened(tmp_path)
    after.keys.erase("customer", ANN, requested_by="dora").unwrap()
    assert left_in(tmp_path / "store", ANN) == []
    assert all(isinstance(after.rebuild(identifier).failure(), TrainingSetErased) for identifier in sets)
    events = [r.event for r in after.log.events().unwrap() if isinstance(r.event, KeyErased)]
    assert sorted(identifier for event in events for identifier in event.training_sets) == sorted(sets)
    assert after.training_sets.pins().unwrap() == ()
    assert after.log.verify().unwrap().whole
