"""What every plan executor does: the laws, by example. An adapter is one more entry in FACTORIES."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from returns.result import Result, Success

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.feast.engines.executor import FeastExecutor
from foreset.adapters.memory import MemoryClock, MemoryExecutor, MemoryTables
from foreset.adapters.polars.matching.executor import PolarsExecutor
from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.application.ports.engine import PlanExecutor, Retrieved
from foreset.application.ports.tables import ArrowStream, TableStore
from foreset.domain.errors.feast import BeyondStore, ExecutionError, TiesUndecided
from foreset.domain.errors.tables import SchemaMismatch, TableMissing
from foreset.domain.feast.engines import store_named
from foreset.domain.planning.nodes import (
    Assemble,
    Bounds,
    Gather,
    KeyPair,
    Match,
    Matching,
    Output,
    Scan,
    Spine,
    Strategy,
)
from foreset.domain.planning.plan import RetrievalPlan
from tests.warehouse_tables import fits, load, on_postgres


def over_delta(tables: TableStore, folder: Path) -> PlanExecutor:
    """Polars over a Delta table with the rows that `tables` has."""
    place = folder / str(sum(1 for _ in folder.iterdir()))
    place.mkdir()
    store = DeltaTables(place)
    given = tables.observe("table")
    if isinstance(given, Success):
        names = tuple(column.name for column in given.unwrap().facts.columns)
        written = store.write("table", given.unwrap().read(names).unwrap())
        if isinstance(written.swap().value_or(None), SchemaMismatch):
            pytest.skip("Delta tables have no nanoseconds")
        written.unwrap()
    return PolarsExecutor(store)


def by_feast(store: str) -> Callable[[TableStore, Path], PlanExecutor]:
    return lambda tables, _: Refusing(FeastExecutor.open(tables, store_named(store).unwrap(), {}).unwrap())


class Refusing:
    """An executor that may refuse a plan with the reason, which then shows nothing here."""

    def __init__(self, executor: PlanExecutor) -> None:
        self._executor = executor

    def execute(self, plan: RetrievalPlan, spine: ArrowStream) -> Result[Retrieved, ExecutionError]:
        run = self._executor.execute(plan, spine)
        if isinstance(run.swap().value_or(None), BeyondStore | TiesUndecided):
            pytest.skip(run.failure().message)
        return run


def over_postgres(address: str, tables: TableStore) -> PlanExecutor:
    given = tables.observe("table")
    if isinstance(given, Success):
        names = tuple(column.name for column in given.unwrap().facts.columns)
        frame = pl.DataFrame(given.unwrap().read(names).unwrap())
        if not fits(frame):
            pytest.skip("PostgreSQL has no columns of these types")
        load(address, {"table": frame})
    return Refusing(on_postgres(address, tables, "versions"))


FACTORIES: dict[str, Callable[[TableStore, Path], PlanExecutor]] = {
    "memory": lambda tables, _: MemoryExecutor(tables),
    "polars": lambda tables, _: PolarsExecutor(tables),
    "polars over delta": over_delta,
    "dask": by_feast("dask"),
    "duckdb": by_feast("duckdb"),
}
US = pl.Datetime("us", "UTC")
VIEW: dict[str, Any] = {"created_time": "c", "ttl_us": None, "known_at": None}


def served(
    executor: Callable[[TableStore], PlanExecutor],
    spine: pl.DataFrame,
    table: pl.DataFrame,
    *,
    key: str = "int64",
    outputs: tuple[Output, ...] = (Output("x", "x", "int64"),),
    **terms: Any,
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The result of a plan with one view `v` over `table`: keys in `k`, event time `t`, created time `c`."""
    tables = MemoryTables({"table": table}, clock=MemoryClock())
    facts = tables.observe("table").unwrap().facts
    scan = Scan(
        table="table", table_id=facts.table_id, version=0, columns=tuple(table.columns), files=1, rows=facts.rows,
        size_bytes=1,
    )  # fmt: skip
    match = Match(
        spine=0, scan=1, view="v", view_version=1, keys=(KeyPair("k", "k", key),), event_time="t",
        distinct_keys=1, most_rows=1, **(VIEW | terms),
    )  # fmt: skip
    plan = RetrievalPlan(
        (
            Spine(columns=(), time="t", rows=spine.height, time_range=None, one_time=False),
            scan,
            match,
            Gather(match=2, columns=outputs),
            Assemble(spine=0, gathers=(3,), columns=("k", "t", *(output.name for output in outputs))),
        )
    )
    retrieved = executor(tables).execute(plan, spine).unwrap()
    frame = pl.concat([spine, *map(pl.DataFrame, retrieved.parts)], how="horizontal")
    return frame, {view.view: view.ties for view in retrieved.work().views}


def table(*rows: tuple[Any, int | None, int | None, Any], unit: str = "us") -> pl.DataFrame:
    time = pl.Datetime(unit, "UTC")  # type: ignore[arg-type]  # one of ms, us, ns
    frame = pl.DataFrame(rows, schema=["k", "t", "c", "x"], orient="row")
    return frame.with_columns(pl.col("t", "c").cast(pl.Int64).cast(time))


def spine(*rows: tuple[Any, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"k": None, "t": pl.Int64}, orient="row").with_columns(pl.col("t").cast(US))


@pytest.fixture(params=[*FACTORIES, "postgres"])
def executor(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[TableStore], PlanExecutor]:
    if request.param == "postgres":
        address = request.getfixturevalue("postgres_database")
        return lambda tables: over_postgres(address, tables)
    return lambda tables: FACTORIES[request.param](tables, tmp_path)


LAWS: dict[str, tuple[list[tuple[Any, Any, Any, Any]], dict[str, Any], list[int | None]]] = {
    # the table's rows, the view's terms, what serves key 1 at the times 0, 10 and 20
    "no row": ([(2, 0, 0, 7)], {}, [None, None, None]),
    "no future": ([(1, 1, 0, 7), (1, 10, 0, 8), (1, 21, 0, 9)], {}, [None, 8, 8]),
    "age, both ends": ([(1, 0, 0, 7)], {"ttl_us": 10}, [7, 7, None]),
    "latest event time": ([(1, 0, 9, 7), (1, -5, 99, 8)], {}, [7, 7, 7]),
    "then latest created": ([(1, 0, 9, 7), (1, 0, 8, 8)], {}, [7, 7, 7]),
    "null created is oldest": ([(1, 0, -99, 7), (1, 0, None, 8)], {}, [7, 7, 7]),
    "then last": ([(1, 0, 9, 7), (1, 0, 9, 8)], {}, [8, 8, 8]),
    "null event time": ([(1, 0, 0, 7), (1, None, 9, 8)], {}, [7, 7, 7]),
    "null key": ([(None, 0, 0, 7), (1, 10, 0, 8)], {}, [None, 8, 8]),
    "known at a time": ([(1, 0, 5, 7), (1, 1, 6, 8)], {"known_at": 5}, [7, 7, 7]),
    "known at a time, and nobody says when written": ([(1, 0, None, 7)], {"known_at": 5}, [7, 7, 7]),
    "known at the event": ([(1, 0, 10, 7), (1, 1, 11, 8)], {"known_at": "event_time"}, [None, 7, 8]),
    "known at both, the time first": ([(1, 0, 5, 7), (1, 1, 11, 8)], {"known_at": (5, "event_time")}, [None, 7, 7]),
    "known at both, the event first": ([(1, 0, 11, 7)], {"known_at": (11, "event_time")}, [None, None, 7]),
    "known late, of an earlier event": ([(1, 5, 5, 8), (1, 1, 10, 7)], {"known_at": "event_time"}, [None, 8, 8]),
    "no created time": ([(1, 0, 9, 7), (1, 0, 8, 8)], {"created_time": None}, [8, 8, 8]),
}


@pytest.mark.parametrize("law", LAWS)
def test_a_law(executor: Callable[[TableStore], PlanExecutor], law: str) -> None:
    rows, terms, expected = LAWS[law]
    frame, _ = served(executor, spine((1, 0), (1, 10), (1, 20)), table(*rows), **terms)
    assert frame["x"].to_list() == expected


def test_rows_stay_in_their_order_with_duplicates_and_null_keys(
    executor: Callable[[TableStore], PlanExecutor],
) -> None:
    given = spine((2, 5), (1, 5), (None, 5), (2, 5), (1, 0)).with_columns(label=pl.Series(list("abcde")))
    frame, _ = served(executor, given, table((1, 1, 0, 7), (2, 5, 0, 8), (None, 0, 0, 9)))
    assert frame.select("k", "t", "label").equals(given)
    assert frame.columns == ["k", "t", "label", "x"]
    assert frame["x"].to_list() == [8, 7, None, 8, None]


@pytest.mark.parametrize("strategy", get_args(Strategy))
def test_every_strategy_gives_the_same(executor: Callable[[TableStore], PlanExecutor], strategy: Strategy) -> None:
    rows = table((1, 3, 0, 7), (1, 3, 2, 8), (1, 4, 0, 9), (2, 1, 0, 5))
    frame, _ = served(executor, spine((1, 3), (2, 3), (3, 3)), rows, how=Matching(strategy=strategy, why=""))
    assert frame["x"].to_list() == [8, 5, None]


def test_an_empty_spine_gives_the_right_schema(executor: Callable[[TableStore], PlanExecutor]) -> None:
    given = spine((1, 1)).clear()
    outputs = (Output("x", "renamed", "float64"),)
    frame, ties = served(executor, given, table((1, 1, 0, 7)), outputs=outputs)
    assert frame.schema == {**given.schema, "renamed": pl.Float64}
    assert (frame.height, ties) == (0, {"v": 0})


def test_an_empty_table_gives_nulls(executor: Callable[[TableStore], PlanExecutor]) -> None:
    frame, ties = served(executor, spine((1, 1), (2, 1)), table((1, 1, 0, 7)).clear())
    assert (frame["x"].to_list(), ties) == ([None, None], {"v": 0})
    assert frame.schema["x"] == pl.Int64


def test_features_are_served_in_their_declared_type_and_name(executor: Callable[[TableStore], PlanExecutor]) -> None:
    outputs = (Output("x", "a", "float64"), Output("x", "b", "int64"))
    frame, _ = served(executor, spine((1, 1)), table((1, 1, 0, 7)), outputs=outputs)
    assert frame.select("a", "b").to_dicts() == [{"a": 7.0, "b": 7}]
    assert dtype_name(frame.schema["a"]) == "float64"


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_time_units_meet_without_losing_precision(executor: Callable[[TableStore], PlanExecutor], unit: str) -> None:
    step = {"ms": 1, "us": 1_000, "ns": 1_000_000}[unit]
    frame, _ = served(executor, spine((1, 999), (1, 1_000), (1, 1_001)), table((1, step, 0, 7), unit=unit))
    assert frame["x"].to_list() == [None, 7, 7]


def test_a_nanosecond_after_the_spine_time_is_the_future(executor: Callable[[TableStore], PlanExecutor]) -> None:
    frame, _ = served(executor, spine((1, 1)), table((1, 1_000, 0, 7), (1, 1_001, 0, 8), unit="ns"))
    assert frame["x"].to_list() == [7]


def test_naive_times_and_dates_are_utc(executor: Callable[[TableStore], PlanExecutor]) -> None:
    naive = pl.DataFrame({"k": [1, 1], "t": [datetime(2024, 5, 1, 23, 59), datetime(2024, 5, 2)]})  # noqa: DTZ001  # a time without a zone is the case
    dated = pl.DataFrame({"k": [1], "t": [date(2024, 5, 2)], "c": [None], "x": [7]}).with_columns(pl.col("c").cast(US))
    frame, _ = served(executor, naive, dated)
    assert frame["x"].to_list() == [None, 7]
    tokyo = naive.with_columns(
        t=pl.Series([datetime(2024, 5, 1, 23, 59, tzinfo=UTC), datetime(2024, 5, 2, tzinfo=UTC)]).dt.convert_time_zone(
            "Asia/Tokyo"
        )
    )
    frame, _ = served(executor, tokyo, dated)
    assert frame["x"].to_list() == [None, 7]


def test_keys_meet_in_the_wider_type(executor: Callable[[TableStore], PlanExecutor]) -> None:
    given = spine((1, 1), (-1, 1)).with_columns(pl.col("k").cast(pl.Int8))
    rows = table((1, 1, 0, 7), (255, 1, 0, 8)).with_columns(pl.col("k").cast(pl.UInt8))
    frame, _ = served(executor, given, rows, key="int16")
    assert frame["x"].to_list() == [7, None]
    assert frame["k"].dtype == pl.Int8


def test_categorical_keys_are_strings(executor: Callable[[TableStore], PlanExecutor]) -> None:
    given = spine(("b", 1), ("a", 1)).with_columns(pl.col("k").cast(pl.Categorical))
    frame, _ = served(executor, given, table(("a", 1, 0, 7), ("b", 1, 0, 8)), key="string")
    assert frame["x"].to_list() == [8, 7]
    assert frame["k"].equals(given["k"])


NAN = float("nan")
TIES: dict[str, tuple[list[tuple[Any, Any, Any, Any]], int]] = {
    # the table's rows, and how many of the spine's rows (key 1 at the times 0 and 10) are tied
    "other values": ([(1, 0, 0, 1.0), (1, 0, 0, 2.0)], 2),
    "same values": ([(1, 0, 0, 1.0), (1, 0, 0, 1.0)], 0),
    "NaN and NaN": ([(1, 0, 0, NAN), (1, 0, 0, NAN)], 0),
    "null and null": ([(1, 0, 0, None), (1, 0, 0, None), (2, 0, 0, 1.0)], 0),
    "null and a value": ([(1, 0, 0, None), (1, 0, 0, 1.0)], 2),
    "NaN and null": ([(1, 0, 0, NAN), (1, 0, 0, None)], 2),
    "told apart by created time": ([(1, 0, 0, 1.0), (1, 0, 1, 2.0)], 0),
    "both created times null": ([(1, 0, None, 1.0), (1, 0, None, 2.0), (2, 0, 0, 1.0)], 2),
    "of another key": ([(1, 0, 0, 1.0), (2, 0, 0, 2.0)], 0),
    "in the future of one": ([(1, 0, 0, 1.0), (1, 5, 0, 2.0), (1, 5, 0, 3.0)], 1),
    "one of three differs": ([(1, 0, 0, 2.0), (1, 0, 0, 1.0), (1, 0, 0, 1.0)], 2),
}


@pytest.mark.parametrize("case", TIES)
def test_ties_that_differ_are_counted(executor: Callable[[TableStore], PlanExecutor], case: str) -> None:
    rows, expected = TIES[case]
    outputs = (Output("x", "x", "float64"),)
    _, ties = served(executor, spine((1, 0), (1, 10), (3, 10)), table(*rows), outputs=outputs)
    assert ties == {"v": expected}


def test_ties_in_lists_and_structs_are_compared_by_value(executor: Callable[[TableStore], PlanExecutor]) -> None:
    outputs = (Output("x", "x", "list<float64>"), Output("y", "y", "struct<a: timestamp[ns, UTC]>"))
    time = pl.Struct({"a": pl.Datetime("ns", "UTC")})
    rows = table((1, 0, 0, [NAN, 1.0]), (1, 0, 0, [NAN, 1.0]))
    same = rows.with_columns(y=pl.Series([{"a": 1}, {"a": 1}]).cast(time))
    other = rows.with_columns(y=pl.Series([{"a": 1}, {"a": 2}]).cast(time))
    assert served(executor, spine((1, 0)), same, outputs=outputs)[1] == {"v": 0}
    assert served(executor, spine((1, 0)), other, outputs=outputs)[1] == {"v": 1}


def test_a_table_that_is_gone_is_an_error(executor: Callable[[TableStore], PlanExecutor]) -> None:
    nodes = (
        Spine(columns=(), time="t", rows=1, time_range=None, one_time=True),
        Scan(
            table="gone", table_id="", version=0, columns=("k", "t", "x"), files=1, rows=1, size_bytes=1,
            bounds=(Bounds(column="t", is_time=True, greatest=1),),
        ),
        Match(
            spine=0, scan=1, view="v", view_version=1, keys=(KeyPair("k", "k", "int64"),), event_time="t",
            created_time=None, ttl_us=None, known_at=None, distinct_keys=1, most_rows=1,
        ),
        Gather(match=2, columns=(Output("x", "x", "int64"),)),
        Assemble(spine=0, gathers=(3,), columns=("k", "t", "x")),
    )  # fmt: skip
    run = executor(MemoryTables(clock=MemoryClock())).execute(RetrievalPlan(nodes), spine((1, 1)))
    assert isinstance(run.failure(), TableMissing)
