from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from foreset.adapters.delta.checking.folder_scan import DeltaFolders
from foreset.domain.feast.folder_facts import FolderFacts
from tests.handmade import handmade

DAY = datetime(2024, 1, 1, tzinfo=UTC)


def rows(*keys: int) -> pl.DataFrame:
    return pl.DataFrame({"k": keys, "at": [DAY] * len(keys)})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of two files, the second of two rows."""
    place = tmp_path / "t"
    write_deltalake(place, rows(1))
    write_deltalake(place, rows(2, 3), mode="append")
    return place


def look(table: Path) -> FolderFacts:
    return DeltaFolders(table.parent).look(table.name).unwrap()


def counts(facts: FolderFacts) -> dict[str, int]:
    kinds = ("removed", "rewritten", "unnamed", "of_the_log")
    return {kind: len(getattr(facts, kind)) for kind in kinds if getattr(facts, kind)}


def test_a_table_that_was_only_added_to_has_nothing_beside_it(table: Path) -> None:
    facts = look(table)
    assert (counts(facts), facts.rows, facts.version, facts.brought_back) == ({}, 0, 1, ())


@pytest.mark.parametrize(
    ("change", "found", "lost"),
    [
        (lambda t: write_deltalake(t, rows(9), mode="overwrite"), {"removed": 2}, 3),
        (lambda t: DeltaTable(t).delete("k = 2"), {"removed": 1}, 2),
        (lambda t: DeltaTable(t).update(updates={"k": "7"}, predicate="k = 1"), {"removed": 1}, 1),
        (lambda t: DeltaTable(t).optimize.compact(), {"rewritten": 2}, 0),
        (lambda t: DeltaTable(t).create_checkpoint(), {"of_the_log": 1}, 0),
        (lambda t: rows(8).write_parquet(t / "part-of-a-failed-write.parquet"), {"unnamed": 1}, 1),
    ],
    ids=["overwrite", "delete", "update", "compact", "checkpoint", "orphan"],
)
def test_what_each_change_leaves_beside_the_table(
    table: Path, change: Callable[[Path], object], found: dict[str, int], lost: int
) -> None:
    change(table)
    facts = look(table)
    assert (counts(facts), facts.rows) == (found, lost)


def test_of_what_a_checkpoint_names_as_removed_the_reason_is_not_known(table: Path) -> None:
    DeltaTable(table).optimize.compact()
    DeltaTable(table).create_checkpoint()
    assert counts(look(table)) == {"removed": 2, "of_the_log": 1}


def test_a_vacuum_takes_them_away(table: Path) -> None:
    write_deltalake(table, rows(9), mode="overwrite")
    DeltaTable(table).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    assert counts(look(table)) == {}


def test_rows_that_deletion_vectors_take_out_are_counted(tmp_path: Path) -> None:
    handmade(tmp_path / "t", [rows(1, 2, 3)], deletion_vectors={0: [0, 2]})
    facts = look(tmp_path / "t")
    assert (facts.deleted_rows, counts(facts)) == (2, {})


def test_rows_are_not_counted_where_a_file_cannot_be_read(table: Path) -> None:
    write_deltalake(table, rows(9), mode="overwrite")
    (table / look(table).removed[0]).write_bytes(b"no parquet")
    assert look(table).rows is None


def test_a_place_without_a_table_is_told(tmp_path: Path) -> None:
    assert "Delta Lake table not found: 'absent'" in DeltaFolders(tmp_path).look("absent").failure().message
    (tmp_path / "broken" / "_delta_log").mkdir(parents=True)
    (tmp_path / "broken" / "_delta_log" / f"{0:020}.json").write_text("nonsense")
    assert "cannot be read" in DeltaFolders(tmp_path).look("broken").failure().message
