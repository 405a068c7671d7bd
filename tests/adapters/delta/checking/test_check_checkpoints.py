"""Damage to a table's checkpoints and checksums is found and named."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.table_health.findings import TableFinding

Found = Callable[..., list[TableFinding]]
CommitFile = Callable[[str, int], Path]
ROWS = pl.DataFrame({"k": [1, 2], "x": [0.5, None]})


@pytest.fixture
def table(tables: DeltaTables) -> str:
    """A table of four commits."""
    for _ in range(4):
        tables.write("t", ROWS).unwrap()
    return "t"


def test_a_last_checkpoint_that_points_to_nothing(found: Found, table: str, tmp_path: Path) -> None:
    hint = tmp_path / table / "_delta_log" / "_last_checkpoint"
    hint.write_text('{"version": 7, "size": 1}')
    [dangling] = found(table)
    assert dangling.severity == "warning"
    assert dangling.what.startswith("_delta_log/_last_checkpoint names a checkpoint of version 7, which is not there;")
    hint.write_text('{"versi')
    assert found(table)[0].what.startswith("_delta_log/_last_checkpoint cannot be read (Input data was truncated);")
    DeltaTable(str(tmp_path / table)).create_checkpoint()
    assert found(table) == []


def test_a_broken_checkpoint_is_an_error_where_nothing_stands_in_for_it(
    found: Found, table: str, tmp_path: Path, commit_file: CommitFile
) -> None:
    DeltaTable(str(tmp_path / table)).create_checkpoint()
    checkpoint = tmp_path / table / "_delta_log" / f"{3:020}.checkpoint.parquet"
    checkpoint.write_bytes(checkpoint.read_bytes()[:-10])
    [broken] = found(table)
    assert broken.severity == "warning"
    assert broken.what.startswith(
        "The checkpoint 00000000000000000003.checkpoint.parquet of version 3 cannot be read: "
    )
    assert broken.what.endswith("(the commits since version 0 can be read instead).")
    commit_file(table, 0).unlink()
    first = found(table)[0]
    assert first.severity == "error"
    assert first.what.endswith(", and nothing stands in for it.")


def _in_parts(log: Path, version: int) -> list[Path]:
    """A checkpoint of deltalake, cut into two parts."""
    whole = log / f"{version:020}.checkpoint.parquet"
    table = pq.read_table(whole)
    parts = [log / f"{version:020}.checkpoint.{part:010}.{2:010}.parquet" for part in (1, 2)]
    pq.write_table(table.slice(0, 3), parts[0])
    pq.write_table(table.slice(3), parts[1])
    whole.unlink()
    return parts


def test_a_checkpoint_of_several_parts(found: Found, table: str, tmp_path: Path, commit_file: CommitFile) -> None:
    DeltaTable(str(tmp_path / table)).create_checkpoint()
    _, second = _in_parts(tmp_path / table / "_delta_log", 3)
    for version in range(4):
        commit_file(table, version).unlink()
    assert found(table, deep=True) == []
    second.unlink()
    [incomplete] = found(table)[:1]
    assert incomplete.severity == "error"
    assert incomplete.what == (
        f"The checkpoint {3:020}.checkpoint.0000000001.0000000002.parquet of version 3 lacks "
        f"{3:020}.checkpoint.0000000002.0000000002.parquet, and nothing stands in for it."
    )


def _with_sidecar(log: Path, version: int, kind: str) -> Path:
    """A checkpoint of deltalake as one of v2, whose files stand in a sidecar."""
    whole = log / f"{version:020}.checkpoint.parquet"
    actions = [{k: v for k, v in row.items() if v is not None} for row in pq.read_table(whole).to_pylist()]
    name = "0a8d73ee-aa83-49d0-9583-c99db75b89b2"
    sidecar = log / "_sidecars" / f"{name}.parquet"
    sidecar.parent.mkdir(exist_ok=True)
    table = pq.read_table(whole)
    pq.write_table(table.filter(table["add"].combine_chunks().is_valid()), sidecar)
    told = {"path": sidecar.name, "sizeInBytes": sidecar.stat().st_size, "modificationTime": 0}
    own = [a for a in actions if "add" not in a] + [{"sidecar": told}, {"checkpointMetadata": {"version": version}}]
    for action in own:
        if "metaData" in action:
            action["metaData"]["configuration"] = dict(action["metaData"]["configuration"])
            action["metaData"]["format"]["options"] = {}
    top = log / f"{version:020}.checkpoint.{name}.{kind}"
    top.write_text("\n".join(map(json.dumps, own)))
    whole.unlink()
    return sidecar


def test_a_checkpoint_with_sidecars(found: Found, table: str, tmp_path: Path, commit_file: CommitFile) -> None:
    DeltaTable(str(tmp_path / table)).create_checkpoint()
    sidecar = _with_sidecar(tmp_path / table / "_delta_log", 3, "json")
    for version in range(4):
        commit_file(table, version).unlink()
    assert found(table, deep=True) == []
    sidecar.unlink()
    incomplete = found(table)[0]
    assert incomplete.severity == "error"
    assert f"of version 3 lacks {sidecar.name}, and nothing stands in for it" in incomplete.what


def test_a_checkpoint_that_forgot_a_file(found: Found, table: str, tmp_path: Path) -> None:
    DeltaTable(str(tmp_path / table)).create_checkpoint()
    checkpoint = tmp_path / table / "_delta_log" / f"{3:020}.checkpoint.parquet"
    held = pq.read_table(checkpoint)
    pq.write_table(held.slice(0, held.num_rows - 1), checkpoint)
    [differs] = found(table)
    assert differs.severity == "error"
    assert differs.what.startswith(
        f"The checkpoint {checkpoint.name} and the commits up to version 3 tell of different"
    )
    assert "Only in the commits: part-" in differs.what
    assert differs.what.endswith("Only in the checkpoint: none.")


def test_a_checksum_that_counts_other_files(found: Found, table: str, tmp_path: Path) -> None:
    size = sum(path.stat().st_size for path in (tmp_path / table).glob("*.parquet"))
    checksum = tmp_path / table / "_delta_log" / f"{3:020}.crc"
    checksum.write_text(json.dumps({"numFiles": 4, "tableSizeBytes": size}))
    assert found(table) == []
    checksum.write_text(json.dumps({"numFiles": 5, "tableSizeBytes": size}))
    [differs] = found(table)
    assert differs.what == f"{checksum.name} counts 5 files at version 3, and the log 4."
    checksum.write_text(json.dumps({"numFiles": 4, "tableSizeBytes": size + 1}))
    assert found(table)[0].what == f"{checksum.name} counts {size + 1:,} bytes at version 3, and the log {size:,}."
    checksum.write_text("malformed")
    assert found(table) == []
