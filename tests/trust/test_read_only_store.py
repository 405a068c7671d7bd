"""A store and a table on a disk that cannot be written: what looks at them works, and what records is refused."""

import subprocess
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec, write_to_delta_lake
from foreset.domain.errors.problem import WorldFault
from foreset.entrypoints.cli.main import main

DAY = datetime(2024, 5, 1, tzinfo=UTC)
SET = "(the training set)"
LOOKS = {
    "log": ["log"],
    "log verify": ["log", "verify"],
    "lineage": ["lineage"],
    "views": ["views"],
    "entities": ["entities"],
    "show": ["show", SET],
    "plan": ["plan", "spec.yaml", "--spine", "spine.parquet"],
    "report": ["report", SET],
    "diff": ["diff", SET, SET],
    "pins": ["pins"],
    "retention": ["retention", "t"],
    "check": ["check", "t", "--deep"],
    "changes": ["changes", "t", "0", "0"],
    "vacuum of nothing": ["vacuum", "t"],
}
RECORDS = {
    "get": ["get", "spec.yaml", "--spine", "spine.parquet", "-o", "out.parquet"],
    "rebuild": ["rebuild", SET],
    "unpin": ["unpin", SET],
    "erase": ["erase", "--entity", "e", "--key", "1"],
    "apply": ["apply", "entities.yaml"],
    "optimize": ["optimize", "t"],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A folder whose store and table are on a disk that cannot be written."""
    folder = tmp_path_factory.mktemp("disk")
    rows = pl.DataFrame({"k": [1, 2], "at": [DAY, DAY], "v": [1.0, 2.0]})
    for _ in range(2):
        write_to_delta_lake(rows, folder / "data" / "t")
    rows.select("k", event_timestamp="at").write_parquet(folder / "spine.parquet")
    (folder / "spec.yaml").write_text('features: ["w:v"]\n')
    (folder / "entities.yaml").write_text("entities: [{name: other, join_keys: [k]}]\n")
    with FeatureStore.open(folder / "store", data_dir=folder / "data").unwrap() as store:
        store.register(EntitySpec("e", ["k"]), FeatureViewSpec("w", ["e"], DeltaSource("t", "at"), ["v"])).unwrap()
        made = store.training_set(TrainingSetSpec(["w:v"]), pl.read_parquet(folder / "spine.parquet")).unwrap()
        store.training_sets.pin(made.id).unwrap()
    (folder / "id").write_text(made.id)
    mounted = [mount for name in ("store", "data") if (mount := read_only(folder / name))]
    if len(mounted) < 2:  # the store and the tables
        pytest.skip("a disk is mounted by root only")
    yield folder
    for mount in mounted:
        subprocess.run(["umount", str(mount)], check=True)


def read_only(place: Path) -> Path | None:
    """Mount a folder over itself, so that it cannot be written."""
    for options in (["--bind", str(place)], ["-o", "remount,ro,bind"]):
        if subprocess.run(["mount", *options, str(place)], check=False, capture_output=True).returncode:
            return None
    return place


def run(place: Path, command: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.chdir(place)
    made = (place / "id").read_text()
    command = [made if word == SET else word for word in command]
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(["--store", "store", "--data-dir", "data", *command]))
    return int(ended.value.code or 0)


@pytest.mark.parametrize("command", LOOKS)
def test_what_looks_works(
    place: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run(place, LOOKS[command], monkeypatch), capsys.readouterr()
    assert code == (1 if command == "report" else 0)  # it warns of what is constant
    assert said.out
    assert "error:" not in said.err


@pytest.mark.parametrize("command", RECORDS)
def test_what_records_is_refused_where_it_records(
    place: Path, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, RECORDS[command], monkeypatch) == 1
    said = capsys.readouterr().err
    assert "Next: " in said
    assert "read-only" in said.lower() or "readonly" in said
    assert not any(word in said for word in ("backup", "damaged", "Traceback"))


def test_writes_of_a_table_are_refused(place: Path) -> None:
    rows = pl.DataFrame({"k": [3], "at": [DAY], "v": [3.0]})
    with FeatureStore.open(place / "store", data_dir=place / "data").unwrap() as store:
        error = store.tables.write(rows, "t").failure()
        assert isinstance(error, WorldFault)
        assert "Read-only file system" in str(error)
        assert store.log.lineage((place / "id").read_text()).unwrap()
        assert len(store.log.events().unwrap()) > 0
