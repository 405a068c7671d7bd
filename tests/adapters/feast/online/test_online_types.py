"""Online says what is stored: values of every type are read back as the table has them, or the load refuses them."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from feast.value_type import ValueType
from hypothesis import given, settings
from hypothesis import strategies as st

from foreset import DeltaSource, FeatureViewSpec, ForesetError, read_delta_table
from foreset.adapters.feast.online.equality import is_value, python_value
from foreset.adapters.feast.online.messages import Messages, kind_of
from foreset.adapters.feast.online.values import UNFIT
from foreset.domain.errors.online import OnlineValueUnfit
from tests.adapters.feast.online_views import ENTITY, Views, day, opened
from tests.types_of_frames import COLUMN_TYPES, frame_of

ZONED: Final = pa.timestamp("us", "UTC")
_TEXTS: Final = pa.map_(pa.string(), pa.int64())
NESTED: Final[tuple[tuple[pa.DataType, list[Any]], ...]] = (
    (pa.list_(pa.int64()), [[5, None, 7], [], [None]]),
    (pa.list_(pa.bool_()), [[True, None], [None, None], [False]]),
    (pa.list_(pa.string()), [["a", None], ["", None], [None]]),
    (pa.list_(pa.binary()), [[b"a", None], [b"", None], []]),
    (pa.list_(pa.float32()), [[0.5, None], [math.nan, None], [-0.0, math.inf]]),
    (pa.list_(pa.float64()), [[0.1, None], [math.nan], [-0.0, -math.inf]]),
    (pa.list_(pa.decimal128(38, 3)), [[Decimal("1.100"), None], [], [Decimal(-1)]]),
    (pa.list_(pa.date32()), [[date(1, 1, 1), None], [date(9999, 12, 31)], []]),
    (pa.list_(ZONED), [[day(1), None], [datetime(1600, 1, 1, tzinfo=UTC)], [None]]),
    (pa.list_(pa.list_(pa.int64())), [[[1, None], [], None], [None], [[]]]),
    (pa.list_(pa.list_(pa.list_(pa.string()))), [[[["a", None], None], None], [[[]]], []]),
    (pa.list_(pa.struct({"a": pa.int64(), "b": pa.string()})), [[{"a": 1, "b": None}, None], [], [None]]),
    (pa.struct({"a": pa.list_(pa.int64()), "b": ZONED}), [{"a": [1, None], "b": None}, {"a": [], "b": day(1)}, None]),
    (pa.struct({"a": pa.struct({"b": pa.list_(pa.bool_())})}), [{"a": {"b": [None]}}, {"a": None}, {"a": {"b": None}}]),
    (pa.struct({"a": pa.decimal128(5, 2), "b": pa.date32(), "c": pa.float64()}),
     [{"a": Decimal("1.50"), "b": date(2024, 1, 1), "c": math.nan}, {"a": None, "b": None, "c": None}, None]),
    (_TEXTS, [{"a": None, "b": 1}, {}, {"a": 2**62}]),
    (pa.map_(pa.string(), pa.list_(pa.int64())), [{"a": [None, 1]}, {"": []}, {"a": None}]),
    (pa.map_(pa.int64(), pa.string()), [{1: "a", 2: None}, {}, None]),
    (pa.map_(pa.date32(), pa.float64()), [{date(2024, 1, 1): 0.5}, {}, None]),
    (pa.list_(_TEXTS), [[{"a": None}, None], [{}], []]),
    (ZONED, [datetime(1, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), None]),
    (pa.timestamp("us"), [datetime(9999, 12, 31, 23, 59, 59), datetime(1676, 1, 1), None]),  # noqa: DTZ001  # naive
)  # fmt: skip
"""Types with values that Feast's own conversion changes: nulls, empty lists, NaN, times that are far."""


def loaded(folder: Path, columns: dict[str, pa.Array], rows: int = 3) -> Views:
    """A store with a view of these columns, whose values are online."""
    times = pa.array([day(1)] * rows, ZONED)
    write_deltalake(str(folder / "data" / "things"), pa.table({"k": list(range(rows)), "at": times, **columns}))
    views = opened(folder)
    views.store.register(ENTITY, FeatureViewSpec("things", ["thing"], DeltaSource("things", "at"), list(columns)))
    return views


def compared(views: Views, names: list[str], expected: dict[str, list[Any]], rows: int = 3) -> None:
    """Look at the values that Foreset and Feast give, and at what the check says."""
    keys, features = list(range(rows)), [f"things:{name}" for name in names]
    found = views.online.read(["things:*"], {"k": keys}).unwrap().to_dict()
    feasts = views.registry.store.get_online_features(features, [{"k": key} for key in keys])
    for given_by in (found, feasts.to_dict()):
        for name in names:
            for online, value in zip(given_by[name], expected[name], strict=True):
                assert same(online, value), (name, online, value)
    check = views.online.check("things").unwrap()
    assert check.agrees, check.first


def moment(value: date) -> datetime:
    """A date's first moment; a time's whole second."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).replace(microsecond=0)


def same(online: Any, value: Any) -> bool:
    """Whether a value is the table's; times are in whole seconds, and dates are their first moments."""
    match value:
        case date():
            return bool(online == moment(value))
        case float() if math.isnan(value):
            return isinstance(online, float) and math.isnan(online)
        case float():
            return isinstance(online, float) and online == value and math.copysign(1, online) == math.copysign(1, value)
        case list():
            return isinstance(online, list) and len(online) == len(value) and all(map(same, online, value))
        case dict():
            named = {moment(key) if isinstance(key, date) else key: item for key, item in value.items()}
            return online.keys() == named.keys() and all(same(online[key], item) for key, item in named.items())
        case _:
            return type(online) is type(value) and bool(online == value)


def test_values_of_every_type_that_a_table_holds_are_read_back(tmp_path: Path) -> None:
    views, written = opened(tmp_path), [column for column in COLUMN_TYPES if column.taken]
    names = [f"x{number}" for number in range(len(written))]
    frame = pl.DataFrame({"k": [0, 1, 2], "at": [day(1)] * 3})
    for name, column in zip(names, written, strict=True):
        views.store.tables.write(frame_of(column.make(), {"k": [0, 1, 2]}), name).unwrap()
        frame = frame.with_columns(read_delta_table(tmp_path / "data" / name)["x"].alias(name))
    views.store.tables.write(frame, "things").unwrap()
    views.store.register(ENTITY, FeatureViewSpec("things", ["thing"], DeltaSource("things", "at"), names)).unwrap()
    done = views.load()
    expected = {name: list(column.values) for name, column in zip(names, written, strict=True)}
    assert set(done.rounded) == {name for name, values in expected.items() if any(map(has_fraction, values))}
    compared(views, names, expected)


def has_fraction(value: Any) -> bool:
    return isinstance(value, datetime) and value.microsecond > 0


def test_nulls_empty_lists_nan_and_far_times_are_read_back(tmp_path: Path) -> None:
    columns = {f"x{number}": pa.array(values, dtype) for number, (dtype, values) in enumerate(NESTED)}
    views = loaded(tmp_path, columns)
    assert views.load().rounded == ()
    expected = {f"x{number}": values for number, (_, values) in enumerate(NESTED)}
    compared(views, list(columns), {name: list(values) for name, values in expected.items()})


# === What is refused ===


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        (pa.array([1, 2**31], pa.int64()), "Value out of range: 2147483648"),
        (pa.array([[1], [2**31]], pa.list_(pa.int64())), "Value out of range: 2147483648"),
        (pa.array([0.5, 0.1]), "0.1 is not held by Feast's type float"),
        (pa.array([[0.5], [None, 1e300]]), "1e+300 is not held by Feast's type float"),
        (pa.array(["a", "b"]), "'a' is not held by Feast's type"),
    ],
)
def test_a_value_of_another_type_than_when_it_was_registered_is_refused_with_its_key(
    tmp_path: Path, column: pa.Array, problem: str
) -> None:
    before = pa.array([None], pa.list_(pa.int32()) if pa.types.is_list(column.type) else pa.int32())
    if pa.types.is_floating(column.type) or column.type == pa.list_(pa.float64()):
        before = pa.array([None], pa.list_(pa.float32()) if pa.types.is_list(column.type) else pa.float32())
    views = loaded(tmp_path, {"x": before}, rows=1)
    views.load()
    times = pa.array([day(1)] * 2, ZONED)
    table = pa.table({"k": [0, 1], "at": times, "x": column})
    write_deltalake(str(tmp_path / "data" / "things"), table, mode="overwrite", schema_mode="overwrite")
    with pytest.raises(ForesetError, match=r"The column 'x' of the feature view 'things' .* at k=[01]: ") as refused:
        views.load()
    assert isinstance(refused.value.error, OnlineValueUnfit)
    assert problem in refused.value.error.problem
    assert not views.online.check("things").unwrap().agrees  # and is no failure


def test_a_time_that_no_calendar_has_is_refused_with_its_key(tmp_path: Path) -> None:
    views = loaded(tmp_path, {"x": pa.array([0, 2**62, None], pa.int64()).cast(ZONED)})
    with pytest.raises(ForesetError, match=r"The column 'x' of the feature view 'things' .* at k=1: "):
        views.load()


def test_keys_that_differ_in_fractions_of_seconds_are_refused(tmp_path: Path) -> None:
    """Online they would be one key, with the values of either."""
    first = datetime(2024, 1, 1, tzinfo=UTC)
    keys = {"k": [first, first + timedelta(microseconds=1)], "at": [day(1)] * 2, "x": [1, 2]}
    views = opened(tmp_path)
    views.store.tables.write(pl.DataFrame(keys), "things").unwrap()
    views.store.register(ENTITY, FeatureViewSpec("things", ["thing"], DeltaSource("things", "at"), ["x"])).unwrap()
    with pytest.raises(ForesetError, match=r"'k' datetime.* is not in whole seconds, and Feast has no finer keys"):
        views.load()
    views.store.tables.write(
        pl.DataFrame({name: values[:1] for name, values in keys.items()}), "things", mode="overwrite"
    )
    views.load()
    assert views.values(first) == [1]


def test_keys_of_a_type_that_feast_has_no_keys_of_are_refused(tmp_path: Path) -> None:
    views = opened(tmp_path)
    views.store.tables.write(pl.DataFrame({"k": [Decimal("1.5")], "at": [day(1)], "x": [1]}), "things").unwrap()
    views.store.register(ENTITY, FeatureViewSpec("things", ["thing"], DeltaSource("things", "at"), ["x"])).unwrap()
    with pytest.raises(ForesetError, match="'k' is decimal, and Feast has no keys of that type"):
        views.load()


# === The check ===


def test_the_check_finds_zeros_in_the_place_of_nulls(tmp_path: Path) -> None:
    """What Feast's own conversion has put into the store is compared with the table."""
    views = loaded(tmp_path, {"x": pa.array([["a", None]] * 3)})
    views.load()
    feast = views.registry.store
    frame = pl.DataFrame({"k": [1], "at": [day(1)], "x": [["a", None]]}).to_pandas()
    feast.write_to_online_store("things", frame)
    check = views.online.check("things").unwrap()
    assert (check.differing, check.first[0].online, check.first[0].offline) == (1, "['a', '']", "['a', None]")


# === Generated ===

_SINGLE: Final = {
    ValueType.BOOL: st.booleans(),
    ValueType.INT32: st.integers(-(2**31), 2**31 - 1),
    ValueType.INT64: st.integers(-(2**63), 2**63 - 1),
    ValueType.FLOAT: st.floats(width=32),
    ValueType.DOUBLE: st.floats(),
    ValueType.STRING: st.text(),
    ValueType.BYTES: st.binary(),
    ValueType.UNIX_TIMESTAMP: st.datetimes(timezones=st.just(UTC)) | st.dates(),
    ValueType.DECIMAL: st.decimals(allow_nan=False, allow_infinity=False),
    ValueType.UUID: st.uuids().map(str),
    ValueType.JSON: st.sampled_from(['{"a": [1, null]}', "[]", "null", "1.5", '"x"']),
}
_OF_TEXTS: Final = {ValueType.UUID, ValueType.JSON}
_ANY: Final = st.recursive(
    st.none() | st.one_of([strategy for kind, strategy in _SINGLE.items() if kind not in _OF_TEXTS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def values(draw: st.DrawFn) -> tuple[ValueType, Any]:
    """A type of Feast's, and a value that a column of that type may have."""
    single = draw(st.sampled_from(list(_SINGLE)))
    strategy = _SINGLE[single]
    form = draw(st.sampled_from(["single", "list", "map", "nested"]))
    if form == "list":
        return ValueType[f"{single.name}_LIST"], draw(st.lists(st.none() | strategy, max_size=4))
    if form == "nested":
        return ValueType.VALUE_LIST, draw(st.lists(_ANY, max_size=3))
    if form == "map":
        return ValueType.MAP, draw(st.none() | st.dictionaries(st.text(max_size=3), _ANY, max_size=3))
    return single, draw(st.none() | strategy)


@settings(max_examples=100)
@given(values())
def test_every_message_gives_its_value_back(given_value: tuple[ValueType, Any]) -> None:
    kind, value = given_value
    back = python_value(Messages().of(kind, value), kind)
    assert is_value(back, value, kind)
    if kind in _SINGLE and kind not in _OF_TEXTS:
        assert same(back, value)


@settings(max_examples=60)
@given(st.sampled_from([kind for kind in _SINGLE if f"{kind.name}_LIST" in ValueType.__members__]), _ANY)
def test_what_does_not_fit_a_type_is_refused(kind: ValueType, value: Any) -> None:
    for asked in (kind, ValueType[f"{kind.name}_LIST"], ValueType.MAP):
        try:
            back = python_value(Messages().of(asked, value), asked)
        except UNFIT:
            continue
        assert is_value(back, value, asked)


@given(_ANY, _ANY)
def test_a_value_is_another_where_it_would_be_another_online(one: Any, other: Any) -> None:
    back = python_value(Messages().of(kind_of(one), one), kind_of(one))
    assert is_value(back, other, kind_of(one)) == (canonical(one) == canonical(other))


def canonical(value: Any) -> Any:
    """What two values have in common that are one online: times in whole seconds, whole numbers as such."""
    match value:
        case date():
            return "time", moment(value)
        case bool() | None | str() | bytes():
            return type(value).__name__, value
        case int() | float():
            whole = isinstance(value, int) and float(value) != value
            return "number", value if whole else repr(float(value))
        case list():
            return "list", [canonical(item) for item in value]
        case dict():
            return "map", {key: canonical(item) for key, item in value.items()}
        case _:
            return "decimal", value


def test_sets_hold_each_value_once_and_no_null() -> None:
    message = Messages().of(ValueType.INT64_SET, [1, 2, 2])
    assert python_value(message, ValueType.INT64_SET) == {1, 2}
    assert is_value({1, 2}, [2, 1, 1], ValueType.INT64_SET)
    assert not is_value({1, 2}, [1], ValueType.INT64_SET)
    with pytest.raises(ValueError, match="has a null, and Feast's sets have none"):
        Messages().of(ValueType.INT64_SET, [1, None])


def test_fractions_of_seconds_are_noticed_wherever_they_are() -> None:
    moment = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    for kind, value in (
        (ValueType.UNIX_TIMESTAMP, moment),
        (ValueType.UNIX_TIMESTAMP_LIST, [None, moment]),
        (ValueType.MAP, {"a": [{"b": moment}]}),
        (ValueType.ZONED_TIMESTAMP, moment),
    ):
        make = Messages()
        make.of(kind, value)
        assert make.rounded
        make = Messages()
        make.of(ValueType.UNIX_TIMESTAMP, moment.replace(microsecond=0) - timedelta(days=1))
        assert not make.rounded
