"""The store as it was: definitions, events, receipts, and tables at the versions of then."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, SpineReference, TrainingSetSpec
from foreset.domain.errors.history import BeforeFirstEvent, NotYet, PastIsReadOnly, PositionMissing, UnknownName
from foreset.domain.errors.specs import UnknownTrainingSet, UnknownView
from foreset.domain.errors.tables import BeforeFirstVersion, CommitTimeMissing
from foreset.entrypoints.store.past_store import PastStore


def day(number: int) -> datetime:
    return datetime(2024, 5, number, tzinfo=UTC)


RAIN = pl.DataFrame({"city": ["Rome", "Oslo"], "at": [day(1), day(2)], "mm": [2.0, 5.0]})
LABELS = pl.DataFrame({"city": ["Rome", "Oslo"], "event_timestamp": [day(3), day(3)], "y": [1, 0]})
SPEC = TrainingSetSpec(["rain:mm"])
CITY = EntitySpec("city", ["city"])


def view(ttl: timedelta | None = None, table: str = "rain") -> FeatureViewSpec:
    return FeatureViewSpec("rain", ["city"], DeltaSource(table, "at"), ["mm"], ttl=ttl)


def step() -> None:
    """Let the next millisecond come, for commits are timed by it."""
    time.sleep(0.01)


@pytest.fixture(params=["delta", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FeatureStore:
    """Positions: 1 rain@0, 2 city, 3 view v1, 4 a training set, 5 rain@1, 6 view v2, 7 a training set."""
    opened = (
        FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "lake").unwrap()
        if request.param == "delta"
        else FeatureStore.in_memory()
    )
    steps: list[Callable[[], Any]] = [
        lambda: opened.tables.write(RAIN, "rain"),
        lambda: opened.register(CITY, view()),
        lambda: opened.training_set(SPEC, LABELS),
        lambda: opened.tables.write(RAIN.with_columns(pl.col("mm") * 10), "rain", mode="overwrite"),
        lambda: opened.register(view(timedelta(days=1))),
        lambda: opened.training_set(SPEC, LABELS),
    ]
    for do in steps:
        do().unwrap()
        step()
    assert len(opened.log.events().unwrap()) == 7
    return opened


def sets(store: FeatureStore) -> list[str]:
    return [r.stream.removeprefix("training-set/") for r in store.log.events().unwrap() if "training-set" in r.stream]


@pytest.mark.parametrize("by", ["position", "time"])
def test_definitions_events_and_receipts_are_those_of_then(store: FeatureStore, by: str) -> None:
    then = store.at(4 if by == "position" else store.log.events().unwrap()[3].at).unwrap()
    first, second = sets(store)
    assert (then.position, then.when) == (4, store.log.events().unwrap()[3].at)
    assert then.catalog().unwrap().views["rain"].version == 1
    assert then.log.events().unwrap() == store.log.events().unwrap()[:4]
    assert [r.position for r in then.log.events(view="rain").unwrap()] == [3, 4]
    assert then.receipt(first).unwrap() == then.receipt(first[:6]).unwrap() == store.receipt(first).unwrap()
    assert isinstance(then.receipt(second).failure(), UnknownTrainingSet)
    assert [node.key for node in then.log.lineage(first).unwrap().nodes if node.kind == "view"] == ["view:rain@1"]
    assert isinstance(then.log.lineage(second).failure(), UnknownName)


def test_tables_are_read_at_the_versions_of_then(store: FeatureStore) -> None:
    then = store.at(4).unwrap()
    assert then.tables.info("rain").unwrap().version == 0
    assert then.tables.info("rain", 1).unwrap().version == 1
    assert then.plan(SPEC, LABELS).unwrap().versions == {"rain": 0}
    made = then.training_set(SPEC, LABELS).unwrap()
    assert made.frame["mm"].to_list() == [2.0, 5.0]
    assert (made.receipt.versions, made.id) == ({"rain": 0}, sets(store)[0])
    assert store.at(5).unwrap().tables.info("rain").unwrap().version == 1
    assert store.at(datetime.now(UTC)).unwrap().training_set(SPEC, LABELS).unwrap().frame["mm"].to_list() == [None, 50]


def test_what_is_retrieved_from_the_past_is_recorded_now_and_rebuilt_by_its_id(store: FeatureStore) -> None:
    pinned = TrainingSetSpec(["rain:mm as depth"])
    made = store.at(3).unwrap().training_set(pinned, LABELS).unwrap()
    last = store.log.events().unwrap()[-1]
    assert (last.position, last.stream) == (8, f"training-set/{made.id}")
    assert last.at > store.log.events().unwrap()[6].at
    assert store.rebuild(made.id).unwrap().frame.equals(made.frame)
    assert isinstance(store.at(7).unwrap().receipt(made.id).failure(), UnknownTrainingSet)


def test_a_set_of_then_is_rebuilt_and_a_later_one_is_not_known(store: FeatureStore) -> None:
    first, second = sets(store)
    assert store.at(4).unwrap().rebuild(first).unwrap().frame["mm"].to_list() == [2.0, 5.0]
    assert isinstance(store.at(4).unwrap().rebuild(second).failure(), UnknownTrainingSet)


def test_a_spine_that_lies_in_a_table_is_as_it_was_then(store: FeatureStore) -> None:
    store.tables.write(LABELS, "labels").unwrap()
    step()
    store.tables.write(LABELS[:1], "labels", mode="overwrite").unwrap()
    spine = SpineReference("labels")
    assert store.training_set(SPEC, spine).unwrap().receipt.rows == 1
    assert store.at(8).unwrap().training_set(SPEC, spine).unwrap().receipt.rows == 2


def test_known_at_a_later_time_is_what_was_known_by_then(store: FeatureStore) -> None:
    known_now = TrainingSetSpec(["rain:mm"], known_at=datetime.now(UTC))
    assert store.at(4).unwrap().plan(known_now, LABELS).unwrap().versions == {"rain": 0}
    assert store.plan(known_now, LABELS).unwrap().versions == {"rain": 1}


def test_changes_end_at_the_version_of_then(store: FeatureStore) -> None:
    tables = store.at(4).unwrap()._adapters.tables
    assert tables.changes("rain", 0).unwrap().facts.last == 0
    assert tables.changes("rain", 0, 1).unwrap().facts.last == 1


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda past: past.register(CITY, view()), "registering 2 definitions"),
        (lambda past: past.remove(views=["rain"]), "removing rain"),
        (lambda past: past.tables.write(RAIN, "rain", mode="overwrite"), "writing the table 'rain'"),
        (lambda past: past.tables.optimize("rain"), "optimizing the table 'rain'"),
        (lambda past: past._adapters.tables.write("rain", RAIN), "writing the table 'rain'"),
        (lambda past: past._adapters.tables.optimize("rain"), "optimizing the table 'rain'"),
    ],
)
def test_the_past_is_not_changed(store: FeatureStore, change: Callable[[PastStore], Any], what: str) -> None:
    refused = change(store.at(4).unwrap()).failure()
    assert isinstance(refused, PastIsReadOnly)
    assert f"; {what} would change it. Next: ask the store as it is" in str(refused)
    assert len(store.log.events().unwrap()) == 7
    assert store.tables.info("rain").unwrap().version == 1


def test_what_was_not_there_yet_is_told(store: FeatureStore) -> None:
    assert isinstance(store.at(1).unwrap().training_set(SPEC, LABELS).failure(), UnknownView)
    store.tables.write(RAIN, "later").unwrap()
    refused = store.at(4).unwrap().tables.info("later").failure()
    assert isinstance(refused, BeforeFirstVersion)
    assert "the table 'later' did not exist" in str(refused)


def test_times_and_positions_that_are_no_past(store: FeatureStore) -> None:
    assert isinstance(store.at(0).failure(), PositionMissing)
    assert isinstance(store.at(8).failure(), PositionMissing)
    assert isinstance(store.at(datetime(2000, 1, 1)).failure(), BeforeFirstEvent)  # noqa: DTZ001  # naive times are UTC
    assert isinstance(store.at(datetime(2999, 1, 1, tzinfo=UTC)).failure(), NotYet)
    then = store.at(4).unwrap()
    assert then.at(2).unwrap().position == 2
    assert isinstance(then.at(5).failure(), PositionMissing)
    assert isinstance(then.at(datetime(2000, 1, 1)).failure(), BeforeFirstEvent)  # noqa: DTZ001  # as above
    assert isinstance(then.at(store.log.events().unwrap()[4].at).failure(), NotYet)
    assert repr(then) == f"PastStore(at {then.when.isoformat()}, position 4)"


@pytest.mark.parametrize("store", ["delta"], indirect=True)
def test_parquet_files_have_no_past(store: FeatureStore, tmp_path: Path) -> None:
    RAIN.write_parquet(tmp_path / "rain.parquet")
    files = f"parquet:{tmp_path}/rain.parquet"
    assert store.tables.info(files).unwrap().version == 0
    assert isinstance(store.at(4).unwrap().tables.info(files).failure(), CommitTimeMissing)
    assert store.at(4).unwrap().tables.info(files, 0).unwrap().version == 0
