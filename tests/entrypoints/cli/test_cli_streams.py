"""What is printed reaches every terminal, whatever its encoding; what cannot be written is known before the work."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from foreset.entrypoints.cli.streams import document

_RUN = "import sys; from foreset.entrypoints.cli import main; sys.exit(main())"


def run(encoding: str, *args: str) -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    return subprocess.run([sys.executable, "-c", _RUN, *args], capture_output=True, env=environment, check=False)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_a_text_beyond_the_encoding_is_written_by_its_number(tmp_path: Path, encoding: str) -> None:
    done = run(encoding, "check", str(tmp_path / "t\u00e4\u4e2d\u2500"))
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr
    assert "error: " in done.stderr.decode(encoding)


def test_a_json_document_is_json_in_every_encoding(tmp_path: Path) -> None:
    name = "t\u00e4\U0001f600"
    done = run("cp1252", "check", str(tmp_path / name), "--json")
    assert name in json.loads(done.stderr.decode("cp1252"))["message"]
    assert document('"a"', sys.stdout) == '"a"'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_a_full_disk_is_an_error_and_not_a_traceback() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", _RUN, "--version"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
