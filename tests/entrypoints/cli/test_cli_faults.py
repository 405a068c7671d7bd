"""Bad input at the command line: one clear message, the right exit code, and nothing written."""

import gc
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from foreset.adapters.delta.tables import DeltaTables
from foreset.entrypoints.cli import files, main
from foreset.entrypoints.store.feature_store import FeatureStore

FEATURES = """
entities:
- {name: city, join_keys: [city]}
views:
- {name: rain, entities: [city], source: {table: rain, timestamp_field: at}, features: [depth]}
- {name: snow, entities: [city], source: {table: rain, timestamp_field: at}, features: [depth]}
"""
AT = datetime(2024, 1, 2, tzinfo=UTC)
RAIN = pl.DataFrame({"city": ["Rome", "Oslo"], "at": [AT, AT], "depth": [2.0, 9.0]})
LABELS = pl.DataFrame({"city": ["Rome", "Oslo"], "event_timestamp": [AT, AT]})
GET = ["get", "train.yaml", "--spine", "labels.parquet", "-o", "out.parquet"]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("FORESET_STORE", "FORESET_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    DeltaTables(tmp_path / "data" / "delta_lake").write("rain", RAIN).unwrap()
    (tmp_path / "data" / "delta_lake" / "plain").mkdir()
    LABELS.write_parquet("labels.parquet")
    Path("features.yaml").write_text(FEATURES)
    Path("train.yaml").write_text("features: ['rain:depth']\n")
    assert main(["apply", "features.yaml"]) == 0
    capsys.readouterr()
    return tmp_path


def view(*, table: str = "rain", entities: str = "city", features: str = "depth", more: str = "") -> str:
    source = f"{{table: {table}, timestamp_field: at}}"
    return f"views:\n- {{name: v, entities: [{entities}], source: {source}, features: [{features}]{more}}}\n"


APPLY = {
    "missing sample": (
        view(table="classification_data"),
        "TableMissing",
        "Delta Lake table not found: 'classification_data' would be at ",
        "make the sample with `foreset generate classification_data`.",
    ),
    "missing table": (
        view(table="hail"),
        "TableMissing",
        "Delta Lake table not found: 'hail' would be at ",
        "write the table",
    ),
    "not a table": (view(table="plain"), "NotADeltaTable", "/plain is not a Delta table ('plain')", "name the folder"),
    "climbing name": (view(table="../rain"), "BadTableName", "'../rain' is not a dataset name", "give the name alone"),
    "unknown entity": (view(entities="town"), "UnknownEntity", "The entity 'town'", "Register it"),
    "unknown column": (
        view(features="dept"),
        "MissingColumn",
        "from the column 'dept', which the table",
        "Did you mean depth?",
    ),
    "negative ttl": (view(more=", ttl: -1d"), "InvalidSpec", "its ttl is negative", "give a ttl of zero or more"),
    "no features": (view(features=""), "InvalidSpec", "features is empty", "name at least one in features"),
    "same feature twice": (
        view(features="depth, depth"),
        "InvalidSpec",
        "features names 'depth' twice",
        "name it once",
    ),
    "unknown field": (view(more=", tll: 1d"), "UnknownField", "views[0] has no field 'tll'", "Did you mean ttl?"),
    "wrong type": (
        view(features="{name: depth, dtype: int64}"),
        "UnfitType",
        "'depth' of the feature view 'v' is float64",
        "",
    ),
    "broken file": ("views: [\n", "SpecUnreadable", "bad.yaml, line 2, column 1 cannot be read", "mend the file"),
}


@pytest.mark.parametrize("case", APPLY)
def test_apply_refuses(capsys: pytest.CaptureFixture[str], case: str) -> None:
    text, name, says, then = APPLY[case]
    Path("bad.yaml").write_text(text)
    refused(capsys, ["apply", "bad.yaml"], name, says, then)


GETTING = {
    "unknown view": (
        "features: ['rian:depth']",
        "UnknownView",
        "The feature view 'rian' is not reg",
        "Did you mean rain?",
    ),
    "unknown feature": (
        "features: ['rain:dept']",
        "UnknownFeature",
        "'rain' has no feature 'dept'",
        "Did you mean depth?",
    ),
    "name clash": (
        "features: ['rain:depth', 'snow:depth']",
        "NameClash",
        "The result would have more than one column 'depth'",
        "set full_feature_names=True, or give one an alias",
    ),
    "no features": ("features: []", "InvalidSpec", "features is empty", "name at least one in features."),
    "same feature twice": (
        "features: ['rain:depth', 'rain:depth']",
        "InvalidSpec",
        "names 'rain:depth' twice",
        "name it once",
    ),
    "unknown time column": (
        "features: ['rain:depth']\ntimestamp_field: event_time",
        "SpineColumnMissing",
        "The spine has no column 'event_time', which is the ",
        "Did you mean event_timestamp?",
    ),
    "before the first version": (
        "features: ['rain:depth']\nknown_at: 2001-01-01",
        "BeforeFirstVersion",
        "At 2001-01-01T00:00:00+00:00 the table 'rain' did not exist: version 0, its first, was committed at ",
        "name a later time, or a version.",
    ),
    "no such version": (
        "features: ['rain:depth']\nversions: {rain: 7}",
        "VersionMissing",
        "The table 'rain' has no version 7: its log holds versions 0 to 0.",
        "name a version in that range",
    ),
    "a time to come": (
        "features: ['rain:depth']\nknown_at: 2999-01-01",
        "KnownInFuture",
        "known_at is 2999-01-01",
        "name",
    ),
    "unknown field": (
        "features: ['rain:depth']\nknownat: 1",
        "UnknownField",
        "no field 'knownat'",
        "Did you mean known_at?",
    ),
}


@pytest.mark.parametrize("case", GETTING)
def test_get_refuses_the_spec(capsys: pytest.CaptureFixture[str], case: str) -> None:
    text, name, says, then = GETTING[case]
    Path("train.yaml").write_text(text)
    refused(capsys, GET, name, says, then)


SPINES: dict[str, tuple[Callable[[], pl.DataFrame], str, str, str]] = {
    "no key": (
        lambda: LABELS.rename({"city": "town"}),
        "SpineColumnMissing",
        "The spine has no column 'city', which is the ",
        "Rename a column of the spine",
    ),
    "no time": (
        lambda: LABELS.drop("event_timestamp"),
        "SpineColumnMissing",
        "The spine has no column 'event_timestamp', which is the ",
        "Rename a column of the spine",
    ),
    "null time": (
        lambda: LABELS.with_columns(event_timestamp=pl.lit(None, pl.Datetime("us", "UTC"))),
        "NullSpineTime",
        "2 rows of the spine have no time in 'event_timestamp', the first at row 0",
        "fill in their times",
    ),
    "key of another type": (
        lambda: LABELS.with_columns(city=pl.Series([1, 2])),
        "KeyTypeMismatch",
        "The join key 'city' is int64 in the spine and string in the table",
        "cast the spine's column to string",
    ),
    "time that is text": (
        lambda: LABELS.with_columns(pl.col("event_timestamp").dt.to_string("at %H")),
        "UnfitSpineTime",
        "The spine's time column 'event_timestamp' is string",
        "convert it",
    ),
}


@pytest.mark.parametrize("case", SPINES)
def test_get_refuses_the_spine(capsys: pytest.CaptureFixture[str], case: str) -> None:
    spine, name, says, then = SPINES[case]
    spine().write_parquet("labels.parquet")
    refused(capsys, GET, name, says, then)


ARGUMENTS = {
    "no such spine": (
        ["--spine", "nope.parquet"],
        "SpineUnreadable",
        "The spine nope.parquet cannot be read",
        "give a",
    ),
    "no such spine table": (
        ["--spine", "nope"],
        "TableMissing",
        "table not found: 'nope' would be at",
        "write the table",
    ),
    "spine that climbs": (["--spine", "../x"], "BadTableName", "'../x' is not a dataset name", "give the name alone"),
    "version of a file": (["--spine-version", "1"], "SpineUnreadable", "only a Delta table has versions", "give a"),
    "filter": (
        ["--spine-filter", "town = 1"],
        "SpineUnreadable",
        "the filter 'town = 1' is no condition on it",
        "give a",
    ),
    "ending": (["-o", "out.xlsx"], "InvalidSpec", "--output out.xlsx: its ending '.xlsx' is unknown", "name a file"),
    "no table": (["-o", "data"], "InvalidSpec", "--output data: it is there and no Delta table", "name a new folder"),
    "folder": (["-o", "folder.csv"], "InvalidSpec", "--output folder.csv: it is a folder", "name a file in it"),
}


@pytest.mark.parametrize("case", ARGUMENTS)
def test_get_refuses_the_arguments(capsys: pytest.CaptureFixture[str], case: str) -> None:
    more, name, says, then = ARGUMENTS[case]
    Path("folder.csv").mkdir()
    refused(capsys, [*GET, *more], name, says, then)


def refused(
    capsys: pytest.CaptureFixture[str], argv: list[str], name: str, says: str, then: str, *, code: int = 2
) -> None:
    """The command ends with the code, its message, for people and for programs, and writes nothing."""
    before = tree()
    assert main(argv) == code
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert out == ""
    assert first.startswith("error: ")
    assert says in first
    assert second.startswith("Next: ")
    assert then in second
    assert main([*argv, "--json"]) == code
    out, err = capsys.readouterr()
    problem = json.loads(err)
    assert out == ""
    assert (problem["error"], problem["fault"] == "caller") == (name, code == 2)
    assert re.sub(r"\d", "", problem["message"]) == re.sub(r"\d", "", f"{first.removeprefix('error: ')} {second}")
    assert tree() == before


def tree() -> dict[str, int]:
    """Every file with its size, and the number of events: the sizes of SQLite's files say nothing."""
    files = {str(place): place.stat().st_size for place in Path().rglob("*") if place.is_file()}
    rest = {name: size for name, size in files.items() if "events.db" not in name}
    events = FeatureStore.open("feature_repo").bind(lambda store: store.log.events()).map(len)
    return {**rest, "events": events.value_or(-1)}


def test_a_store_that_cannot_be_made(capsys: pytest.CaptureFixture[str]) -> None:
    says, then = "The store cannot write ", "give a folder that you may write"
    refused(capsys, ["--store", "train.yaml/repo", "apply", "features.yaml"], "StoreUnwritable", says, then, code=1)


def test_a_store_by_url(capsys: pytest.CaptureFixture[str]) -> None:
    says = "A store cannot be opened at 's3://bucket/repo': only folders and databases of PostgreSQL are known."
    refused(capsys, ["--store", "s3://bucket/repo", "views"], "UnknownLocation", says, "give the path of a folder")


@pytest.mark.parametrize("command", [["views"], ["log"], ["apply", "features.yaml"], GET])
def test_a_damaged_event_log(store: Path, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    gc.collect()  # the fixture's connection, whose write-ahead log would still be right
    Path("damaged").write_bytes(b"this is no database, and was one" * 200)
    Path("damaged").replace(store / "feature_repo" / "events.db")
    says, then = "events.db is damaged: ", "restore the file from a backup"
    refused(capsys, command, "LogCorrupt", says, then, code=1)


def test_an_event_log_of_a_newer_format(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(sqlite3.connect(store / "feature_repo" / "events.db", isolation_level=None)) as log:
        log.execute("PRAGMA user_version = 99")
    says = "was written by a newer Foreset: it has format 99"
    refused(capsys, ["views"], "LogTooNew", says, "upgrade foreset on this machine", code=1)


def test_an_output_that_cannot_be_written_any_more_keeps_the_receipt(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "unwritable", lambda _: None)  # it could be written before the rows were retrieved
    assert main([*GET[:-1], "train.yaml/deep/out.parquet"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: train.yaml/deep/out.parquet cannot be written: ")
    assert main(["log", "--limit", "1"]) == 0
    assert "built ts-" in capsys.readouterr().out


GENERATE = {
    "path": (["../x"], "generate('../x'): there is no such sample"),
    "unknown": (["clasification_data"], "there is no such sample"),
    "one row": (["classification_data", "--rows", "1"], "n_samples is 1"),
}


@pytest.mark.parametrize("case", GENERATE)
def test_generate_refuses(capsys: pytest.CaptureFixture[str], case: str) -> None:
    argv, says = GENERATE[case]
    refused(capsys, ["generate", *argv], "InvalidSpec", says, "")


@pytest.mark.parametrize("argv", [["--limit", "0"], ["--limit", "x"]])
def test_numbers_that_are_none(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["log", *argv])
    assert ended.value.code == 2
    assert f"{argv[1]!r} is not a whole number of 1 or more" in capsys.readouterr().err


def test_the_demo_keeps_to_its_own_folder(capsys: pytest.CaptureFixture[str]) -> None:
    says, then = "foreset demo: its store and its tables are in its own folder.", "--folder DIR names the folder"
    refused(capsys, ["demo", "--store", "elsewhere"], "InvalidSpec", says, then)


def test_the_demo_takes_no_folder_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--quick", "--folder", "data"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert sorted(place.name for place in Path("data").iterdir()) == ["delta_lake"]
