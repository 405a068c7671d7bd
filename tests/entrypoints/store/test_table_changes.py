"""What changed between two versions of a table, through the facade."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from foreset import DataError, FeatureStore, TableChanges
from foreset.domain.errors.tables import DataFileGone, TableMissing

ROWS = pl.DataFrame({"k": [1, 2], "x": [0.5, None]})


@pytest.fixture
def store(workspace: Path) -> FeatureStore:
    store = FeatureStore.open(workspace / "store", data_dir=workspace / "lake").unwrap()
    store.tables.write(ROWS, "orders").unwrap()
    store.tables.write(ROWS[:1], "orders").unwrap()
    return store


def test_the_cost_is_told_and_then_the_rows_are_read(store: FeatureStore, workspace: Path) -> None:
    changes = store.tables.changes("orders", 0).unwrap()
    assert isinstance(changes, TableChanges)
    assert repr(changes) == "TableChanges(orders, 0 to 1, appended files)"
    assert changes.explain().startswith(
        "changes of orders after version 0, up to version 1\nappended files: reads 1 file"
    )
    assert changes.frame is changes.frame
    assert changes.frame.columns == ["k", "x", "_change_type", "_commit_version", "_commit_timestamp"]
    assert changes.frame.rows()[0][:4] == (1, 0.5, "insert", 1)
    assert changes.frame["_commit_timestamp"][0] <= datetime.now(UTC)
    assert changes.counts() == {"insert": 1, "delete": 0, "update_preimage": 0, "update_postimage": 0}
    assert pl.DataFrame(changes.to_arrow()).equals(changes.frame)
    assert changes.to_pandas()["_change_type"].tolist() == ["insert"]
    assert pl.read_parquet(changes.write_parquet(workspace / "out" / "changes.parquet")).equals(changes.frame)
    assert DeltaTable(changes.write_delta(workspace / "kept")).version() == 0


def test_reading_what_is_gone_raises_and_looking_at_it_does_not(store: FeatureStore, workspace: Path) -> None:
    changes = store.tables.changes("orders", 0).unwrap()
    for file in (workspace / "lake" / "orders").glob("*.parquet"):
        file.unlink()
    with pytest.raises(DataError, match="is not there any more") as raised:
        _ = changes.frame
    assert isinstance(raised.value.error, DataFileGone)


def test_a_missing_table_is_refused(store: FeatureStore) -> None:
    assert isinstance(store.tables.changes("ordres", 0).failure(), TableMissing)


def test_a_store_in_memory_tells_the_same() -> None:
    store = FeatureStore.in_memory({"orders": ROWS})
    store.tables.write(ROWS[:1], "orders", mode="overwrite").unwrap()
    changes = store.tables.changes("orders", 0).unwrap()
    assert changes.facts.how == "difference"
    assert changes.frame.rows() == [(2, None, "delete", None, None)]
