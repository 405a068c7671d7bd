"""A place that cannot have the result, or that the result is read from, is refused before anything is retrieved."""

import os
from pathlib import Path

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec, write_to_delta_lake
from foreset.domain.errors.problem import CallerError
from foreset.domain.errors.retrieval import OutputIsSource
from foreset.entrypoints.cli import main
from tests.entrypoints.cli.test_cli import day

SPEC = "features: ['v:*']\n"
FEATURES = """
entities: [{name: k, join_keys: [k]}]
views:
- {name: v, entities: [k], source: {table: t, timestamp_field: at}, features: [x, parts]}
- {name: p, entities: [k], source: {table: 'parquet:FILES', timestamp_field: at}, features: [x]}
"""
ROWS = pl.DataFrame({"k": [1, 2], "at": [day(1), day(1)], "x": [1.0, 2.0], "parts": [[1.0], [2.0]]})
GET = ["get", "s.yaml", "--spine", "l.parquet", "-o"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A store with views over a Delta table and over Parquet files, in the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORESET_STORE", "FORESET_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    write_to_delta_lake(ROWS, "t")
    write_to_delta_lake(ROWS, "t")
    Path("files").mkdir()
    ROWS.drop("parts").write_parquet("files/a.parquet")
    pl.DataFrame({"k": [1], "event_timestamp": [day(2)]}).write_parquet("l.parquet")
    Path("f.yaml").write_text(FEATURES.replace("FILES", str(tmp_path / "files")))
    Path("s.yaml").write_text(SPEC)
    Path("file").write_text("")
    assert main(["apply", "f.yaml"]) == 0
    capsys.readouterr()
    return tmp_path


def built() -> str:
    """The id of a training set."""
    training_set = store().training_set(TrainingSetSpec(["v:*"]), pl.read_parquet("l.parquet"))
    return training_set.unwrap().id


def store() -> FeatureStore:
    return FeatureStore.open("feature_repo").unwrap()


def refused(capsys: pytest.CaptureFixture[str], argv: list[str], says: str) -> None:
    """The command ends with 2 before anything is recorded or written."""
    events = len(store().log.events().unwrap())
    before = {place: place.stat().st_mtime_ns for place in Path().rglob("*.parquet")}
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert "Next: " in err
    assert len(store().log.events().unwrap()) == events
    assert {place: place.stat().st_mtime_ns for place in Path().rglob("*.parquet")} == before


UNFIT = {
    "ending": ("o.xlsx", "its ending '.xlsx' is unknown"),
    "under a file": ("file/o.parquet", "is a file, and not a folder"),
    "long name": ("o" * 250 + ".parquet", "name too long"),
    "nested in text": ("o.csv", "no CSV file holds parts (list<float64>)"),
}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("case", UNFIT)
@pytest.mark.parametrize("command", ["get", "rebuild", "changes"])
def test_a_place_that_cannot_have_the_result(capsys: pytest.CaptureFixture[str], case: str, command: str) -> None:
    place, says = UNFIT[case]
    commands = {"get": GET, "rebuild": ["rebuild", built(), "-o"], "changes": ["changes", "t", "0", "-o"]}
    refused(capsys, [*commands[command], place], says)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("place", ["data/delta_lake/t", "linked", "files/a.parquet", "files/new.parquet", "l.parquet"])
def test_what_the_result_is_read_from_is_not_replaced(capsys: pytest.CaptureFixture[str], place: str) -> None:
    Path("linked").symlink_to("data/delta_lake/t", target_is_directory=True)
    says = "the spine" if place == "l.parquet" else "the feature view " + ("p" if "files" in place else "v")
    refused(capsys, [*GET, place], f"{place} holds what {says} is read from")
    if place != "l.parquet":
        refused(capsys, ["rebuild", built(), "-o", place], f"holds what {says} is read from")


@pytest.mark.usefixtures("here")
def test_what_the_result_is_read_from_is_replaced_where_that_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*GET, "data/delta_lake/t", "--overwrite"]) == 0
    capsys.readouterr()
    assert store().tables.info("t").unwrap().version == 2
    assert main([*GET, "l.parquet", "--overwrite"]) == 2  # the table has no column `at` any more
    assert main(["changes", "t", "0", "1", "-o", "data/delta_lake/t"]) == 2
    assert "holds what the table t is read from" in capsys.readouterr().err


def test_a_training_set_is_written_over_its_own_tables_where_that_is_asked(here: Path) -> None:
    table = str(here / "own")
    write_to_delta_lake(ROWS, table)
    opened = FeatureStore.open(here / "st").unwrap()
    opened.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], DeltaSource(table, "at"), ["x"])).unwrap()
    made = opened.training_set(TrainingSetSpec(["v:*"]), pl.read_parquet("l.parquet")).unwrap()
    for write in (made.write_delta, made.write_parquet):
        with pytest.raises(CallerError, match="overwrite=True") as fault:
            write(table)
        assert isinstance(fault.value.error, OutputIsSource)
    with pytest.raises(CallerError, match="the table"):
        opened.tables.changes(table, 0).unwrap().write_delta(os.path.relpath(table))
    assert made.write_delta(here / "elsewhere").is_dir()
    made.write_delta(table, overwrite=True)
    assert opened.tables.info(table).unwrap().version == 1
