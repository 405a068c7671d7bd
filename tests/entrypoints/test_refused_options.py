"""Storage options of a call that is refused are not those of a later one."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from returns.result import Failure, Success

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec, write_to_delta_lake
from foreset.adapters.shared.files.object_stores import StorageOptions

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1], "at": [DAY], "x": [1.0]})
SPINE = ROWS.select("k", event_timestamp="at")
REFUSED = {"max_retries": "many"}
Call = Callable[[FeatureStore, str], Any]
CALLS: dict[str, Call] = {
    "register": lambda s, t: s.register(
        FeatureViewSpec("w", ["k"], DeltaSource(t, "at", storage_options=REFUSED), ["x"])
    ),
    "table": lambda s, t: s.tables.info(t, storage_options=REFUSED),
    "write": lambda s, t: s.tables.write(ROWS, t, storage_options=REFUSED),
    "optimize": lambda s, t: s.tables.optimize(t, storage_options=REFUSED),
    "changes": lambda s, t: s.tables.changes(t, 0, storage_options=REFUSED),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("known", [None, {"max_retries": "3"}])
def test_what_was_refused_changes_nothing(workspace: Path, call: str, known: dict[str, str] | None) -> None:
    table = str(workspace / "t")
    write_to_delta_lake(ROWS, table)
    store = FeatureStore.open("store").unwrap()
    source = DeltaSource(table, "at", storage_options=known or {})
    store.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], source, ["x"])).unwrap()
    assert "max_retries" in str(CALLS[call](store, table).failure())
    assert store.tables.info(table).unwrap().version == 0
    assert store.training_set(TrainingSetSpec(["v:x"]), SPINE).unwrap().frame["x"].to_list() == [1.0]
    assert store.tables.check(table).unwrap().table == table
    assert store.tables.write(ROWS, table).unwrap().version == 1


def test_options_are_kept_of_calls_that_succeed_alone() -> None:
    options = StorageOptions()
    assert options.tried("t", {"a": "1"}, lambda: Success(options.of("t"))).unwrap() == {"a": "1"}
    assert options.tried("t", {"a": "2"}, lambda: Failure(options.of("t"))).failure() == {"a": "2"}
    assert options.of("t") == {"a": "1"}
    with pytest.raises(ZeroDivisionError):
        options.tried("t", {"a": "3"}, lambda: 1 // 0)  # type: ignore[arg-type,return-value]
    assert options.of("t") == {"a": "1"}
    assert options.tried("t", None, lambda: Failure(options.of("t"))).failure() == {"a": "1"}


def test_what_another_call_gave_meanwhile_stays() -> None:
    options = StorageOptions()

    def refused() -> Failure[str]:
        options.tried("t", {"a": "2"}, lambda: Success(None)).unwrap()
        return Failure("no")

    options.tried("t", {"a": "1"}, refused).failure()
    assert options.of("t") == {"a": "2"}
