"""Random retrievals: small tables and spines, dense with ties, nulls, duplicates and odd times."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from hypothesis import strategies as st

from foreset.adapters.shared.frames.arrow_types import polars_dtype
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec, TrainingSetSpec

EPOCH = 1_704_067_200  # 2024-01-01T00:00:00Z, in seconds
UNITS = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
SPINE_TIMES = [f"timestamp[{unit}{zone}]" for unit in UNITS for zone in ("", ", UTC", ", Asia/Tokyo")] + ["date"]
DELTA_TIMES = ["timestamp[us, UTC]", "timestamp[us]"]
KEYS = {"int64": ["int64", "int32", "int8"], "int32": ["int64", "int32"], "string": ["string"]}
DECIMALS = ["decimal(38,0)", "decimal(9,2)", "decimal(38,20)", "int64", "uint8"]
MOMENTS = ["timestamp[us, UTC]", "timestamp[us]", "timestamp[ns, UTC]", "timestamp[ms, Asia/Tokyo]"]
EXACT_KEYS = {
    "decimal(38,0)": DECIMALS,
    "decimal(20,3)": DECIMALS,
    "int64": ["uint64", *DECIMALS],
    "timestamp[us, UTC]": MOMENTS,
    "timestamp[us]": MOMENTS,
}
"""Keys that are compared by value and by instant, and the types that spines have them in."""
EPOCHS = {"s": 1, **UNITS}
"""The units of times that are whole numbers, and their ticks in a second."""


@dataclass(frozen=True)
class Case:
    """A retrieval: frames by table name, definitions, what is asked, and the spine."""

    tables: dict[str, pl.DataFrame]
    specs: tuple[EntitySpec | FeatureViewSpec, ...]
    spec: TrainingSetSpec
    spine: pl.DataFrame


_LONG_AGO = -800_000  # hours: so early that key and time fill more than a machine word
_AGES = timedelta(days=3_000_000)
_ENDS = (-17_733_216, -4_000_000, 3_000_000, 69_916_128)
"""Hours to January of the year 1, to years that nanoseconds do not reach, and to the last days of 9999."""


def _tick(step: int, odd: int, dtype: str) -> int:
    """A time: few distinct steps of an hour, sometimes off by a tick or two, seldom long ago."""
    if dtype == "date":
        return EPOCH // 86_400 + step // (6 if abs(step) <= abs(_LONG_AGO) else 24)
    unit = EPOCHS[dtype[6:-1]] if dtype.startswith("epoch") else UNITS[dtype[10:12]]
    return (EPOCH + step * 3_600) * unit + odd


def times(dtype: str, *, nullable: bool, far: bool = False) -> st.SearchStrategy[int | None]:
    """Ticks of a time column; with `far`, also from the ends of the years 1 to 9999, which nanoseconds do not reach."""
    ends = _ENDS if far and not dtype.startswith(("timestamp[ns", "epoch[ns")) else ()
    steps = st.sampled_from([*range(5), *ends, *(step + 1 for step in ends)] if ends else [*range(5)] * 6 + [_LONG_AGO])
    ticks = st.builds(_tick, steps, st.sampled_from([0, 0, 0, 0, 0, 1, -1, 999]), st.just(dtype))
    return st.one_of(ticks, ticks, ticks, st.none()) if nullable else ticks


def keys(dtype: str) -> st.SearchStrategy[object]:
    """Key values, few and sometimes null; whole numbers near each other or far apart."""
    if dtype == "string":
        return st.sampled_from(["a", "a", "a", "", None])
    if dtype.startswith("decimal"):
        scale = int(dtype.rstrip(")").split(",")[1])
        values = ["1", "1", "1", "2", "0", None, *(["1.5", "1.50", "-1.25"] if scale > 1 else [])]
        return st.sampled_from([None if value is None else Decimal(value) for value in values])
    if dtype.startswith("timestamp"):
        return st.sampled_from([None if step is None else _tick(step, 0, dtype) for step in (0, 0, 0, 1, 2, None)])
    far: list[object] = {"int8": [], "uint8": [], "uint64": [2**64 - 1, 2**63]}.get(dtype, [900_000, -2_000_000_000])
    return st.sampled_from([1, 1, 1, 1, 1, 2, 0, None, *far])


_VALUES: dict[str, st.SearchStrategy[object]] = {
    "int64": st.one_of(st.none(), st.integers(0, 3)),
    "float64": st.one_of(st.none(), st.sampled_from([0.0, 1.5, float("nan")])),
    "string": st.sampled_from(["x", "yy", "", None]),
}


@st.composite
def tables(
    draw: st.DrawFn, key_dtypes: list[str], time_dtypes: list[str], epoch_unit: str | None, *, far: bool = False
) -> pl.DataFrame:
    """A feature table: k0.., ts, created, ended, x, y, z. With a unit, times may be whole numbers of it."""
    kinds = st.sampled_from(time_dtypes)
    named = {name: draw(kinds) for name in ("ts", "created", "ended")}
    if epoch_unit is not None:
        whole = draw(st.lists(st.sampled_from(sorted(named)), min_size=1, max_size=3, unique=True))
        named |= dict.fromkeys(whole, f"epoch[{epoch_unit}]")
    dtypes = {f"k{i}": dtype for i, dtype in enumerate(key_dtypes)}
    row = [*(keys(d) for d in dtypes.values()), *(times(named[name], nullable=True, far=far) for name in named)]
    row += [_VALUES["int64"], _VALUES["float64"], _VALUES["string"]]
    dtypes |= named | {"x": "int64", "y": "float64", "z": "string"}
    return _frame(draw(_rows(row, 12)), dtypes)


def _rows(row: list[st.SearchStrategy[Any]], most: int) -> st.SearchStrategy[list[tuple[object, ...]]]:
    """Usually several rows, sometimes few or none."""
    return st.integers(0, 9).flatmap(lambda n: st.lists(st.tuples(*row), min_size=most // 2 if n else 0, max_size=most))


def _frame(rows: list[tuple[object, ...]], dtypes: dict[str, str]) -> pl.DataFrame:
    columns = []
    for index, (name, dtype) in enumerate(dtypes.items()):
        target = polars_dtype("int64" if dtype.startswith("epoch") else dtype)
        physical: Any = pl.Int32 if dtype == "date" else pl.Int64 if dtype.startswith("timestamp") else target
        columns.append(pl.Series(name, [row[index] for row in rows], dtype=physical).cast(target))
    return pl.DataFrame(columns)


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    time_dtypes: list[str] = SPINE_TIMES,
    key_kinds: dict[str, list[str]] = KEYS,
    options: bool = True,
    far: bool = False,
) -> Case:
    """A retrieval over one to three views of one or two tables; table times are of `time_dtypes`.

    With `options`, views may leave out events at the label's own instant, rows may end, times may be whole numbers;
    with `far`, times are of the years 1 to 9999.
    """
    key_dtypes = draw(st.lists(st.sampled_from(sorted(key_kinds)), min_size=1, max_size=2))
    count = draw(st.integers(1, 2))
    units = {f"t{i}": draw(st.sampled_from([None, None, *EPOCHS])) if options else None for i in range(count)}
    named = {name: draw(tables(key_dtypes, time_dtypes, unit, far=far)) for name, unit in units.items()}
    at = datetime.fromtimestamp(EPOCH + 2 * 3_600, UTC)
    known_at: Any = draw(st.sampled_from([None, None, "event_time", at, (at, "event_time")]))
    entity = EntitySpec("e", [f"k{i}" for i in range(len(key_dtypes))])
    views = tuple(
        draw(_views(index, units, named, with_created=known_at not in {None, at}, options=options))
        for index in range(draw(st.integers(1, 3)))
    )
    features = [f"{view.name}:{field.name}" for view in views for field in view.fields]
    spec = TrainingSetSpec(features, full_feature_names=True, known_at=known_at, timestamp_field="at")
    return Case(named, (entity, *views), spec, draw(_spines(key_dtypes, key_kinds, far=far)))


@st.composite
def _views(
    draw: st.DrawFn,
    index: int,
    units: dict[str, str | None],
    named: dict[str, pl.DataFrame],
    *,
    with_created: bool,
    options: bool,
) -> FeatureViewSpec:
    table = draw(st.sampled_from(sorted(units)))
    created = "created" if with_created or draw(st.booleans()) else None
    ended = "ended" if options and draw(st.booleans()) else None
    whole = any(named[table].schema[name].is_integer() for name in ("ts", created, ended) if name)
    unit = units[table] if whole else None
    source = DeltaSource(table, "ts", created, valid_until_field=ended, timestamp_unit=unit)  # type: ignore[arg-type]  # one of its units
    ttl = draw(st.sampled_from([None, timedelta(0), timedelta(hours=1), timedelta(hours=2, microseconds=1), _AGES]))
    fields = draw(st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=3, unique=True))
    entities = draw(st.sampled_from([["e"], ["e"], ["e"], ["e"], []]))
    closed: Any = draw(st.sampled_from(["right", "left"])) if options else "right"
    return FeatureViewSpec(f"v{index}", entities, source, fields, ttl=ttl, closed=closed)


@st.composite
def _spines(
    draw: st.DrawFn, key_dtypes: list[str], key_kinds: dict[str, list[str]], *, far: bool = False
) -> pl.DataFrame:
    given_keys = [draw(st.sampled_from(key_kinds[dtype])) for dtype in key_dtypes]
    at = draw(st.sampled_from(SPINE_TIMES))
    one_time = draw(st.booleans()) and draw(times(at, nullable=False, far=far))
    row = [
        *(keys(d) for d in given_keys),
        st.just(one_time) if one_time else times(at, nullable=False, far=far),
        st.integers(0, 9),
    ]
    dtypes = {f"k{i}": dtype for i, dtype in enumerate(given_keys)} | {"at": at, "label": "int64"}
    return _frame(draw(_rows(row, 10)), dtypes)
