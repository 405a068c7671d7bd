"""Spines: what is taken and what is not."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.polars.frames.fingerprint import fingerprint
from foreset.adapters.polars.frames.spines import PolarsSpines
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.errors.retrieval import SpineUnreadable
from foreset.domain.errors.tables import TableMissing, VersionMissing
from foreset.domain.facts import KeyFacts

FRAME = pl.DataFrame(
    {"k": [1, 2, None], "t": [datetime(2024, 5, d, tzinfo=UTC) for d in (1, 2, 3)], "s": ["a", "b", None]}
)
TAKES = (
    "Next: give a polars, pandas or pyarrow frame of plain columns, the path of a Parquet or CSV file or of a Delta "
)


def taken(spines: PolarsSpines, spine: object) -> pl.DataFrame:
    return pl.DataFrame(spines.read(spine).unwrap().frame)


def refused(spines: PolarsSpines, spine: object) -> str:
    error = spines.read(spine).failure()
    assert isinstance(error, SpineUnreadable)
    assert TAKES in str(error)
    return str(error)


# === Frames ===


@pytest.mark.parametrize(
    "spine",
    [FRAME, FRAME.lazy(), FRAME.to_arrow(), FRAME.to_arrow().to_reader(), FRAME.rechunk().to_arrow().to_batches()[0]],
    ids=["polars", "lazy", "pyarrow table", "reader", "record batch"],
)
def test_frames_of_every_kind_are_the_same_spine(spines: PolarsSpines, spine: object) -> None:
    assert taken(spines, spine).equals(FRAME)
    assert fingerprint(taken(spines, FRAME.to_arrow())) == fingerprint(FRAME)


def test_a_pandas_frame_with_its_own_types_and_an_index(spines: PolarsSpines) -> None:
    whole = FRAME.to_pandas(use_pyarrow_extension_array=True).set_index(pd.Index([7, 8, 9]))
    assert taken(spines, whole).equals(FRAME)
    gaps = taken(spines, pd.DataFrame({"k": [1.0, None], "c": pd.Categorical(["a", "b"])}))
    assert gaps.schema["k"] == pl.Float64
    assert gaps["c"].cast(pl.String).to_list() == ["a", "b"]


@pytest.mark.parametrize(
    ("spine", "problem"),
    [
        (FRAME["k"], "(polars Series) cannot be read: it is a single column"),
        (pd.Series([1]), "(pandas Series) cannot be read: it is a single column"),
        (pa.array([1]), "(pyarrow Int64Array) cannot be read"),
        (pa.chunked_array([[1]]), "(pyarrow ChunkedArray) cannot be read"),
        ([1, 2], "(builtins list) cannot be read: it is not a frame"),
        ({"k": [1]}, "(builtins dict) cannot be read: it is not a frame"),
        (None, "(builtins NoneType) cannot be read: it is not a frame"),
        (3, "(builtins int) cannot be read: it is not a frame"),
        (pl.DataFrame, "(builtins type) cannot be read"),
        (pl.LazyFrame({"a": [1]}).select("zz"), 'ColumnNotFoundError: unable to find column "zz"'),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_what_is_no_frame_is_refused(spines: PolarsSpines, spine: object, problem: str) -> None:
    assert problem in refused(spines, spine)


@pytest.mark.parametrize(
    ("spine", "problem", "remedy"),
    [
        (pd.DataFrame({"o": [1, "a"]}), "its column 'o' has values of several types", "give its values one type"),
        (pd.DataFrame({"o": [object()]}), "its column 'o' has <object", "give its values one type"),
        (pd.DataFrame({"c": [1j]}), "its column 'c' is complex128", "give its parts as two columns"),
        (
            pd.DataFrame({"p": pd.period_range("2024", periods=1, freq="D")}),
            "its column 'p' is period[D]",
            "frame['p'].dt.to_timestamp()",
        ),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "2 columns of the name 'a'", "rename or drop all but one"),
        (pa.table([[1], [2]], names=["a", "a"]), "2 columns of the name 'a'", "rename or drop all but one"),
        (pl.DataFrame({"o": [object()]}), "its column 'o' is object, which no table holds", "give 'o' a type"),
        (pl.DataFrame({"o": [{}]}), "its column 'o' is struct<>, which no table holds", "cast the column 'o'"),
    ],
)
def test_what_has_a_column_that_no_table_holds_is_refused(
    spines: PolarsSpines, spine: object, problem: str, remedy: str
) -> None:
    error = spines.read(spine).failure()
    assert isinstance(error, SpineUnreadable)
    says, _, then = str(error).partition(" Next: ")
    assert problem in says
    assert remedy in then


def test_a_path_as_text_or_path(spines: PolarsSpines, tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "s.parquet")
    assert taken(spines, tmp_path / "s.parquet").equals(FRAME)
    assert taken(spines, str(tmp_path / "s.parquet")).equals(FRAME)


# === References ===


def test_a_csv_file_with_its_times(spines: PolarsSpines, tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("k,t,d\n1,2024-05-01T00:00:00Z,2024-05-01\n2,2024-05-02T00:00:00Z,2024-05-02\n")
    frame = taken(spines, SpineReference(str(path), filter="k > 1"))
    assert frame.to_dicts() == [{"k": 2, "t": datetime(2024, 5, 2, tzinfo=UTC), "d": date(2024, 5, 2)}]


@pytest.mark.parametrize("name", ["s.parquet", "s.csv"])
def test_only_a_delta_table_has_versions(spines: PolarsSpines, tmp_path: Path, name: str) -> None:
    FRAME.write_parquet(tmp_path / name)
    assert "only a Delta table has versions" in refused(spines, SpineReference(str(tmp_path / name), version=0))


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("s.csv", None, "No such file"),
        ("s.parquet", None, "No such file"),
        ("s.parquet", b"", "s.parquet cannot be read: "),
        ("s.parquet", b"PAR1" + b"\0" * 50 + b"PAR1", "s.parquet cannot be read: "),
    ],
)
def test_a_broken_file(spines: PolarsSpines, tmp_path: Path, name: str, content: bytes | None, problem: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert problem in refused(spines, str(path))


def test_a_delta_table_is_read_at_its_newest_version_and_says_which(spines: PolarsSpines, tables: DeltaTables) -> None:
    tables.write("flights", FRAME).unwrap()
    tables.write("flights", FRAME.head(1)).unwrap()
    read = spines.read(SpineReference("flights", filter="k = 1")).unwrap()
    assert pl.DataFrame(read.frame).height == 2
    assert read.reference == SpineReference("flights", version=1, filter="k = 1")
    assert taken(spines, SpineReference("flights", version=0)).equals(FRAME)
    assert isinstance(spines.read(SpineReference("flights", version=9)).failure(), VersionMissing)
    assert isinstance(spines.read(SpineReference("flights", version=-1)).failure(), VersionMissing)
    assert isinstance(spines.read("trains").failure(), TableMissing)


def test_a_delta_table_whose_folder_ends_like_a_file(spines: PolarsSpines, tables: DeltaTables, tmp_path: Path) -> None:
    tables.write("flights", FRAME).unwrap()
    tables.write("flights", FRAME.head(1), "overwrite").unwrap()
    shutil.copytree(tmp_path / "lake" / "flights", tmp_path / "flights.parquet")
    assert taken(spines, str(tmp_path / "flights.parquet")).equals(FRAME.head(1))


@pytest.mark.parametrize("condition", ["k", "nope = 1", "k = ", "", "k = 'a'", "k = 1; DROP", "SELECT 1"])
def test_a_filter_that_is_no_condition(spines: PolarsSpines, tables: DeltaTables, condition: str) -> None:
    tables.write("flights", FRAME).unwrap()
    text = refused(spines, SpineReference("flights", filter=condition))
    assert f"The spine flights cannot be read: the filter {condition!r} is no condition on it (" in text


# === Facts ===


def test_what_planning_is_told(spines: PolarsSpines) -> None:
    facts = spines.profile(FRAME, "t", [("k",), ("k", "s"), ("missing",)])
    assert (facts.rows, facts.null_times, facts.one_time) == (3, 0, False)
    assert facts.time_range == (1714521600_000000, 1714694400_000000)
    assert facts.keys == (
        KeyFacts(("k",), 3, 1, ((1, 2),), (None,)),
        KeyFacts(("k", "s"), 3, 1, ((1, 2), None), (None, None)),
    )
    told = spines.profile(FRAME, "t", [("k", "s")], ["s"]).keys[0]
    assert told.texts == (None, tuple(sorted(FRAME["s"].drop_nulls().unique())))


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_the_range_of_times_holds_every_time(spines: PolarsSpines, unit: Any) -> None:
    ticks = pl.DataFrame({"t": pl.Series([-1, 1], dtype=pl.Datetime(unit))})
    expected = {"ms": (-1000, 1000), "us": (-1, 1), "ns": (-1, 1)}
    assert spines.profile(ticks, "t", []).time_range == expected[unit]


def test_spines_without_rows_times_or_the_time_column(spines: PolarsSpines) -> None:
    assert spines.profile(FRAME.clear(), "t", [("k",)]).time_range is None
    assert spines.profile(FRAME, "nope", []).time_range is None
    assert spines.profile(FRAME, "s", []).time_range is None
    nulls = spines.profile(FRAME.with_columns(t=pl.Series([FRAME["t"][0], None, None])), "t", [])
    assert (nulls.null_times, nulls.first_null_time) == (2, 1)
    dates = pl.DataFrame({"t": [date(1970, 1, 2)]})
    assert spines.profile(dates, "t", []).time_range == (86_400_000_000, 86_400_000_000)
