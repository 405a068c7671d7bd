"""What a library raised is the cause of what Foreset raises."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml
from deltalake.exceptions import DeltaError
from polars.exceptions import ComputeError, PanicException

from foreset import FeatureStore, ForesetError, read_delta_table, write_to_delta_lake
from foreset.adapters.sklearn.saving import load_model
from foreset.adapters.sqlite import SqliteEventStore
from foreset.domain.event_log.receipts import TableWritten
from foreset.entrypoints.spec_files.documents import documents

FRAME = pl.DataFrame({"k": [1, 2], "x": [0.5, None]})
EVENT = TableWritten(table="t", version=0, mode="append", rows=2)


def written(path: Path) -> Path:
    write_to_delta_lake(FRAME, path)
    return path


def truncated_file(folder: Path) -> None:
    path = written(folder / "t")
    next(path.glob("*.parquet")).write_bytes(b"")
    read_delta_table(path)


def undecodable_file(folder: Path) -> None:
    frame = pl.DataFrame({"k": [1, 2] * 50})
    write_to_delta_lake(frame, folder / "t")
    [file] = (folder / "t").glob("*.parquet")
    pq.write_table(frame.to_arrow(), file, compression="none")
    chunk = pq.read_metadata(file).row_group(0).column(0)
    content = bytearray(file.read_bytes())
    bit_width = chunk.dictionary_page_offset + chunk.total_compressed_size - 15  # then 100 bits and their length
    assert content[bit_width] == 1
    content[bit_width] = 79
    file.write_bytes(content)
    read_delta_table(folder / "t")


def broken_commit(folder: Path) -> None:
    path = written(folder / "t")
    next(path.glob("_delta_log/*.json")).write_text("{")
    read_delta_table(path)


def file_in_the_way(folder: Path) -> None:
    (folder / "t").write_text("")
    write_to_delta_lake(FRAME, folder / "t" / "u")


def logged(folder: Path) -> Path:
    with closing(SqliteEventStore.open(folder, timeout=0.01).unwrap()) as log:
        log.append("tables", (EVENT,), expected=None, at=datetime.now(UTC), actor="ann").unwrap()
    return folder / "events.db"


def locked_log(folder: Path) -> None:
    with closing(sqlite3.connect(logged(folder))) as other:
        other.execute("BEGIN EXCLUSIVE")
        logged(folder)


def torn_log(folder: Path) -> None:
    log = logged(folder)
    log.write_bytes(log.read_bytes()[:4096])
    FeatureStore.open(folder).unwrap().log.events().unwrap()


def unreadable_spec(folder: Path) -> None:
    (folder / "spec.yaml").write_text("a: [1")
    documents(folder / "spec.yaml").unwrap()


def missing_model(folder: Path) -> None:
    load_model(folder / "model.skops").unwrap()


CAUSES: dict[Callable[[Path], None], type[BaseException]] = {
    truncated_file: ComputeError,
    undecodable_file: PanicException,
    broken_commit: DeltaError,
    file_in_the_way: OSError,
    locked_log: sqlite3.OperationalError,
    torn_log: sqlite3.DatabaseError,
    unreadable_spec: yaml.MarkedYAMLError,
    missing_model: FileNotFoundError,
}


@pytest.mark.parametrize("provoke", CAUSES, ids=lambda case: case.__name__)
def test_the_cause_is_what_the_library_raised(provoke: Callable[[Path], None], tmp_path: Path) -> None:
    with pytest.raises(ForesetError, match="Next: ") as caught:
        provoke(tmp_path)
    assert isinstance(caught.value.__cause__, CAUSES[provoke])
    assert caught.value.error.cause is caught.value.__cause__
