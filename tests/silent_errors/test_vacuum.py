"""A vacuum of deltalake deletes deletion vectors that a table needs; Foreset's does not."""

from pathlib import Path

import pytest
from deltalake import DeltaTable

from foreset import FeatureStore, ForesetError, read_delta_table
from tests.handmade import handmade
from tests.trust.conftest import rain


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return handmade(tmp_path / "dv", [rain(0, 3, range(3))], deletion_vectors={0: [1]}, vectors_in="file")


def test_deltalake_with_full_takes_a_live_deletion_vector_for_litter(table: Path) -> None:
    [vector] = table.glob("deletion_vector_*.bin")
    deleted = DeltaTable(table).vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
    assert deleted == [vector.name]
    with pytest.raises(ForesetError):
        read_delta_table(table)


def test_foreset_deletes_nothing_that_is_live(table: Path, tmp_path: Path) -> None:
    before = read_delta_table(table)
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    assert store.tables.vacuum("dv", hours=0, force=True).unwrap().deleted == ()
    assert read_delta_table(table).equals(before)
