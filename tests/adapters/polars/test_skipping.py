"""Files that cannot hold a row that serves are not opened: they may even be gone."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
import pytest
from msgspec.structs import replace

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureViewSpec,
    ForesetError,
    TrainingSet,
    TrainingSetSpec,
)
from foreset.adapters.polars.matching import pieces
from foreset.adapters.shared.parquet.writer import ParquetFileWriter
from foreset.domain.facts import Column, DataFile
from foreset.domain.planning.nodes import Bounds, Scan
from foreset.domain.tables.write_options import WriteOptions

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
        store.adapters.tables.write("table", frame, options=WriteOptions(partition_by=partition_by)).unwrap()


def lose(folder: Path, *, keeping: int) -> None:
    """Remove all data files but the one of the commit `keeping`."""
    for number, commit in enumerate(sorted((folder / "table" / "_delta_log").glob("*.json"))):
        actions = [json.loads(line) for line in commit.read_text().splitlines()]
        for path in [unquote(action["add"]["path"]) for action in actions if "add" in action]:
            if number != keeping:
                (folder / "table" / path).unlink()


def spine(key: object, day: int) -> pl.DataFrame:
    return pl.DataFrame({"k": [key], "event_timestamp": [at(day)]})


def test_files_too_late_and_too_old_are_skipped(tmp_path: Path) -> None:
    write(tmp_path, rows(1), rows(11, x=2.0), rows(21))
    lose(tmp_path, keeping=1)
    training_set = made(tmp_path, spine(1, 12), ttl=at(3) - at(1))
    assert training_set.frame["x"].to_list() == [2.0]
    assert training_set.measured.work.tables[0].files == 1
    assert "reads 1 file, 1 row," in training_set.explain()
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


# === Row groups of large files ===


@pytest.fixture
def large(tmp_path: Path) -> DataFile:
    """A file of three row groups: an hour, a key and a day each."""
    frames = [
        pl.DataFrame({"t": [at(day)], "k": [day * 10], "d": [at(day).date()], "s": [f"{day}"]}).with_columns(
            pl.col("t").cast(US)
        )
        for day in (1, 2, 3)
    ]
    writer = ParquetFileWriter(tmp_path / "large.parquet")
    for frame in frames:
        writer.write(frame)
    writer.close()
    return DataFile(path=str(writer.path), rows=3, size_bytes=writer.size_bytes, modified_ms=0)


def pieces_of(file: DataFile, most_bytes: int, bounds: tuple[Bounds, ...] = ()) -> list[pieces.Piece]:
    scan = Scan(
        table="trips", table_id="1", version=0, columns=("k",), files=1, rows=file.rows, size_bytes=1, bounds=bounds
    )
    return pieces.pieces_of(scan, [file], [Column("k", "int64")], {}, most_bytes)


def micros(day: int) -> int:
    return int(at(day).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((), [(0, 3)]),
        ((Bounds(column="t", is_time=True, least=micros(2)),), [(1, 2)]),
        ((Bounds(column="t", is_time=True, greatest=micros(2)),), [(0, 2)]),
        ((Bounds(column="t", is_time=True, greatest=micros(2) - 1),), [(0, 1)]),
        ((Bounds(column="k", least=20, greatest=20), Bounds(column="t", is_time=True, least=micros(1))), [(1, 1)]),
        ((Bounds(column="k", least=10, greatest=30),), [(0, 3)]),
        ((Bounds(column="d", least=19724, greatest=19724),), [(1, 1)]),
        ((Bounds(column="k", least=40),), []),
        ((Bounds(column="s", values=("2",)), Bounds(column="gone", least=1)), [(0, 3)]),
    ],
)
def test_row_groups_outside_the_bounds_are_skipped(
    large: DataFile, monkeypatch: pytest.MonkeyPatch, bounds: tuple[Bounds, ...], expected: list[tuple[int, int]]
) -> None:
    monkeypatch.setattr(pieces, "_LARGE", 1)
    made = pieces_of(large, 10**6, bounds)
    assert [(piece.start, piece.rows) for piece in made] == expected


def test_pieces_take_as_many_row_groups_as_fit(large: DataFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_LARGE", 1)
    made = pieces_of(large, 16)
    assert [(piece.start, piece.rows, piece.whole) for piece in made] == [(0, 2, False), (2, 1, False)]
    whole = pieces_of(large, 10**6)
    assert [(piece.start, piece.rows, piece.whole) for piece in whole] == [(0, 3, True)]


def test_a_large_file_whose_footer_is_broken_is_told(large: DataFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_LARGE", 1)
    Path(large.path).write_bytes(b"PAR1 and no more PAR2")
    with pytest.raises(ForesetError, match="The table 'trips' cannot be read: Parquet magic bytes not found") as caught:
        pieces_of(large, 10**6)
    assert large.path in str(caught.value)


def test_a_large_file_in_anothers_place_is_told(large: DataFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "_LARGE", 1)
    with pytest.raises(ForesetError, match="it has 3 rows, and its log says 4"):
        pieces_of(replace(large, rows=4), 10**6)
