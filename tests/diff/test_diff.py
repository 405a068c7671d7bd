"""What is told of two training sets: what they were made from, their rows, their cells, and why these changed."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.domain.diff.parts import ByCommit, ByDefinition, ByReplacement, BySpec, BySpine, Change, ColumnDiff
from foreset.domain.diff.report import TrainingSetDiff
from foreset.domain.errors.retrieval import DoesNotFit
from foreset.domain.errors.specs import UnknownTrainingSet


def day(number: int) -> datetime:
    return datetime(2024, 5, number, tzinfo=UTC)


RAIN = pl.DataFrame(
    {
        "city": ["Rome", "Rome", "Oslo"],
        "at": [day(1), day(3), day(1)],
        "mm": [2.0, 9.0, 1.0],
        "sky": ["clear", "rain", "snow"],
    }
).cast({"at": pl.Datetime("us", "UTC")})
LABELS = pl.DataFrame(
    {
        "city": ["Rome", "Oslo", "Oslo", "Rome"],
        "event_timestamp": [day(2), day(2), day(4), day(9)],
        "y": [1, 0, 1, 0],
    }
)
CITY = EntitySpec("city", ["city"])


def rain(**given: Any) -> FeatureViewSpec:
    source = DeltaSource(**{"table": "rain", "timestamp_field": "at", **given.pop("source", {})})
    return FeatureViewSpec(**{"name": "rain", "entities": ["city"], "features": ["mm"], "source": source, **given})


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """A store over Delta tables, with a view of one feature."""
    made = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "data").unwrap()
    made.tables.write(RAIN, "rain").unwrap()
    made.register(CITY, rain()).unwrap()
    return made


def built(store: FeatureStore, labels: pl.DataFrame = LABELS, features: str = "rain:mm", **spec: Any) -> str:
    return store.training_set(TrainingSetSpec([features], **spec), labels).unwrap().id


def column(diff: TrainingSetDiff, name: str = "mm") -> ColumnDiff:
    assert diff.columns is not None, diff.untold
    return next(column for column in diff.columns if column.name == name)


def causes(diff: TrainingSetDiff, name: str = "mm") -> list[tuple[tuple[Any, ...], int]]:
    return [(part.causes, part.cells) for part in column(diff, name).causes]


def append(store: FeatureStore, mm: float, number: int = 3, city: str = "Rome") -> None:
    store.tables.write(RAIN[:1].with_columns(mm=pl.lit(mm), at=pl.lit(day(number)), city=pl.lit(city)), "rain").unwrap()


# === The whole of it, in words ===


def test_a_difference_in_words(store: FeatureStore, tmp_path: Path) -> None:
    append(store, 4.0, city="Oslo")
    store.register(rain(features=["mm", "sky"])).unwrap()
    a = built(store, features="rain:*", name="may")
    append(store, 9.5)
    DeltaTable(tmp_path / "data" / "rain").delete("city = 'Oslo' AND mm = 4.0")
    store.tables.optimize("rain").unwrap()
    store.register(rain(features=["mm", "sky"], ttl=timedelta(days=3))).unwrap()
    changed = LABELS.with_columns(y=pl.Series([1, 1, 1, 0]))
    b = built(store, pl.concat([changed, LABELS[:1].with_columns(city=pl.lit("Bern"))]), "rain:*", name="june")
    text = store.diff(a, b).unwrap().explain()
    text = re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ by [^\s(),]+(?: py-[\d.]+)?", "TIME by SOMEBODY", text)
    text = re.sub(r"\b[0-9a-f]{16}\b", "HASH", text)
    assert text + "\n" == (Path(__file__).parent / "difference.txt").read_text("utf-8")


def test_sets_of_the_same_bytes_are_the_same(store: FeatureStore) -> None:
    a = built(store)
    append(store, 7.0, number=30)
    b = built(store)
    told = store.diff(a, b).unwrap()
    assert a != b
    assert told.same
    assert told.cells == 0
    assert [(table.version_a, table.version_b) for table in told.tables] == [(0, 1)]
    assert "They are the same, bit for bit." in told.explain()
    assert store.diff(a, a).unwrap().tables == ()


def test_nothing_is_recorded(store: FeatureStore) -> None:
    a = built(store)
    append(store, 9.5)
    b = built(store)
    before = store.log.events().unwrap()
    store.diff(a, b).unwrap()
    assert store.log.events().unwrap() == before


def test_the_json_form_has_all_of_it(store: FeatureStore) -> None:
    a = built(store)
    append(store, float("nan"))
    told = store.diff(a, built(store)).unwrap()
    assert msgspec.json.decode(msgspec.json.encode(told), type=TrainingSetDiff) == told
    [example] = column(told).examples
    assert (example.old, example.new) == (9.0, "NaN")


# === Causes ===


def test_an_order_that_a_compaction_changed_is_its_doing(store: FeatureStore, tmp_path: Path) -> None:
    append(store, 8.0)
    append(store, 7.0)
    a = built(store)
    append(store, 3.0, city="Bern")
    DeltaTable(tmp_path / "data" / "rain").optimize.z_order(["mm"])
    append(store, 3.0, city="Bern")
    told = store.diff(a, built(store)).unwrap()
    [((cause,), cells)] = causes(told)
    assert cells == 1
    assert isinstance(cause, ByCommit)
    assert (cause.commit.version, cause.commit.operation) == (4, "OPTIMIZE")


def test_the_author_of_a_commit_through_the_store_is_its_actor(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = built(store)
    monkeypatch.setenv("FORESET_ACTOR", "nightly load")
    append(FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "data").unwrap(), 9.5)
    told = store.diff(a, built(store)).unwrap()
    [((cause,), cells)] = causes(told)
    assert cells == 1
    assert cause.commit.author == "nightly load"
    assert told.tables[0].commits == (cause.commit,)


def test_a_feature_of_another_view_under_the_same_name_is_by_the_spec(store: FeatureStore) -> None:
    store.tables.write(RAIN.with_columns(mm=pl.col("mm") + 1), "wet").unwrap()
    store.register(rain(name="wet", source={"table": "wet"})).unwrap()
    told = store.diff(built(store), built(store, features="wet:mm")).unwrap()
    assert causes(told) == [((BySpec(field="features", old="rain:mm", new="wet:mm"),), 4)]
    assert [(one.table, one.version_a, one.version_b) for one in told.tables] == [("rain", 0, None), ("wet", None, 0)]
    assert [(one.view, one.version_a, one.version_b) for one in told.views] == [("rain", 1, None), ("wet", None, 1)]


def test_another_feature_of_the_view_is_by_the_spec(store: FeatureStore) -> None:
    store.register(rain(features=["mm", "sky"])).unwrap()
    told = store.diff(built(store, features="rain:mm as x"), built(store, features="rain:sky as x")).unwrap()
    [((cause,), cells)] = causes(told, "x")
    assert cells == 4
    assert cause == BySpec(field="features", old="rain:mm", new="rain:sky")
    assert (column(told, "x").dtype_a, column(told, "x").dtype_b) == ("float64", "string")
    assert column(told, "x").shift is None


def test_another_time_column_of_the_same_spine_is_by_the_spec(store: FeatureStore) -> None:
    labels = LABELS.with_columns(later=pl.col("event_timestamp") + timedelta(days=1))
    told = store.diff(built(store, labels), built(store, labels, timestamp_field="later")).unwrap()
    assert causes(told) == [((BySpec(field="timestamp_field", old="event_timestamp", new="later"),), 1)]


def test_a_view_over_another_table_is_by_its_definition(store: FeatureStore) -> None:
    a = built(store)
    store.tables.write(RAIN.with_columns(mm=pl.col("mm") + 1), "wet").unwrap()
    store.register(rain(source={"table": "wet"}, ttl=timedelta(days=1))).unwrap()
    [((cause,), cells)] = causes(store.diff(a, built(store)).unwrap())
    assert isinstance(cause, ByDefinition)
    assert cause.changed == (Change("table", "rain", "wet"), Change("ttl", "no limit", "1 day, 0:00:00"))
    assert cells == 4


def test_a_definition_and_a_commit_are_named_together(store: FeatureStore) -> None:
    a = built(store)
    store.register(rain(ttl=timedelta(days=3))).unwrap()
    append(store, 5.0, number=8)
    [(both, cells), *rest] = causes(store.diff(a, built(store)).unwrap())
    assert [type(cause) for cause in both] == [ByDefinition, ByCommit]
    assert (cells, rest) == (1, [])


def test_views_of_everything_and_of_several_keys() -> None:
    table = pl.DataFrame({"a": [1, 1], "b": ["x", "y"], "at": [day(1), day(1)], "v": [1, 2]})
    store = FeatureStore.in_memory({"t": table})
    store.register(
        EntitySpec("pair", ["a", "b"]),
        FeatureViewSpec("of", ["pair"], DeltaSource("t", "at"), ["v"]),
        FeatureViewSpec("all", [], DeltaSource("t", "at"), ["v"]),
    ).unwrap()
    labels = pl.DataFrame({"a": [1, 1, None], "b": ["x", "y", "y"], "event_timestamp": [day(2)] * 3})
    spec = TrainingSetSpec(["of:v", "all:v"], full_feature_names=True)
    a = store.training_set(spec, labels).unwrap().id
    store.tables.write(table[:1].with_columns(v=pl.lit(5)), "t").unwrap()
    store.tables.write(table[:1].with_columns(a=pl.lit(2), v=pl.lit(6)), "t").unwrap()
    told = store.diff(a, store.training_set(spec, labels).unwrap().id).unwrap()
    of, every = (causes(told, f"{view}__v") for view in ("of", "all"))
    assert [(cause.commit.version, cells) for (cause,), cells in of] == [(1, 1)]
    assert [(cause.commit.version, cells) for (cause,), cells in every] == [(2, 3)]


def test_a_column_that_an_overwrite_renamed_was_not_there_before(store: FeatureStore, tmp_path: Path) -> None:
    a = built(store)
    renamed = RAIN.rename({"mm": "m"}).with_columns(pl.col("m") + 1)
    write_deltalake(tmp_path / "data" / "rain", renamed, mode="overwrite", schema_mode="overwrite")
    store.register(rain(source={"field_mapping": {"m": "mm"}})).unwrap()
    [((definition, commit), cells)] = causes(store.diff(a, built(store)).unwrap())
    assert definition.changed == (Change("column", "mm", "m"),)
    assert commit.commit.changes_columns
    assert cells == 4


# === Rows and spines ===


def test_rows_are_matched_by_keys_time_and_occurrence(store: FeatureStore) -> None:
    a = built(store, pl.concat([LABELS, LABELS[:1]]))
    moved = pl.concat([LABELS[3:], LABELS[:1], LABELS[1:3].with_columns(city=pl.lit("Bern"))])
    told = store.diff(a, built(store, moved.cast({"event_timestamp": pl.Datetime("ns")}))).unwrap()
    assert told.rows is not None
    assert (told.rows.both, told.rows.only_a, told.rows.only_b) == (2, 3, 2)
    assert [row.a for row in told.rows.first_only_a] == [1, 2, 4]
    assert [row.keys for row in told.rows.first_only_b] == [{"city": "Bern"}] * 2
    assert told.cells == 0
    assert Change("column event_timestamp", "timestamp[us, UTC]", "timestamp[ns]") in told.spine


def test_a_changed_label_is_by_the_spine(store: FeatureStore) -> None:
    told = store.diff(built(store), built(store, LABELS.with_columns(y=pl.Series([1, 0, 1, 1])))).unwrap()
    assert causes(told, "y") == [((BySpine(),), 1)]
    assert [column.name for column in told.columns or ()] == ["y"]
    assert column(told, "y").is_feature is False


def test_keys_of_types_that_are_not_compared_match_no_rows(store: FeatureStore) -> None:
    store.tables.write(pl.DataFrame({"city": [1], "at": [day(1)], "mm": [1.0]}), "codes").unwrap()
    a = built(store)
    store.register(rain(source={"table": "codes"})).unwrap()
    told = store.diff(a, built(store, LABELS.with_columns(city=pl.lit(1)))).unwrap()
    assert told.rows is not None
    assert (told.rows.both, told.rows.only_a, told.rows.only_b) == (0, 4, 4)
    assert column(told).changed == 0
    assert column(told).shift is not None


def test_columns_of_one_side_are_named(store: FeatureStore) -> None:
    store.register(rain(features=["mm", "sky"])).unwrap()
    told = store.diff(built(store), built(store, LABELS.drop("y"), "rain:*")).unwrap()
    assert (told.only_a, told.only_b) == (("y",), ("sky",))
    assert told.spec == (Change("features", "rain:mm", "rain:*"),)
    assert told.columns == ()


# === What cannot be told ===


def test_sets_whose_tables_are_gone_are_told_by_their_receipts(store: FeatureStore, tmp_path: Path) -> None:
    a = built(store)
    append(store, 9.5)
    b = built(store)
    shutil.rmtree(tmp_path / "data" / "rain")
    told = store.diff(a, b).unwrap()
    assert (told.columns, told.rows, told.cells) == (None, None, None)
    assert told.untold is not None
    assert told.untold.startswith("Delta Lake table not found: 'rain' would be at ")
    assert [(table.version_a, table.version_b, table.untold) for table in told.tables] == [(0, 1, 1)]
    assert f"cells     not told: {told.untold}" in told.explain()


def test_a_set_from_which_a_key_was_erased_is_told_by_its_receipt(store: FeatureStore) -> None:
    a = built(store)
    append(store, 9.5)
    b = built(store, LABELS[1:3])
    store.keys.erase("city", "Rome", requested_by="the mayor").unwrap()
    told = store.diff(a, b).unwrap()
    assert told.columns is None
    assert told.untold is not None
    assert "the mayor" in told.untold


def test_a_pinned_set_is_compared_with_the_table_that_took_the_place_of_its_own(
    store: FeatureStore, tmp_path: Path
) -> None:
    a = built(store)
    store.training_sets.pin(a).unwrap()
    shutil.rmtree(tmp_path / "data" / "rain")
    write_deltalake(tmp_path / "data" / "rain", RAIN.with_columns(mm=pl.col("mm") + 1))
    told = store.diff(a, built(store)).unwrap()
    assert causes(told) == [((ByReplacement("rain"),), 4)]
    assert told.tables[0].replaced
    assert "rain@0 -> @0: another table of the same name" in told.explain()
    assert "4 by another table in the place of rain" in told.explain()


def test_an_id_that_no_receipt_has_is_refused(store: FeatureStore) -> None:
    a = built(store)
    for pair in ((a, "ts-0"), ("ts-0", a)):
        error = store.diff(*pair).failure()
        assert isinstance(error, UnknownTrainingSet)
        assert "There is no training set 'ts-0' in this store." in error.message


def test_sets_that_do_not_fit_in_memory_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    many = pl.DataFrame({"city": ["Rome"] * 400_000, "event_timestamp": [day(5)] * 400_000})
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "data").unwrap()
    store.tables.write(RAIN, "rain").unwrap()
    store.register(CITY, rain()).unwrap()
    a = built(store, many)
    append(store, 9.5)
    b = built(store, many)
    held = store.adapters.machine.observe().held_bytes
    small = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "data", memory=held + 20_000_000).unwrap()
    error = small.diff(a, b).failure()
    assert isinstance(error, DoesNotFit)
    assert error.message.startswith(f"The difference of {a} and {b} takes about ")
