"""A checkpoint that is far larger in memory than one of its size can be is not read, and the bound is named."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.pipeline import is_successful

from foreset.adapters.delta.log import expansion
from foreset.adapters.delta.log.checkpoints import read_checkpoint
from foreset.adapters.delta.log.expansion import _running_count, _texts, check_expansion
from foreset.adapters.delta.log.folders import Folder, folder
from foreset.adapters.delta.log.log import open_log
from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.tables import TableUnreadable

LONG = 10_000
MB = 1_000_000


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that is soon reached."""
    monkeypatch.setattr(expansion, "_LEAST_BYTES", 2 * MB)
    monkeypatch.setattr(expansion, "_EXPANDED", 1)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    write_deltalake(str(tmp_path), pl.DataFrame({"k": [1]}).to_arrow())
    DeltaTable(str(tmp_path)).create_checkpoint()
    [path] = (tmp_path / "_delta_log").glob("*.checkpoint.parquet")
    return path


def repeat(path: Path, times: int) -> None:
    """The checkpoint with its rows so many times."""
    some = pa.concat_tables([pq.read_table(path)] * min(times, 1_000)).combine_chunks()
    pq.write_table(pa.concat_tables([some] * max(times // 1_000, 1)), path, compression="zstd", row_group_size=1 << 30)


@pytest.mark.parametrize("times", [1, 1_000])
def test_a_checkpoint_within_the_bound_is_read(tmp_path: Path, checkpoint: Path, times: int) -> None:
    repeat(checkpoint, times)
    log = open_log(folder(str(tmp_path), None))
    assert read_checkpoint(log, log.checkpoints[0]).problem is None


@pytest.mark.parametrize("times", [100_000])
def test_a_checkpoint_that_expands_past_the_bound_is_not_read(tmp_path: Path, checkpoint: Path, times: int) -> None:
    repeat(checkpoint, times)
    log = open_log(folder(str(tmp_path), None))
    read = read_checkpoint(log, log.checkpoints[0])
    assert read.state is None
    assert read.problem is not None
    assert "at most 256.0 MB are read" in read.problem


def with_texts(path: Path, kind: str, rows: int, **options: Any) -> None:
    """The checkpoint with an action more, so many times, and a long text in each of a kind."""
    held = pq.read_table(path)
    add = next(row["add"] for row in held.to_pylist() if row["add"])
    more = {
        "path": {"path": "p" * LONG},
        "stats": {"stats": "s" * LONG},
        "partition value": {"partitionValues": [("c", "v" * LONG)]},
        "values of a map": {"partitionValues": [(f"c{n}", "v" * (LONG // 10)) for n in range(10)]},
    }[kind]
    added = [*held.to_pylist(), *[{"add": add | more}] * rows]
    pq.write_table(pa.Table.from_pylist(added, held.schema), path, compression="zstd", **options)


DELTA = {
    "use_dictionary": False,
    "column_encoding": {
        "add.path": "DELTA_BYTE_ARRAY",
        "add.stats": "DELTA_BYTE_ARRAY",
        "add.partitionValues.key_value.value": "DELTA_BYTE_ARRAY",
    },
}
WRITTEN: dict[str, dict[str, Any]] = {
    "as a dictionary": {"dictionary_pagesize_limit": 1 << 30},
    "with common beginnings": DELTA,
    "as they are": {"use_dictionary": False},
    "in pages of version 2": {"data_page_version": "2.0", "dictionary_pagesize_limit": 1 << 30},
}


@pytest.mark.parametrize("kind", ["path", "stats", "partition value", "values of a map"])
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("written", WRITTEN)
def test_texts_that_repeat_are_counted_as_decoded(tmp_path: Path, checkpoint: Path, kind: str, written: str) -> None:
    with_texts(checkpoint, kind, 300, **WRITTEN[written])
    error = DeltaTables(tmp_path.parent).observe(str(tmp_path)).failure()
    assert isinstance(error, TableUnreadable)
    assert f"the checkpoint {checkpoint.name} cannot be read: its" in error.message
    assert "at most 2.0 MB are read" in error.message
    log = open_log(folder(str(tmp_path), None))
    assert "at most 2.0 MB are read" in (read_checkpoint(log, log.checkpoints[0]).problem or "")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("written", WRITTEN)
def test_texts_that_repeat_within_the_bound_are_read(tmp_path: Path, checkpoint: Path, written: str) -> None:
    with_texts(checkpoint, "stats", 150, **WRITTEN[written])
    check_expansion(folder(str(tmp_path), None), [f"_delta_log/{checkpoint.name}"])


@pytest.mark.usefixtures("small")
def test_a_footer_that_names_other_encodings_than_its_pages_have_is_refused(tmp_path: Path, checkpoint: Path) -> None:
    with_texts(checkpoint, "values of a map", 300, **DELTA)
    content, prefixed, plain = checkpoint.read_bytes(), b"\x07", b"\x00"
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    encodings = b"\x19" + b"\x25" + b"\x06" + bytes([2 * prefixed[0]])  # a list of two: RLE and DELTA_BYTE_ARRAY
    assert encodings in content[start:]
    lying = content[start:].replace(encodings, encodings[:-1] + plain)
    checkpoint.write_bytes(content[:start] + lying)
    error = DeltaTables(tmp_path.parent).observe(str(tmp_path)).failure()
    assert "cannot be read: the encodings in its footer are not those of its pages" in error.message


@settings(max_examples=20, deadline=None)
@given(
    texts=st.lists(st.none() | st.sampled_from(["", "a", "ab" * 40, "c" * 500]) | st.text(max_size=3), max_size=60),
    written=st.sampled_from(sorted(WRITTEN)),
    group=st.sampled_from([1, 7, 100]),
    nested=st.sampled_from(["struct", "map"]),
)
def test_the_count_is_that_of_the_decoded_texts(texts: list[str | None], written: str, group: int, nested: str) -> None:
    rows: list[Any] = [{"path": t} for t in texts] if nested == "struct" else [{"m": [("k", t)] * 2} for t in texts]
    dtype = pa.struct([("path", pa.string())] if nested == "struct" else [("m", pa.map_(pa.string(), pa.string()))])
    file = BytesIO()
    pq.write_table(pa.table({"add": pa.array(rows, dtype)}), file, row_group_size=group, **WRITTEN[written])
    footer = pq.read_metadata(pa.BufferReader(file.getvalue()))
    one = Mock(spec=Folder, open=lambda _: pa.BufferReader(file.getvalue()))
    name = "add.path" if nested == "struct" else "add.m.key_value.value"
    index = next(n for n in range(footer.num_columns) if footer.schema.column(n).path == name)
    counted = sum(_running_count(one, held, 1 << 30) for held in _texts("c.parquet", footer) if held.index == index)
    assert counted == sum(len((text or "").encode()) for text in texts) * (1 if nested == "struct" else 2)


@pytest.mark.usefixtures("small")
def test_the_parts_of_a_checkpoint_are_bounded_together(tmp_path: Path, checkpoint: Path) -> None:
    repeat(checkpoint, 1_000)
    content = checkpoint.read_bytes()
    for part in range(1, 9):
        checkpoint.with_name(f"{0:020}.checkpoint.{part:010}.{8:010}.parquet").write_bytes(content)
    checkpoint.unlink()
    error = DeltaTables(tmp_path.parent).observe(str(tmp_path)).failure()
    assert "at most 2.0 MB are read" in error.message


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("suffix", ["parquet", "json"])
def test_the_sidecars_of_a_checkpoint_are_bounded(tmp_path: Path, checkpoint: Path, suffix: str) -> None:
    repeat(checkpoint, 5_000)
    sidecars = checkpoint.parent / "_sidecars"
    sidecars.mkdir()
    checkpoint.rename(sidecars / "s.parquet")
    row = {"path": "s.parquet", "sizeInBytes": 1, "modificationTime": 1}
    main = checkpoint.with_name(f"{0:020}.checkpoint.{uuid4()}.{suffix}")
    if suffix == "parquet":
        pq.write_table(pa.table({"sidecar": [row]}), main)
    else:
        main.write_bytes(json.dumps({"sidecar": row}).encode())
    error = DeltaTables(tmp_path.parent).observe(str(tmp_path)).failure()
    assert f"the checkpoint {main.name} cannot be read: its" in error.message
    assert "at most 2.0 MB are read" in error.message


def test_a_sidecar_that_is_elsewhere_is_refused(tmp_path: Path, checkpoint: Path) -> None:
    row = {"path": "../../../s.parquet", "sizeInBytes": 1, "modificationTime": 1}
    main = checkpoint.with_name(f"{0:020}.checkpoint.{uuid4()}.json")
    main.write_bytes(json.dumps({"sidecar": row}).encode())
    checkpoint.unlink()
    error = DeltaTables(tmp_path.parent).observe(str(tmp_path)).failure()
    assert "it names the sidecar file '../../../s.parquet', which is not in _delta_log/_sidecars" in error.message


@pytest.mark.usefixtures("small")
def test_a_checkpoint_that_comes_while_the_table_is_open_is_bounded(tmp_path: Path, checkpoint: Path) -> None:
    tables = DeltaTables(tmp_path.parent)
    assert is_successful(tables.observe(str(tmp_path)))
    write_deltalake(str(tmp_path), pl.DataFrame({"k": [2]}).to_arrow(), mode="append")
    repeat(checkpoint, 5_000)
    checkpoint.rename(checkpoint.with_name(f"{1:020}.checkpoint.parquet"))
    error = tables.observe(str(tmp_path)).failure()
    assert "at most 2.0 MB are read" in error.message


def test_a_table_with_such_a_checkpoint_is_not_opened(tmp_path: Path, checkpoint: Path) -> None:
    repeat(checkpoint, 100_000)
    error = DeltaTables(tmp_path.parent).observe(str(tmp_path)).failure()
    assert isinstance(error, TableUnreadable)
    assert f"the checkpoint {checkpoint.name} cannot be read: its" in error.message
    assert "at most 256.0 MB are read" in error.message
