"""Writing tables through the public functions, the store and the command line."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset import (
    CallerError,
    ConflictError,
    DataError,
    FeatureStore,
    get_table_info,
    optimize_table,
    read_delta_table,
    write_to_delta_lake,
)
from foreset.domain.errors.event_log import UnfitLimit
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.event_log.receipts import TableWritten
from foreset.domain.tables.write_options import Untouched
from foreset.entrypoints.cli import main
from foreset.entrypoints.datasets.datasets import UntouchedTable

ROWS = pl.DataFrame({"k": [1, 2, 3], "day": ["mon", "tue", "tue"], "x": [0.5, 1.5, 2.5]})


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FORESET_STORE", "FORESET_DATA_DIR", "FORESET_LOG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_rows_are_replaced_by_key_and_by_condition() -> None:
    write_to_delta_lake(ROWS, "t", partition_by="day")
    info = write_to_delta_lake(ROWS[1:2].with_columns(x=9.0).to_pandas(), "t", mode="merge", merge_on="k")
    assert (info.version, info.num_rows) == (1, 3)
    write_to_delta_lake(ROWS[1:2].with_columns(k=4), "t", mode="overwrite", replace_where="day = 'tue' AND k > 2")
    assert sorted(read_delta_table("t").rows()) == [(1, "mon", 0.5), (2, "tue", 9.0), (4, "tue", 1.5)]


CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "a condition without overwrite": (
        {"replace_where": "k = 1"},
        "replace_where is given and mode is 'append'. Next: use replace_where with mode='overwrite'.",
    ),
    "a merge without keys": (
        {"mode": "merge"},
        "mode is 'merge' and merge_on is not given. Next: name the key columns: merge_on=('key',).",
    ),
    "keys without a merge": ({"merge_on": "k"}, "merge_on is given and mode is 'append'. Next: use merge_on with"),
    "a schema that replaces part of a table": (
        {"mode": "overwrite", "schema_mode": "overwrite", "replace_where": "k = 1"},
        "schema_mode is 'overwrite' and replace_where keeps some rows. Next: replace the whole table",
    ),
    "a version of a new table": (
        {"mode": "error", "expected_version": 1},
        "expected_version is given and mode='error' only makes new tables. Next: leave expected_version out",
    ),
    "half a job": ({"app_id": "job"}, "of app_id and app_version one is given. Next: give both, or leave both out."),
    "a negative version": ({"expected_version": -1}, "expected_version is -1. Next: give a whole number of 0 or more"),
    "a text as version": (
        {"expected_version": "1"},
        "expected_version is '1' (str), which is not a whole number. Next: give a whole number",
    ),
    "an empty condition": (
        {"mode": "overwrite", "replace_where": " "},
        "replace_where is ' '. Next: give a text that says something as replace_where",
    ),
    "another schema mode": (
        {"schema_mode": "evolve"},
        "schema_mode is 'evolve'. Next: give one of 'merge', 'overwrite'",
    ),
    "another mode": (
        {"mode": "upsert"},
        "mode is 'upsert'. Next: give one of 'append', 'overwrite', 'error', 'merge'.",
    ),
    "a key twice": ({"mode": "merge", "merge_on": ["k", "k"]}, "merge_on names 'k' twice. Next: name it once"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_what_contradicts_itself_names_both_sides_and_the_way_out(here: Path, case: str) -> None:
    arguments, problem = CONTRADICTIONS[case]
    with pytest.raises(CallerError) as caught:
        write_to_delta_lake(ROWS, "t", **arguments)
    assert isinstance(caught.value.error, InvalidSpec)
    assert problem in str(caught.value)
    error = FeatureStore.open(here / "store").unwrap().tables.write(ROWS, "t", **arguments).failure()
    assert problem in str(error)
    assert not (here / "data").exists()


def test_each_fault_has_its_class() -> None:
    write_to_delta_lake(ROWS, "t")
    with pytest.raises(ConflictError, match="is at version 0, not at version 3 as expected"):
        write_to_delta_lake(ROWS, "t", expected_version=3)
    with pytest.raises(
        DataError, match=r"Row 1 of the frame \(k=1\) cannot be written .* an earlier row has the same key"
    ):
        write_to_delta_lake(ROWS.with_columns(k=1), "t", mode="merge", merge_on="k")
    with pytest.raises(CallerError, match="there is no column 'zz'"):
        write_to_delta_lake(ROWS, "t", mode="overwrite", replace_where="zz = 1")
    with pytest.raises(CallerError, match=r"the table's int64 does not hold it: 1\.5 at row 2"):
        write_to_delta_lake(ROWS.with_columns(k=pl.Series([1.0, 2.0, 1.5])), "t")
    assert get_table_info("t").version == 0


def test_a_job_that_runs_again_is_told_that_nothing_was_written() -> None:
    first = write_to_delta_lake(ROWS, "t", app_id="nightly", app_version=3)
    assert not isinstance(first, UntouchedTable)
    again = write_to_delta_lake(ROWS, "t", app_id="nightly", app_version=3)
    assert isinstance(again, UntouchedTable)
    assert (again.version, again.num_rows) == (0, 3)
    assert not isinstance(write_to_delta_lake(ROWS, "t", app_id="nightly", app_version=4), UntouchedTable)


@pytest.fixture
def store(here: Path) -> FeatureStore:
    return FeatureStore.open(here / "feature_repo").unwrap()


def test_a_store_records_what_was_written_and_how(store: FeatureStore) -> None:
    store.tables.write(ROWS, "t").unwrap()
    store.tables.write(ROWS[:1], "t", mode="merge", merge_on=("k",), app_id="job", app_version=1).unwrap()
    assert isinstance(store.tables.write(ROWS, "t", app_id="job", app_version=1).unwrap(), Untouched)
    store.tables.write(ROWS[:1], "t", mode="overwrite", replace_where="k = 1").unwrap()
    assert store.tables.optimize("t").unwrap().merged == 2
    assert store.tables.optimize("t").unwrap().merged == 0
    assert [recorded.event for recorded in store.log.events().unwrap()] == [
        TableWritten(table="t", version=0, mode="append", rows=3),
        TableWritten(table="t", version=1, mode="merge", rows=3, merge_on=("k",), app_id="job", app_version=1),
        TableWritten(table="t", version=2, mode="overwrite", rows=3, replace_where="k = 1"),
        TableWritten(table="t", version=3, mode="optimize", rows=3),
    ]


def test_a_store_in_memory_writes_alike() -> None:
    store = FeatureStore.in_memory({"t": ROWS})
    store.tables.write(ROWS[:1].with_columns(x=9.0), "t", mode="merge", merge_on="k").unwrap()
    assert store.tables.info("t").unwrap().rows == 3
    assert store.tables.write(ROWS, "t", expected_version=0).failure().fault == "conflict"


# === Small files ===


def test_small_files_are_put_together() -> None:
    for _ in range(4):
        info = write_to_delta_lake(ROWS, "t")
    before = read_delta_table("t")
    assert optimize_table("t", target_size=info.size_bytes // 2 + 1).num_files == 2
    assert optimize_table("t", target_size="1 GB").num_files == 1
    assert read_delta_table("t").equals(before)
    with pytest.raises(CallerError, match="target_size cannot be kept to: 'huge' is no size") as caught:
        optimize_table("t", target_size="huge")
    assert not isinstance(caught.value.error, InvalidSpec)
    assert isinstance(FeatureStore.open("store").unwrap().tables.optimize("t", target_size=0).failure(), UnfitLimit)


def test_the_command_tells_what_became_of_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        write_to_delta_lake(ROWS, "t")
    assert main(["optimize", "t"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("t@3: 3 small files became 1. It had 3 files, 9 rows, ")
    assert ", and has 1 file, 9 rows, " in told
    assert told.endswith("The rows, their order and the older versions are as they were.\n")
    assert main(["optimize", "t"]) == 0
    assert capsys.readouterr().out == "t@3 has no small files side by side: nothing was changed.\n"
    assert main(["optimize", "t", "--target-size", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"table": "t", "version": 3, "merged": 0, "into": 0, "files": 1}
    assert main(["optimize", "zz"]) == 2
    assert main(["optimize", "t", "--target-size", "x"]) == 2
    assert not Path("feature_repo").exists()


def test_the_command_records_where_there_is_a_store(store: FeatureStore, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        store.tables.write(ROWS, "t").unwrap()
    assert main(["optimize", "t"]) == 0
    capsys.readouterr()
    assert store.log.events().unwrap()[-1].event == TableWritten(table="t", version=3, mode="optimize", rows=9)
