"""Tables in S3 are written in the same ways as local ones, or refused."""

import polars as pl
import pytest

from foreset import ConflictError, DataError, ForesetError, get_table_info, optimize_table, read_delta_table
from foreset import write_to_delta_lake as write
from foreset.adapters.delta.log.folders import folder
from foreset.domain.errors.table_writes import StaleTable, UnwritableTable
from foreset.entrypoints.datasets.datasets import UntouchedTable, _tables_in
from tests.handmade import handmade
from tests.s3.conftest import S3

ROWS = pl.DataFrame({"k": [1, 2, 3, 4], "p": ["a", "b", "a", "b"], "x": [0.5, None, 1.5, 2.5]})


@pytest.fixture
def written(s3: S3, table: str) -> str:
    write(ROWS[:2], table, storage_options=s3.options)
    write(ROWS[2:], table)
    return table


def data_files(s3: S3, table: str) -> set[str]:
    return {path for path in folder(table, s3.options).listing() if path.endswith(".parquet")}


def test_rows_are_merged_by_key(written: str) -> None:
    new = pl.DataFrame({"k": [9, 2], "p": ["c", "c"], "x": [9.0, 2.0]})
    assert write(new, written, mode="merge", merge_on="k").num_rows == 5
    assert read_delta_table(written).equals(pl.concat([ROWS[[0, 2, 3]], new]))


def test_rows_are_replaced_by_a_condition(written: str) -> None:
    new = pl.DataFrame({"k": [7], "p": ["a"], "x": [7.0]})
    write(new, written, mode="overwrite", replace_where="p = 'a'")
    assert read_delta_table(written).equals(pl.concat([ROWS[[1, 3]], new]))


def test_partitions_with_any_text_are_replaced(s3: S3, table: str) -> None:
    rows = ROWS.with_columns(p=pl.Series(["a b/c", "ü%20=&?", None, "d"]))
    write(rows, table, partition_by="p", storage_options=s3.options)
    write(rows[:1].with_columns(k=7), table, mode="merge", merge_on=("p",))
    write(rows[1:2].with_columns(k=8), table, mode="overwrite", replace_where="p = 'ü%20=&?'")
    assert sorted(read_delta_table(table)["k"].to_list()) == [3, 4, 7, 8]


def test_columns_are_added_by_a_commit_of_their_own(written: str) -> None:
    info = write(ROWS[:1].with_columns(y=1), written, schema_mode="merge", expected_version=1)
    assert (info.version, info.num_rows) == (3, 5)
    assert read_delta_table(written)["y"].to_list() == [None] * 4 + [1]


def test_a_table_takes_another_schema(written: str) -> None:
    other = pl.DataFrame({"n": ["x"]})
    assert write(other, written, mode="overwrite", schema_mode="overwrite").columns == {"n": "string"}
    assert read_delta_table(written).equals(other)


def test_small_files_are_put_together(s3: S3, written: str) -> None:
    info = optimize_table(written)
    assert (info.version, info.num_files, info.num_rows) == (2, 1, 4)
    assert read_delta_table(written).equals(ROWS)
    assert len(data_files(s3, written)) == 3
    assert optimize_table(written).version == 2


def test_an_expected_version_is_held_and_leaves_no_file(s3: S3, written: str) -> None:
    before = data_files(s3, written)
    with pytest.raises(ConflictError, match="is at version 1, not at version 0 as expected") as caught:
        write(ROWS, written, expected_version=0)
    assert isinstance(caught.value.error, StaleTable)
    assert data_files(s3, written) == before
    assert write(ROWS, written, mode="overwrite", expected_version=1).version == 2


def test_a_job_that_runs_again_writes_once(written: str) -> None:
    assert write(ROWS, written, app_id="job", app_version=7).version == 2
    again = write(ROWS, written, app_id="job", app_version=7)
    assert isinstance(again, UntouchedTable)
    assert again == UntouchedTable(**{name: getattr(get_table_info(written), name) for name in again.__struct_fields__})


def test_what_cannot_be_done_there_is_refused_and_leaves_no_file(s3: S3, written: str) -> None:
    before = data_files(s3, written)
    with pytest.raises(DataError, match="new columns while some rows are replaced") as caught:
        write(ROWS[:1].with_columns(y=1), written, mode="merge", merge_on="k", schema_mode="merge")
    assert isinstance(caught.value.error, UnwritableTable)
    assert data_files(s3, written) == before
    assert get_table_info(written).version == 1


def test_files_with_deleted_rows_are_not_replaced(s3: S3, table: str, tmp_path: object) -> None:
    s3.upload(handmade(tmp_path / "t", [ROWS], deletion_vectors={0: [1]}, features=["deletionVectors"]), table)  # type: ignore[operator]
    write(ROWS[:1].with_columns(k=9), table, storage_options=s3.options)
    for options in ({"mode": "merge", "merge_on": "k"}, {"mode": "overwrite"}):
        with pytest.raises(ForesetError, match="deletion vectors, whose files are not replaced in an object store"):
            write(ROWS, table, **options)
    _tables_in.cache_clear()
    left = read_delta_table(table, storage_options=s3.options)
    assert left.equals(pl.concat([ROWS[:1], ROWS[2:], ROWS[:1].with_columns(k=pl.lit(9, pl.Int64))]))
