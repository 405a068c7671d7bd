"""Commits by compare-and-set: what others write meanwhile is kept, and what failed leaves nothing."""

import os
import shutil
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from returns.result import Success

from foreset.adapters.delta.commit.local_storage import LocalStorage
from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.table_writes import CommitUnsettled, StaleTable, TableContended, TableExists
from foreset.domain.errors.tables import WriteFailed
from foreset.domain.tables.write_options import Untouched, WriteMode, WriteOptions

Read = Callable[..., pl.DataFrame]
Files = Callable[[str], list[Path]]
FRAME = pl.DataFrame({"k": [1, 2], "p": ["a", "b"]})
OTHER = FRAME.with_columns(k=pl.col("k") + 10)
WRITES: dict[str, tuple[WriteMode, WriteOptions]] = {
    "append": ("append", WriteOptions()),
    "overwrite": ("overwrite", WriteOptions()),
    "replace": ("overwrite", WriteOptions(replace_where="k < 9")),
    "merge": ("merge", WriteOptions(merge_on=("k",))),
}


MEANWHILE: dict[str, Callable[[Path], object]] = {
    "an append": lambda path: write_deltalake(path, OTHER, mode="append"),
    "an overwrite": lambda path: write_deltalake(path, OTHER, mode="overwrite"),
    "a compaction": lambda path: DeltaTable(path).optimize.compact(),
    "a deletion": lambda path: DeltaTable(path).delete("k = 2"),
    "a new column": lambda path: write_deltalake(path, OTHER.with_columns(y=1), mode="append", schema_mode="merge"),
}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("kind", WRITES)
def test_a_write_of_deltalakes_in_between_is_kept_as_if_it_had_come_first(
    tables: DeltaTables, interrupted: Callable[..., None], tmp_path: Path, kind: str, meanwhile: str
) -> None:
    for table in ("t", "serial"):
        for row in range(2):
            tables.write(table, FRAME[row : row + 1]).unwrap()
    new = FRAME.with_columns(p=pl.lit("new"))
    MEANWHILE[meanwhile](tmp_path / "serial")
    expected = tables.write("serial", new, *WRITES[kind])
    interrupted(lambda: MEANWHILE[meanwhile](tmp_path / "t"))
    written = tables.write("t", new, *WRITES[kind])
    assert isinstance(written, Success) == isinstance(expected, Success)
    for columns in (("k", "p"), tuple(column.name for column in tables.observe("t").unwrap().facts.columns)):
        held, wanted = (
            pl.DataFrame(tables.observe(table).unwrap().read(columns).unwrap()) for table in ("t", "serial")
        )
        assert sorted(held.rows(), key=repr) == sorted(wanted.rows(), key=repr)
        seen = pl.DataFrame(DeltaTable(tmp_path / "t").scan()).select(columns)
        assert sorted(seen.rows(), key=repr) == sorted(held.rows(), key=repr)
    known = {Path(file.path).name for file in tables.observe("t").unwrap().facts.data_files}
    mine = {path.name for path in (tmp_path / "t").rglob("part-*.parquet") if "c000" not in path.name}
    assert len(mine - known) <= 2  # of the older versions alone


def test_an_append_is_written_once_however_often_it_is_tried(
    tables: DeltaTables, interrupted: Callable[..., None], data_files: Files, tmp_path: Path
) -> None:
    tables.write("t", FRAME).unwrap()
    before: list[Path] = []
    interrupted(lambda: (before.extend(data_files("t")), write_deltalake(tmp_path / "t", OTHER, mode="append")))
    facts = tables.write("t", FRAME).unwrap()
    assert facts.version == 2
    assert set(before) <= set(data_files("t"))
    assert len(data_files("t")) == 3


@pytest.mark.parametrize("kind", WRITES)
def test_an_expected_version_that_is_lost_at_the_last_moment(
    tables: DeltaTables, interrupted: Callable[..., None], data_files: Files, tmp_path: Path, kind: str
) -> None:
    from msgspec.structs import replace  # noqa: PLC0415  # only this case needs it

    tables.write("t", FRAME).unwrap()
    interrupted(lambda: write_deltalake(tmp_path / "t", OTHER, mode="append"))
    mode, options = WRITES[kind]
    error = tables.write("t", FRAME[:1], mode, replace(options, expected_version=0)).failure()
    assert error == StaleTable(table="t", expected=0, found="version 1")
    assert len(data_files("t")) == 2


def test_of_two_that_make_a_table_one_makes_it_and_the_other_appends(
    tables: DeltaTables, interrupted: Callable[..., None], read: Read, tmp_path: Path
) -> None:
    interrupted(lambda: write_deltalake(tmp_path / "t", OTHER))
    assert tables.write("t", FRAME).unwrap().version == 1
    assert read("t").equals(pl.concat([OTHER, FRAME]))


def test_of_two_that_only_make_a_new_table_one_does(
    tables: DeltaTables, interrupted: Callable[..., None], data_files: Files, tmp_path: Path
) -> None:
    interrupted(lambda: write_deltalake(tmp_path / "t", OTHER))
    assert isinstance(tables.write("t", FRAME, "error").failure(), TableExists)
    assert len(data_files("t")) == 1


@pytest.mark.parametrize("commits", [1, 2])
def test_a_table_that_is_made_anew_meanwhile_is_another_one(
    tables: DeltaTables, read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, commits: int
) -> None:
    tables.write("t", FRAME).unwrap()
    settle, waiting = LocalStorage.settle, [True]

    def again(self: LocalStorage, paths: Iterable[str]) -> None:
        settle(self, paths)
        if waiting:
            waiting.clear()
            shutil.rmtree(tmp_path / "t")
            for _ in range(commits):
                write_deltalake(tmp_path / "t", OTHER, mode="append")

    monkeypatch.setattr(LocalStorage, "settle", again)
    tables.write("t", FRAME).unwrap()
    assert read("t").equals(pl.concat([*[OTHER] * commits, FRAME]))
    assert tables.check("t", deep=True).unwrap().worst is None


@pytest.mark.parametrize("versions", [(5, 5), (5, 4)])
def test_of_jobs_that_run_twice_at_once_one_writes(
    tables: DeltaTables, interrupted: Callable[..., None], tmp_path: Path, versions: tuple[int, int]
) -> None:
    tables.write("t", FRAME).unwrap()
    first, second = (WriteOptions(app_id="job", app_version=version) for version in versions)
    interrupted(lambda: DeltaTables(tmp_path).write("t", FRAME, options=first).unwrap())
    facts = tables.write("t", FRAME, options=second).unwrap()
    assert isinstance(facts, Untouched)
    assert (facts.version, facts.rows) == (1, 4)
    assert DeltaTable(tmp_path / "t").transaction_version("job") == 5


def test_threads_write_one_table(tables: DeltaTables, read: Read) -> None:
    tables.write("t", FRAME).unwrap()

    def append(number: int) -> None:
        for at in range(10):
            tables.write("t", FRAME[:1].with_columns(k=pl.lit(100 * number + at, pl.Int64))).unwrap()

    threads = [threading.Thread(target=append, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read("t")["k"]) == [1, 2, *(100 * number + at for number in range(1, 5) for at in range(10))]


# === What fails ===


def test_a_commit_that_never_comes_through_is_told(
    tables: DeltaTables, data_files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    from foreset.adapters.delta.commit import committer  # noqa: PLC0415  # to have it give up sooner
    from foreset.adapters.delta.commit.local_storage import Raced  # noqa: PLC0415  # as above

    def raced(*_: object) -> None:
        raise Raced

    tables.write("t", FRAME).unwrap()
    monkeypatch.setattr(committer, "_TRIES", 3)
    monkeypatch.setattr(LocalStorage, "commit", raced)
    error = tables.write("t", FRAME).failure()
    assert error == TableContended(table="t", tries=3)
    assert len(data_files("t")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_commit_that_raises_keeps_its_files_if_it_is_in_the_log(
    tables: DeltaTables, data_files: Files, monkeypatch: pytest.MonkeyPatch, read: Read, when: str
) -> None:
    tables.write("t", FRAME).unwrap()
    commit = LocalStorage.commit

    def failing(self: LocalStorage, *arguments: Any) -> None:
        if when == "after":
            commit(self, *arguments)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(LocalStorage, "commit", failing)
    error = tables.write("t", OTHER).failure()
    assert isinstance(error, WriteFailed if when == "before" else CommitUnsettled)
    assert "Input/output error" in str(error)
    assert len(data_files("t")) == (1 if when == "before" else 2)
    assert read("t").height == (2 if when == "before" else 4)


def test_an_interrupt_leaves_nothing(tables: DeltaTables, data_files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LocalStorage, "commit", interrupt)
    with pytest.raises(KeyboardInterrupt):
        tables.write("t", FRAME)
    assert data_files("t") == []


def test_a_part_that_does_not_fit_stops_all_of_them(tables: DeltaTables, data_files: Files) -> None:
    lossy = pl.DataFrame({"t": pl.Series([1, 1_000], dtype=pl.Int64).cast(pl.Datetime("ns"))})
    error = tables.to_write("t").unwrap().replace(iter([lossy[1:], lossy])).failure()
    assert "timestamp[ns], and the table's timestamp[us] does not hold it" in str(error)
    assert data_files("t") == []


def test_parts_are_partitioned_as_the_table_is(tables: DeltaTables, read: Read, data_files: Files) -> None:
    tables.write("t", FRAME, options=WriteOptions(partition_by=("p",))).unwrap()
    facts = tables.to_write("t").unwrap().replace(iter([FRAME, OTHER])).unwrap()
    assert (facts.partition_columns, facts.rows, len(data_files("t"))) == (("p",), 4, 6)
    assert read("t")["k"].to_list() == [1, 11, 2, 12]


def test_a_first_write_by_partition_that_was_killed_does_not_block_the_next(
    tables: DeltaTables, tmp_path: Path
) -> None:
    (tmp_path / "t" / "p=a").mkdir(parents=True)
    (tmp_path / "t" / "p=a" / "part-00000-of-nobody.parquet").write_bytes(b"half")
    (tmp_path / "t" / "_delta_log").mkdir()
    (tmp_path / "t" / "_delta_log" / "_commit_of-nobody.json.tmp").write_bytes(b"half")
    assert tables.write("t", FRAME, "error").unwrap().version == 0


# === What is on the disk before success is told ===


def test_data_then_folders_then_commit_are_made_durable_in_this_order(
    tables: DeltaTables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def synced(opened: int) -> None:
        place = Path(f"/proc/self/fd/{opened}").readlink()
        steps.append("/".join(place.relative_to(tmp_path.parent).parts[1:]) or "data folder")
        fsync(opened)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", lambda *names: (steps.append("link"), link(*names)))
    tables.write("t", FRAME[:1], options=WriteOptions(partition_by=("p",))).unwrap()
    named = [step.partition("-")[0].replace("_commit_", "_commit-").partition("-")[0] for step in steps]
    assert named == [
        "data folder",  # t is in it
        "t",  # p=a is in it
        "t/p=a/part",
        "t/p=a",
        "t",  # _delta_log is in it
        "t/_delta_log/_commit",
        "link",
        "t/_delta_log",
    ]


@pytest.mark.parametrize("kind", ["append", "optimize"])
def test_a_checkpoint_is_written_where_one_is_due(tables: DeltaTables, tmp_path: Path, read: Read, kind: str) -> None:
    write_deltalake(tmp_path / "t", FRAME, configuration={"delta.checkpointInterval": "3"})
    tables.write("t", FRAME).unwrap()
    assert tables.optimize("t").unwrap().merged == 2 if kind == "optimize" else tables.write("t", FRAME).unwrap()
    assert (tmp_path / "t" / "_delta_log" / f"{2:020}.checkpoint.parquet").exists()
    assert DeltaTables(tmp_path).observe("t").unwrap().facts.rows == read("t").height
