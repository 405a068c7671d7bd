"""In another process, however it was started, each entry point gives the right answer or says at once what to do.

FORESET_PROCESSES=all tries all entry points by forkserver too, which pools alone do by default.

A fork lacks the threads that its parent started in polars and deltalake; what waits for them waits for ever.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from foreset import CallerError, FeatureStore, read_delta_table
from foreset.adapters.shared.processes import fork_guard
from foreset.adapters.shared.processes.vendor_threads import VendorThreads
from tests.processes import runner
from tests.processes.entry_points import CALLS, VALUES, offered

METHODS = ["spawn", "forkserver"] if os.environ.get("FORESET_PROCESSES") == "all" else ["spawn"]
HANGS_AFTER = 900
"""Seconds for all entry points in all, each of which takes a fraction of one."""
ROOT = Path(__file__).parents[2]
LOG_ALONE = {
    *("adapters", "at", "catalog", "close", "current", "open", "receipt", "reporter", "repository"),
    *("feast", "keys", "log", "models", "online", "tables", "training_sets"),
}
REFUSED = {
    *(f"PastStore.{name}" for name in ("apply", "register", "remove")),
    *("PastLog.move", "PastModels.record", "PastModels.train", "PastTrainingSets.pin", "PastTrainingSets.unpin"),
    *(f"PastTables.{name}" for name in ("optimize", "vacuum", "write")),
}
"""What would change a store of the past, and is refused in any process."""
WITHOUT_THREADS = {
    *(f"FeatureStore.{name}" for name in LOG_ALONE),
    *("StoreLog.events", "StoreLog.lineage", "StoreLog.verify", "StoreModels.list", "StoreModels.record"),
    *("StoreOnline.close", "StoreOnline.repository", "StoredTrainingSets.list", "StoredTrainingSets.pins"),
    *(f"PastStore.{name}" for name in ("adapters", "at", "catalog", "past", "position", "receipt", "reporter", "when")),
    *(f"PastStore.{name}" for name in ("log", "models", "tables", "training_sets")),
    *("PastLog.events", "PastLog.lineage", "PastModels.list", "PastTrainingSets.list"),
    *REFUSED,
    *("TableChanges.explain", "TableChanges.facts"),
    *(f"TrainingSet.{name}" for name in ("explain", "features", "id", "keys", "name")),
    *("TrainingSetPart.features", "TrainingSetPart.keys"),
    *("FeastManager.cleanup", "FeastManager.features", "FeastManager.store"),
    *("create_entity", "create_file_source", "create_schema", "get_delta_path"),
    *("DeltaOfflineStore.MONITORING_VALID_GRANULARITIES", "DeltaOfflineStore.supports_filter_by_created_timestamp"),
    *("DeltaRetrievalJob.full_feature_names", "DeltaRetrievalJob.metadata"),
    *("DeltaRetrievalJob.on_demand_feature_views", "DeltaRetrievalJob.supports_remote_storage_export"),
}
"""What works in every fork."""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@cache
def outcomes(folder: Path, situation: str) -> dict[str, str]:
    """What each call gave, the last word of each. Made once for all tests of a process."""
    command = [sys.executable, runner.__file__, str(folder), situation]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=HANGS_AFTER, check=False, env=environment, cwd=folder
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("processes")


@pytest.fixture(scope="module")
def right(folder: Path) -> dict[str, str]:
    """What each call gives in the first process."""
    return outcomes(folder, "prepared")


def test_every_entry_point_is_called() -> None:
    assert set(offered()) - set(CALLS) == set()
    assert {name.partition(".")[0] for name in CALLS}.isdisjoint(VALUES)


def test_the_first_process_answers_every_call(right: dict[str, str]) -> None:
    assert set(right) == set(CALLS)
    assert {name for name, outcome in right.items() if outcome != "done"} == REFUSED


def test_a_fork_of_a_process_that_read_tables_is_refused_at_once_or_answers(
    folder: Path, right: dict[str, str]
) -> None:
    found = outcomes(folder, "used")
    assert set(found) > set(CALLS)
    assert {name for name, outcome in found.items() if outcome != "ForkedProcess"} == WITHOUT_THREADS
    assert {name: found[name] for name in WITHOUT_THREADS & set(CALLS)} == {
        name: right[name] for name in WITHOUT_THREADS & set(CALLS)
    }


def test_a_fork_of_a_process_that_opened_a_store_and_no_more_answers(folder: Path, right: dict[str, str]) -> None:
    assert outcomes(folder, "opened") == right


@pytest.mark.parametrize("method", METHODS)
def test_a_process_by_another_method_answers(folder: Path, right: dict[str, str], method: str) -> None:
    found = outcomes(folder, method)
    assert found == right


@pytest.mark.parametrize("situation", ["polars used", "schema read", "deltalake used", "grandchild"])
def test_a_fork_knows_threads_that_foreset_did_not_start(folder: Path, right: dict[str, str], situation: str) -> None:
    assert right["read_delta_table"] == "done"
    assert outcomes(folder, situation) == {"FeatureStore.catalog": "done", "read_delta_table": "ForkedProcess"}


@pytest.mark.parametrize("situation", ["polars imported", "nothing then grandchild"])
def test_a_fork_in_which_nothing_is_lost_answers(folder: Path, right: dict[str, str], situation: str) -> None:
    assert right["read_delta_table"] == "done"
    assert outcomes(folder, situation) == {"FeatureStore.catalog": "done", "read_delta_table": "done"}


@pytest.mark.parametrize(
    ("pool", "outcome"),
    [
        ("pool of fork", "ForkedProcess"),
        ("joblib multiprocessing", "ForkedProcess"),
        ("pool of spawn", "done"),
        ("joblib loky", "done"),
        ("joblib threading", "done"),
    ],
)
def test_workers_of_a_pool(folder: Path, right: dict[str, str], pool: str, outcome: str) -> None:
    assert right["read_delta_table"] == "done"
    assert outcomes(folder, pool) == {"read_delta_table": outcome}


def test_the_refusal_names_the_call_and_the_line_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    forked = VendorThreads()
    assert forked.begin()
    forked.in_child()
    monkeypatch.setattr(fork_guard, "VENDOR_THREADS", forked)
    with pytest.raises(CallerError) as refused:
        read_delta_table("rain")
    assert str(refused.value) == (
        "read_delta_table cannot run in this process: it was forked from a process in which polars or deltalake had "
        "started threads. The fork has none of them, and the call would never return. Next: start processes by spawn: "
        '`multiprocessing.set_start_method("spawn")` at the beginning of the program, or '
        '`mp_context=multiprocessing.get_context("spawn")` for a ProcessPoolExecutor; "forkserver" works too. '
        "See docs/processes.md."
    )


def test_a_fork_keeps_its_loss_and_passes_it_on() -> None:
    threads = VendorThreads()
    threads.in_child()
    assert threads.begin()
    threads.in_child()
    assert not threads.begin()
    threads.in_child()
    assert not threads.begin()


def test_the_program_of_the_docs_runs(folder: Path, right: dict[str, str]) -> None:
    assert right["FeatureStore.training_set"] == "done"
    program = folder / "program.py"
    page = (ROOT / "docs" / "processes.md").read_text()
    program.write_text(page.partition("```python\n")[2].partition("```")[0])
    environment = {**os.environ, "FORESET_DATA_DIR": str(folder / "data")}
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, check=False, cwd=folder, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 0


def test_the_log_is_whole_after_parents_and_forks_wrote_to_it(folder: Path, right: dict[str, str]) -> None:
    assert right["FeatureStore.register"] == "done"
    for situation in ("used", "opened"):
        outcomes(folder, situation)
    assert FeatureStore.open(folder / "store").unwrap().log.verify().unwrap().whole
