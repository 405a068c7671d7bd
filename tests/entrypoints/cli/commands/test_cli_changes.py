"""`foreset changes`: what changed between two versions of a table."""

import json
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from foreset import write_to_delta_lake
from foreset.entrypoints.cli import main

ROWS = pl.DataFrame({"k": [1, 2], "x": [0.5, None]})


@pytest.fixture(autouse=True)
def orders(workspace: Path) -> Path:
    """A table of three versions: two rows, a third appended, and one of them updated."""
    write_to_delta_lake(ROWS, "orders")
    write_to_delta_lake(pl.DataFrame({"k": [3], "x": [1.5]}), "orders")
    place = workspace / "data" / "delta_lake" / "orders"
    DeltaTable(place).update(predicate="k = 1", updates={"x": "9.0"})
    return place


def test_the_cost_and_the_counts_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["changes", "orders", "0", "1"]) == 0
    span, cost, counts = capsys.readouterr().out.splitlines()
    assert span == "changes of orders after version 0, up to version 1"
    assert cost.startswith("appended files: reads 1 file, 1 row, ")
    assert cost.endswith(" B; all commits in between only added rows")
    assert counts == "changed rows: 1 insert"


def test_the_newest_version_is_the_last_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["changes", "orders", "0"]) == 0
    told = capsys.readouterr().out
    assert "up to version 2\ndifference: reads 3 files, 5 rows, " in told
    assert "version 2 changed rows while the change data feed was off" in told
    assert told.endswith("changed rows: 2 insert, 1 delete\n")
    assert main(["changes", "orders", "2"]) == 0
    assert capsys.readouterr().out.endswith("reads nothing; no commit in between changed rows\nchanged rows: none\n")


@pytest.mark.parametrize("output", ["out/changes.parquet", "changes.csv", "changes_table"])
def test_the_rows_are_written_where_that_is_asked(capsys: pytest.CaptureFixture[str], output: str) -> None:
    assert main(["changes", "orders", "0", "-o", output]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("They lie at ")
    assert last.endswith(f"{output}.")
    read = {".parquet": pl.read_parquet, ".csv": pl.read_csv}.get(Path(output).suffix, pl.read_delta)
    rows = read(output)
    assert rows.columns == ["k", "x", "_change_type", "_commit_version", "_commit_timestamp"]
    assert sorted(rows.select("k", "x", "_change_type").rows()) == [
        (1, 0.5, "delete"),
        (1, 9.0, "insert"),
        (3, 1.5, "insert"),
    ]


def test_one_json_document_has_all_of_it(orders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["changes", str(orders), "0", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.pop("size_bytes") > 0
    assert told == {
        "table": str(orders),
        "first": 0,
        "last": 1,
        "how": "appended files",
        "why": "all commits in between only added rows",
        "files": 1,
        "rows": 1,
        "changes": {"insert": 1, "delete": 0, "update_preimage": 0, "update_postimage": 0},
        "output": None,
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["orders", "2", "1"],
            "cannot be told: the first version is the later one.\nNext: name the older version first",
        ),
        (["orders", "0", "9"], "has no version 9: its log holds versions 0 to 2.\nNext: "),
        (["orderz", "0"], "Delta Lake table not found: 'orderz'"),
        (["orders", "0", "-o", "x.xlsx"], "its ending '.xlsx' is unknown"),
    ],
)
def test_what_cannot_be_told_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    assert main(["changes", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert not Path("x.xlsx").exists()


def test_data_that_is_gone_is_told_and_nothing_is_written(orders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in orders.glob("*.parquet"):
        file.unlink()
    assert main(["changes", "orders", "0", "-o", "changes.csv"]) == 1
    assert "is not there any more" in capsys.readouterr().err
    assert not Path("changes.csv").exists()
