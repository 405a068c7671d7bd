"""Keys of every kind, and stores of every kind."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from returns.result import Success

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.domain.errors.erasure import KeyNamed, KeyUnfit, TrainingSetErased
from foreset.domain.errors.specs import UnknownEntity
from foreset.domain.event_log.receipts import TableWritten
from tests.erasing.conftest import AGES, ANN, BOB, CUSTOMER, CUSTOMERS, day, opened
from tests.erasing.sets import build

KEYS: dict[str, tuple[pl.Series, object, object]] = {
    # the table's keys, the one to erase as a value, and as a text
    "int64": (pl.Series([71, 72]), 71, "71"),
    "int8": (pl.Series([71, 72], dtype=pl.Int8), 71, "71"),
    "string": (pl.Series(["O'Hara", "Ann"]), "O'Hara", "O'Hara"),
    "empty string": (pl.Series(["", "Ann"]), "", ""),
    "date": (pl.Series([date(1950, 1, 2), date(1960, 1, 2)]), date(1950, 1, 2), "1950-01-02"),
    "bool": (pl.Series([True, False]), True, "true"),
    "binary": (pl.Series([b"\x0f\x01", b"\x0f"]), b"\x0f\x01", "0f01"),
}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("as_text", [False, True])
def test_a_key_of_each_type_is_found_in_all_places(tmp_path: Path, kind: str, *, as_text: bool) -> None:
    store = opened(tmp_path)
    column, value, text = KEYS[kind]
    rows = pl.DataFrame({"k": column, "at": [day(1)] * 2, "x": [1, 2]})
    store.tables.write(rows, "t").unwrap()
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])).unwrap()
    spec = TrainingSetSpec(["v:x"])
    held = store.training_set(spec, rows.select("k", event_timestamp="at")).unwrap().id
    other = store.training_set(spec, rows.tail(1).select("k", event_timestamp="at")).unwrap().id
    store.training_sets.pin(held).unwrap()
    report = store.keys.find("e", text if as_text else value).unwrap()
    assert [(h.id, h.rows) for h in report.training_sets] == [(held, 1)]
    assert [(h.table, h.rows) for h in report.tables] == [("t", 1)]
    assert len(report.pins) == 1
    assert other not in {h.id for h in report.training_sets}


@pytest.mark.parametrize(
    ("kind", "given", "condition"),
    [
        ("int64", "071", "k <> 71"),
        ("int64", "+71", "k IN (70, 71)"),
        ("bool", "1", "k <> TRUE"),
        ("date", "19500102", "k <> CAST('1950-01-02' AS date)"),
        ("binary", "0F 01", "k <> X'0f01'"),
    ],
)
def test_a_condition_is_found_however_the_key_is_written(tmp_path: Path, kind: str, given: str, condition: str) -> None:
    store = opened(tmp_path)
    column = KEYS[kind][0]
    store.tables.write(pl.DataFrame({"k": column, "at": [day(1)] * 2, "x": [1, 2]}), "t").unwrap()
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])).unwrap()
    event = TableWritten(table="t", version=1, mode="overwrite", rows=1, replace_where=condition)
    store.adapters.events.append("tables", (event,), expected=None, at=day(1), actor="ann").unwrap()
    done = store.keys.erase("e", given, requested_by="dora").unwrap()
    assert len(done.redacted) == 1
    assert condition not in str(store.log.events().unwrap())
    reason = condition.partition("k ")[2]
    assert isinstance(store.keys.erase("e", given, reason=reason).failure(), KeyNamed)


@pytest.mark.parametrize("given", [{"land": "NO", "id": 7}, {"id": "7", "land": "NO"}])
def test_a_key_of_several_columns_is_held_by_rows_with_all_of_them(tmp_path: Path, given: dict[str, object]) -> None:
    store = opened(tmp_path)
    rows = pl.DataFrame({"land": ["NO", "NO", "SE"], "id": [7, 8, 7], "at": [day(1)] * 3, "x": [1, 2, 3]})
    store.tables.write(rows, "t").unwrap()
    view = FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])
    store.register(EntitySpec("e", ["land", "id"]), view).unwrap()
    spine = rows.select("land", "id", event_timestamp="at")
    held = store.training_set(TrainingSetSpec(["v:x"]), spine).unwrap().id
    store.training_set(TrainingSetSpec(["v:x"]), spine.tail(2)).unwrap()
    report = store.keys.find("e", given).unwrap()
    assert [(h.id, h.rows) for h in report.training_sets] == [(held, 1)]
    assert report.tables[0].rows == 1
    assert "id = 7" in report.steps[0]
    assert "land = 'NO'" in report.steps[0]


def test_bounds_that_tell_a_part_of_the_key_are_redacted_where_the_rows_hold_it(tmp_path: Path) -> None:
    store = opened(tmp_path)
    rows = pl.DataFrame({"mail": [ANN, ANN, BOB], "land": ["NO", "SE", "NO"], "at": [day(1)] * 3, "x": [1, 2, 3]})
    store.tables.write(rows, "t", partition_by=["mail"]).unwrap()
    view = FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])
    store.register(EntitySpec("e", ["mail", "land"]), view).unwrap()
    spine = rows.select("mail", "land", event_timestamp="at")
    held, other = (store.training_set(TrainingSetSpec(["v:x"]), spine[n]).unwrap().id for n in (0, 1))
    done = store.keys.erase("e", {"mail": ANN, "land": "NO"}).unwrap()
    assert len(done.redacted) == 1
    assert ANN not in str(store.receipt(held).unwrap().plan)
    assert store.rebuild(other).unwrap().id == other


@pytest.mark.parametrize("key", ["Nan", "Infinity", "1e400", "1e-400", "7" * 60])
@pytest.mark.parametrize("dtype", [pl.Decimal(10, 2), pl.Float64, pl.Float32])
def test_a_number_of_the_same_name_is_not_taken_for_a_text(tmp_path: Path, key: str, dtype: pl.DataType) -> None:
    store = opened(tmp_path)
    store.tables.write(pl.DataFrame({"k": [key], "at": [day(1)], "x": [1]}), "t").unwrap()
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])).unwrap()
    numbers = pl.DataFrame({"k": pl.Series([1.5, 0.0, None], dtype=dtype)})
    numbers = numbers if dtype == pl.Decimal else numbers.with_columns(k=pl.col("k").fill_null(float("nan")))
    store.adapters.kept.keep("spines/of-another", numbers).unwrap()
    report = store.keys.find("e", key).unwrap()
    assert (report.spines, report.unread) == ((), ())
    assert report.tables[0].rows == 1


@pytest.mark.parametrize(
    ("entity", "key", "error", "said"),
    [
        ("custmer", ANN, UnknownEntity, "Did you mean customer?"),
        ("customer", {"town": 1}, KeyUnfit, "it names town. Its join keys are: mail."),
        ("customer", None, KeyUnfit, "'mail' has no value, and a null key is nobody's"),
        ("number", "seven", KeyUnfit, "what is given for 'n' is no int64"),
        ("number", 2**63, KeyUnfit, "what is given for 'n' is no int64"),
        ("day", day(1), KeyUnfit, "what is given for 'd' is no date"),
        ("pair", 1, KeyUnfit, "it is a single value. Its join keys are: a, b."),
    ],
)
def test_a_key_that_is_none_is_refused(store: FeatureStore, entity: str, key: object, error: type, said: str) -> None:
    store.tables.write(pl.DataFrame({"n": [1], "at": [day(1)], "x": [1]}), "numbers").unwrap()
    view = FeatureViewSpec("numbers", ["number"], DeltaSource("numbers", "at"), ["x"])
    store.register(EntitySpec("number", ["n"]), EntitySpec("pair", ["a", "b"]), view).unwrap()
    store.tables.write(pl.DataFrame({"d": [day(1).date()], "at": [day(1)], "x": [1]}), "days").unwrap()
    days = FeatureViewSpec("days", ["day"], DeltaSource("days", "at"), ["x"])
    store.register(EntitySpec("day", ["d"]), days).unwrap()
    failure = store.keys.erase(entity, key).failure()
    assert isinstance(failure, error)
    assert said in str(failure)


@pytest.mark.parametrize("given", [{"reason": f"forget {ANN}"}, {"requested_by": ANN}])
def test_a_reason_that_names_the_key_is_refused(store: FeatureStore, given: dict[str, str]) -> None:
    held = build(store)
    assert isinstance(store.keys.erase("customer", ANN, **given).failure(), KeyNamed)
    assert store.rebuild(held).unwrap().id == held


def test_a_reason_that_cannot_be_recorded_is_refused_before_anything_is_erased(store: FeatureStore) -> None:
    held = build(store)
    refused = store.keys.erase("customer", ANN, requested_by="", reason="\udcff").failure()
    assert "reason is '\\udcff' (str), which holds characters that cannot be written as UTF-8" in str(refused)
    assert store.rebuild(held).unwrap().frame.height


def test_a_store_in_postgresql_erases_too(postgres_database: str, tmp_path: Path) -> None:
    made = FeatureStore.open(f"postgresql://{postgres_database}", data_dir=tmp_path / "data").unwrap()
    made.tables.write(CUSTOMERS, "customers").unwrap()
    made.register(CUSTOMER, AGES).unwrap()
    held = build(made)
    made.training_sets.pin(held).unwrap()
    made.tables.write(CUSTOMERS.clear(), "customers", mode="overwrite", replace_where=f"mail = '{ANN}'").unwrap()
    done = made.keys.erase("customer", ANN).unwrap()
    assert (len(done.removed), len(done.redacted)) == (2, 1)
    assert isinstance(made.rebuild(held).failure(), TrainingSetErased)
    assert made.adapters.kept.names("").unwrap() == ()
    assert ANN not in str(made.log.events().unwrap())
    assert made.log.verify().unwrap().whole


def test_a_store_in_memory_erases_too() -> None:
    store = FeatureStore.in_memory({"customers": CUSTOMERS})
    store.register(CUSTOMER, AGES).unwrap()
    held = build(store)
    store.training_sets.pin(held).unwrap()
    done = store.keys.erase("customer", ANN).unwrap()
    assert len(done.removed) == 2
    assert isinstance(store.rebuild(held).failure(), TrainingSetErased)
    assert isinstance(store.keys.erase("customer", ANN), Success)
