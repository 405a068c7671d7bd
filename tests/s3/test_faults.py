"""What is told when S3 is away or refuses: never a traceback, never after minutes."""

import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from returns.pipeline import is_successful

from foreset import FeatureStore, ForesetError, WorldError, get_table_info, read_delta_table, write_to_delta_lake
from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.problem import Problem
from foreset.domain.errors.tables import DataFileGone, ObjectStoreFailed, TableUnreadable
from foreset.entrypoints.cli import main
from tests.s3.conftest import S3, serving

ROWS = pl.DataFrame({"k": [1, 2]})
PATIENCE = 300
"""Seconds that a test may take: its calls end within half a minute, on a machine that does nothing else."""


@pytest.fixture(autouse=True)
def in_time() -> Iterator[None]:
    start = monotonic()
    yield
    assert monotonic() - start < PATIENCE


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def refused() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def told(error: Problem, table: str, problem: str) -> None:
    assert isinstance(error, ObjectStoreFailed)
    assert error.table == table
    assert problem in error.problem
    assert str(error).startswith(f"The table {table!r} at {error.place} cannot be reached: ")
    assert " Next: mend the URL, or the endpoint, region and credentials in storage_options" in str(error)


def test_a_bucket_that_is_not_there(s3: S3) -> None:
    table = "s3://no-such-bucket/weather"
    tables = DeltaTables(Path())
    told(tables.observe(table, None, s3.options).failure(), table, "NoSuchBucket: The specified bucket does not exist")
    with pytest.raises(ForesetError, match="NoSuchBucket"):
        write_to_delta_lake(ROWS, table, storage_options=s3.options)


def test_no_credentials(table: str) -> None:
    told(DeltaTables(Path()).observe(table).failure(), table, "no credentials were given, and the machine has none")


def test_wrong_credentials() -> None:
    with serving(INITIAL_NO_AUTH_ACTION_COUNT="1") as guarded:
        table = f"{guarded.bucket()}/weather"
        problem = DeltaTables(Path()).observe(table, None, guarded.options).failure()
    told(problem, table, "InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records")


def test_plain_http_that_was_not_allowed(s3: S3, table: str) -> None:
    options = {name: value for name, value in s3.options.items() if name != "aws_allow_http"}
    told(DeltaTables(Path()).observe(table, None, options).failure(), table, "the option allow_http is 'true'")


def test_a_server_that_is_away(s3: S3, table: str, refused: str) -> None:
    options = {**s3.options, "aws_endpoint_url": refused, "max_retries": "2"}
    with pytest.raises(WorldError, match=f"Connection refused .*, at {refused}/lake-") as raised:
        get_table_info(table, storage_options=options)
    told(raised.value.error, table, "Connection refused")


def test_a_server_that_does_not_answer(s3: S3, table: str, silent: str) -> None:
    options = {**s3.options, "aws_endpoint_url": silent, "timeout": "1s", "retry_timeout": "2s"}
    told(DeltaTables(Path()).observe(table, None, options).failure(), table, "operation timed out")


def test_a_server_that_goes_away_before_the_rows_are_read() -> None:
    with serving() as server:
        table = f"{server.bucket()}/weather"
        write_to_delta_lake(ROWS, table, storage_options={**server.options, "max_retries": "1"})
        tables = DeltaTables(Path())
        snapshot = tables.observe(table, None, {**server.options, "max_retries": "1"}).unwrap()
    told(snapshot.read(("k",)).failure(), table, "Connection refused")
    told(tables.check(table).failure(), table, "Connection refused")
    told(tables.changes(table, 0).failure(), table, "Connection refused")
    with pytest.raises(ForesetError, match="Connection refused"):
        write_to_delta_lake(ROWS, table)


def test_a_data_file_that_is_gone_is_named(s3: S3, table: str) -> None:
    write_to_delta_lake(ROWS, table, storage_options=s3.options)
    (file,) = DeltaTables(Path()).observe(table, None, s3.options).unwrap().facts.data_files
    s3.delete(file.path)
    with pytest.raises(ForesetError) as raised:
        read_delta_table(table)
    assert isinstance(raised.value.error, DataFileGone)
    assert file.path.rpartition("/")[2] in str(raised.value)


def test_the_command_line_tells_the_same(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["changes", table, "0"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"error: The table '{table}' at {table} cannot be reached: no credentials were given" in err
    assert "\nNext: mend the URL" in err


def test_registering_a_view_of_a_table_that_cannot_be_reached(tmp_path: Path, table: str) -> None:
    store = FeatureStore.open(tmp_path / "store").unwrap()
    told(store.tables.info(table).failure(), table, "no credentials were given")


def test_a_checkpoint_that_is_too_large_in_memory(s3: S3, table: str, tmp_path: Path) -> None:
    write_to_delta_lake(ROWS, tmp_path / "t")
    DeltaTable(str(tmp_path / "t")).create_checkpoint()
    name = f"_delta_log/{0:020}.checkpoint.parquet"
    s3.upload(tmp_path / "t", table)
    tables = DeltaTables(tmp_path)
    assert is_successful(tables.observe(table, None, s3.options))
    rows = pq.read_table(tmp_path / "t" / name)
    pq.write_table(pa.concat_tables([rows] * 100_000).combine_chunks(), tmp_path / "large", compression="zstd")
    s3.put(f"{table}/{name.replace('0.checkpoint', '1.checkpoint')}", (tmp_path / "large").read_bytes())
    commit = (tmp_path / "t" / "_delta_log" / f"{0:020}.json").read_bytes()
    s3.put(f"{table}/_delta_log/{1:020}.json", commit)
    for reader in (tables, DeltaTables(tmp_path)):  # one that has the table open, and one that opens it
        error = reader.observe(table, None, s3.options).failure()
        assert isinstance(error, TableUnreadable)
        assert f"the checkpoint {1:020}.checkpoint.parquet cannot be read: its " in error.message
        assert "at most 256.0 MB are read" in error.message


def test_a_commit_without_a_byte(s3: S3, table: str, tmp_path: Path) -> None:
    write_to_delta_lake(ROWS, tmp_path / "t")
    s3.upload(tmp_path / "t", table)
    s3.put(f"{table}/_delta_log/{1:020}.json", b"")
    error = DeltaTables(tmp_path).observe(table, None, s3.options).failure()
    assert f"the commit {1:020}.json of its log is empty" in error.message
