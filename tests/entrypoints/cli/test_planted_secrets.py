"""Secrets that were planted in options and addresses are in no output of any command, and in no file of the store."""

import stat
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec, write_to_delta_lake
from foreset.entrypoints.cli.main import main
from tests.entrypoints.cli.every_command import EVERY_COMMAND

SECRET = "Pl4ntedS3cret"  # noqa: S105  # what is to be found
ADDRESSES = [
    f"postgresql:/ann:{SECRET}@127.0.0.1:1/d",
    f"postgres:ann:{SECRET}@127.0.0.1",
    f"s3://KEY:{SECRET}@bucket/store",
    f"http:/ann:{SECRET}@host",
    f"postgresql://ann:my {SECRET}@127.0.0.1:1/d",
    f"postgresql://ann:100%{SECRET}@127.0.0.1:1/d",
    f"mysql://ann@host/d?api_key={SECRET}",
]


COMMANDS = sorted({name.partition(" ")[0] for name in EVERY_COMMAND} - {"demo"})


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORESET_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    rows = pl.DataFrame({"city": ["a", "b"], "at": [1, 2], "mm": [1.0, 2.0]}).with_columns(
        pl.col("at").cast(pl.Datetime("us", "UTC"))
    )
    write_to_delta_lake(rows, "rain")
    opened = FeatureStore.open(tmp_path / "store").unwrap()
    options = {"aws_secret_access_key": SECRET, "token": SECRET, "endpoint": f"http://u:{SECRET}@host"}
    source = DeltaSource("rain", "at", storage_options=options)
    opened.register(EntitySpec("city", ["city"]), FeatureViewSpec("rain", ["city"], source, ["mm"])).unwrap()
    spine = rows.select("city", event_timestamp="at")
    opened.training_set(TrainingSetSpec(["rain:mm"], name="wet"), spine).unwrap()
    return tmp_path / "store"


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_shows_a_secret(store: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["wet"], ["rain"], [f"s3://KEY:{SECRET}@bucket/x"]):
        for json in ([], ["--json"]):
            with suppress(SystemExit):
                main([command, *more, "--store", str(store), *json])
            captured = capsys.readouterr()
            assert SECRET not in captured.out + captured.err, (command, more, json)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_command_shows_the_password_of_the_store(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["log"], ["views", "--json"], ["lineage", "--openlineage", address], ["show", "x"]):
        assert main([*arguments, "--store", address]) != 0
        captured = capsys.readouterr()
        assert SECRET not in captured.out + captured.err
        assert "Next: " in captured.err
    assert list(tmp_path.iterdir()) == []


def test_no_file_of_the_store_holds_a_secret_and_all_are_private(store: Path) -> None:
    assert stat.S_IMODE(store.stat().st_mode) == 0o700
    for path in store.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path


def test_a_store_that_is_open_to_others_is_named_once(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["views", "--store", str(store)])
    assert capsys.readouterr().err == ""
    store.chmod(0o755)
    (store / "events.db").chmod(0o644)
    assert main(["views", "--store", str(store)]) == 0
    said = capsys.readouterr().err
    assert said.count("warning: ") == 1
    assert "events.db (0644)" in said
    assert f"Next: chmod -R go-rwx {store}" in said


def test_an_address_with_a_credential_is_not_recorded(store: Path) -> None:
    source = DeltaSource(f"s3://KEY:{SECRET}@bucket/rain", "at")
    error = FeatureStore.open(store).unwrap().register(FeatureViewSpec("w", ["city"], source, ["mm"])).failure()
    assert SECRET not in error.message
