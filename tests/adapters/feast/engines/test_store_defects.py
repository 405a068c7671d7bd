"""Each known defect of Feast's stores: the stock store's wrong answer, and ours right beside it.

A case that fails because the stock store answers rightly is good news: Feast has mended it, and
`domain/feast/engines.py` can say so.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import polars as pl
import pytest
from feast import Entity, FeatureView, Field, FileSource
from feast.data_format import DeltaFormat, ParquetFormat
from feast.infra.offline_stores.contrib.postgres_offline_store.postgres_source import PostgreSQLSource
from feast.types import Float64, String
from feast.value_type import ValueType

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureViewSpec,
    ForesetError,
    TrainingSetSpec,
    write_to_delta_lake,
)
from foreset.adapters.feast.engines.feast_store import StockStore, _NoRegistry, _quiet
from foreset.domain.feast.engines import OBSERVED, STORES, store_named
from foreset.entrypoints.wiring.build import in_memory, run_on
from foreset.entrypoints.wiring.engines import ChosenStore
from tests.warehouse_tables import load, options

EPOCH: Final = datetime(2024, 1, 1, tzinfo=UTC)
SCHEMA: Final[dict[str, Any]] = {
    "k": pl.String,
    "t": pl.Datetime("us", "UTC"),
    "c": pl.Datetime("us", "UTC"),
    "x": pl.Float64,
}


class Case(NamedTuple):
    """A table's rows (keys, event time, created time, x), a spine's rows (keys, time), and what x is to be for them.

    Times are in seconds.
    """

    rows: list[tuple[Any, ...]]
    spine: list[tuple[Any, ...]]
    right: list[Any]
    created: str | None = None
    ttl: timedelta | None = None
    known_at: Any = None
    keys: tuple[str, ...] = ("k",)
    schema: Mapping[str, Any] = MappingProxyType({})
    after_ns: int = 0
    in_order: bool = False

    @property
    def table(self) -> pl.DataFrame:
        names = [*self.keys, "t", "c", "x"]
        dtypes = {**dict.fromkeys(self.keys, pl.String), **SCHEMA, **self.schema}
        rows = [_dated(row, len(self.keys), 2) for row in self.rows]
        frame = pl.DataFrame(rows, {name: dtypes[name] for name in names}, orient="row")
        return frame.with_columns(pl.col("t") + pl.duration(nanoseconds=self.after_ns))

    @property
    def frame(self) -> pl.DataFrame:
        dtypes = {**dict.fromkeys(self.keys, pl.String), "event_timestamp": SCHEMA["t"]}
        rows = [_dated(row, len(self.keys), 1) for row in self.spine]
        return pl.DataFrame(rows, dtypes, orient="row").with_columns(label=pl.int_range(pl.len()))


def _dated(row: tuple[Any, ...], start: int, times: int) -> tuple[Any, ...]:
    def dated(value: Any) -> Any:
        return value if value is None or isinstance(value, datetime) else EPOCH + timedelta(seconds=value)

    return (*row[:start], *map(dated, row[start : start + times]), *row[start + times :])


LATER: Final = [("a", day, version, float(day * 2 + version)) for day in range(40) for version in (0, 1)]
CASES: Final[dict[tuple[str, str], Case]] = {
    ("dask", "lost-rows"): Case([("a", 10, 0, 7.0)], [("a", 5), ("a", 15)], [None, 7.0]),
    ("dask", "duplicates"): Case([("a", 10, 0, 7.0)], [("a", 15), ("a", 15)], [7.0, 7.0]),
    ("dask", "order"): Case(
        [("a", 5, 0, 7.0), ("a", 15, 0, 8.0)], [("a", 20), ("a", 10)], [0, 1], in_order=True
    ),
    ("dask", "superseded"): Case(
        LATER, [("a", day) for day in range(40)], [day * 2 + 1.0 for day in range(40)], created="c"
    ),
    ("dask", "null-keys"): Case([(None, 0, 0, 7.0), ("a", 0, 0, 8.0)], [(None, 5), ("a", 5)], [None, 8.0]),
    ("dask", "created-null"): Case([("a", 0, None, 7.0)], [("a", 5)], [7.0], created="c", known_at="event_time"),
    ("dask", "gaps"): Case(
        [("a", 0, 0, 2**53 + 1)], [("a", 5), ("b", 5)], [2**53 + 1, None], schema={"x": pl.Int64}
    ),
    ("dask", "nan"): Case(
        [("a", 0, 0, float("nan")), ("b", 0, 0, None)], [("a", 5), ("b", 5)], ["NaN", None]
    ),
    ("duckdb", "ties"): Case([("a", 0, 0, 7.0), ("a", 0, 0, 8.0)], [("a", 5)], [8.0]),
    ("duckdb", "created-null"): Case([("a", 0, None, 7.0)], [("a", 5)], [7.0], created="c", known_at="event_time"),
    ("duckdb", "nanoseconds"): Case(
        [("a", 0, 0, 7.0)], [("a", 0)], [None], schema={"t": pl.Datetime("ns", "UTC")}, after_ns=1
    ),
    ("postgres", "tied-rows"): Case([("a", 0, 0, 7.0), ("a", 0, 0, 7.0)], [("a", 5)], [7.0]),
    ("postgres", "created-null"): Case([("a", 0, None, 7.0)], [("a", 5)], [7.0], created="c"),
    ("postgres", "ttl-seconds"): Case([("a", 0, 0, 7.0)], [("a", 1.2)], [7.0], ttl=timedelta(seconds=1.5)),
    ("postgres", "collisions"): Case(
        [("1", "11", 0, 0, 7.0), ("11", "1", 0, 0, 8.0)], [("1", "11", 5), ("11", "1", 5)], [7.0, 8.0], keys=("k", "l")
    ),
    ("postgres", "types"): Case(
        [("a", 0, 0, Decimal("0.1234567890123456789"))], [("a", 5)], [Decimal("0.1234567890123456789")],
        schema={"x": pl.Decimal(38, 19)},
    ),
}  # fmt: skip
REFUSED: Final[dict[tuple[str, str], tuple[Case, str]]] = {
    ("postgres", "versions"): (Case([("a", 0, 0, 7.0)], [("a", 5)], [7.0]), "breaks the law 7, snapshots"),
    ("postgres", "ties"): (
        Case([("a", 0, 0, 7.0), ("a", 0, 0, 8.0)], [("a", 5)], [8.0]), "1 rows of the spine would be served by chance"
    ),
}  # fmt: skip


class Stock(NamedTuple):
    """A stock store, and what makes a source of a frame."""

    store: StockStore
    source: Callable[[pl.DataFrame, str | None], Any]

    def answer(self, case: Case) -> list[Any]:
        """x for each row of the spine, by label; the labels as they come where the order is the point."""
        kinds = {name: Entity(name=name, join_keys=[name], value_type=ValueType.STRING) for name in case.keys}
        schema = [*(Field(name=name, dtype=String) for name in case.keys), Field(name="x", dtype=Float64)]
        view = FeatureView(
            name="v", entities=list(kinds.values()), schema=schema, ttl=case.ttl or timedelta(0),
            source=self.source(case.table, case.created),
        )  # fmt: skip
        known = {"filter_by_created_timestamp": True} if case.known_at == "event_time" else {}
        found = self.asked([view], case.frame, **known)
        return told(found if case.in_order else found.sort("label"), case)

    def asked(self, views: list[FeatureView], spine: pl.DataFrame, **more: Any) -> pl.DataFrame:
        references = [f"{view.name}:{view.features[0].name}" for view in views]
        with _quiet():
            job = self.store._feast.get_historical_features(
                self.store._config, views, references, spine.to_pandas(), _NoRegistry(), "p", **more
            )
            return pl.DataFrame(job.to_arrow())


def told(frame: pl.DataFrame, case: Case) -> list[Any]:
    if case.in_order:
        return frame["label"].to_list()
    return ["NaN" if isinstance(value, float) and math.isnan(value) else value for value in frame["x"].to_list()]


def ours(store: str, case: Case, tables: dict[str, pl.DataFrame], given: dict[str, Any], *accept: str) -> list[Any]:
    chosen = ChosenStore(STORES[store], given, accept)
    features = FeatureStore(run_on(in_memory(tables), chosen).unwrap())
    entities = [EntitySpec(name, [name]) for name in case.keys]
    source = DeltaSource("rows", "t", case.created, warehouse_table="rows")
    view = FeatureViewSpec("v", case.keys, source, ["x"], ttl=case.ttl)
    features.register(*entities, view).unwrap()
    spec = TrainingSetSpec(["v:x"], known_at=case.known_at)
    return told(features.training_set(spec, case.frame).unwrap().frame, case)


@pytest.fixture
def stock_of(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], tuple[Stock, dict[str, Any]]]:
    """The stock store of a name, and the options that it was opened with."""

    def file_source(frame: pl.DataFrame, created: str | None) -> FileSource:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet"
        frame.write_parquet(path)
        return FileSource(
            name=path.stem, path=str(path), timestamp_field="t", created_timestamp_column=created or "",
            file_format=ParquetFormat(),
        )  # fmt: skip

    def made(store: str) -> tuple[Stock, dict[str, Any]]:
        if STORES[store].kind == "files":
            return Stock(StockStore.open(STORES[store], {}).unwrap(), file_source), {}
        address = request.getfixturevalue("postgres_database")

        def table(frame: pl.DataFrame, created: str | None) -> PostgreSQLSource:
            load(address, {"rows": frame})
            return PostgreSQLSource(
                name="rows", table="rows", timestamp_field="t", created_timestamp_column=created or ""
            )

        return Stock(StockStore.open(STORES[store], options(address)).unwrap(), table), options(address)

    return made


StockOf = Callable[[str], tuple[Stock, dict[str, Any]]]


@pytest.mark.parametrize(("store", "defect"), CASES, ids=map("-".join, CASES))
def test_the_stock_store_answers_wrongly_and_ours_rightly(store: str, defect: str, stock_of: StockOf) -> None:
    case = CASES[store, defect]
    stock, given = stock_of(store)
    assert stock.answer(case) != case.right, f"Feast has mended the defect {defect!r} of its store {store!r}"
    accept = STORES[store].to_accept
    assert ours(store, case, {"rows": case.table}, given, *accept) == case.right


@pytest.mark.parametrize(("store", "defect"), REFUSED, ids=map("-".join, REFUSED))
def test_what_cannot_be_mended_is_refused_unless_accepted(store: str, defect: str, stock_of: StockOf) -> None:
    case, text = REFUSED[store, defect]
    stock, given = stock_of(store)
    assert len(stock.answer(case)) == len(case.rows)
    others = [name for name in STORES[store].to_accept if name != defect]
    with pytest.raises(ForesetError, match=text):
        chosen_and_run(store, case, given, others)
    assert len(ours(store, case, {"rows": case.table}, given, defect, *others)) == 1


def chosen_and_run(store: str, case: Case, given: dict[str, Any], accept: list[str]) -> list[Any]:
    store_named(store, accept).unwrap()
    return ours(store, case, {"rows": case.table}, given, *accept)


def test_dask_loses_rows_where_two_views_have_different_keys(stock_of: StockOf) -> None:
    stock, _ = stock_of("dask")
    rows = pl.DataFrame({"k": ["a"], "l": ["b"], "t": [EPOCH], "x": [7.0], "y": [8.0]}).cast({"t": SCHEMA["t"]})
    spine = pl.DataFrame({"k": ["a", "a"], "l": ["b", "c"], "event_timestamp": [EPOCH, EPOCH]})
    views = [
        FeatureView(
            name=name, entities=[Entity(name=key, join_keys=[key], value_type=ValueType.STRING)],
            schema=[Field(name=key, dtype=String), Field(name=value, dtype=Float64)], source=stock.source(rows, None),
        )
        for name, key, value in (("v", "k", "x"), ("w", "l", "y"))
    ]  # fmt: skip
    assert stock.asked(views, spine).height == 1, "Feast has mended the defect 'two-views' of its store 'dask'"
    features = FeatureStore(run_on(in_memory({"rows": rows}), ChosenStore(STORES["dask"], {}, ())).unwrap())
    source = DeltaSource("rows", "t")
    features.register(
        EntitySpec("k", ["k"]), EntitySpec("l", ["l"]),
        FeatureViewSpec("v", ["k"], source, ["x"]), FeatureViewSpec("w", ["l"], source, ["y"]),
    ).unwrap()  # fmt: skip
    found = features.training_set(TrainingSetSpec(["v:x", "w:y"]), spine).unwrap().frame
    assert found.select("x", "y").rows() == [(7.0, 8.0), (7.0, None)]


def test_dask_gives_the_spines_column_for_a_feature_of_its_name(stock_of: StockOf) -> None:
    case = Case([("a", 0, 0, 7.0)], [("a", 5)], [7.0])
    stock, _ = stock_of("dask")
    clashing = case.frame.with_columns(x=pl.lit(-1.0))
    view = FeatureView(
        name="v", entities=[Entity(name="k", join_keys=["k"], value_type=ValueType.STRING)],
        schema=[Field(name="k", dtype=String), Field(name="x", dtype=Float64)], source=stock.source(case.table, None),
    )  # fmt: skip
    assert stock.asked([view], clashing)["x"].to_list() == [-1.0], "Feast has mended the defect 'name-clash' of 'dask'"
    features = FeatureStore(run_on(in_memory({"rows": case.table}), ChosenStore(STORES["dask"], {}, ())).unwrap())
    features.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], DeltaSource("rows", "t"), ["x"])).unwrap()
    with pytest.raises(ForesetError, match="more than one column 'x'"):
        features.training_set(TrainingSetSpec(["v:x"]), clashing).unwrap()


def test_dask_reads_files_that_a_delta_table_has_no_more(stock_of: StockOf, tmp_path: Path) -> None:
    case = Case([("a", 0, 0, 7.0)], [("a", 5)], [None])
    stock, _ = stock_of("dask")
    write_to_delta_lake(case.table.drop("c"), tmp_path / "rows")
    write_to_delta_lake(case.table.drop("c").clear(), tmp_path / "rows", mode="overwrite")
    view = FeatureView(
        name="v", entities=[Entity(name="k", join_keys=["k"], value_type=ValueType.STRING)],
        schema=[Field(name="k", dtype=String), Field(name="x", dtype=Float64)],
        source=FileSource(name="rows", path=str(tmp_path / "rows"), timestamp_field="t", file_format=DeltaFormat()),
    )  # fmt: skip
    found = stock.asked([view], case.frame)
    assert found["x"].to_list() == [7.0], "Feast has mended the defect 'removed-files' of its store 'dask'"
    features = FeatureStore.open(tmp_path / "repo", data_dir=tmp_path, offline_store="dask").unwrap()
    features.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], DeltaSource("rows", "t"), ["x"])).unwrap()
    assert features.training_set(TrainingSetSpec(["v:x"]), case.frame).unwrap().frame["x"].to_list() == [None]


def test_every_defect_of_a_store_that_runs_here_is_shown() -> None:
    alone = {("dask", "two-views"), ("dask", "name-clash"), ("dask", "removed-files")}
    known = {(store.name, d.name) for store in STORES.values() if store.checked == "run here" for d in store.defects}
    assert known == {*CASES, *REFUSED, *alone}


def test_the_feast_that_is_installed_is_the_one_that_was_observed() -> None:
    assert version("feast").startswith(f"{OBSERVED}."), "look at domain/feast/engines.py again, and set OBSERVED"
