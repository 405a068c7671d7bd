"""Which rows may serve, through the store and spec files: closed windows, ends, epochs, keys, dropped columns."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSet, TrainingSetSpec
from foreset.domain.errors.problem import CallerError
from foreset.entrypoints.spec_files.specs import read_registrations


def day(number: float) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number - 1)


def opened(folder: Path, frame: pl.DataFrame, source: dict[str, Any] | None = None, **view: Any) -> FeatureStore:
    """A store with the view `v` of `x` by `k`, over the frame as a Delta table."""
    store = FeatureStore.open(folder / "store", data_dir=folder / "data").unwrap()
    store.tables.write(frame, "t").unwrap()
    delta = DeltaSource("t", "at", **(source or {}))
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], delta, ["x"], **view)).unwrap()
    return store


def labels(*days: float, k: Any = 1) -> pl.DataFrame:
    return pl.DataFrame({"k": [k] * len(days), "event_timestamp": [day(number) for number in days]})


def served(store: FeatureStore, spine: pl.DataFrame) -> TrainingSet:
    """A training set, which rebuilds and differs in nothing from itself."""
    made = store.training_set(TrainingSetSpec(["v:x"]), spine).unwrap()
    assert store.rebuild(made.id).unwrap().id == made.id
    store.training_sets.pin(made.id).unwrap()
    return made


def refusal(store: FeatureStore, spine: pl.DataFrame, *features: str) -> str:
    return str(store.training_set(TrainingSetSpec(features or ["v:x"]), spine).failure().message)


# === The label's own instant ===


def test_events_at_the_labels_own_instant_are_left_out_where_that_is_asked(tmp_path: Path) -> None:
    frame = pl.DataFrame({"k": [1, 1], "at": [day(1), day(5)], "x": [1.0, 5.0]})
    made = served(opened(tmp_path, frame, ttl=timedelta(days=4), closed="left"), labels(1, 5, 5.5, 6))
    assert made.frame["x"].to_list() == [None, 1.0, 5.0, 5.0]
    assert "before its time and not at it" in made.receipt.plan.explain()
    assert made.receipt.semantics == 2


def test_a_plan_without_the_options_is_encoded_as_it_was(tmp_path: Path) -> None:
    frame = pl.DataFrame({"k": [1], "at": [day(1)], "x": [1.0]})
    made = served(opened(tmp_path, frame), labels(2))
    assert made.receipt.semantics == 1
    written = msgspec.json.encode(made.receipt).decode()
    assert not any(word in written for word in ("closed", "valid_until", "time_unit"))


# === Ends of validity ===


def test_a_row_serves_until_its_end_and_then_an_older_one_that_still_holds(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"k": [1, 1, 1], "at": [day(1), day(3), day(4)], "x": [1.0, 3.0, 4.0], "until": [None, day(6), day(2)]}
    )
    made = served(opened(tmp_path, frame, {"valid_until_field": "until"}), labels(2, 3, 5, 6, 9))
    assert made.frame["x"].to_list() == [1.0, 3.0, 3.0, 1.0, 1.0]
    assert "while it is before until" in made.receipt.plan.explain()


def test_a_date_ends_with_its_first_moment(tmp_path: Path) -> None:
    frame = pl.DataFrame({"k": [1], "at": [day(1)], "x": [1.0], "until": [date(2024, 1, 3)]})
    made = served(opened(tmp_path, frame, {"valid_until_field": "until"}), labels(2.99, 3, 3.5))
    assert made.frame["x"].to_list() == [1.0, None, None]


def test_what_has_ended_counts_as_expired_and_a_report_says_so(tmp_path: Path) -> None:
    frame = pl.DataFrame({"k": [1], "at": [day(1)], "x": [1.0], "until": [day(2)]})
    made = served(opened(tmp_path, frame, {"valid_until_field": "until"}), labels(3, 4, 5))
    assert made.receipt.served[0].expired == 3
    report = made.report().unwrap()
    assert (report.views[0].expired, report.views[0].without_match, report.views[0].valid_until) == (3, 0, "until")
    text = "3 of 3 rows have no value of v only because theirs have ended (valid_until_field 'until')."
    assert any(text in finding.message for finding in report.findings)


def test_an_end_far_in_the_future_is_no_end_for_the_finest_spine(tmp_path: Path) -> None:
    frame = pl.DataFrame({"k": [1], "at": [day(1)], "x": [1.0], "until": [datetime(9999, 12, 31, tzinfo=UTC)]})
    last = pl.Series("event_timestamp", [2**63 - 1]).cast(pl.Datetime("ns", "UTC"))
    made = served(opened(tmp_path, frame, {"valid_until_field": "until"}), pl.DataFrame({"k": [1]}).with_columns(last))
    assert made.frame["x"].to_list() == [1.0]


def test_the_end_may_not_be_the_event_time() -> None:
    with pytest.raises(CallerError, match="valid_until_field and timestamp_field are both 'at', so no row would ever"):
        DeltaSource("t", "at", valid_until_field="at")


@pytest.mark.parametrize("wrong", ["", " ", 3, ["until"]])
def test_the_end_of_validity_is_the_name_of_a_column(wrong: Any) -> None:
    with pytest.raises(CallerError, match="valid_until_field"):
        DeltaSource("t", "at", valid_until_field=wrong)


def test_a_diff_blames_the_end_of_validity(tmp_path: Path) -> None:
    frame = pl.DataFrame({"k": [1], "at": [day(1)], "x": [1.0], "until": [day(2)]})
    store = opened(tmp_path, frame)
    before = served(store, labels(3))
    source = DeltaSource("t", "at", valid_until_field="until")
    store.register(FeatureViewSpec("v", ["e"], source, ["x"])).unwrap()
    after = served(store, labels(3))
    assert "valid_until_field" in store.diff(before.id, after.id).unwrap().explain()


# === Epochs ===

UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


@pytest.mark.parametrize("unit", UNITS)
def test_whole_numbers_are_times_of_the_named_unit(tmp_path: Path, unit: str) -> None:
    ticks = [int(day(number).timestamp()) * UNITS[unit] for number in (1, 3)]
    frame = pl.DataFrame({"k": [1, 1], "at": ticks, "x": [1.0, 3.0], "until": [None, ticks[1] + UNITS[unit]]})
    store = opened(tmp_path, frame, {"timestamp_unit": unit, "valid_until_field": "until"}, ttl=timedelta(days=9))
    made = served(store, labels(2, 3, 4, 9.5))
    assert made.frame["x"].to_list() == [1.0, 3.0, 1.0, 1.0]
    assert f"times in {unit} since 1970" in made.receipt.plan.explain()
    report = made.report().unwrap().views[0]
    assert report.ages is not None
    assert report.ages.greatest_us == int(8.5 * 86_400_000_000)


def test_files_are_skipped_by_the_statistics_of_the_numbers(tmp_path: Path) -> None:
    ticks = [int(day(number).timestamp()) for number in range(1, 11)]
    store = opened(
        tmp_path, pl.DataFrame({"k": [1], "at": ticks[:1], "x": [0.0]}), {"timestamp_unit": "s"}, ttl=timedelta(days=2)
    )
    for number, tick in enumerate(ticks[1:], 1):
        store.tables.write(pl.DataFrame({"k": [1], "at": [tick], "x": [float(number)]}), "t").unwrap()
    made = served(store, labels(5.5, 6))
    assert made.frame["x"].to_list() == [4.0, 5.0]
    [scan] = made.receipt.plan.scans
    assert scan.how is not None
    assert scan.how.files == 3


@pytest.mark.parametrize(
    ("column", "source", "said"),
    [
        (pl.Series([1]), {}, "say what its numbers count since 1970: DeltaSource(..., timestamp_unit='ms')"),
        (pl.Series([day(1)]), {"timestamp_unit": "ms"}, "does not fit timestamp_unit='ms', which is for whole numbers"),
        (pl.Series([1.5]), {"timestamp_unit": "s"}, "write the column as a timestamp, or as int64 with timestamp_unit"),
        (pl.Series(["2024"]), {}, "write the column as a timestamp, or as int64 with timestamp_unit"),
    ],
)
def test_a_column_that_is_no_time_or_lacks_a_unit_is_refused(
    tmp_path: Path, column: pl.Series, source: dict[str, Any], said: str
) -> None:
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "data").unwrap()
    store.tables.write(pl.DataFrame({"k": [1], "at": column, "x": [1.0]}), "t").unwrap()
    view = FeatureViewSpec("v", ["e"], DeltaSource("t", "at", **source), ["x"])
    assert said in store.register(EntitySpec("e", ["k"]), view).failure().message


@pytest.mark.parametrize("field", ["at", "made", "until"])
@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 1_704_067_200_000])
def test_a_number_that_is_no_time_of_its_unit_is_refused_and_not_wrapped(
    tmp_path: Path, field: str, value: int
) -> None:
    tick = int(day(1).timestamp())
    frame = pl.DataFrame({"k": [1], "at": [tick], "made": [tick], "until": [tick + 1_000_000], "x": [1.0]})
    wrong = frame.with_columns(pl.lit(value, dtype=pl.Int64).alias(field))
    source: dict[str, Any] = {"timestamp_unit": "s", "created_timestamp_field": "made", "valid_until_field": "until"}
    store = opened(tmp_path, wrong, source)
    said = f"The time column {field!r} of the table 't' has {value}, which as a number of s since 1970 is outside"
    problem = store.training_set(TrainingSetSpec(["v:x"]), labels(2)).failure()
    assert said in problem.message
    assert "name it: DeltaSource(..., timestamp_unit='s', 'ms', 'us' or 'ns')" in problem.message
    assert problem.fault == "data"
    in_memory = FeatureStore.in_memory({"t": wrong})
    view = FeatureViewSpec("v", ["e"], DeltaSource("t", "at", **source), ["x"])
    in_memory.register(EntitySpec("e", ["k"]), view).unwrap()
    assert said in in_memory.training_set(TrainingSetSpec(["v:x"]), labels(2)).failure().message


@pytest.mark.parametrize("wrong", ["m", "S", "minutes", "", 1, ["s"], {}])
def test_only_units_are_units(wrong: Any) -> None:
    with pytest.raises(CallerError, match="timestamp_unit"):
        DeltaSource("t", "at", timestamp_unit=wrong)
    with pytest.raises(CallerError, match="closed"):
        FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"], closed=wrong)


# === Keys ===


@pytest.mark.parametrize("key", [7, Decimal(7), Decimal("7.00"), "7"])
def test_a_decimal_key_is_found_and_erased_by_its_value(tmp_path: Path, key: Any) -> None:
    ids = pl.Series([Decimal(7), Decimal(8), None], dtype=pl.Decimal(38, 0))
    store = opened(tmp_path, pl.DataFrame({"k": ids, "at": [day(1)] * 3, "x": [1.0, 2.0, 3.0]}))
    spine = pl.DataFrame({"k": [7, 8, 9, None], "event_timestamp": [day(2)] * 4})
    assert served(store, spine).frame["x"].to_list() == [1.0, 2.0, None, None]
    found = store.keys.find("e", key).unwrap()
    assert [holding.rows for holding in found.tables] == [1]
    assert len(found.training_sets) == 1
    store.keys.erase("e", key).unwrap()
    assert not store.keys.find("e", key).unwrap().spines


@pytest.mark.parametrize(
    "key",
    [day(1), "2024-01-01T00:00:00Z", "2024-01-01T01:00+01:00", "2024-01-01 00:00", datetime(2024, 1, 1)],  # noqa: DTZ001
)
def test_a_time_key_is_found_by_its_instant(tmp_path: Path, key: Any) -> None:
    keys = pl.Series([day(1), day(2), None])
    store = opened(tmp_path, pl.DataFrame({"k": keys, "at": [day(1)] * 3, "x": [1.0, 2.0, 3.0]}))
    spine = pl.DataFrame({"k": keys.dt.convert_time_zone("Europe/Paris").dt.cast_time_unit("ns")})
    made = served(store, spine.with_columns(event_timestamp=pl.lit(day(2))))
    assert made.frame["x"].to_list() == [1.0, 2.0, None]
    assert [holding.rows for holding in store.keys.find("e", key).unwrap().tables] == [1]


@pytest.mark.parametrize("key", ["2024-01-01", date(2024, 1, 1), "2024-01-01T00:00:00.000000001", "noon"])
def test_what_is_no_time_to_the_microsecond_is_no_time_key(tmp_path: Path, key: Any) -> None:
    store = opened(tmp_path, pl.DataFrame({"k": [day(1)], "at": [day(1)], "x": [1.0]}))
    assert "is no timestamp[us, UTC]" in store.keys.find("e", key).failure().message


@pytest.mark.parametrize(
    ("table", "spine"),
    [
        (Decimal(7), 7.0), (Decimal(7), "7"), (7, 7.0), (day(1), date(2024, 1, 1)), (date(2024, 1, 1), day(1)),
        (day(1), 1_704_067_200), (1_704_067_200, day(1)), (Decimal(1), True),
    ],
)  # fmt: skip
def test_keys_of_other_kinds_are_not_compared(tmp_path: Path, table: Any, spine: Any) -> None:
    store = opened(tmp_path, pl.DataFrame({"k": [table], "at": [day(1)], "x": [1.0]}))
    assert "these are not compared" in refusal(store, labels(2, k=spine))


def test_a_float_is_no_key(tmp_path: Path) -> None:
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "data").unwrap()
    store.tables.write(pl.DataFrame({"k": [1.0], "at": [day(1)], "x": [1.0]}), "t").unwrap()
    view = FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])
    said = "does not fit a join key: whole numbers, decimals, string, binary, bool, date or timestamps"
    assert said in store.register(EntitySpec("e", ["k"]), view).failure().message


def test_files_are_skipped_by_time_keys(tmp_path: Path) -> None:
    store = opened(tmp_path, pl.DataFrame({"k": [day(1)], "at": [day(1)], "x": [1.0]}))
    for number in range(2, 6):
        store.tables.write(pl.DataFrame({"k": [day(number)], "at": [day(1)], "x": [float(number)]}), "t").unwrap()
    made = served(store, labels(9, 9, k=day(3)))
    assert made.frame["x"].to_list() == [3.0, 3.0]
    [scan] = made.receipt.plan.scans
    assert scan.how is not None
    assert scan.how.files < 5


@pytest.mark.parametrize("key", [Decimal("7.5"), day(3)])
def test_rows_are_merged_by_decimal_and_time_keys(tmp_path: Path, key: Any) -> None:
    store = opened(tmp_path, pl.DataFrame({"k": [key], "at": [day(1)], "x": [1.0]}))
    store.tables.write(
        pl.DataFrame({"k": [key], "at": [day(1)], "x": [2.0]}), "t", mode="merge", merge_on=["k"]
    ).unwrap()
    assert served(store, labels(2, k=key)).frame["x"].to_list() == [2.0]


# === Dropped columns ===


def dropped(folder: Path, column: str) -> FeatureStore:
    """A store whose table lost a column after the view of `x` and `old` was registered."""
    frame = pl.DataFrame({"k": [1], "at": [day(1)], "made": [day(1)], "x": [1.0], "old": [2]})
    store = opened(folder, frame)
    source = DeltaSource("t", "at", "made")
    store.register(FeatureViewSpec("v", ["e"], source, ["x", "old"])).unwrap()
    store.tables.write(frame.drop(column), "t", mode="overwrite", schema_mode="overwrite").unwrap()
    return store


def test_a_dropped_column_refuses_only_the_feature_that_needs_it(tmp_path: Path) -> None:
    store = dropped(tmp_path, "old")
    assert served(store, labels(2)).frame["x"].to_list() == [1.0]
    for asked in ("v:old", "v:*"):
        said = refusal(store, labels(2), asked)
        assert "takes its feature 'old' from the column 'old', which the table 't' at version 1 does not have" in said
        assert "Ask for the features that are left (v:x)" in said
    older = TrainingSetSpec(["v:*"], versions={"t": 0})
    assert store.training_set(older, labels(2)).unwrap().frame["old"].to_list() == [2]


@pytest.mark.parametrize(("column", "role"), [("k", "join key 'k'"), ("at", "event time"), ("made", "created time")])
def test_a_dropped_key_or_time_refuses_the_view_by_name(tmp_path: Path, column: str, role: str) -> None:
    said = refusal(dropped(tmp_path, column), labels(2))
    assert f"takes its {role} from the column {column!r}, which the table 't' at version 1 does not have" in said
    assert "Name a version that has it" in said


# === Spec files ===


def test_spec_files_have_the_options(tmp_path: Path) -> None:
    file = tmp_path / "defs.yaml"
    file.write_text(
        "entities: [{name: e, join_keys: [k]}]\n"
        "views: [{name: v, entities: [e], features: [x], closed: left,\n"
        "  source: {table: t, timestamp_field: at, valid_until_field: until, timestamp_unit: ms}}]\n"
    )
    source = DeltaSource("t", "at", valid_until_field="until", timestamp_unit="ms")
    wanted = FeatureViewSpec("v", ["e"], source, ["x"], closed="left")
    assert [item for item in read_registrations(file).unwrap() if isinstance(item, FeatureViewSpec)] == [wanted]
    file.write_text(file.read_text().replace("closed: left", "closed: both"))
    said = "views[0].closed: it is 'both'. Next: write one of left, right."
    assert said in read_registrations(file).failure().message
