"""Every command of the parser prints to every encoding, and ends quietly where nobody reads what it prints."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from foreset import write_to_delta_lake
from foreset.entrypoints.cli import main
from tests.entrypoints.cli.every_command import EVERY_COMMAND
from tests.entrypoints.cli.test_cli import LABELS, RAIN

_NAME = "r\u00e4gn\u4e2d\u2500\U0001f600"
_FEATURES = f"""
entities: [{{name: city, join_keys: [city]}}]
views: [{{name: {_NAME}, entities: [city], source: {{table: rain, timestamp_field: at}}, features: [mm]}}]
"""


CALLS = {
    "views": [], "entities": [], "tables": [], "log": [], "pins": [], "log verify": [],
    "lineage": [], "show": [_NAME], "plan": ["s.yaml", "--spine", "l.parquet"],
    "get": ["s.yaml", "--spine", "l.parquet", "-o", f"{_NAME}.parquet"], "check": ["rain"], "retention": ["rain"],
    "changes": ["rain", "0"], "apply": ["f.yaml"], "vacuum": ["rain", "--dry-run"], "optimize": ["rain"],
    "report": [_NAME], "rebuild": [_NAME], "diff": [_NAME, "b"], "audit": [f"{_NAME}.csv", "--spec", "s.yaml"],
    "pin": [_NAME], "unpin": [_NAME], "train": [f"{_NAME}.yaml"], "import": [_NAME], "generate": [_NAME],
    "erase": ["--entity", _NAME, "--key", _NAME], "log move": [f"feature_repo/{_NAME}/events.db/{_NAME}"],
    "materialize": [f"{_NAME}2"], "online": [f"{_NAME}:mm2", "--key", f"city={_NAME}"], "check-online": [f"{_NAME}2"],
    "publish": ["--repo", f"l.parquet/{_NAME}"], "demo": ["--folder", f"l.parquet/{_NAME}"],
}  # fmt: skip
"""A call of each command that prints the name, or an error about it."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A store with a view whose name most encodings lack."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORESET_STORE", "FORESET_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    write_to_delta_lake(RAIN, "rain")
    LABELS.write_parquet("l.parquet")
    Path("f.yaml").write_text(_FEATURES, encoding="utf-8")
    Path("s.yaml").write_text(f"features: ['{_NAME}:*']\n", encoding="utf-8")
    assert main(["apply", "f.yaml"]) == 0
    capsys.readouterr()
    return tmp_path


def test_no_command_is_left_out() -> None:
    assert sorted(CALLS) == sorted(EVERY_COMMAND)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_every_command_prints_to_every_encoding(here: Path, encoding: str) -> None:
    calls = [
        [*name.split(), *rest] for name in EVERY_COMMAND for rest in (["--help"], CALLS[name], [*CALLS[name], "--json"])
    ]
    for argv in calls:
        _print(argv, here, encoding)


def _print(argv: list[str], here: Path, encoding: str) -> None:
    """Run a command in this process, with streams of an encoding, as the interpreter makes them."""
    out, err = here / "out.txt", here / "err.txt"
    with (
        out.open("w", encoding=encoding) as shown,
        err.open("w", encoding=encoding) as said,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdout", shown)
        patch.setattr(sys, "stderr", said)
        try:
            code = main(argv)
        except SystemExit as end:
            code = int(end.code or 0)
    assert code in {0, 1, 2, 3}, argv  # a traceback would be an exception here
    assert out.read_bytes() or err.read_bytes(), argv


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("call", ["--help", "show --help", f"show {_NAME}", "lineage --json", "log"])
def test_a_reader_that_goes_away_ends_a_command_quietly(call: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    run = "import sys; from foreset.entrypoints.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", run, *call.split()], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert done.stderr == b""
    assert done.returncode in ({0, 141} if "--help" in call else {141})  # argparse passes over what nobody reads
