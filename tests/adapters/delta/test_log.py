"""A raw log is read as deltalake reads it, checkpoint or not, and what cannot be read says so."""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from foreset.adapters.delta.log.checkpoints import live_files, newest_state
from foreset.adapters.delta.log.folders import folder
from foreset.adapters.delta.log.log import DeltaLog, commit_of, open_log, read_commits
from foreset.domain.tables.delta_log import recorded_rows
from tests.handmade import handmade

ROWS = pl.DataFrame({"k": [1, 2], "p": ["a b", None], "x": [0.5, None]})


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A partitioned table of six versions, the last but one of which is a compaction."""
    place = tmp_path / "t"
    for _ in range(4):
        write_deltalake(str(place), ROWS, mode="append", partition_by=["p"])
    DeltaTable(str(place)).optimize.compact()
    write_deltalake(str(place), ROWS, mode="append")
    return place


def log_of(place: Path | str) -> DeltaLog:
    return open_log(folder(str(place)))


def told(place: Path, version: int | None = None) -> list[tuple[str, int, dict[str, str | None], int | None]]:
    """Files by this reader."""
    state = live_files(log_of(place), version)
    files = [(add.path, add.size or 0, add.partition_values, recorded_rows(add)) for add in state.files.values()]
    return sorted(files, key=str)


def expected(place: Path, version: int | None = None) -> list[tuple[str, int, dict[str, str | None], int | None]]:
    """Files by deltalake."""
    actions = pl.DataFrame(DeltaTable(str(place), version=version).get_add_actions(flatten=True))
    columns = actions.select("path", "size_bytes", "partition.p", "num_records")
    return sorted(((path, size, {"p": p}, rows) for path, size, p, rows in columns.iter_rows()), key=str)


def _classic(place: Path, version: int) -> None:
    DeltaTable(str(place), version=version).create_checkpoint()


def _in_parts(place: Path, version: int) -> None:
    _classic(place, version)
    whole = place / "_delta_log" / f"{version:020}.checkpoint.parquet"
    table = pq.read_table(whole)
    whole.unlink()
    for part in (1, 2, 3):
        name = f"{version:020}.checkpoint.{part:010}.{3:010}.parquet"
        pq.write_table(table.slice((part - 1) * 4, 4 if part < 3 else None), whole.parent / name, row_group_size=2)


def _with_sidecars(place: Path, version: int) -> None:
    """Of v2, in Parquet: two sidecars, one of which has the statistics as columns alone."""
    _classic(place, version)
    whole = place / "_delta_log" / f"{version:020}.checkpoint.parquet"
    table = pq.read_table(whole)
    adds = table.filter(table["add"].combine_chunks().is_valid()).select(["add"])
    (whole.parent / "_sidecars").mkdir()
    names = []
    for number, part in enumerate((adds.slice(0, 3), adds.slice(3))):
        names.append(f"{uuid4()}.parquet")
        adds_of = part.to_pylist()
        for row in adds_of if number else []:
            row["add"]["stats_parsed"] = {"numRecords": json.loads(row["add"].pop("stats"))["numRecords"]}
        for row in adds_of:
            row["add"] = {name: value for name, value in row["add"].items() if value is not None}
            row["add"].pop("partitionValues_parsed", None)
        values = pa.array([row["add"].pop("partitionValues") for row in adds_of], pa.map_(pa.string(), pa.string()))
        fields = pa.array([row["add"] for row in adds_of])
        columns = [*fields.flatten(), values]
        whole_add = pa.StructArray.from_arrays(columns, names=[*(f.name for f in fields.type), "partitionValues"])
        pq.write_table(pa.table({"add": whole_add}), whole.parent / "_sidecars" / names[-1])
    rows = table.select(["protocol", "metaData"]).to_pylist()
    [protocol] = [row["protocol"] for row in rows if row["protocol"]]
    [metadata] = [row["metaData"] for row in rows if row["metaData"]]
    kept = {name: metadata[name] for name in ("id", "schemaString", "partitionColumns")}
    top = [{"protocol": protocol}, {"metaData": kept}, *({"sidecar": {"path": n, "sizeInBytes": 1}} for n in names)]
    whole.unlink()
    columns = {kind: [action.get(kind) for action in top] for kind in ("protocol", "metaData", "sidecar")}
    pq.write_table(pa.table(columns), whole.parent / f"{version:020}.checkpoint.{uuid4()}.parquet")


CHECKPOINTS: dict[str, Callable[[Path, int], None]] = {
    "none": lambda _, __: None,
    "classic": _classic,
    "in parts": _in_parts,
    "with sidecars": _with_sidecars,
}


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_the_files_are_those_that_deltalake_gives(place: Path, checkpoint: str) -> None:
    wanted = {version: expected(place, version) for version in range(6)}
    CHECKPOINTS[checkpoint](place, 3)
    assert {version: told(place, version) for version in range(6)} == wanted
    assert told(place) == wanted[5]
    if checkpoint != "none":
        for version in range(4):
            (place / "_delta_log" / f"{version:020}.json").unlink()
        assert told(place) == wanted[5]
        with pytest.raises(FileNotFoundError, match="the commit of version 0 is missing from its log"):
            live_files(log_of(place), 2)


def test_protocol_metadata_and_removed_files_come_from_a_checkpoint_too(place: Path) -> None:
    before = live_files(log_of(place))
    DeltaTable(str(place)).create_checkpoint()
    state, met = newest_state(log_of(place))
    assert state is not None
    assert [read.problem for read in met] == [None]
    assert (state.protocol, state.metadata) == (before.protocol, before.metadata)
    assert state.files.keys() == before.files.keys()
    assert state.removed.keys() == before.removed.keys()
    assert all(remove.deletion_timestamp for remove in state.removed.values())


def test_deletion_vectors_come_from_a_checkpoint_too(tmp_path: Path) -> None:
    place = handmade(tmp_path / "t", [ROWS.drop("p")], deletion_vectors={0: [1]})
    before = live_files(log_of(place))
    DeltaTable(str(place)).create_checkpoint()
    state, _ = newest_state(log_of(place))
    assert state is not None
    assert state.files == before.files
    [add] = state.files.values()
    assert add.deletion_vector is not None
    assert add.deletion_vector.cardinality == 1


def test_commits_are_read_in_their_order_with_what_their_writers_said(place: Path) -> None:
    for uri in (place, place.as_uri()):
        commits = list(read_commits(log_of(uri), 3, 4))
        assert [(commit.version, commit.operation) for commit in commits] == [(3, "WRITE"), (4, "OPTIMIZE")]
        assert [len(commit.adds) for commit in commits] == [2, 2]
        assert [len(commit.removes) for commit in commits] == [0, 8]
        assert all(commit.time_ms for commit in commits)
    assert [commit.version for commit in read_commits(log_of(place))] == list(range(6))


def test_a_broken_commit_stops_a_replay_that_needs_it(place: Path) -> None:
    (place / "_delta_log" / f"{2:020}.json").write_text('{"add": 1}')
    with pytest.raises(OSError, match=r"the commit 00000000000000000002.json of its log cannot be read: Expected"):
        live_files(log_of(place))
    assert live_files(log_of(place), 1).version == 1
    (place / "_delta_log" / f"{2:020}.json").write_text("")
    with pytest.raises(OSError, match="cannot be read: it is empty"):
        live_files(log_of(place))


@pytest.mark.parametrize(
    ("content", "actions", "broken"),
    [
        (b'{"add":{"path":"a"}}\n\n{"remove":{"path":"b"}}\n', 2, []),
        (b'{"txn":{"appId":"a"}}\r\n{"future":[1]}', 2, []),
        (b'{"add":{"path":"a"}}\n{"add":\n{"remove":{"path":"b"}}', 2, [2]),
        (b"\0\0\0", 0, []),
        (b"\xff\n{}", 1, [1]),
    ],
)
def test_lines_are_read_one_by_one_where_some_are_broken(content: bytes, actions: int, broken: list[int]) -> None:
    commit = commit_of(7, "7.json", content)
    assert (len(commit.actions), [line.line for line in commit.broken]) == (actions, broken)


def test_names_that_are_none_of_a_log_are_left_aside(place: Path) -> None:
    log = place / "_delta_log"
    others = (f".{0:020}.json.crc", f"{0:020}.{3:020}.compacted.json", f"{9:020}.json.tmp", "9.json", "readme.txt")
    for name in others:
        (log / name).write_text("{")
    read = log_of(place)
    assert list(read.commits) == list(range(6))
    assert {path.rpartition("/")[2] for path in read.others} == set(others)


def test_a_folder_without_a_log_is_an_empty_log(tmp_path: Path) -> None:
    for uri in (str(tmp_path), tmp_path.as_uri()):
        assert log_of(uri).is_empty
