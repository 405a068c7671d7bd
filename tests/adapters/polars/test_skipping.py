"""Files that cannot hold a row that serves are not opened: they may even be gone."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSet, TrainingSetSpec

DAY = 86_400_000_000
US = pl.Datetime("us", "UTC")


def at(day: int) -> datetime:
    return datetime(2024, 1, day, tzinfo=UTC)


def rows(day: int, key: object = 1, x: float = 1.0) -> pl.DataFrame:
    return pl.DataFrame({"k": [key], "t": [at(day)], "x": [x]}).with_columns(pl.col("t").cast(US))


def made(folder: Path, spine: pl.DataFrame, **view: Any) -> TrainingSet:
    store = FeatureStore.open(folder / "store", data_dir=folder).unwrap()
    source = DeltaSource("table", "t")
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], source, ["x"], **view)).unwrap()
    return store.training_set(TrainingSetSpec(["v:x"]), spine).unwrap()


def write(folder: Path, *frames: pl.DataFrame, partition_by: tuple[str, ...] = ()) -> None:
    store = FeatureStore.open(folder / "store", data_dir=folder).unwrap()
    for frame in frames:
        store.adapters.tables.write("table", frame, partition_by=partition_by).unwrap()


def lose(folder: Path, *, keeping: int) -> None:
    """Remove all data files but the one of the commit `keeping`, by the order of their writing."""
    files = sorted((folder / "table").rglob("*.parquet"), key=lambda file: file.stat().st_mtime_ns)
    for number, file in enumerate(files):
        if number != keeping:
            file.unlink()


def spine(key: object, day: int) -> pl.DataFrame:
    return pl.DataFrame({"k": [key], "event_timestamp": [at(day)]})


def test_files_too_late_and_too_old_are_skipped(tmp_path: Path) -> None:
    write(tmp_path, rows(1), rows(11, x=2.0), rows(21))
    lose(tmp_path, keeping=1)
    training_set = made(tmp_path, spine(1, 12), ttl=at(3) - at(1))
    assert training_set.frame["x"].to_list() == [2.0]
    assert training_set.measured.work.tables[0].files == 1
    assert "reads 1 file, 1 rows" in training_set.explain()
    assert "skips 2 files" in training_set.explain()


def test_files_of_other_keys_are_skipped(tmp_path: Path) -> None:
    write(tmp_path, rows(1, 10), rows(1, 20, 2.0), rows(1, 30))
    lose(tmp_path, keeping=1)
    assert made(tmp_path, spine(20, 2)).frame["x"].to_list() == [2.0]


@pytest.mark.parametrize(("key", "other"), [("b", "a"), (date(2024, 1, 2), date(2024, 1, 1)), (2, 1)])
def test_partitions_of_other_keys_are_skipped(tmp_path: Path, key: object, other: object) -> None:
    write(tmp_path, rows(1, other), rows(1, key, 2.0), partition_by=("k",))
    lose(tmp_path, keeping=1)
    assert made(tmp_path, spine(key, 2)).frame["x"].to_list() == [2.0]


def test_days_are_bounded_by_days(tmp_path: Path) -> None:
    days = [rows(day, x=float(day)).with_columns(pl.col("t").dt.date()) for day in (1, 2, 3)]
    write(tmp_path, *days)
    lose(tmp_path, keeping=1)
    noon = spine(1, 2).with_columns(pl.col("event_timestamp") + pl.duration(hours=12))
    assert made(tmp_path, noon, ttl=at(2) - at(1)).frame["x"].to_list() == [2.0]


def test_a_file_whose_range_the_log_does_not_know_is_read(tmp_path: Path) -> None:
    write(tmp_path, rows(1).with_columns(t=pl.lit(None, US)), rows(1, x=2.0))
    assert made(tmp_path, spine(1, 2)).frame["x"].to_list() == [2.0]
