"""Entity frames of every form: what Feast's own stores take of them, the drop-in takes, with the right answer."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, Int64
from hypothesis import given
from hypothesis import strategies as st

from foreset import ForesetError
from foreset.adapters.feast.offline.spine_keys import whole_keys
from foreset.adapters.feast.offline.spine_times import read_times
from tests.adapters.feast.stores import STORE, day, feast_store

KEY: Final = Entity(name="k", join_keys=["k"], value_type=ValueType.INT64)
ZONED: Final = pa.timestamp("us", "UTC")
FAR: Final = datetime(9999, 12, 30, tzinfo=UTC)
TIMES: Final = [datetime(1, 1, 2, tzinfo=UTC), datetime(1600, 1, 1, tzinfo=UTC), day(0), day(2), FAR]
"""When the key 1 has rows; the row's `x` is its place here."""
TOKYO: Final = ZoneInfo("Asia/Tokyo")
PLAIN: Final = datetime(2024, 1, 4, tzinfo=UTC)


def stored(folder: Path, kind: str, times: list[datetime]) -> FeatureStore:
    feast = feast_store(folder, type=kind)
    rows = {"k": [1] * len(times), "at": pa.array(times, ZONED), "x": [float(place) for place in range(len(times))]}
    pq.write_table(pa.table(rows), folder / "t.parquet")
    schema = [Field(name="k", dtype=Int64), Field(name="x", dtype=Float64)]
    source = FileSource(path=str(folder / "t.parquet"), timestamp_field="at")
    feast.apply([KEY, FeatureView(name="v", entities=[KEY], schema=schema, source=source)])
    return feast


def objects(*values: object) -> "pd.Series[Any]":
    return pd.Series(list(values), dtype=object)


def at(times: Any) -> pd.DataFrame:
    return pd.DataFrame({"k": [1] * len(times), "event_timestamp": times})


def keyed(keys: Any) -> pd.DataFrame:
    return pd.DataFrame({"k": keys, "event_timestamp": [pd.Timestamp(PLAIN)] * len(keys)})


def beside(values: Any) -> pd.DataFrame:
    return pd.DataFrame({"k": [1], "event_timestamp": [pd.Timestamp(PLAIN)], "e": values})


# === As Feast's stores ===

FORMS: Final[dict[str, Callable[[], pd.DataFrame]]] = {
    "times": lambda: at([PLAIN, day(0), day(-1)]),
    "times without a zone": lambda: at([datetime(2024, 1, 4)]),  # noqa: DTZ001  # what is meant
    "times of a zone": lambda: at(pd.to_datetime([PLAIN]).tz_convert("Asia/Tokyo")),
    "times of two zones": lambda: at(objects(pd.Timestamp(PLAIN), pd.Timestamp(PLAIN).tz_convert(TOKYO))),
    "seconds": lambda: at(np.array(["2024-01-04"], "datetime64[s]")),
    "nanoseconds": lambda: at(np.array([day(2).replace(tzinfo=None)], "datetime64[ns]") - np.array([1])),
    "texts": lambda: at(["2024-01-04", "2024-01-03"]),
    "texts of zones": lambda: at(["2024-01-04T05:00:00+09:00", "2024-01-03T00:00:00Z"]),
    "dates": lambda: at([date(2024, 1, 4), date(2024, 1, 2)]),
    "far times": lambda: at(np.array(["9999-12-31", "1600-01-01"], "datetime64[us]")),
    "another name": lambda: pd.DataFrame({"k": [1], "when": [pd.Timestamp(PLAIN)]}),
    "an index of its own": lambda: at([PLAIN, day(0)]).set_axis([7, 8]),
    "an index twice the same": lambda: at([PLAIN, day(0)]).set_axis([7, 7]),
    "a named index": lambda: at([PLAIN]).rename_axis("id"),
    "the key as index": lambda: at([PLAIN, day(0)]).set_index("k"),
    "narrow keys": lambda: keyed(np.array([1, 2], "int8")),
    "unsigned keys": lambda: keyed(np.array([1, 2**64 - 1], "uint64")),
    "keys with gaps": lambda: keyed([1.0, np.nan]),
    "keys of 32 bits with gaps": lambda: keyed(np.array([1, np.nan], "float32")),
    "nullable keys": lambda: keyed(pd.array([1, None], "Int64")),
    "keys as objects": lambda: keyed(objects(1, None)),
    "decimal keys": lambda: keyed([Decimal(1), Decimal("1.5")]),
    "categories as keys": lambda: keyed(pd.Categorical([1, 2])),
    "keys of Arrow": lambda: keyed(pd.Series([1], dtype=pd.ArrowDtype(pa.int64()))),
    "no rows": lambda: at(pd.to_datetime([], utc=True)).astype({"k": "int64"}),
    "columns with spaces": lambda: at([PLAIN]).assign(**{"my label, really": 1, "ünï·🙂": "a"}),
    "numbers as names": lambda: at([PLAIN]).assign(e=1).rename(columns={"e": 7}),
    "a category beside": lambda: beside(pd.Categorical(["a"])),
    "a decimal beside": lambda: beside([Decimal("1.5")]),
    "a tuple beside": lambda: beside([(1, 2)]),
    "an array beside": lambda: beside([np.array([1.0, 2.0])]),
    "a dict beside": lambda: beside([{"a": 1}]),
    "bytes beside": lambda: beside([b"\xff"]),
    "a duration beside": lambda: beside([timedelta(1)]),
    "a half float beside": lambda: beside(np.array([1], "float16")),
    "a far time beside": lambda: beside(np.array(["9999-12-31"], "datetime64[us]")),
    "nothing beside": lambda: beside([None]),
}


@pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # ibis of duckdb
@pytest.mark.filterwarnings("ignore:Discarding nonzero nanoseconds:UserWarning")  # Feast's stores
@pytest.mark.filterwarnings("ignore:The DataFrame has column names of mixed type:UserWarning")  # as above
def test_what_one_of_feasts_stores_takes_the_drop_in_takes(tmp_path: Path) -> None:
    kinds = {"dask": "dask", "duckdb": "duckdb", "ours": STORE}
    stores = {name: stored(tmp_path / name, kind, [day(0), day(2)]) for name, kind in kinds.items()}
    refused = []
    for name, form in FORMS.items():
        found = {of: answer(feast, form()) for of, feast in stores.items()}
        given = [value for of, value in found.items() if of != "ours" and value is not None]
        assert found["ours"] is not None, name
        assert found["ours"] in given or not given, (name, found)
        refused += [] if given else [name]
    assert not refused, "forms that neither of Feast's stores takes are tested below"


def answer(feast: FeatureStore, frame: pd.DataFrame) -> list[str] | None:
    """The keys, the instants and the features, in an order of their own, for Feast's stores keep none."""
    try:
        rows = feast.get_historical_features(frame, ["v:x"]).to_df()
    except Exception:  # noqa: BLE001  # Feast's stores raise what their libraries do
        return None
    time = "when" if "when" in rows else "event_timestamp"
    keys = ["null" if pd.isna(key) else str(Decimal(str(key)).normalize()) for key in rows["k"].astype(object)]
    times = [str(instant) for instant in pd.to_datetime(rows[time], utc=True).dt.as_unit("us").to_numpy()]
    return sorted(map(str, zip(keys, times, rows["x"].astype(float), strict=True)))


# === What Feast's stores do not take ===


@pytest.mark.parametrize(
    ("times", "served"),
    [
        (objects(FAR, datetime(1600, 1, 2, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)), [4.0, 1.0, None]),
        (objects(date(9999, 12, 31), date(1677, 1, 1)), [4.0, 1.0]),
        (objects(np.datetime64("9999-12-30"), "9999-12-29T23:59:59.999999Z"), [4.0, 3.0]),
        (pd.Series(["9999-12-30", "0001-01-02", "0001-01-01T23:59:59"]), [4.0, 0.0, None]),
        (pd.Series(["9999-12-30T09:00:00+09:00", "9999-12-30T08:59:59+09:00"], dtype="string"), [4.0, 3.0]),
        (objects(FAR.astimezone(TOKYO), FAR.astimezone(timezone(timedelta(hours=-14)))), [4.0, 4.0]),
        (pd.Series([FAR], dtype=pd.ArrowDtype(ZONED)), [4.0]),
        (np.array(["9999-12-30", "9999-12-29"], "datetime64[s]"), [4.0, 3.0]),
        (np.array(["20000-01-01", "-0005-01-01"], "datetime64[s]"), [4.0, None]),
        (pd.Categorical(["2024-01-04", "9999-12-31"]), [3.0, 4.0]),
        (pd.Categorical(pd.to_datetime(["2024-01-04", "2024-01-02"])), [3.0, 2.0]),
        (objects(datetime(2024, 1, 4), PLAIN), [3.0, 3.0]),  # noqa: DTZ001  # with and without a zone
    ],
)
def test_times_at_the_ends_of_their_range_are_served(tmp_path: Path, times: Any, served: list[float | None]) -> None:
    feast = stored(tmp_path, STORE, TIMES)
    found = feast.get_historical_features(at(times), ["v:x"]).to_df()
    assert [None if np.isnan(value) else value for value in found["x"]] == served


@pytest.mark.parametrize(
    ("times", "row", "why"),
    [
        (objects("9999-12-31", "2024-01-01T00:00:00.000000001"), 1, "it has nanoseconds, and other times are of years"),
        (objects("9999-12-31T23:59:59.999999999"), 0, "cannot be read"),
        (objects(PLAIN, "9999-12-31T23:59:59-14:00"), 1, "it is not in the years 1 to 9999 of UTC"),
        (objects("0001-01-01T00:00:00+14:00"), 0, "it is not in the years 1 to 9999 of UTC"),
        (objects("2024-01-01", "now"), 1, "The time 'now'"),
        (objects(" Today"), 0, "cannot be read"),
        (objects("01/05/2024"), 0, "cannot be read"),
        (objects("2024-01-01", "01/05/9999"), 1, "cannot be read"),
        (objects(5, "9999-01-01"), 0, "cannot be read"),
        (objects("9999-01-01", [1]), 1, "cannot be read"),
        (objects(1.5), 0, "cannot be read"),
    ],
)
def test_what_is_no_time_is_refused_by_row(tmp_path: Path, times: Any, row: int, why: str) -> None:
    with pytest.raises(ForesetError, match=rf"row {row} \(counted from 0\), cannot be read") as refused:
        stored(tmp_path, STORE, TIMES).get_historical_features(at(times), ["v:x"]).to_df()
    assert why in str(refused.value)


@given(st.lists(st.datetimes(timezones=st.just(UTC)) | st.none(), max_size=4))
def test_texts_of_times_are_those_times(times: list[datetime | None]) -> None:
    texts = pd.Series([time and time.isoformat() for time in times], dtype=object)
    for column in (texts, pd.Series(times, dtype=object)):
        read = read_times(column).dt.as_unit("us").dt.tz_localize(None).to_numpy()
        expected = [np.datetime64(time.replace(tzinfo=None) if time else "NaT", "us") for time in times]
        assert np.array_equal(read, np.array(expected, "datetime64[us]"), equal_nan=True)


@pytest.mark.parametrize("index", [["event_timestamp"], ["k"], ["k", "event_timestamp"], ["k", "other"]])
def test_keys_and_time_may_be_the_index(tmp_path: Path, index: list[str]) -> None:
    frame = at([PLAIN, day(0)]).assign(other=1).set_index(index)
    found = stored(tmp_path, STORE, TIMES).get_historical_features(frame, ["v:x"])
    assert found.to_df()["x"].to_list() == [3.0, 2.0]


# === Keys as floats ===


def test_whole_float_keys_come_back_as_floats(tmp_path: Path) -> None:
    feast = stored(tmp_path, STORE, TIMES)
    found = feast.get_historical_features(keyed([1.0, np.nan, -0.0]), ["v:x"]).to_df()
    assert str(found["k"].dtype) == "float64"
    assert found["x"].isna().to_list() == [False, True, True]


@pytest.mark.parametrize("key", [1.5, float(2**53), np.inf, np.float32(2**24)])
def test_float_keys_that_may_be_rounded_are_refused(tmp_path: Path, key: float) -> None:
    frame = keyed(np.array([key]))
    with pytest.raises(ForesetError, match="these are not compared, for no value may be lost"):
        stored(tmp_path, STORE, TIMES).get_historical_features(frame, ["v:x"]).to_df()


@given(st.lists(st.integers(1 - 2**53, 2**53 - 1) | st.none(), max_size=4))
def test_whole_keys_keep_their_values(keys: list[int | None]) -> None:
    frame = pd.DataFrame({"k": np.array([np.nan if key is None else key for key in keys], "float64")})
    made, dtypes = whole_keys(frame, ["k", "other"])
    assert [None if pd.isna(key) else int(key) for key in made["k"]] == keys
    assert dtypes == {"k": "float64"}


def test_sets_are_refused_for_they_have_no_order(tmp_path: Path) -> None:
    with pytest.raises(ForesetError, match=r"sets have no order: give lists in one, for example frame\['e'\]"):
        stored(tmp_path, STORE, TIMES).get_historical_features(beside([{1, 2}]), ["v:x"]).to_df()
