"""Tables in S3, through the public API."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset import (
    CallerError,
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureViewSpec,
    SpineReference,
    TrainingSetSpec,
    get_table_info,
    read_delta_table,
    write_to_delta_lake,
)
from foreset.domain.errors.tables import TableMissing
from foreset.entrypoints.datasets.datasets import _tables_in
from tests.handmade import handmade
from tests.s3.conftest import S3, serving

WRITER = Path(__file__).with_name("writer.py")


def day(number: int) -> datetime:
    return datetime(2024, 5, number, tzinfo=UTC)


RAIN = pl.DataFrame(
    {"city": ["Rome", "Rome", "Oslo"], "at": [day(1), day(3), day(2)], "mm": [2.0, 9.0, None]},
    schema_overrides={"at": pl.Datetime("us", "UTC")},
)


def test_what_is_written_is_read(s3: S3, table: str) -> None:
    info = write_to_delta_lake(RAIN, table, storage_options=s3.options)
    assert (info.path, info.version, info.num_rows) == (table, 0, 3)
    write_to_delta_lake(RAIN[:1], table)
    assert read_delta_table(table).equals(pl.concat([RAIN, RAIN[:1]]))
    assert write_to_delta_lake(RAIN[1:], table, mode="overwrite").version == 2
    assert read_delta_table(table, storage_options=s3.options).equals(RAIN[1:])
    assert read_delta_table(table, version=1, columns=["mm"]).height == 4


def test_partitions_have_any_text(s3: S3, table: str) -> None:
    rows = RAIN.with_columns(city=pl.Series(["a b/c", "ü%20=&?", None]))
    write_to_delta_lake(rows, table, partition_by="city", storage_options=s3.options)
    write_to_delta_lake(rows, table)
    assert Counter(read_delta_table(table).rows()) == Counter(rows.rows() * 2)


def test_a_table_is_described_by_its_log(s3: S3, table: str) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    write_to_delta_lake(RAIN, table, partition_by="city", storage_options=s3.options)
    info = get_table_info(table, storage_options=s3.options)
    assert (info.num_files, info.partition_columns, info.columns["mm"]) == (2, ("city",), "float64")
    assert info.modified is not None
    assert before < info.modified <= datetime.now(UTC)


def test_older_versions_are_read_by_their_times(s3: S3, table: str) -> None:
    first = write_to_delta_lake(RAIN, table, storage_options=s3.options)
    second = write_to_delta_lake(RAIN[:1], table, mode="overwrite")
    assert first.modified is not None
    assert second.modified is not None
    assert read_delta_table(table, timestamp=first.modified, storage_options=s3.options).equals(RAIN)
    assert read_delta_table(table, timestamp=second.modified).equals(RAIN[:1])
    with pytest.raises(CallerError, match="did not exist"):
        read_delta_table(table, timestamp=first.modified - timedelta(seconds=1))


def test_a_table_that_is_not_there_is_told(s3: S3, table: str) -> None:
    with pytest.raises(CallerError, match="table not found") as raised:
        read_delta_table(table, storage_options=s3.options)
    assert isinstance(raised.value.error, TableMissing)
    assert "FORESET_DATA_DIR" not in str(raised.value)


def test_options_from_the_environment_will_do(s3: S3, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.options.items():
        monkeypatch.setenv(name.upper(), value)
    write_to_delta_lake(RAIN, table)
    assert read_delta_table(table).equals(RAIN)


@pytest.mark.parametrize("mapping", ["id", "name"])
def test_mapped_columns_and_deleted_rows_are_read(s3: S3, table: str, tmp_path: Path, mapping: Any) -> None:
    s3.upload(handmade(tmp_path / "t", [RAIN], mapping=mapping, features=["columnMapping"]), table)
    assert read_delta_table(table, storage_options=s3.options).equals(RAIN)
    vectors = f"{table}-vectors"
    s3.upload(handmade(tmp_path / "v", [RAIN], deletion_vectors={0: [1]}, vectors_in="file"), vectors)
    assert read_delta_table(vectors, storage_options=s3.options).equals(RAIN[[0, 2]])


# === Training sets ===

LABELS = pl.DataFrame(
    {"city": ["Rome", "Oslo", "Rome"], "event_timestamp": [day(2), day(5), day(4)], "sold": [1, 2, 3]}
)


@pytest.fixture
def store(s3: S3, table: str, tmp_path: Path) -> FeatureStore:
    write_to_delta_lake(RAIN, table, storage_options=s3.options)
    store = FeatureStore.open(tmp_path / "store").unwrap()
    source = DeltaSource(table, "at", storage_options=s3.options)
    store.register(EntitySpec("city", ["city"]), FeatureViewSpec("rain", ["city"], source, ["mm"])).unwrap()
    return store


def test_a_training_set_is_built_and_rebuilt_after_the_table_has_changed(
    s3: S3, table: str, store: FeatureStore, tmp_path: Path
) -> None:
    built = store.training_set(TrainingSetSpec(["rain:mm"]), LABELS).unwrap()
    assert built.frame["mm"].to_list() == [2.0, None, 9.0]
    assert built.receipt.versions == {table: 0}
    write_to_delta_lake(RAIN.with_columns(mm=pl.lit(0.0)), table, mode="overwrite", storage_options=s3.options)
    assert store.training_set(TrainingSetSpec(["rain:mm"]), LABELS).unwrap().frame["mm"].to_list() == [0.0] * 3
    again = FeatureStore.open(tmp_path / "store").unwrap()  # as another process would
    assert again.rebuild(built.id).unwrap().frame.equals(built.frame)


def test_a_spine_may_be_a_table_in_s3(s3: S3, table: str, store: FeatureStore) -> None:
    labels = f"{table}-labels"
    write_to_delta_lake(LABELS, labels, storage_options=s3.options)
    assert store.tables.info(labels, storage_options=s3.options).unwrap().rows == 3
    built = store.training_set(TrainingSetSpec(["rain:mm"]), SpineReference(labels, filter="sold > 1")).unwrap()
    assert built.frame["mm"].to_list() == [None, 9.0]
    assert store.rebuild(built.id).unwrap().frame.equals(built.frame)


def test_known_at_a_time_reads_the_version_of_that_time(s3: S3, table: str, store: FeatureStore) -> None:
    first = get_table_info(table, storage_options=s3.options).modified
    write_to_delta_lake(RAIN.with_columns(mm=pl.lit(0.0)), table, mode="overwrite")
    built = store.training_set(TrainingSetSpec(["rain:mm"], known_at=first), LABELS).unwrap()
    assert built.frame["mm"].to_list() == [2.0, None, 9.0]


@pytest.mark.slow
def test_a_large_file_is_read_in_parts(s3: S3, table: str, tmp_path: Path) -> None:
    many = 1_200_000
    rows = pl.DataFrame({"key": pl.int_range(many, eager=True) % 7, "n": pl.int_range(many, eager=True)})
    rows = rows.with_columns(at=pl.lit(day(1)) + pl.duration(microseconds="n"))
    write_to_delta_lake(rows, table, storage_options=s3.options)
    write_to_delta_lake(rows, tmp_path / "local")
    spine = pl.DataFrame(
        {"key": range(7), "event_timestamp": [day(1) + timedelta(milliseconds=m) for m in range(900, 1600, 100)]}
    )
    store = FeatureStore.open(tmp_path / "store").unwrap()
    sources = {
        "far": DeltaSource(table, "at", storage_options=s3.options),
        "near": DeltaSource(str(tmp_path / "local"), "at"),
    }
    views = [FeatureViewSpec(name, ["key"], source, ["n"]) for name, source in sources.items()]
    store.register(EntitySpec("key", ["key"]), *views).unwrap()
    built = store.training_set(TrainingSetSpec(["far:n", "near:n as near"]), spine).unwrap()
    assert built.frame["n"].to_list() == built.frame["near"].to_list()
    assert built.frame["n"].null_count() == 0


# === What changed, what is wrong ===


def test_changes_are_told_from_the_log(s3: S3, table: str, tmp_path: Path) -> None:
    for _ in range(2):
        write_to_delta_lake(RAIN, table, storage_options=s3.options)
    write_to_delta_lake(RAIN[:1], table, mode="overwrite")
    store = FeatureStore.open(tmp_path / "store").unwrap()
    appended = store.tables.changes(table, 0, 1, storage_options=s3.options).unwrap()
    assert (appended.facts.how, appended.counts()["insert"]) == ("appended files", 3)
    replaced = store.tables.changes(table, 0).unwrap()
    assert (replaced.facts.how, replaced.counts()["delete"]) == ("difference", 2)


def test_what_is_wrong_is_found(s3: S3, table: str, tmp_path: Path) -> None:
    write_to_delta_lake(RAIN, table, storage_options=s3.options)
    write_to_delta_lake(RAIN, table)
    _tables_in.cache_clear()
    store = FeatureStore.open(tmp_path / "store").unwrap()
    report = store.tables.check(table, deep=True, storage_options=s3.options).unwrap()
    assert (report.version, report.commits, report.rows, report.worst) == (1, 2, 6, None)
    (file, *_) = store.tables.info(table).unwrap().data_files
    s3.delete(file.path)
    assert store.tables.check(table).unwrap().worst == "error"


# === Two writers at once ===


@pytest.mark.slow
def test_two_writers_at_once_lose_and_double_nothing() -> None:
    """Commits take their time on the way, so that both writers often ask for the same version."""
    with serving(COMMITS_TAKE="0.1") as s3:
        table = f"{s3.bucket()}/counted"
        write_to_delta_lake(pl.DataFrame({"writer": ["none"], "n": [0]}), table, storage_options=s3.options)
        options = [f"{name}={value}" for name, value in s3.options.items()]
        commands = [[sys.executable, str(WRITER), table, writer, "20", *options] for writer in ("a", "b")]
        writers = [subprocess.Popen(command) for command in commands]
        assert [writer.wait(240) for writer in writers] == [0, 0]
        rows = read_delta_table(table, storage_options=s3.options)
        assert get_table_info(table).version == 40
    assert sorted(rows.rows()) == sorted([("none", 0), *((writer, n) for writer in "ab" for n in range(20))])
