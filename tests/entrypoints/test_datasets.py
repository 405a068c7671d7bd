# X is the field's own name

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from foreset import (
    ForesetError,
    generate,
    get_delta_path,
    get_table_info,
    load_data,
    read_delta_table,
    write_to_delta_lake,
)

FRAME = pl.DataFrame({"k": [2, 1], "v": [0.5, None], "name": ["b", "a"]})


@pytest.fixture(autouse=True)
def _in_workspace(workspace: Path) -> None:
    assert workspace.exists()


def test_the_path_of_a_dataset_is_under_the_working_directory_or_where_the_environment_says(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert get_delta_path("rain") == workspace / "data" / "delta_lake" / "rain"
    monkeypatch.setenv("FORESET_DATA_DIR", str(workspace / "lake"))
    assert get_delta_path("rain") == workspace / "lake" / "rain"


@pytest.mark.parametrize("name", ["../secret", "a/b", "", ".hidden", "/etc", "a\\b", "x y"])
def test_a_name_that_is_a_path_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"is not a dataset name.*Next: give the name alone"):
        get_delta_path(name)


@pytest.mark.parametrize(
    "frame",
    [FRAME, FRAME.lazy(), FRAME.to_pandas(), FRAME.to_arrow(), FRAME.to_pandas().set_index(pd.Index([7, 8]))],
    ids=["polars", "lazy", "pandas", "pyarrow", "pandas with an index"],
)
def test_frames_of_every_kind_are_written_as_they_are(frame: object) -> None:
    info = write_to_delta_lake(frame, "t")
    assert (info.version, info.num_rows, info.columns) == (0, 2, {"k": "int64", "v": "float64", "name": "string"})
    assert read_delta_table("t").equals(FRAME)


def test_what_is_no_frame_is_refused_and_nothing_is_written() -> None:
    for frame in (pa.array([1, 2]), pd.Series([1]), 3):
        with pytest.raises(ForesetError, match=r"(cannot be taken: |TypeError: )it is (not a frame|a single column)"):
            write_to_delta_lake(frame, "t")
    assert not get_delta_path("t").exists()


def test_appends_overwrites_and_versions() -> None:
    write_to_delta_lake(FRAME, "t")
    write_to_delta_lake(FRAME.head(1), "t")
    info = write_to_delta_lake(FRAME.tail(1), "t", mode="overwrite")
    assert (info.version, info.num_rows) == (2, 1)
    assert read_delta_table("t", version=1)["k"].to_list() == [2, 1, 2]
    assert read_delta_table("t")["k"].to_list() == [1]
    with pytest.raises(ForesetError, match="has no version 3: its log holds versions 0 to 2"):
        read_delta_table("t", version=3)
    with pytest.raises(ForesetError, match="exists, and mode='error' only makes new tables"):
        write_to_delta_lake(FRAME, "t", mode="error")


def test_a_timestamp_selects_the_version_that_was_current() -> None:
    first = write_to_delta_lake(FRAME, "t").modified
    second = write_to_delta_lake(FRAME, "t").modified
    assert first is not None
    assert second is not None
    assert first.tzinfo is UTC
    assert read_delta_table("t", timestamp=first).height == 2
    assert read_delta_table("t", timestamp=second.replace(tzinfo=None)).height == 4
    assert read_delta_table("t", timestamp=second.isoformat()).height == 4
    with pytest.raises(ForesetError, match="did not exist: version 0, its first, was committed at"):
        read_delta_table("t", timestamp=first - timedelta(days=1))
    with pytest.raises(ForesetError, match="is after the last commit"):
        read_delta_table("t", timestamp=datetime.now(UTC) + timedelta(days=1))


def test_version_and_timestamp_together_are_refused() -> None:
    write_to_delta_lake(FRAME, "t")
    with pytest.raises(ValueError, match=r"version and timestamp are both given. Next: give one of them"):
        read_delta_table("t", version=0, timestamp=datetime.now(UTC))
    with pytest.raises(ValueError, match=r"timestamp is 'yesterday'. Next: give a datetime"):
        read_delta_table("t", timestamp="yesterday")


def test_columns_are_read_in_the_order_in_which_they_are_named() -> None:
    write_to_delta_lake(FRAME, "t")
    assert read_delta_table("t", columns=["name", "k"]).columns == ["name", "k"]
    assert read_delta_table("t", columns="v").columns == ["v"]
    with pytest.raises(ValueError, match=r"the table has no column 'w'. Next: name some of k, v, name"):
        read_delta_table("t", columns=["w"])
    for columns in ([], ["k", "k"]):
        with pytest.raises(ValueError, match="columns is empty or names one twice"):
            read_delta_table("t", columns=columns)


def test_a_frame_that_does_not_fit_is_refused_unless_the_schema_is_replaced_in_so_many_words() -> None:
    write_to_delta_lake(FRAME, "t")
    other = FRAME.with_columns(extra=pl.lit(1))
    with pytest.raises(ForesetError, match=r"the table has no column extra\. Nothing was written"):
        write_to_delta_lake(other, "t")
    with pytest.raises(ValueError, match="schema_mode is 'overwrite' and mode is 'append'"):
        write_to_delta_lake(other, "t", schema_mode="overwrite")
    with pytest.raises(
        ValueError, match=r"mode is 'upsert'. Next: give one of 'append', 'overwrite', 'error', 'merge'"
    ):
        write_to_delta_lake(other, "t", mode="upsert")  # type: ignore[arg-type]  # wrong or loose on purpose
    info = write_to_delta_lake(other, "t", mode="overwrite", schema_mode="overwrite")
    assert list(info.columns) == ["k", "v", "name", "extra"]


def test_table_info_says_what_the_log_says(workspace: Path) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    info = write_to_delta_lake(FRAME, "t", partition_by="name")
    assert info == get_table_info(workspace / "data" / "delta_lake" / "t")
    assert info.path == str(workspace / "data" / "delta_lake" / "t")
    assert (info.num_files, info.partition_columns) == (2, ("name",))
    assert info.size_bytes == sum(f.stat().st_size for f in Path(info.path).rglob("*.parquet"))
    assert info.modified is not None
    assert before <= info.modified <= datetime.now(UTC)


def test_paths_are_tables_too(workspace: Path) -> None:
    write_to_delta_lake(FRAME, workspace / "elsewhere")
    assert read_delta_table("./elsewhere").equals(FRAME)
    assert read_delta_table(Path("elsewhere")).equals(FRAME)
    assert not (workspace / "data").exists()


def test_a_missing_table_names_the_next_step() -> None:
    with pytest.raises(
        ForesetError, match=r"not found: 'rain' would be at .*Next: correct the name, or write the table with write_to"
    ):
        read_delta_table("rain")
    with pytest.raises(ForesetError, match="Next: make the sample with `foreset generate classification_data`"):
        load_data("classification_data")


def test_a_folder_without_a_log_is_no_table(workspace: Path) -> None:
    (workspace / "plain").mkdir()
    with pytest.raises(ForesetError, match="is not a Delta table"):
        get_table_info(workspace / "plain")


def test_load_data_gives_the_numbers_and_booleans_beside_target_index_and_times() -> None:
    frame = FRAME.with_columns(
        sample_index=pl.Series([0, 1]),
        ok=pl.Series([True, False]),
        target=pl.Series([1.5, 2.5]),
        at=datetime(2024, 1, 1, tzinfo=UTC),
    )
    write_to_delta_lake(frame, "t")
    X, y = load_data("t")
    assert list(X.columns) == ["k", "v", "ok"]
    assert (X.shape, y.tolist(), y.name) == ((2, 3), [1.5, 2.5], "target")
    X, y = load_data("t", target="ok")
    assert list(X.columns) == ["k", "v", "target"]
    with pytest.raises(ValueError, match=r"the table has no column 'label'. Next: name the target"):
        load_data("t", target="label")


def test_load_data_needs_a_feature() -> None:
    write_to_delta_lake(pl.DataFrame({"name": ["a"], "target": [1]}), "t")
    with pytest.raises(ValueError, match="no column of numbers or booleans beside the target"):
        load_data("t")


@pytest.mark.parametrize(
    ("name", "features", "dtype"), [("classification_data", 20, "int64"), ("regression_data", 15, "float64")]
)
def test_samples_are_as_the_guide_says(name: str, features: int, dtype: str) -> None:
    info = generate(name)
    names = [f"feature_{i}" for i in range(features)]
    assert list(info.columns) == ["sample_index", *names, "target", "ingested_at"]
    assert (info.num_rows, info.columns["feature_0"], info.columns["target"]) == (1000, "float64", dtype)
    X, y = load_data(name)
    assert (X.shape, y.shape) == ((1000, features), (1000,))
    table = read_delta_table(name)
    assert table["sample_index"].to_list() == list(range(1000))
    assert table["ingested_at"].n_unique() == 1000
    assert datetime(2025, 9, 1, tzinfo=UTC) == table["ingested_at"].min()
    assert table["ingested_at"].max() < datetime(2025, 10, 1, tzinfo=UTC)  # type: ignore[operator]  # wrong or loose on purpose


def test_a_sample_made_again_is_a_new_version_of_the_same_rows() -> None:
    generate("classification_data", n_samples=10)
    first = read_delta_table("classification_data")
    info = generate("classification_data", n_samples=10)
    assert (info.version, info.num_rows) == (1, 10)
    assert read_delta_table("classification_data").equals(first)
    generate("classification_data", n_samples=10, seed=1)
    assert not read_delta_table("classification_data").equals(first)


@pytest.mark.parametrize("features", [1, 2, 3, 5, 33])
def test_samples_of_any_width(features: int) -> None:
    for name in ("classification_data", "regression_data"):
        info = generate(name, n_samples=50, n_features=features)
        assert len(info.columns) == features + 3


def test_other_samples_are_refused_with_the_two_names() -> None:
    with pytest.raises(ValueError, match=r"Did you mean regression_data\? The samples are: classification_data, regr"):
        generate("regresion_data")
    with pytest.raises(ValueError, match="n_samples is 1 and n_features is 20"):
        generate("classification_data", n_samples=1)
