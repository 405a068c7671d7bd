"""`foreset check`: what it prints, and the exit code by what it found."""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake

from foreset.adapters.delta.tables import DeltaTables
from foreset.entrypoints.cli import main
from foreset.entrypoints.store.feature_store import FeatureStore

Printed = pytest.CaptureFixture[str]
WHOLE = "Nothing is wrong. The data itself was not read: --deep does that.\n"
NEXT = (
    "  Next: free the space with `foreset vacuum`, which spares what is being written and what training sets rest on."
)
ROWS = pl.DataFrame({"city": ["Rome", "Oslo"], "mm": [2.0, 9.0]})


@pytest.fixture
def rain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The table `rain` of two versions in the data folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORESET_STORE", "FORESET_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    tables = DeltaTables(tmp_path / "data" / "delta_lake")
    for _ in range(2):
        tables.write("rain", ROWS).unwrap()
    return tmp_path / "data" / "delta_lake" / "rain"


@pytest.mark.usefixtures("rain")
def test_a_whole_table(capsys: Printed) -> None:
    size = sum(path.stat().st_size for path in Path("data/delta_lake/rain").glob("*.parquet")) / 1000
    assert main(["check", "rain"]) == 0
    assert capsys.readouterr() == (
        f"rain@1: 2 commits in its log, 2 files, 4 rows, {size:.1f} kB.\n{WHOLE}",
        "",
    )
    assert main(["check", "rain", "--deep"]) == 0
    assert capsys.readouterr().out.endswith("\nNothing is wrong. The data was read too.\n")
    assert not Path("feature_repo").exists()


def test_advice_is_no_failure(rain: Path, capsys: Printed) -> None:
    (rain / "stray.parquet").write_bytes(b"12345")
    assert main(["check", str(rain)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "advice: Data files are in the folder that no commit names, 1 in all (5 bytes): stray.parquet.",
        NEXT,
        "1 piece of advice. The data itself was not read: --deep does that.",
    ]


def test_warnings_end_with_1(rain: Path) -> None:
    write_deltalake(
        str(rain.parent / "snow"),
        pl.DataFrame({"x": [1], "p": [datetime(2024, 1, 1, tzinfo=UTC)]}),
        partition_by=["p"],
    )
    assert main(["check", "snow"]) == 1


def test_errors_end_with_2_and_stand_first(rain: Path, capsys: Printed) -> None:
    (rain / "stray.parquet").touch()
    (rain / "_delta_log" / "_last_checkpoint").write_text("{")
    (rain / "_delta_log" / f"{1:020}.json").write_bytes(b"")
    assert main(["check", "rain"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("rain@1: 2 commits in its log, 1 file, 2 rows, ")
    assert [line.partition(":")[0] for line in lines[1::2]] == [
        "error",
        "warning",
        "advice",
        "1 error, 1 warning, 1 piece of advice. The data itself was not read",
    ]
    assert all(line.startswith("  Next: ") for line in lines[2::2])


def test_a_table_that_deltalake_cannot_open_is_checked(rain: Path, capsys: Printed) -> None:
    (rain / "_delta_log" / f"{1:020}.json").write_text("{")
    assert main(["tables"]) == 1
    capsys.readouterr()
    assert main(["check", "rain"]) == 2
    assert "error: The commit 00000000000000000001.json cannot be read at line 1 of 1: " in capsys.readouterr().out


def test_a_log_without_a_version(rain: Path, capsys: Printed) -> None:
    for path in (rain / "_delta_log").iterdir():
        path.rename(path.with_suffix(".lost"))
    assert main(["check", "rain"]) == 2
    assert capsys.readouterr().out.startswith(
        "rain, which has no version: 0 commits in its log, 0 files, 0 rows, 0 B.\n"
    )


def test_many_findings_of_a_kind_are_cut_short(rain: Path, capsys: Printed) -> None:
    tables = DeltaTables(rain.parent)
    for _ in range(30):
        tables.write("hail", ROWS).unwrap()
    for path in (rain.parent / "hail").glob("*.parquet"):
        path.write_bytes(b"")
    assert main(["check", "hail"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("error: ") for line in lines) == 20
    assert lines[-2:] == [
        "and 10 more of the same kind; --json tells them all.",
        "30 errors. The data itself was not read: --deep does that.",
    ]
    main(["check", "hail", "--json"])
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 30


def test_json_has_the_findings_fields_and_their_messages(rain: Path, capsys: Printed) -> None:
    (rain / "_delta_log" / f"{1:020}.json").write_bytes(b"")
    assert main(["check", "rain", "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert {name: value for name, value in report.items() if name not in {"findings", "size_bytes"}} == {
        "table": "rain",
        "version": 1,
        "deep": False,
        "commits": 2,
        "files": 1,
        "rows": 2,
        "worst": "error",
    }
    empty, orphan = report["findings"]
    assert {name: value for name, value in empty.items() if name != "next"} == {
        "finding": "CommitEmpty",
        "severity": "error",
        "version": 1,
        "name": "00000000000000000001.json",
        "what": "The commit 00000000000000000001.json is empty: whatever version 1 added or removed is lost to every "
        "reader.",
    }
    assert empty["next"].startswith("restore 00000000000000000001.json from a backup")
    assert (orphan["finding"], orphan["severity"]) == ("OrphanFiles", "advice")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["snow"], "error: Delta Lake table not found: 'snow' would be at "),
        (["../rain"], "error: '../rain' is not a dataset name"),
        ([], "foreset check: error: the following arguments are required: TABLE"),
        (["rain", "--deeper"], "foreset check: error: unrecognized arguments: --deeper"),
        (["rain", "snow"], "foreset check: error: unrecognized arguments: snow"),
    ],
)
@pytest.mark.usefixtures("rain")
def test_what_could_not_be_checked_ends_with_3(capsys: Printed, arguments: list[str], told: str) -> None:
    try:
        code = main(["check", *arguments])
    except SystemExit as ended:
        code = ended.code
    assert code == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err


def test_mistakes_in_other_commands_end_as_before(capsys: Printed) -> None:
    for arguments in (["tables", "--deep"], ["tables", "extra"], ["plan"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert capsys.readouterr().err.startswith(f"usage: foreset {arguments[0]} ")


def test_a_store_checks_its_tables(rain: Path) -> None:
    store = FeatureStore.open(rain.parent / "store", data_dir=rain.parent).unwrap()
    assert store.tables.check("rain").unwrap().worst is None
    assert store.tables.check("rain", deep=True).unwrap().deep
    next(rain.glob("*.parquet")).unlink()
    assert store.tables.check("rain").unwrap().worst == "error"
    assert FeatureStore.in_memory({"rain": ROWS}).tables.check("rain").unwrap().findings == ()
