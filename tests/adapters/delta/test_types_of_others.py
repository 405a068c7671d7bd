"""Tables that polars, deltalake and Arrow wrote: the table's schema says what a column is, not a file's footer."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from polars.exceptions import PanicException

from foreset.adapters.parquet.tables import ParquetTables
from foreset.adapters.shared.parquet.scan import FileScan, collected
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec, TrainingSetSpec
from foreset.domain.errors.problem import DataError
from foreset.domain.errors.tables import ColumnUnsupported, UnsupportedTable
from foreset.domain.facts import Column, DataFile
from foreset.entrypoints.datasets.datasets import optimize_table, read_delta_table, write_to_delta_lake
from foreset.entrypoints.store.feature_store import FeatureStore
from tests.types_of_frames import ARROW_TYPES, POLARS_TYPES, ColumnType, frame_of

_AT = [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
_PLAIN = {"k": [1, 2, 3], "at": _AT}


_OF_OTHERS = [
    column
    for column in (*POLARS_TYPES, *ARROW_TYPES)
    if "Object" not in column.name  # polars writes addresses of memory
]


def _written(column: ColumnType, path: Path) -> bool:
    """Write the column with its own library; whether that took it."""
    frame = frame_of(column.make(), _PLAIN)
    try:
        if isinstance(frame, pl.DataFrame):
            frame.write_delta(path)
        else:
            write_deltalake(path, frame)
    except (Exception, PanicException):  # noqa: BLE001  # what these libraries raise
        return False
    return True


@pytest.mark.parametrize("column", _OF_OTHERS, ids=lambda column: column.name)
def test_what_others_wrote_is_read_as_the_table_says_or_refused_alone(column: ColumnType, tmp_path: Path) -> None:
    path = tmp_path / "t"
    if not _written(column, path):
        pytest.skip("its library does not write it")
    assert read_delta_table(path, columns=["k", "at"]).rows() == list(zip(_PLAIN["k"], _AT, strict=True))
    store = FeatureStore.open(tmp_path / "store").unwrap()
    store.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], DeltaSource(str(path), "at"), ["x"])).unwrap()
    labels = pl.DataFrame({"k": [1, 2, 3], "event_timestamp": _AT})
    served = store.training_set(TrainingSetSpec(["v:x"]), labels)
    read = read_delta_table(path)
    assert served.unwrap().frame["x"].to_list() == read["x"].to_list()
    if column.taken:
        assert read["x"].to_list() == list(column.values)


def _embeddings(path: Path, rows: range) -> None:
    frame = pl.DataFrame(
        {
            "k": list(rows),
            "at": [_AT[0]] * len(rows),
            "e": pl.Series([[i, i + 0.5] for i in rows], dtype=pl.Array(pl.Float32, 2)),
            "s": pl.Series([{"a": [i]} for i in rows], dtype=pl.Struct({"a": pl.Array(pl.Int64, 1)})),
        }
    )
    frame.write_delta(path, mode="append")


def _added(key: int, value: float) -> pl.DataFrame:
    added = pl.DataFrame({"k": [key], "at": _AT[:1], "e": [[value]], "s": [{"a": [key]}]})
    return added.cast({"e": pl.List(pl.Float32)})


def test_tables_of_arrays_change_merge_and_are_put_together_and_checked(tmp_path: Path) -> None:
    path, store = tmp_path / "t", FeatureStore.open(tmp_path / "store").unwrap()
    _embeddings(path, range(3))
    _embeddings(path, range(3, 5))
    write_to_delta_lake(_added(9, 0.0), path)
    changes = store.tables.changes(str(path), 0, 1).unwrap().frame
    assert changes["e"].to_list() == [[3.0, 3.5], [4.0, 4.5]]
    write_to_delta_lake(_added(3, 7.0), path, mode="merge", merge_on=["k"])
    optimize_table(path)
    read = read_delta_table(path).sort("k")
    assert read["e"].to_list() == [[0.0, 0.5], [1.0, 1.5], [2.0, 2.5], [7.0], [4.0, 4.5], [0.0]]
    assert [value["a"] for value in read["s"].to_list()] == [[0], [1], [2], [3], [4], [9]]
    assert store.tables.check(str(path), deep=True).unwrap().findings == ()


def test_arrays_are_read_by_position_from_part_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    frame = pl.DataFrame({"e": pl.Series([[i, i] for i in range(10)], dtype=pl.Array(pl.Int64, 2))})
    frame.write_parquet(path)
    file = DataFile(path=str(path), rows=10, size_bytes=1, modified_ms=0, deleted=bytes([0b00100000, 0]))
    scan = FileScan("t", [file], [Column("e", "list<int64>")], part=(4, 3))
    assert collected(scan).unwrap()["e"].to_list() == [[4, 4], [6, 6]]


def test_a_column_of_another_type_is_refused_alone_and_not_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "t"
    write_deltalake(path, pa.table({"k": [1], "x": [1], "y": [2]}))
    (file,) = path.glob("*.parquet")
    pl.DataFrame({"k": [1], "x": ["one"], "y": [2]}).write_parquet(file)
    assert read_delta_table(path, columns=["y", "k"]).rows() == [(2, 1)]
    with pytest.raises(DataError) as caught:
        read_delta_table(path)
    assert isinstance(caught.value.error, ColumnUnsupported)
    assert str(caught.value) == (
        f"The column 'x' of the table '{path}' is not supported: it is int64 in the table's schema, and the file "
        f"{file} holds it as string. The other columns can be read. Next: leave the column out, or write it as int64 "
        "with an engine that reads the file (for example Spark)."
    )


def test_parquet_files_of_any_types_are_a_table_of_plain_ones(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    columns = {
        "k": pa.array([1]),
        "enum": pl.Series(["a"], dtype=pl.Enum(["a"])).to_arrow(),
        "json": pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{}"])),
        "shape": pa.array([[1.0, 2.0]], pa.list_(pa.float32(), 2)),
        "view": pa.array([[1]], pa.list_view(pa.int64())),
        "wide": pa.array([None], pa.decimal256(50, 2)),
    }
    pq.write_table(pa.table(columns), path)
    snapshot = ParquetTables().observe(str(path)).unwrap()
    known = ("k", "enum", "json", "shape")
    assert pl.DataFrame(snapshot.read(known).unwrap()).rows() == [(1, "a", "{}", [1.0, 2.0])]
    for unread in ("view", "wide"):
        assert isinstance(snapshot.read((unread,)).failure(), UnsupportedTable)
