"""CSV spines from the command line: their types are in the id, and a rebuild gives the same set."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset import FeatureStore, write_to_delta_lake
from foreset.entrypoints.cli import main
from tests.entrypoints.cli.test_cli import day

FEATURES = """
entities: [{name: k, join_keys: [k]}]
views:
- {name: v, entities: [k], source: {table: t, timestamp_field: at}, features: [x]}
"""
NAMED = ["--spine-schema", "k=string", "--spine-schema", "event_timestamp=timestamp[us, UTC]"]
FORMAT = ["--spine-format", "event_timestamp=%d/%m/%Y"]
CSV = "k,event_timestamp,note\n007,02/01/2024,1\n008,03/01/2024,2\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A store with a view whose keys are texts with leading zeros, and labels as CSV."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORESET_STORE", "FORESET_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    write_to_delta_lake(pl.DataFrame({"k": ["007"], "at": [day(1)], "x": [1.5]}), "t")
    Path("f.yaml").write_text(FEATURES)
    Path("s.yaml").write_text("features: ['v:*']\n")
    Path("l.csv").write_text(CSV)
    assert main(["apply", "f.yaml"]) == 0
    capsys.readouterr()
    return tmp_path


def built(capsys: pytest.CaptureFixture[str], *options: str) -> Any:
    assert main(["get", "s.yaml", "--spine", "l.csv", "-o", "o.parquet", *FORMAT, *options, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("kept", [True, False])
def test_a_set_with_named_types_is_rebuilt_with_the_same_id(capsys: pytest.CaptureFixture[str], *, kept: bool) -> None:
    made = built(capsys, *NAMED, *([] if kept else ["--no-keep-spine"]))
    assert pl.read_parquet("o.parquet")["x"].to_list() == [1.5, None]
    again = [] if kept else ["--spine", "l.csv", *NAMED, *FORMAT]
    if kept:
        Path("l.csv").unlink()
    assert main(["rebuild", made["id"], *again, "--json"]) == 0
    rebuilt = json.loads(capsys.readouterr().out)
    assert (rebuilt["id"], rebuilt["fingerprint"]) == (made["id"], made["fingerprint"])


@pytest.mark.usefixtures("here")
def test_other_types_of_the_same_cells_are_another_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert built(capsys, *NAMED)["id"] != built(capsys, *NAMED, "--spine-schema", "note=string")["id"]


@pytest.mark.usefixtures("here")
def test_a_spine_that_is_given_again_with_other_types_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    made = built(capsys, *NAMED, "--no-keep-spine")
    other = [*NAMED, "--spine-schema", "note=string", *FORMAT]
    assert main(["rebuild", made["id"], "--spine", "l.csv", *other]) == 2
    assert "Next: " in capsys.readouterr().err


def test_a_set_is_rebuilt_through_a_link_to_where_its_table_was_moved(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = built(capsys, *NAMED)
    table = here / "data" / "delta_lake" / "t"
    (here / "elsewhere").mkdir()
    table.rename(here / "elsewhere" / "t")
    assert main(["rebuild", made["id"]]) == 2
    assert "link its old place to the new one (ln -s NEW OLD)" in capsys.readouterr().err
    table.symlink_to(here / "elsewhere" / "t", target_is_directory=True)
    assert main(["rebuild", made["id"]]) == 0
    rebuilt = FeatureStore.open("feature_repo").unwrap().rebuild(made["id"]).unwrap()
    assert rebuilt.receipt.fingerprint == made["fingerprint"]
