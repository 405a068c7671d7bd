"""Random retrievals: small tables and spines, dense with ties, nulls, duplicates and odd times."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from foreset.adapters.arrow_types import polars_dtype
from foreset.domain.spec import DeltaSource, EntitySpec, FeatureViewSpec, TrainingSetSpec

EPOCH = 1_704_067_200  # 2024-01-01T00:00:00Z, in seconds
UNITS = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
SPINE_TIMES = [f"timestamp[{unit}{zone}]" for unit in UNITS for zone in ("", ", UTC", ", Asia/Tokyo")] + ["date"]
DELTA_TIMES = ["timestamp[us, UTC]", "timestamp[us]"]
KEYS = {"int64": ["int64", "int32", "int8"], "int32": ["int64", "int32"], "string": ["string"]}


@dataclass(frozen=True)
class Case:
    """A retrieval: frames by table name, definitions, what is asked, and the spine."""

    tables: dict[str, pl.DataFrame]
    specs: tuple[EntitySpec | FeatureViewSpec, ...]
    spec: TrainingSetSpec
    spine: pl.DataFrame


_LONG_AGO = -800_000  # hours: so early that key and time fill more than a machine word


def _tick(step: int, odd: int, dtype: str) -> int:
    """A time: few distinct steps of an hour, sometimes off by a tick or two, seldom long ago."""
    if dtype == "date":
        return EPOCH // 86_400 + step // 6
    unit = UNITS[dtype[10:12]]
    return (EPOCH + step * 3_600) * unit + odd


def times(dtype: str, *, nullable: bool) -> st.SearchStrategy[int | None]:
    """Ticks of a time column."""
    steps = st.sampled_from([0, 1, 2, 3, 4] * 6 + [_LONG_AGO])
    ticks = st.builds(_tick, steps, st.sampled_from([0, 0, 0, 0, 0, 1, -1, 999]), st.just(dtype))
    return st.one_of(ticks, ticks, ticks, st.none()) if nullable else ticks


def keys(dtype: str) -> st.SearchStrategy[object]:
    """Key values, few and sometimes null; whole numbers near each other or far apart."""
    if dtype == "string":
        return st.sampled_from(["a", "a", "a", "", None])
    far: list[object] = [] if dtype == "int8" else [900_000, -2_000_000_000]
    return st.sampled_from([1, 1, 1, 1, 1, 2, 0, None, *far])


_VALUES: dict[str, st.SearchStrategy[object]] = {
    "int64": st.one_of(st.none(), st.integers(0, 3)),
    "float64": st.one_of(st.none(), st.sampled_from([0.0, 1.5, float("nan")])),
    "string": st.sampled_from(["x", "yy", "", None]),
}


@st.composite
def tables(draw: st.DrawFn, key_dtypes: list[str], time_dtypes: list[str]) -> pl.DataFrame:
    """A feature table: k0.., ts, created, x, y, z."""
    ts, created = draw(st.sampled_from(time_dtypes)), draw(st.sampled_from(time_dtypes))
    dtypes = {f"k{i}": dtype for i, dtype in enumerate(key_dtypes)}
    row = [*(keys(d) for d in dtypes.values()), times(ts, nullable=True), times(created, nullable=True)]
    row += [_VALUES["int64"], _VALUES["float64"], _VALUES["string"]]
    dtypes |= {"ts": ts, "created": created, "x": "int64", "y": "float64", "z": "string"}
    return _frame(draw(_rows(row, 12)), dtypes)


def _rows(row: list[st.SearchStrategy[Any]], most: int) -> st.SearchStrategy[list[tuple[object, ...]]]:
    """Usually several rows, sometimes few or none."""
    return st.integers(0, 9).flatmap(lambda n: st.lists(st.tuples(*row), min_size=most // 2 if n else 0, max_size=most))


def _frame(rows: list[tuple[object, ...]], dtypes: dict[str, str]) -> pl.DataFrame:
    columns = []
    for index, (name, dtype) in enumerate(dtypes.items()):
        target = polars_dtype(dtype)
        physical = pl.Int32 if dtype == "date" else pl.Int64 if dtype.startswith("timestamp") else target
        columns.append(pl.Series(name, [row[index] for row in rows], dtype=physical).cast(target))
    return pl.DataFrame(columns)


@st.composite
def cases(draw: st.DrawFn, *, time_dtypes: list[str] = SPINE_TIMES) -> Case:
    """A retrieval over one to three views of one or two tables; table times are of `time_dtypes`."""
    key_dtypes = draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=2))
    named = {f"t{i}": draw(tables(key_dtypes, time_dtypes)) for i in range(draw(st.integers(1, 2)))}
    at = datetime.fromtimestamp(EPOCH + 2 * 3_600, UTC)
    known_at = draw(st.sampled_from([None, None, "event_time", at, (at, "event_time")]))
    entity = EntitySpec("e", [f"k{i}" for i in range(len(key_dtypes))])
    views = tuple(
        draw(_views(index, named, with_created=known_at not in {None, at})) for index in range(draw(st.integers(1, 3)))
    )
    features = [f"{view.name}:{field.name}" for view in views for field in view.fields]
    spec = TrainingSetSpec(features, full_feature_names=True, known_at=known_at, timestamp_field="at")
    return Case(named, (entity, *views), spec, draw(_spines(key_dtypes)))


@st.composite
def _views(draw: st.DrawFn, index: int, named: dict[str, pl.DataFrame], *, with_created: bool) -> FeatureViewSpec:
    created = "created" if with_created or draw(st.booleans()) else None
    source = DeltaSource(draw(st.sampled_from(sorted(named))), "ts", created)
    ttl = draw(st.sampled_from([None, timedelta(0), timedelta(hours=1), timedelta(hours=2, microseconds=1)]))
    fields = draw(st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=3, unique=True))
    entities = draw(st.sampled_from([["e"], ["e"], ["e"], ["e"], []]))
    return FeatureViewSpec(f"v{index}", entities, source, fields, ttl=ttl)


@st.composite
def _spines(draw: st.DrawFn, key_dtypes: list[str]) -> pl.DataFrame:
    given_keys = [draw(st.sampled_from(KEYS[dtype])) for dtype in key_dtypes]
    at = draw(st.sampled_from(SPINE_TIMES))
    one_time = draw(st.booleans()) and draw(times(at, nullable=False))
    row = [
        *(keys(d) for d in given_keys),
        st.just(one_time) if one_time else times(at, nullable=False),
        st.integers(0, 9),
    ]
    dtypes = {f"k{i}": dtype for i, dtype in enumerate(given_keys)} | {"at": at, "label": "int64"}
    return _frame(draw(_rows(row, 10)), dtypes)
