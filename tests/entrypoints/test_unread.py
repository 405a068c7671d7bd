"""A failure that nobody looks at is loud, and no Result is taken for a truth value."""

import gc
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from returns.pipeline import is_successful
from returns.result import Failure, Result, Success

from foreset import CallerError, FeatureStore
from foreset.domain.errors.specs import UnknownTrainingSet
from foreset.entrypoints.wiring.unread import UnreadFailure

DROPPED = """
from foreset import FeatureStore

store = FeatureStore.in_memory({})
store.rebuild("nothing")
print("went on")
"""
KEPT = DROPPED.replace("store.rebuild", "result = store.rebuild")
LOOKED_AT = KEPT.replace('print("went on")', "result.failure()")


@pytest.fixture
def store() -> FeatureStore:
    return FeatureStore.in_memory({})


def run(here: Path, script: str, *options: str) -> "subprocess.CompletedProcess[str]":
    path = here / "script.py"
    path.write_text(script)
    return subprocess.run([sys.executable, *options, str(path)], check=False, capture_output=True, text=True)


@pytest.mark.parametrize("script", [DROPPED, KEPT])
def test_a_dropped_failure_warns_with_its_message_and_the_line_of_the_call(tmp_path: Path, script: str) -> None:
    done = run(tmp_path, script)
    assert done.returncode == 0
    assert "script.py:5: UnreadFailure" in done.stderr
    assert "There is no training set 'nothing' in this store." in done.stderr
    assert "went on" in done.stdout


@pytest.mark.parametrize("script", [DROPPED, KEPT])
def test_a_dropped_failure_ends_the_process_with_1_where_warnings_are_errors(tmp_path: Path, script: str) -> None:
    done = run(tmp_path, script, "-W", "error")
    assert done.returncode == 1
    assert "There is no training set 'nothing' in this store." in done.stderr
    assert "went on" in done.stdout


def test_a_failure_that_was_looked_at_is_silent(tmp_path: Path) -> None:
    done = run(tmp_path, LOOKED_AT, "-W", "error")
    assert (done.returncode, done.stderr) == (0, "")


def unwrapped(result: Result[object, object]) -> None:
    with pytest.raises(CallerError, match="no training set"):
        result.unwrap()


def matched(result: Result[object, object]) -> None:
    match result:
        case Failure(UnknownTrainingSet()):
            pass
        case _:
            pytest.fail("another case")


@pytest.mark.parametrize(
    "look",
    [
        unwrapped,
        matched,
        lambda result: result.failure(),
        lambda result: result.value_or(None),
        lambda result: result.alt(str),
        lambda result: result.lash(lambda _: Success(1)),
        lambda result: result.swap(),
        is_successful,
        repr,
        pickle.dumps,
        lambda result: Result.do(value for value in result),
    ],
)
def test_each_way_to_look_at_a_failure_counts(store: FeatureStore, look: object) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = store.rebuild("nothing")
        assert callable(look)
        try:
            look(result)
        finally:
            del result
            gc.collect()
    assert [str(warning.message) for warning in caught if warning.category is UnreadFailure] == []


def test_to_ask_for_the_class_alone_is_not_to_look(store: FeatureStore) -> None:
    with pytest.warns(UnreadFailure, match="no training set 'nothing'"):
        assert not isinstance(store.rebuild("nothing"), Success)


def test_no_result_is_a_truth_value(store: FeatureStore) -> None:
    failed, done = store.rebuild("nothing"), store.catalog()
    for result in (failed, done):
        with pytest.raises(TypeError, match=r"neither true nor false.*Next: use \.unwrap\(\)"):
            bool(result)
    failed.failure()


def test_results_are_equal_and_travel_as_the_plain_ones_do(store: FeatureStore) -> None:
    failed, done = store.rebuild("nothing"), store.catalog()
    assert failed == Failure(failed.failure())
    assert done == Success(done.unwrap())
    assert [failed, done] == [pickle.loads(pickle.dumps(result)) for result in (failed, done)]  # noqa: S301  # ours
    assert hash(failed) == hash(Failure(failed.failure()))
    assert repr(done).startswith("<Success: ")
