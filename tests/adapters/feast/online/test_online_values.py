"""What the online store gives: values of every type as they are, and what cannot be read."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec, ForesetError
from tests.adapters.feast.online_views import ENTITY, Views, day, opened, rows, view

# === Values and keys ===

WIDE = pl.DataFrame(
    {
        "k": ["a", "b", "c"],
        "day": [date(2024, 1, 1), date(2024, 1, 2), date(1969, 12, 31)],
        "at": [day(3)] * 3,
        "whole": [2**53 + 1, None, -(2**63)],
        "small": pl.Series([7, None, -8], dtype=pl.Int16),
        "real": [math.nan, None, -0.0],
        "single": pl.Series([0.1, None, math.inf], dtype=pl.Float32),
        "text": ["", None, "\N{SNOWMAN}"],
        "raw": [b"\x00", None, b""],
        "truth": [True, None, False],
        "moment": [datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC), None, day(1)],
        "date": [date(9999, 12, 31), None, date(1, 1, 1)],
        "many": [[1, 2], None, [3]],
        "parts": [{"p": 1, "q": "x"}, None, {"p": 2, "q": "y"}],
        "exact": pl.Series([Decimal("1.10"), None, Decimal("-2.25")], dtype=pl.Decimal(10, 2)),
    }
)
FEATURES = [name for name in WIDE.columns if name not in {"k", "day", "at"}]


def test_values_of_all_types_come_back_as_they_are(tmp_path: Path) -> None:
    views = opened(tmp_path)
    views.store.tables.write(WIDE, "wide").unwrap()
    pair = EntitySpec("pair", ["k", "day"])
    views.store.register(pair, FeatureViewSpec("wide", ["pair"], DeltaSource("wide", "at"), FEATURES)).unwrap()
    assert views.online.materialize().unwrap()[0].rows == 3
    assert views.online.check("wide").unwrap().agrees
    asked = WIDE.select("k", "day").to_dict(as_series=False)
    found = views.online.read(["wide:*"], asked).unwrap().to_dict()
    expected = WIDE.drop("at").to_dict(as_series=False)
    expected["moment"][0] = datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)
    expected["date"] = [d and datetime(d.year, d.month, d.day, tzinfo=UTC) for d in expected["date"]]
    assert math.isnan(found["real"].pop(0))
    assert math.isnan(expected["real"].pop(0))
    assert {name: found[name] for name in expected} == expected
    assert views.feasts_of("wide:whole", [{"k": "a", "day": datetime(2024, 1, 1, tzinfo=UTC)}]) == [2**53 + 1]
    views.online.close()


def test_a_view_of_everything_has_one_row_of_values(tmp_path: Path) -> None:
    views = opened(tmp_path)
    views.store.tables.write(rows((1, 9, 1.0), (2, 5, 2.0)), "things").unwrap()
    views.store.register(FeatureViewSpec("all", [], DeltaSource("things", "at"), ["x"])).unwrap()
    assert views.online.materialize().unwrap()[0].keys == 1
    assert views.online.read(["all:x"], {"i": [1, 2]}).unwrap().to_dict() == {"i": [1, 2], "x": [2.0, 2.0]}
    assert views.feasts_of("all:x", [{"i": 1}]) == [2.0]
    assert views.online.materialize().unwrap()[0].keys == 0
    views.store.tables.write(rows((1, 1, 3.0)), "things").unwrap()
    assert views.online.materialize().unwrap()[0].keys == 1
    assert views.online.check("all").unwrap().agrees
    views.online.close()


def test_mapped_columns_and_two_views_of_one_key(tmp_path: Path) -> None:
    """Feast would take the key's type of the one view for both, and find nothing in the other."""
    views = opened(tmp_path)
    views.store.tables.write(pl.DataFrame({"id": [1], "t": [day(1)], "a": [1.5]}), "one").unwrap()
    views.store.tables.write(
        pl.DataFrame({"k": pl.Series([1], dtype=pl.Int32), "at": [day(1)], "b": ["x"]}), "two"
    ).unwrap()
    mapping = {"id": "k", "t": "at", "a": "x"}
    views.store.register(
        ENTITY,
        FeatureViewSpec("one", ["thing"], DeltaSource("one", "at", field_mapping=mapping), ["x"]),
        FeatureViewSpec("two", ["thing"], DeltaSource("two", "at"), [FeatureField("b")]),
    ).unwrap()
    views.online.materialize().unwrap()
    found = views.online.read(["two:b as why", "one:x"], [{"k": 1}, {"k": 2}]).unwrap()
    assert found.to_dict() == {"k": [1, 2], "why": ["x", None], "x": [1.5, None]}
    assert found.to_df()["x"].tolist()[0] == 1.5
    views.online.close()


def test_null_keys_and_null_event_times_are_never_loaded(views: Views) -> None:
    bad = rows((None, 1, 9.0), (5, 1, 5.0)).with_columns(at=pl.when(pl.col("k") == 5).then(None).otherwise("at"))
    views.store.tables.write(bad, "things").unwrap()
    assert views.load().keys == 3
    assert views.values(None, 5, 1) == [None, None, 1.0]


# === What is refused ===


@pytest.mark.parametrize(
    ("features", "keys", "text"),
    [
        (["things:x"], [{"k": "1"}], r"the 'k' '1' is no int64, which Feast has as its type. Its join keys are: k"),
        (["things:x"], [{"j": 1}], r"they have no 'k'"),
        (["things:y"], [{"k": 1}], r"has no feature 'y'"),
        (["thing:x"], [{"k": 1}], r"'thing' is not registered"),
        (["things:x as k"], [{"k": 1}], r"more than one column 'k': the rows of keys, things:x"),
    ],
)
def test_what_cannot_be_read_is_refused(views: Views, features: list[str], keys: Any, text: str) -> None:
    views.load()
    with pytest.raises(ForesetError, match=text):
        views.online.read(features, keys).unwrap()


@pytest.mark.parametrize("given", [[{"k": 1}, {"j": 1}], [1], {"k": [1], "j": [1, 2]}])
def test_rows_that_are_none_are_refused(views: Views, given: Any) -> None:
    with pytest.raises(ForesetError, match=r"entity_rows.*Next: give each"):
        views.online.read(["things:x"], given)


def test_a_view_that_is_not_online_is_refused_by_name_and_else_left_out(views: Views) -> None:
    views.load()
    held = views.registry.store.get_feature_view("things")
    held.online = False
    views.registry.store.apply(held)
    assert views.online.materialize().unwrap() == ()
    with pytest.raises(
        ForesetError, match=r"'things' is not served online: .* Next: apply it to Feast with online=True"
    ):
        views.load()


def test_a_repository_without_an_online_store_is_refused(tmp_path: Path) -> None:
    views = opened(tmp_path)
    views.store.tables.write(rows((1, 9, 1.0)), "things").unwrap()
    views.store.register(ENTITY, view()).unwrap()
    views.registry.store.config.online_config = None
    views.registry.store.config._online_store = None
    views = Views(views.store, views.registry, views.clock, type(views.online)(views.store, views.registry))
    with pytest.raises(ForesetError, match=r"has no online store. Next: name one under `online_store`"):
        views.load()


def test_a_value_that_feast_does_not_hold_is_told_with_its_column(tmp_path: Path) -> None:
    views = opened(tmp_path)
    views.store.tables.write(
        pl.DataFrame({"k": [1], "at": [day(1)], "x": pl.Series([1], dtype=pl.Int32)}), "things"
    ).unwrap()
    views.store.register(ENTITY, FeatureViewSpec("things", ["thing"], DeltaSource("things", "at"), ["x"])).unwrap()
    views.load()
    wider = pl.DataFrame({"k": [1, 2], "at": [day(1)] * 2, "x": [1, 2**40]})
    views.store.tables.write(wider, "things", mode="overwrite", schema_mode="overwrite").unwrap()
    with pytest.raises(
        ForesetError, match=r"The column 'x' of the feature view 'things' has values that Feast does not"
    ):
        views.load()
    views.online.close()


def test_a_store_that_fails_is_told_with_what_its_driver_says(views: Views, tmp_path: Path) -> None:
    views.load()
    views.online.close()
    (tmp_path / "repo" / "data" / "online_store.db").write_bytes(b"no database" * 100)
    with pytest.raises(
        Exception, match=r"The online store sqlite failed over .*'things': file is not a database. Next"
    ):
        views.load()


def test_a_table_that_lost_a_column_of_keys_is_told(views: Views) -> None:
    views.load()
    other = rows((1, 1, 1.0)).rename({"k": "key"})
    views.store.tables.write(other, "things", mode="overwrite", schema_mode="overwrite").unwrap()
    with pytest.raises(
        ForesetError, match=r"takes its keys and times from the column 'k', which the table 'things' at"
    ):
        views.load()
