"""What other readers get wrong without a word, Foreset reads right."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import polars as pl
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaProtocolError

from foreset import FeatureStore, SpineReference, get_table_info, load_data, read_delta_table, write_to_delta_lake
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec, TrainingSetSpec
from tests.handmade import handmade

DAY = datetime(2024, 1, 1, tzinfo=UTC)
OPEN_END = datetime(9999, 12, 31, tzinfo=UTC)
LONG_AGO = datetime(1066, 10, 14, tzinfo=UTC)
FIRST = pl.DataFrame(
    {"city": ["Rome", "Oslo"], "at": [DAY, DAY], "mm": [1.5, None], "n": [1, 2], "names": [["a"], None]}
)
SECOND = FIRST.with_columns(city=pl.Series(["Bern", "Kyiv"]), mm=pl.Series([2.5, 3.5]))
ROWS = pl.concat([FIRST, SECOND])
Mapping = Literal["id", "name"]


def served(path: Path, folder: Path, feature: str, keys: list[str]) -> list[object]:
    """A feature of some cities, by a training set."""
    store = FeatureStore.open(folder / "store").unwrap()
    view = FeatureViewSpec("rain", ["city"], DeltaSource(str(path), "at"), [feature])
    store.register(EntitySpec("city", ["city"]), view).unwrap()
    spine = pl.DataFrame({"city": keys, "event_timestamp": [OPEN_END] * len(keys)})
    return store.training_set(TrainingSetSpec([f"rain:{feature}"]), spine).unwrap().frame[feature].to_list()


@pytest.mark.parametrize("mapping", ["id", "name"])
@pytest.mark.parametrize("features", [(), ("columnMapping",)], ids=["legacy", "by feature"])
def test_mapped_columns_have_their_values(tmp_path: Path, mapping: Mapping, features: tuple[str, ...]) -> None:
    path = handmade(tmp_path / "t", [FIRST, SECOND], mapping=mapping, features=features)
    assert read_delta_table(path).equals(ROWS)
    assert served(path, tmp_path, "mm", ["Kyiv", "Rome", "Oslo"]) == [3.5, 1.5, None]
    assert load_data(path, target="mm")[0]["n"].to_list() == [1, 2, 1, 2]


def test_mapped_columns_are_null_for_deltalakes_pyarrow_reader(tmp_path: Path) -> None:
    path = handmade(tmp_path / "t", [FIRST], mapping="name")
    assert DeltaTable(path).to_pyarrow_table()["city"].to_pylist() == [None, None]
    path = handmade(tmp_path / "u", [FIRST], mapping="name", features=("columnMapping",))
    with pytest.raises(DeltaProtocolError):
        DeltaTable(path).to_pyarrow_table()


def test_mapped_columns_of_files_with_other_names_are_null_for_deltalakes_scan(tmp_path: Path) -> None:
    path = handmade(tmp_path / "t", [FIRST], mapping="id")
    assert pl.DataFrame(DeltaTable(path).scan())["city"].to_list() == [None, None]


@pytest.mark.parametrize("mapping", ["id", "name"])
@pytest.mark.parametrize("features", [(), ("columnMapping",)], ids=["legacy", "by feature"])
def test_partitions_of_a_mapped_table_have_their_values(
    tmp_path: Path, mapping: Mapping, features: tuple[str, ...]
) -> None:
    files = [frame.with_columns(part=pl.lit(part)) for part, frame in {"a": FIRST, "b c": SECOND}.items()]
    path = handmade(tmp_path / "t", files, mapping=mapping, features=features, partition_by=["part"])
    assert read_delta_table(path).equals(pl.concat(files))
    assert served(path, tmp_path, "part", ["Kyiv", "Rome"]) == ["b c", "a"]


@pytest.mark.parametrize("time", [OPEN_END, LONG_AGO])
@pytest.mark.parametrize("zone", ["UTC", None])
def test_times_of_96_bits_are_what_was_written(tmp_path: Path, time: datetime, zone: str | None) -> None:
    frame = pl.DataFrame({"city": ["Rome"], "until": [time]}).with_columns(pl.col("until").dt.replace_time_zone(zone))
    path = handmade(tmp_path / "t", [frame], int96=True)
    assert read_delta_table(path).equals(frame)


def test_a_training_set_serves_rows_by_times_of_96_bits(tmp_path: Path) -> None:
    frame = pl.DataFrame({"city": ["Rome", "Rome"], "at": [LONG_AGO, DAY], "until": [DAY, OPEN_END]})
    path = handmade(tmp_path / "t", [frame], int96=True)
    assert served(path, tmp_path, "until", ["Rome"]) == [OPEN_END]


def test_times_of_96_bits_are_others_for_deltalake_and_polars(tmp_path: Path) -> None:
    path = handmade(tmp_path / "t", [pl.DataFrame({"until": [OPEN_END]})], int96=True)
    assert pl.DataFrame(DeltaTable(path).scan())["until"].dt.year().to_list() == [1816]
    assert pl.read_delta(str(path))["until"].dt.year().to_list() == [2262]


@pytest.mark.parametrize("vectors_in", ["log", "file"])
def test_deleted_rows_are_neither_read_nor_counted(tmp_path: Path, vectors_in: Literal["log", "file"]) -> None:
    path = handmade(tmp_path / "t", [FIRST, SECOND], deletion_vectors={0: [1], 1: [0]}, vectors_in=vectors_in)
    assert get_table_info(path).num_rows == 2
    assert read_delta_table(path).equals(ROWS.gather([0, 3]))
    assert served(path, tmp_path, "mm", ["Rome", "Oslo", "Bern", "Kyiv"]) == [1.5, None, None, 3.5]
    assert DeltaTable(path).count() == 4  # the others


@pytest.mark.parametrize(
    ("condition", "rows"), [("= 22222.22222", [1]), ("> 22222.22222", [2]), ("< 22222.22223", [1])]
)
def test_conditions_on_decimals_are_exact(tmp_path: Path, condition: str, rows: list[int]) -> None:
    amounts = pl.Series([Decimal("22222.22222"), Decimal("22222.22223")], dtype=pl.Decimal(10, 5))
    frame = pl.DataFrame({"city": ["Rome", "Rome"], "n": [1, 2], "amount": amounts, "event_timestamp": [DAY, DAY]})
    write_to_delta_lake(frame, tmp_path / "labels")
    path = handmade(tmp_path / "t", [FIRST])
    store = FeatureStore.open(tmp_path / "store").unwrap()
    store.register(
        EntitySpec("city", ["city"]), FeatureViewSpec("rain", ["city"], DeltaSource(str(path), "at"), ["mm"])
    ).unwrap()
    spine = SpineReference(str(tmp_path / "labels"), filter=f"amount {condition}")
    assert store.training_set(TrainingSetSpec(["rain:mm"]), spine).unwrap().frame["n"].to_list() == rows


def test_conditions_on_decimals_lose_rows_in_deltalakes_scan(tmp_path: Path) -> None:
    amounts = pl.Series([Decimal("22222.22222")], dtype=pl.Decimal(10, 5))
    path = handmade(tmp_path / "t", [pl.DataFrame({"amount": amounts})])
    assert pl.DataFrame(DeltaTable(path).scan(predicate="amount = 22222.22222")).is_empty()
