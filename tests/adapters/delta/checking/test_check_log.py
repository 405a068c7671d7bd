"""Damage to a table's log is found and named, whether or not deltalake can open the table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.table_health.findings import TableFinding

Found = Callable[..., list[TableFinding]]
CommitFile = Callable[[str, int], Path]
Edited = Callable[[str, int, Callable[[dict[str, Any]], None]], None]
ROWS = pl.DataFrame({"k": [1, 2], "x": [0.5, None]})


@pytest.fixture
def table(tables: DeltaTables) -> str:
    """A table of four commits."""
    for _ in range(4):
        tables.write("t", ROWS).unwrap()
    return "t"


def kinds(findings: list[TableFinding]) -> list[tuple[str, str]]:
    return [(finding.severity, type(finding).__name__) for finding in findings]


# === Commits ===


@pytest.mark.parametrize("content", [b"", b"\0" * 700, b"\n"], ids=["no byte", "zero bytes", "no line"])
def test_an_empty_commit_is_named_where_deltalake_is_silent(
    found: Found, table: str, commit_file: CommitFile, content: bytes
) -> None:
    commit_file(table, 3).write_bytes(content)
    [empty] = found(table)
    assert empty.severity == "error"
    assert empty.what == (
        "The commit 00000000000000000003.json is empty: whatever version 3 added or removed is lost to every reader."
    )
    assert "restore 00000000000000000003.json from a backup" in empty.next


@pytest.mark.parametrize("deep", [False, True])
def test_a_commit_that_lost_its_last_line_is_named(
    found: Found, table: str, tmp_path: Path, commit_file: CommitFile, *, deep: bool
) -> None:
    lines = commit_file(table, 2).read_text().splitlines()
    commit_file(table, 2).write_text("\n".join(lines[:-1]))
    assert DeltaTable(str(tmp_path / table)).version() == 3  # as if nothing were wrong
    [short] = found(table, deep=deep)
    assert short.severity == "error"
    assert short.what == (
        "The commit 00000000000000000002.json has lost lines: "
        "WRITE counted 1 (numAddedFiles), and it has 0 files added."
    )
    assert "restore the table to the version before 2" in short.next


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"add": {"pa', "Input data was truncated"),
        ("\0\0\0{", "JSON is malformed: invalid character (byte 0)"),
        ('{"add": {"path": 7}}', "Expected `str`, got `int` - at `$.add.path`"),
        ("[]", "Expected `object`, got `array`"),
    ],
)
def test_a_broken_line_is_told_by_its_number(
    found: Found, table: str, commit_file: CommitFile, line: str, problem: str
) -> None:
    path = commit_file(table, 3)
    path.write_text("\n".join([*path.read_text().splitlines(), line]))
    with pytest.raises(DeltaError):
        DeltaTable(str(path.parents[1]))
    [broken] = found(table)
    assert broken.severity == "error"
    assert broken.what == f"The commit 00000000000000000003.json cannot be read at line 3 of 3: {problem}."


def test_a_commit_that_cannot_be_opened_is_named(found: Found, table: str, commit_file: CommitFile) -> None:
    commit_file(table, 3).unlink()
    commit_file(table, 3).symlink_to(commit_file(table, 3))
    [unreadable] = found(table)
    problem = "Too many levels of symbolic links"
    assert unreadable.what == f"The commit 00000000000000000003.json cannot be read: {problem}."


def test_missing_commits_are_counted(found: Found, tables: DeltaTables, table: str, commit_file: CommitFile) -> None:
    tables.write(table, ROWS).unwrap()
    for version in (0, 1, 3):
        commit_file(table, version).unlink()
    missing, *rest = found(table)
    assert missing.severity == "error"
    assert missing.what == "The commits of version 0 to 1, 3 are missing from the log."
    assert kinds(rest) == [("error", "ActionMissing"), ("error", "ActionMissing")]
    assert rest[0].what == "The log up to version 4 has no protocol action, which every table must have."


def test_what_a_checkpoint_holds_is_lost_to_older_versions_alone(
    found: Found, tables: DeltaTables, table: str, tmp_path: Path, commit_file: CommitFile
) -> None:
    DeltaTable(str(tmp_path / table)).create_checkpoint()
    tables.write(table, ROWS).unwrap()
    commit_file(table, 1).unlink()
    commit_file(table, 2).write_bytes(b"")
    gap, empty = found(table)
    assert (gap.severity, empty.severity) == ("warning", "warning")
    assert gap.what == (
        "The commits of version 1 are missing from the log; the checkpoint of version 3 holds what they did, "
        "older versions are lost."
    )
    assert empty.what.startswith("The commit 00000000000000000002.json is empty")
    commit_file(table, 0).unlink()  # as a clean-up does
    assert kinds(found(table)) == [("warning", "CommitEmpty")]


def test_a_log_that_was_cleaned_up_is_whole(
    found: Found, tables: DeltaTables, table: str, tmp_path: Path, commit_file: CommitFile
) -> None:
    DeltaTable(str(tmp_path / table), version=2).create_checkpoint()
    for version in (0, 1):
        commit_file(table, version).unlink()
    assert found(table, deep=True) == []
    commit_file(table, 3).rename(commit_file(table, 4))
    assert found(table)[0].what == "The commits of version 3 are missing from the log."
    for version in (2, 4):
        commit_file(table, version).unlink()
    assert found(table) == []
    assert tables.check(table).unwrap().version == 2


def test_a_log_without_a_commit_is_named(tables: DeltaTables, table: str, tmp_path: Path) -> None:
    for path in (tmp_path / table / "_delta_log").iterdir():
        path.unlink()
    (tmp_path / table / "_delta_log" / f"{0:020}.crc").write_text("{}")
    report = tables.check(table).unwrap()
    assert (report.version, report.worst, report.files, report.rows) == (None, "error", 0, 0)
    assert report.findings[0].what == "The log holds no commit and no checkpoint, only: 00000000000000000000.crc."


@pytest.mark.parametrize("action", ["protocol", "metaData"])
def test_a_log_without_an_action_that_every_table_has(found: Found, table: str, edited: Edited, action: str) -> None:
    edited(table, 0, lambda line: line.pop(action, None))
    [absent] = found(table)
    assert absent.severity == "error"
    assert absent.what == f"The log up to version 3 has no {action} action, which every table must have."


@pytest.mark.parametrize(
    ("schema", "problem"),
    [("", "it is empty"), ("{", "Expecting property name"), ("[]", "no struct of fields"), ("{}", "it lacks 'fields'")],
)
def test_a_schema_that_is_none(found: Found, table: str, edited: Edited, schema: str, problem: str) -> None:
    def change(line: dict[str, Any]) -> None:
        if "metaData" in line:
            line["metaData"]["schemaString"] = schema

    edited(table, 0, change)
    [unreadable] = found(table)
    assert unreadable.what.startswith("The schema in the log cannot be read: ")
    assert problem in unreadable.what


def test_features_that_are_not_read_are_told(found: Found, table: str, edited: Edited) -> None:
    def change(line: dict[str, Any]) -> None:
        if "protocol" in line:
            features = {"readerFeatures": ["futureFeature"], "writerFeatures": ["futureFeature"]}
            line["protocol"] = {"minReaderVersion": 3, "minWriterVersion": 7, **features}

    edited(table, 0, change)
    [feature] = found(table)
    assert feature.severity == "warning"
    assert feature.what.startswith("The table uses the table feature futureFeature, which Foreset does not read")


@pytest.mark.parametrize(("back", "severity"), [(59_000, "advice"), (61_000, "warning")])
def test_clocks_that_ran_back_are_told(
    tables: DeltaTables, table: str, dated: Callable[..., None], back: int, severity: str
) -> None:
    dated(table, {0: 1_000_000, 1: 2_000_000, 2: 2_000_000 - back, 3: 2_000_000 - back + 1})
    [clock] = tables.check(table).unwrap().findings
    assert clock.severity == severity
    assert clock.what.startswith("Commit times run backwards (1 in all), the most at version 2: committed at ")
    assert "after version 1 at 1970-01-01T00:33:20.000+00:00. Which version was current in between" in clock.what
