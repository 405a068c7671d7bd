"""Files that are changed while they are read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from returns.result import Result

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.adapters.shared.tables.by_format import parquet_table
from foreset.adapters.shared.tables.unversioned import SteadyExecutor
from foreset.application.ports.engine import PlanExecutor, Retrieved
from foreset.application.ports.tables import ArrowStream
from foreset.domain.errors.feast import ExecutionError
from foreset.domain.errors.files import FilesChanged
from foreset.domain.errors.retrieval import TableReplaced
from foreset.domain.planning.plan import RetrievalPlan
from foreset.entrypoints.wiring.build import local_store

DAY = datetime(2024, 1, 1, tzinfo=UTC)
RATES = pl.DataFrame({"k": [1, 2], "at": [DAY, DAY], "rate": [0.5, 0.6]})
SPINE = pl.DataFrame({"k": [2, 1], "event_timestamp": [DAY, DAY]})
SPEC = TrainingSetSpec(["rates:rate"])


class Meddler:
    """An executor that writes the file anew when it has read."""

    def __init__(self, executor: PlanExecutor, path: Path) -> None:
        self._executor, self._path = executor, path

    def execute(self, plan: RetrievalPlan, spine: ArrowStream) -> Result[Retrieved, ExecutionError]:
        done = self._executor.execute(plan, spine)
        return done.map(lambda retrieved: Retrieved(self._parts(retrieved.parts), retrieved.work))

    def _parts(self, parts: Iterator[ArrowStream]) -> Iterator[ArrowStream]:
        for part in parts:
            RATES.with_columns(pl.col("rate") + 1).write_parquet(self._path)
            yield part


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    RATES.write_parquet(tmp_path / "rates.parquet")
    opened = FeatureStore.open(tmp_path / "store").unwrap()
    source = DeltaSource(parquet_table(str(tmp_path / "rates.parquet")), "at")
    opened.register(EntitySpec("k", ["k"]), FeatureViewSpec("rates", ["k"], source, ["rate"])).unwrap()
    return opened


def test_what_was_read_of_files_that_changed_is_not_given_and_not_recorded(store: FeatureStore, tmp_path: Path) -> None:
    adapters = store.adapters
    meddled = SteadyExecutor(Meddler(adapters.executor, tmp_path / "rates.parquet"), adapters.tables)
    before = len(store.log.events().unwrap())
    problem = FeatureStore(replace(adapters, executor=meddled)).training_set(SPEC, SPINE).failure()
    assert isinstance(problem, FilesChanged)
    assert len(store.log.events().unwrap()) == before


def test_a_plan_for_files_that_changed_since_is_not_run(store: FeatureStore, tmp_path: Path) -> None:
    plan = store.plan(SPEC, SPINE).unwrap()
    assert store.adapters.executor.execute(plan, SPINE).unwrap()
    RATES.head(1).write_parquet(tmp_path / "rates.parquet")
    assert isinstance(store.adapters.executor.execute(plan, SPINE).failure(), FilesChanged)


def test_a_training_set_from_files_is_rebuilt_as_long_as_they_are_the_same(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(SPEC, SPINE).unwrap()
    assert made.frame["rate"].to_list() == [0.6, 0.5]
    other = FeatureStore(local_store(tmp_path / "store").unwrap())
    assert other.rebuild(made.id).unwrap().frame.equals(made.frame)
    RATES.write_parquet(tmp_path / "rates.parquet", compression="snappy")
    assert isinstance(other.rebuild(made.id).failure(), TableReplaced)
