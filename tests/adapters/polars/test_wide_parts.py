"""Parts that are cut smaller because their values are wide give the same training set as parts that are not."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSet, TrainingSetSpec
from foreset import write_to_delta_lake as write
from foreset.adapters.polars.matching import executor
from foreset.adapters.polars.matching.gathered import runs
from foreset.adapters.polars.matching.widths import frame_bytes, value_bytes

TIME = pl.Datetime("us", "UTC")
TEXTS = st.one_of(st.none(), st.text(max_size=300), st.integers(0, 3_000).map(lambda size: "é" * size))
WIDE: dict[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    "text": (pl.String(), TEXTS),
    "binary": (pl.Binary(), st.one_of(st.none(), st.binary(max_size=3_000))),
    "list": (pl.List(pl.Float64), st.one_of(st.none(), st.lists(st.one_of(st.none(), st.floats()), max_size=200))),
    "texts": (pl.List(pl.String), st.one_of(st.none(), st.lists(TEXTS, max_size=5))),
    "struct": (
        pl.Struct({"a": pl.String, "b": pl.List(pl.Int64)}),
        st.one_of(st.none(), st.fixed_dictionaries({"a": TEXTS, "b": st.lists(st.integers(0, 9), max_size=9)})),
    ),
}


@st.composite
def columns(draw: st.DrawFn) -> pl.Series:
    dtype, values = WIDE[draw(st.sampled_from(sorted(WIDE)))]
    return pl.Series("v", draw(st.lists(values, min_size=1, max_size=20)), dtype=dtype)


@st.composite
def keys(draw: st.DrawFn, rows: int) -> list[int]:
    """Of a spine: some keys have no row."""
    return draw(st.lists(st.integers(0, rows), min_size=0, max_size=60))


def made(folder: Path, name: str, spine: pl.DataFrame) -> TrainingSet:
    with FeatureStore.open(folder / name, data_dir=folder).unwrap() as store:
        source = DeltaSource(str(folder / "t"), "ts")
        store.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], source, ["v", "n"])).unwrap()
        return store.training_set(TrainingSetSpec(["v:*"]), spine).unwrap()


@given(columns(), st.data())
@settings(max_examples=25)
def test_training_sets_cut_in_small_parts_are_the_same(values: pl.Series, data: st.DataObject) -> None:
    rows = values.len()
    spine = pl.DataFrame({"k": data.draw(keys(rows))}, schema={"k": pl.Int64})
    spine = spine.with_columns(pl.lit(1).cast(TIME).alias("event_timestamp"))
    table = pl.DataFrame({"k": range(rows), "ts": pl.Series([0] * rows).cast(TIME), "v": values, "n": range(rows)})
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patched:
        write(table, Path(place) / "t")
        whole = made(Path(place), "whole", spine)
        patched.setattr(executor, "held_bytes", lambda: 1 << 62)  # so that values have the least room alone
        patched.setattr(executor, "_LEAST_ROOM", data.draw(st.integers(20, 20_000), label="room"))
        patched.setattr(executor, "_ONE_ROW", 1e-9)
        cut = made(Path(place), "cut", spine)
        assert (cut.id, cut.receipt.fingerprint) == (whole.id, whole.receipt.fingerprint)
        parts = list(cut.batches())
        assert pl.concat(map(pl.DataFrame, parts)).equals(whole.frame)


@given(st.lists(st.integers(0, 100), max_size=50), st.integers(1, 200))
def test_runs_are_all_positions_in_their_order_and_take_no_more_than_they_may(sizes: list[int], most: int) -> None:
    found = list(runs(np.array(sizes, dtype=np.int64), most))
    assert [position for start, stop in found for position in range(start, stop)] == list(range(len(sizes)))
    assert all(stop - start == 1 or sum(sizes[start:stop]) <= most for start, stop in found)


@given(columns())
def test_widths_are_about_what_values_take_by_themselves(column: pl.Series) -> None:
    for row, taken in enumerate(value_bytes(column).tolist()):
        alone = pl.Series([column[row]], dtype=column.dtype).to_arrow().nbytes
        assert alone / 3 - 64 <= taken <= alone * 3 + 64
    assert frame_bytes(column.to_frame()).tolist() == value_bytes(column).tolist()
