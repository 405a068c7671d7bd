"""How every table store writes, beyond adding rows and replacing all."""

from pathlib import Path

import polars as pl
import pytest

from foreset.application.ports.tables import TableStore
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.errors.table_writes import RowRefused, StaleTable, UnfitCondition, UnfitKey
from foreset.domain.errors.tables import SchemaMismatch, TableMissing
from foreset.domain.facts import Column
from foreset.domain.tables.write_options import Untouched, WriteOptions
from tests.contracts.table_stores import FACTORIES, FIRST, SECOND, rows


@pytest.fixture(params=FACTORIES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TableStore:
    return FACTORIES[request.param](tmp_path)


# === Rows that replace others ===


def xs(store: TableStore) -> list[tuple[object, object]]:
    return rows(store, columns=("k", "x")).rows()


def test_rows_with_equal_keys_are_replaced_and_others_added(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    store.write(
        "weather", FIRST.with_columns(k=pl.col("k") + 1, x=7.0), "merge", WriteOptions(merge_on=("k",))
    ).unwrap()
    assert xs(store) == [(1, 0.5), (2, 7.0), (3, 7.0)]


def test_every_row_of_the_table_with_the_key_is_replaced_and_nulls_never(store: TableStore) -> None:
    twice = pl.concat([FIRST, FIRST, FIRST.with_columns(k=None)[:1].cast(FIRST.schema)])
    store.write("weather", twice).unwrap()
    store.write("weather", FIRST[:1].with_columns(x=7.0), "merge", WriteOptions(merge_on=("k", "t"))).unwrap()
    assert xs(store) == [(2, None), (2, None), (None, 0.5), (1, 7.0)]


def test_merging_into_a_table_that_is_not_there_makes_it(store: TableStore) -> None:
    assert store.write("weather", FIRST, "merge", WriteOptions(merge_on=("k",))).unwrap().version == 0
    assert rows(store).equals(FIRST)


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (
            pl.concat([FIRST, SECOND]),
            "Row 3 of the frame (k=3) cannot be written to the table 'weather': an earlier row has",
        ),
        (
            FIRST.with_columns(k=pl.Series([1, None])),
            "Row 1 of the frame (k=None) cannot be written to the table 'weather': ",
        ),
    ],
)
def test_a_row_without_a_key_of_its_own_is_named(store: TableStore, frame: pl.DataFrame, problem: str) -> None:
    store.write("weather", FIRST).unwrap()
    error = store.write("weather", frame, "merge", WriteOptions(merge_on=("k",))).failure()
    assert isinstance(error, RowRefused)
    assert str(error).startswith(problem)
    assert store.observe("weather").unwrap().facts.version == 0


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("zz", "the table does not have it"),
        ("x", "it is float64, of which values are not equal or different for certain"),
    ],
)
def test_what_is_no_key_is_refused(store: TableStore, key: str, problem: str) -> None:
    store.write("weather", FIRST).unwrap()
    error = store.write("weather", FIRST, "merge", WriteOptions(merge_on=(key,))).failure()
    assert isinstance(error, UnfitKey)
    assert f"cannot be merged by the column {key!r}: {problem}. Nothing was written." in str(error)


def test_rows_that_meet_a_condition_are_replaced(store: TableStore) -> None:
    store.write("weather", pl.concat([FIRST, SECOND])).unwrap()
    where = WriteOptions(replace_where="t < '2024-05-02' AND k > 1")
    store.write("weather", SECOND[:1].with_columns(x=9.0), "overwrite", where).unwrap()
    assert xs(store) == [(1, 0.5), (2, None), (3, 2.5), (3, 9.0)]


def test_a_condition_that_meets_a_null_replaces_nothing(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    store.write("weather", FIRST[:1], "overwrite", WriteOptions(replace_where="x < 1")).unwrap()
    assert xs(store) == [(2, None), (1, 0.5)]
    store.write("weather", FIRST.clear(), "overwrite", WriteOptions(replace_where="NOT x < 1")).unwrap()
    assert xs(store) == [(2, None), (1, 0.5)]


def test_a_new_row_outside_the_condition_is_named(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    error = store.write("weather", FIRST, "overwrite", WriteOptions(replace_where="x = 0.5")).failure()
    assert isinstance(error, RowRefused)
    assert str(error).startswith(
        "Row 1 of the frame (x=None) cannot be written to the table 'weather': the condition 'x = 0.5', by which rows "
        "are replaced, is not true for it. Nothing was written. Next: "
    )


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("zz = 1", "there is no column 'zz'"),
        ("k +", "unable to parse"),
        ("k", "must be of type `Boolean`"),
        ("sum(k) > 1", "it looks at more than one row (Agg)"),
        ("k = (SELECT 1)", "it looks at more than one row (SubPlan)"),
        ("t = 'soon'", "cannot compare"),
        ("k = 1) OR (k = 2", "invalid expression"),
    ],
)
def test_what_is_no_condition_is_refused(store: TableStore, condition: str, problem: str) -> None:
    store.write("weather", FIRST).unwrap()
    error = store.write("weather", FIRST, "overwrite", WriteOptions(replace_where=condition)).failure()
    assert isinstance(error, UnfitCondition)
    assert problem in str(error)
    assert "The columns are: k, t, x." in str(error)


def test_decimals_are_compared_as_decimals(store: TableStore) -> None:
    prices = pl.DataFrame({"d": ["22222.22222", "0.10000", "0.30000"]}).cast(pl.Decimal(10, 5))
    store.write("weather", prices).unwrap()
    for condition in ("d = 22222.22222", "d IN (0.1)", "d > 0.29999 AND d < 0.30001"):
        store.write("weather", prices.clear(), "overwrite", WriteOptions(replace_where=condition)).unwrap()
    assert store.observe("weather").unwrap().facts.rows == 0


# === Schemas ===


def test_new_columns_are_added_and_old_rows_are_null(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    wider = SECOND.select("k", "x", "t", y=pl.Series(["a", "b"]))
    facts = store.write("weather", wider, options=WriteOptions(schema_mode="merge")).unwrap()
    assert [column.name for column in facts.columns] == ["k", "t", "x", "y"]
    assert rows(store, columns=("k", "y")).rows() == [(1, None), (2, None), (3, "a"), (3, "b")]
    assert rows(store, 0).columns == ["k", "t", "x"]


def test_columns_that_the_frame_lacks_are_null(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    store.write("weather", SECOND.drop("x"), options=WriteOptions(schema_mode="merge")).unwrap()
    assert xs(store) == [(1, 0.5), (2, None), (3, None), (3, None)]


def test_a_type_that_does_not_fit_is_refused_all_the_same(store: TableStore) -> None:
    store.write("weather", FIRST).unwrap()
    lossy = FIRST.with_columns(k=pl.Series([1.0, 1.5]))
    error = store.write("weather", lossy, options=WriteOptions(schema_mode="merge")).failure()
    assert isinstance(error, SchemaMismatch)
    assert "column 'k' is float64, and the table's int64 does not hold it: 1.5 at row 1." in str(error)


def test_a_table_takes_the_schema_of_what_replaces_it(store: TableStore) -> None:
    first = store.write("weather", FIRST).unwrap()
    other = pl.DataFrame({"s": ["a"]})
    facts = store.write("weather", other, "overwrite", WriteOptions(schema_mode="overwrite")).unwrap()
    assert (facts.columns, facts.version, facts.table_id) == ((Column("s", "string"),), 1, first.table_id)
    assert rows(store, columns=("s",)).equals(other)
    assert rows(store, 0).equals(FIRST)


# === Versions, and who writes ===


def test_an_expected_version_is_held(store: TableStore) -> None:
    nowhere = store.write("weather", FIRST, options=WriteOptions(expected_version=0)).failure()
    assert isinstance(nowhere, StaleTable)
    assert "is at no version, for it does not exist, not at version 0" in str(nowhere)
    store.write("weather", FIRST).unwrap()
    assert store.write("weather", FIRST, "overwrite", WriteOptions(expected_version=0)).unwrap().version == 1
    error = store.write("weather", FIRST, "overwrite", WriteOptions(expected_version=0)).failure()
    assert str(error).startswith(
        "The table 'weather' is at version 1, not at version 0 as expected. Nothing was written."
    )
    assert error.fault == "conflict"


@pytest.mark.parametrize("version", [6, 7])
def test_a_job_that_runs_again_writes_nothing(store: TableStore, version: int) -> None:
    store.write("weather", FIRST, options=WriteOptions(app_id="job", app_version=7)).unwrap()
    again = store.write("weather", SECOND, "overwrite", WriteOptions(app_id="job", app_version=version)).unwrap()
    assert isinstance(again, Untouched)
    assert (again.version, again.rows) == (0, 2)
    assert rows(store).equals(FIRST)


def test_a_later_run_and_another_job_write(store: TableStore) -> None:
    for app, version in (("job", 1), ("job", 2), ("other", 1)):
        facts = store.write("weather", FIRST, options=WriteOptions(app_id=app, app_version=version)).unwrap()
        assert not isinstance(facts, Untouched)
    assert facts.version == 2


def test_options_that_contradict_one_another_are_refused_with_both_named(store: TableStore) -> None:
    error = store.write("weather", FIRST, options=WriteOptions(merge_on=("k",))).failure()
    assert isinstance(error, InvalidSpec)
    assert str(error) == (
        "Writing 'weather': merge_on is given and mode is 'append'. Next: use merge_on with mode='merge'."
    )


# === Small files ===


def test_optimizing_changes_neither_rows_nor_order(store: TableStore) -> None:
    for frame in (FIRST, SECOND, FIRST):
        store.write("weather", frame).unwrap()
    done = store.optimize("weather").unwrap()
    assert (done.merged, done.into, done.facts.version, done.facts.files) == (3, 1, 3, 1)
    assert rows(store).equals(pl.concat([FIRST, SECOND, FIRST]))
    again = store.optimize("weather").unwrap()
    assert (again.merged, again.into, again.facts.version) == (0, 0, 3)


def test_files_of_other_partitions_are_not_put_together(store: TableStore) -> None:
    by_k = WriteOptions(partition_by=("k",))
    for k in (1, 1, 2, 1):
        store.write("weather", FIRST.with_columns(k=pl.lit(k, pl.Int64)), options=by_k).unwrap()
    before = rows(store)
    done = store.optimize("weather").unwrap()
    assert (done.merged, done.into, done.facts.files) == (2, 1, 3)
    assert rows(store).equals(before)


def test_a_table_that_is_not_there_is_not_optimized(store: TableStore) -> None:
    assert isinstance(store.optimize("weather").failure(), TableMissing)
