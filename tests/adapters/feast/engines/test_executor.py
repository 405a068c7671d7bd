"""What `FeastExecutor` does around a store: it checks answers, leaves nothing behind, and refuses what is beyond."""

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from returns.result import Result

from foreset.adapters.feast.engines.executor import FeastExecutor
from foreset.adapters.feast.engines.feast_store import Request, StockStore
from foreset.adapters.feast.engines.prepared_rows import POSITION
from foreset.adapters.memory import MemoryClock, MemoryTables
from foreset.adapters.polars.matching.executor import PolarsExecutor
from foreset.application.ports.engine import PlanExecutor
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec, TrainingSetSpec
from foreset.domain.errors.feast import OfflineStoreFailed
from foreset.domain.feast.engines import STORES
from foreset.domain.planning.nodes import Delivery
from foreset.domain.planning.plan import RetrievalPlan
from tests.laws.cases import Case
from tests.laws.test_executors import plan_of

DAYS = [datetime(2024, 1, day, tzinfo=UTC) for day in range(1, 6)]


def case(keys: pl.Series, times: list[datetime], unit: str = "us") -> Case:
    """A table and a spine with these keys at these times."""
    at = pl.Series("at", times).cast(pl.Datetime(unit, "UTC"))  # type: ignore[arg-type]  # us or ns
    rows = pl.DataFrame([keys.alias("k"), at.alias("ts"), pl.Series("x", range(len(keys)))])
    specs = (EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], DeltaSource("t", "ts"), ["x"]))
    return Case({"t": rows}, specs, TrainingSetSpec(["v:x"], timestamp_field="at"), rows.select("k", at))


def tables(given: Case) -> MemoryTables:
    return MemoryTables(given.tables, clock=MemoryClock())


def served(executor: PlanExecutor, plan: RetrievalPlan, spine: pl.DataFrame) -> list[pl.DataFrame]:
    return [pl.DataFrame(part) for part in executor.execute(plan, spine).unwrap().parts]


def executor(store: str, known: MemoryTables) -> FeastExecutor:
    return FeastExecutor.open(known, STORES[store], {}).unwrap()


class Wrong(StockStore):
    """A stock store whose answer is changed."""

    def serve(self, view: str, request: Request, **source: object) -> Result[pl.DataFrame, OfflineStoreFailed]:
        return super().serve(view, request, **source).map(self.changed)

    def changed(self, answer: pl.DataFrame) -> pl.DataFrame:
        raise NotImplementedError


class Lossy(Wrong):
    def changed(self, answer: pl.DataFrame) -> pl.DataFrame:
        return answer.head(answer.height - 1)


class Late(Wrong):
    def changed(self, answer: pl.DataFrame) -> pl.DataFrame:
        return answer.with_columns(pl.col(POSITION) - 1)


class Double(Wrong):
    def changed(self, answer: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([answer, answer])


@pytest.mark.parametrize("kind", [Lossy, Late, Double])
def test_a_wrong_answer_is_refused(kind: type[Wrong]) -> None:
    given = case(pl.Series(["a", "a", "a"]), DAYS[:3])
    known = tables(given)
    right = StockStore.open(STORES["duckdb"], {}).unwrap()
    wrong = kind(right.store, right._config, right._source)
    told = FeastExecutor(known, wrong).execute(plan_of(given, known), given.spine).failure().message
    assert "'duckdb' answered wrongly for the view 'v': of 3 keys and times" in told


@pytest.mark.parametrize("store", ["dask", "duckdb"])
@pytest.mark.parametrize(
    "keys",
    [
        pl.Series([date(2024, 1, 1), date(1, 1, 1), None]),
        pl.Series([2**64 - 1, 2**63, 0], dtype=pl.UInt64),
        pl.Series([b"\x00", b"", b"\xff"]),
        pl.Series([True, False, None]),
        pl.Series(["\N{SNOWMAN}", "", "a\x00b"]),
        pl.Series([-(2**63), 2**63 - 1, 0]),
    ],
    ids=lambda keys: str(keys.dtype),
)
def test_keys_of_every_type_meet(store: str, keys: pl.Series) -> None:
    given = case(keys, DAYS[:3])
    known = tables(given)
    plan = plan_of(given, known)
    (found,) = served(executor(store, known), plan, given.spine)
    assert found.equals(served(PolarsExecutor(known), plan, given.spine)[0])
    assert found["x"].null_count() == keys.null_count()


@pytest.mark.parametrize(
    ("store", "at", "unit", "text"),
    [
        (
            "dask",
            datetime(1600, 1, 1, tzinfo=UTC),
            "us",
            "times of the spine or the table are not between 1677-09-22",
        ),
        ("duckdb", datetime(1, 1, 1, tzinfo=UTC), "us", "are not between 0001-01-02 and 9999-12-31"),
    ],
)
def test_times_that_a_store_cannot_hold_are_refused(store: str, at: datetime, unit: str, text: str) -> None:
    given = case(pl.Series(["a", "b"]), [at, DAYS[0]], unit)
    known = tables(given)
    told = executor(store, known).execute(plan_of(given, known), given.spine).failure().message
    assert text in told


@pytest.mark.parametrize("store", ["dask", "duckdb"])
def test_a_spine_in_nanoseconds_sees_no_row_of_the_microsecond_that_it_ends_in(store: str) -> None:
    given = case(pl.Series(["a"]), DAYS[:1])
    early = given.spine.with_columns(pl.col("at").cast(pl.Datetime("ns", "UTC")) + pl.duration(nanoseconds=-1))
    known = tables(given)
    (found,) = served(executor(store, known), plan_of(given, known), early)
    assert found["x"].to_list() == [None]


def test_parts_are_as_large_as_the_plan_advises() -> None:
    given = case(pl.Series(list("abcde")), DAYS)
    known = tables(given)
    plan = plan_of(given, known)
    how = Delivery(part_rows=2, views_at_a_time=1, result_bytes=1, peak_bytes=1, budget_bytes=1, why="")
    parts = served(executor("duckdb", known), replaced(plan, how=how), given.spine)
    assert [part["x"].to_list() for part in parts] == [[0, 1], [2, 3], [4]]


def replaced(plan: RetrievalPlan, **terms: Any) -> RetrievalPlan:
    return RetrievalPlan((*plan.nodes[:-1], msgspec.structs.replace(plan.result, **terms)))


def test_the_copy_is_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    given = case(pl.Series(["a"]), DAYS[:1])
    known = tables(given)
    served(executor("dask", known), plan_of(given, known), given.spine)
    assert list(tmp_path.iterdir()) == []
