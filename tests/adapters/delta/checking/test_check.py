"""A check of whole tables finds nothing, and of what is no table says so."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, Field, TableFeatures, write_deltalake
from deltalake.schema import PrimitiveType

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.tables import BadTableName, NotADeltaTable, TableMissing
from foreset.domain.table_health.file_findings import CheckpointDue, Leftovers, OrphanFiles, SmallFiles
from foreset.domain.table_health.findings import TableFinding
from foreset.domain.tables.write_options import WriteOptions

Found = Callable[..., list[TableFinding]]
START = datetime(2024, 1, 1, tzinfo=UTC)
FRAME = pl.DataFrame(
    {
        "k": range(40),
        "p": [n % 3 for n in range(40)],
        "x": [n / 8 for n in range(40)],
        "s": [f"text {n}" for n in range(40)],
        "t": pl.Series([START + timedelta(hours=n, microseconds=n) for n in range(40)]).cast(pl.Datetime("us", "UTC")),
        "some": [None, 1] * 20,
    }
)
CHANGES = FRAME.head(4).with_columns(k=pl.Series([1, 2, 900, 901]))


def _merge(table: DeltaTable) -> None:
    merger = table.merge(CHANGES, "t.k = s.k", source_alias="s", target_alias="t")
    merger.when_matched_update_all().when_not_matched_insert_all().execute()


def _vacuum(table: DeltaTable) -> None:
    table.delete("k < 20")
    table.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)


OPERATIONS: dict[str, Callable[[DeltaTable], Any]] = {
    "append": lambda table: write_deltalake(table, CHANGES, mode="append"),
    "overwrite": lambda table: write_deltalake(table, CHANGES, mode="overwrite"),
    "replace where": lambda t: write_deltalake(t, FRAME.filter(pl.col("p") == 2), mode="overwrite", predicate="p = 2"),
    "delete": lambda table: table.delete("k < 5"),
    "delete all": lambda table: table.delete(),
    "delete nothing": lambda table: table.delete("k < -1"),
    "update": lambda table: table.update(updates={"x": "x + 1"}, predicate="k > 30"),
    "merge": _merge,
    "compact": lambda table: table.optimize.compact(),
    "compact by parts": lambda table: table.optimize.compact(min_commit_interval=timedelta(0)),
    "z_order": lambda table: table.optimize.z_order(["k"]),
    "restore": lambda table: table.restore(0),
    "vacuum": _vacuum,
    "checkpoint": lambda table: table.create_checkpoint(),
    "compact logs": lambda table: table.compact_logs(0, 2),
    "clean up": lambda table: table.cleanup_metadata(),
    "merge schema": lambda table: write_deltalake(
        table, CHANGES.with_columns(new=pl.lit(1)), mode="append", schema_mode="merge"
    ),
    "replace schema": lambda table: write_deltalake(
        table, CHANGES.select("k", "p", z=pl.lit("z")), mode="overwrite", schema_mode="overwrite"
    ),
    "add column": lambda table: table.alter.add_columns([Field("new", PrimitiveType("string"), nullable=True)]),
    "add constraint": lambda table: table.alter.add_constraint({"c": "k >= 0"}),
    "add feature": lambda table: table.alter.add_feature(
        TableFeatures.TimestampWithoutTimezone, allow_protocol_versions_increase=True
    ),
    "set properties": lambda table: table.alter.set_table_properties({"delta.logRetentionDuration": "interval 9 days"}),
    "write nothing": lambda table: write_deltalake(table, FRAME.clear(), mode="append"),
}


@pytest.mark.parametrize("feed", [False, True], ids=["", "change data feed"])
@pytest.mark.parametrize("partitions", [(), ("p",)], ids=["", "partitioned"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_is_wrong_after(
    found: Found, tmp_path: Path, operation: str, partitions: tuple[str, ...], *, feed: bool
) -> None:
    place = str(tmp_path / "t")
    settings = {"delta.enableChangeDataFeed": "true"} if feed else None
    for number in range(3):
        rows = FRAME.with_columns(k=pl.col("k") + number * 100)
        write_deltalake(place, rows, mode="append", partition_by=list(partitions), configuration=settings)
    OPERATIONS[operation](DeltaTable(place))
    assert found("t", deep=True) == []
    write_deltalake(place, DeltaTable(place).to_pyarrow_table().slice(0, 1), mode="append")
    DeltaTable(place).create_checkpoint()
    assert found("t", deep=True) == []


def test_a_report_says_what_was_looked_at(tables: DeltaTables) -> None:
    tables.write("t", FRAME, options=WriteOptions(partition_by=("p",))).unwrap()
    facts = tables.write("t", CHANGES).unwrap()
    report = tables.check("t").unwrap()
    assert (report.table, report.version, report.deep, report.commits) == ("t", 1, False, 2)
    assert (report.files, report.rows, report.size_bytes) == (facts.files, 44, facts.size_bytes)
    assert report.findings == ()
    assert report.worst is None
    assert tables.check("t", deep=True).unwrap().deep


def test_a_table_written_part_by_part_is_whole(found: Found, tables: DeltaTables) -> None:
    tables.to_write("t").unwrap().replace(iter([FRAME, CHANGES])).unwrap()
    assert found("t", deep=True) == []
    assert tables.check("t").unwrap().rows == 44


@pytest.mark.parametrize(
    "values",
    [
        ["a b", "5%", "x/y", None, "ü=#?&", "%20", "'\""],
        [1, -5, None],
        [True, False, None],
        [0.5, None],
        [datetime(2024, 1, 1, 12, 30), None],  # noqa: DTZ001  # a time without a zone is the case
        [START.date(), None],
    ],
    ids=["string", "int", "bool", "float", "naive", "date"],
)
def test_values_of_partitions_are_theirs(found: Found, tmp_path: Path, values: list[Any]) -> None:
    frame = pl.DataFrame({"x": range(len(values)), "p": values})
    write_deltalake(str(tmp_path / "t"), frame, partition_by=["p"])
    assert found("t", deep=True) == []


def test_values_of_every_type_are_those_that_the_statistics_tell(found: Found, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "i": pl.Series([1, None, -3], dtype=pl.Int8),
            "f": pl.Series([0.1, float("nan"), None], dtype=pl.Float32),
            "d": pl.Series([-0.0, 1e300, float("inf")]),
            "b": [True, None, False],
            "text": ["x" * 100, None, "ü" * 50],
            "bytes": [b"\xff" * 90, None, b""],
            "date": [START.date(), None, datetime(1, 1, 1, tzinfo=UTC).date()],
            "money": pl.Series(["12345678901234567.12", None, "-0.01"]).str.to_decimal(scale=2),
            "time": [datetime(2024, 1, 1, microsecond=999_999), None, datetime(1000, 1, 1)],  # noqa: DTZ001  # no zone
            "s": [{"a": 1, "b": {"c": "x"}}, None, {"a": None, "b": None}],
            "l": [[1, 2], None, []],
            "none": pl.Series([None, None, None], dtype=pl.Int64),
            "a.b": [1, 2, 3],
        }
    )
    write_deltalake(str(tmp_path / "t"), frame)
    assert found("t", deep=True) == []


# === What could be better ===


def test_small_files_and_a_long_log_are_advice(tables: DeltaTables, tmp_path: Path) -> None:
    tables.write("t", FRAME).unwrap()
    log = tmp_path / "t" / "_delta_log"
    first = [json.loads(line) for line in (log / f"{0:020}.json").read_text().splitlines()]
    [add] = [action["add"] for action in first if "add" in action]
    for version in range(1, 220):
        (tmp_path / "t" / f"{version}.parquet").write_bytes((tmp_path / "t" / add["path"]).read_bytes())
        more = {"add": {**add, "path": f"{version}.parquet"}}
        info = {"commitInfo": {"timestamp": first[0]["commitInfo"]["timestamp"] + version}}
        (log / f"{version:020}.json").write_text(f"{json.dumps(info)}\n{json.dumps(more)}")
    report = tables.check("t").unwrap()
    assert report.worst == "advice"
    small, due = report.findings
    assert isinstance(small, SmallFiles)
    assert small.message.startswith("220 small files (")
    assert "foreset optimize" in small.next
    assert isinstance(due, CheckpointDue)
    assert due.what.startswith("220 commits stand in the log without a checkpoint")
    DeltaTable(str(tmp_path / "t")).create_checkpoint()
    assert [type(finding) for finding in tables.check("t").unwrap().findings] == [SmallFiles]


def test_small_files_of_partitions_of_their_own_cannot_be_put_together(tables: DeltaTables) -> None:
    tables.write(
        "t", pl.DataFrame({"p": range(60), "x": range(60)}), options=WriteOptions(partition_by=("p",))
    ).unwrap()
    assert tables.check("t").unwrap().findings == ()


def test_files_that_no_commit_names_are_advice(tables: DeltaTables, tmp_path: Path) -> None:
    tables.write("t", FRAME, options=WriteOptions(partition_by=("p",))).unwrap()
    tables.write("t", FRAME, "overwrite").unwrap()  # the first files are named by the log still
    for stray in (
        "stray.parquet",
        "p=1/_stray",
        "_hidden/x.parquet",
        "part-0.parquet#1",
        "_delta_log/_commit.json.tmp",
    ):
        (tmp_path / "t" / stray).parent.mkdir(exist_ok=True)
        (tmp_path / "t" / stray).write_bytes(b"12345")
    orphan, left = tables.check("t").unwrap().findings
    assert isinstance(orphan, OrphanFiles)
    assert orphan.what == "Data files are in the folder that no commit names, 1 in all (5 bytes): stray.parquet."
    assert isinstance(left, Leftovers)
    assert left.what.startswith("Temporary files of killed writes are in the folder, 2 in all (10 bytes): ")
    DeltaTable(str(tmp_path / "t")).vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
    assert [type(finding) for finding in tables.check("t").unwrap().findings] == [Leftovers]


# === What is no table, and other places ===


def test_what_is_no_table_is_an_error(tables: DeltaTables, tmp_path: Path) -> None:
    assert isinstance(tables.check("t").failure(), TableMissing)
    assert isinstance(tables.check("../t").failure(), BadTableName)
    (tmp_path / "t" / "_delta_log").mkdir(parents=True)
    assert isinstance(tables.check("t").failure(), NotADeltaTable)
    for url in (f"file://{tmp_path}/t", "nowhere://bucket/t"):
        assert isinstance(tables.check(url).failure(), TableMissing)


def test_a_table_behind_a_url_is_checked_through_the_same_store_as_it_is_read(
    tables: DeltaTables, tmp_path: Path
) -> None:
    tables.write(str(tmp_path / "a b"), FRAME, options=WriteOptions(partition_by=("p",))).unwrap()
    for _ in range(3):
        tables.write(str(tmp_path / "a b"), CHANGES).unwrap()
    DeltaTable(str(tmp_path / "a b"), version=2).create_checkpoint()
    (tmp_path / "a b" / "stray.parquet").touch()
    for path in (tmp_path / "a b" / "p=2").iterdir():
        path.unlink()
    (tmp_path / "a b" / "_delta_log" / f"{3:020}.json").write_text("{")
    url = (tmp_path / "a b").as_uri()
    for deep in (False, True):
        local, remote = (tables.check(place, deep=deep).unwrap() for place in (str(tmp_path / "a b"), url))
        assert [type(finding).__name__ for finding in local.findings] == ["CommitBroken", "FilesMissing", "OrphanFiles"]
        assert remote.findings == local.findings
        assert (remote.version, remote.rows, remote.files) == (3, local.rows, local.files)


def test_files_outside_the_folder_are_looked_for_where_their_place_is_allowed(
    found: Found, tmp_path: Path, edited: Callable[..., None]
) -> None:
    tables = DeltaTables(tmp_path, files_from=[tmp_path])
    tables.write("t", FRAME).unwrap()
    [path] = (tmp_path / "t").glob("*.parquet")
    path.rename(tmp_path / "else where.parquet")

    def move(action: dict[str, Any]) -> None:
        if "add" in action:
            action["add"]["path"] = (tmp_path / "else where.parquet").as_uri()

    edited("t", 0, move)
    assert [type(finding).__name__ for finding in found("t", deep=True)] == ["FileUnreadable"]
    assert tables.check("t", deep=True).unwrap().findings == ()
    (tmp_path / "else where.parquet").unlink()
    [missing] = tables.check("t").unwrap().findings
    place = tmp_path / "else where.parquet"
    assert missing.what == f"Data files of the table are missing, 1 in all (40 rows, by the log): {place}."
