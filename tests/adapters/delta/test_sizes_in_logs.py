"""Numbers in the names of a log's files, and in its configuration, are not counted through."""

import itertools
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreset import write_to_delta_lake
from foreset.adapters.delta.checking.check import check_table
from foreset.adapters.delta.commit.local_storage import LocalStorage
from foreset.adapters.delta.log.checkpoints import live_files
from foreset.adapters.delta.log.folders import folder
from foreset.adapters.delta.log.log import open_log
from foreset.domain.tables.delta_log import version_gaps

ROWS = pl.DataFrame({"k": [1]})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    write_to_delta_lake(ROWS, tmp_path / "t")
    return tmp_path / "t"


def findings(table: Path) -> list[str]:
    """What a check says."""
    return [finding.message for finding in check_table("t", str(table), None, deep=False).unwrap().findings]


@given(held=st.sets(st.integers(0, 40)), first=st.integers(0, 40), last=st.integers(-1, 45))
def test_gaps_are_the_versions_that_are_not_there(held: set[int], first: int, last: int) -> None:
    expected = [version for version in range(first, last + 1) if version not in held]
    gaps = list(version_gaps(held, first, last))
    assert [version for gap in gaps for version in gap] == expected
    assert all(before.stop < after.start for before, after in itertools.pairwise(gaps))


@pytest.mark.parametrize("parts", [11, 20_000_000, 2_000_000_000, 9_999_999_999])
def test_a_checkpoint_of_very_many_parts_by_its_name_is_not_counted_through(table: Path, parts: int) -> None:
    (table / "_delta_log" / f"{0:020}.checkpoint.{2:010}.{parts:010}.parquet").write_bytes(b"")
    [checkpoint] = open_log(folder(str(table))).checkpoints
    assert len(checkpoint.missing) <= 11
    assert checkpoint.missing[:2] == tuple(f"{0:020}.checkpoint.{part:010}.{parts:010}.parquet" for part in (1, 3))
    if parts > 11:
        assert checkpoint.missing[-1] == f"and {parts - 11:,} more of its {parts:,} parts"
    assert any("lacks" in message for message in findings(table))


@pytest.mark.parametrize("version", [10**9, 2**63 - 1, 10**20 - 1])
def test_a_commit_of_a_version_far_away_is_not_counted_up_to(table: Path, version: int) -> None:
    (table / "_delta_log" / f"{version:020}.json").write_bytes(b"{}\n")
    log = open_log(folder(str(table)))
    if version >= 2**63:
        assert live_files(log).version == 0  # no version: the protocol has 64 bits for them
        return
    with pytest.raises(FileNotFoundError, match="the commit of version 1 is missing"):
        live_files(log)
    assert any(f"of version 1 to {version - 1} are missing" in message for message in findings(table))


@pytest.mark.parametrize("interval", ["0", "-1", "ten", "9" * 5_000, "1.5", "²", ""])
def test_an_interval_of_checkpoints_that_is_no_number_is_not_kept_to(tmp_path: Path, interval: str) -> None:
    storage = LocalStorage(str(tmp_path))
    storage.tend(98, {"delta.checkpointInterval": interval})  # the default is 100: none is due
    assert not list(tmp_path.iterdir())
