"""Every place that names the Pythons of the project names the same ones."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PREFIX = "Programming Language :: Python :: "
NAMED = [text.removeprefix(PREFIX) for text in PROJECT["project"]["classifiers"] if text.startswith(PREFIX)]
FIRST, LAST = NAMED[0], NAMED[-1]
AFTER = f"3.{int(LAST.split('.')[1]) + 1}"


def words(file: str, pattern: str) -> list[tuple[str, ...]]:
    """What the groups of a pattern are in a file, for each place where it is."""
    return [found.groups() for found in re.finditer(pattern, (ROOT / file).read_text())]


def test_the_classifiers_leave_out_no_version_in_between() -> None:
    assert [f"3.{minor}" for minor in range(int(FIRST[2:]), int(LAST[2:]) + 1)] == NAMED


def test_pip_installs_on_the_named_versions_and_no_others() -> None:
    assert PROJECT["project"]["requires-python"] == f">={FIRST},<{AFTER}"


def test_the_makefile_takes_the_named_versions_and_locks_for_the_oldest() -> None:
    bounds = tuple(version.replace(".", ", ") for version in (FIRST, AFTER))
    assert words("Makefile", r"assert \((.*?)\) <= sys.version_info < \((.*?)\), ") == [bounds]
    assert words("Makefile", r"needs Python (\S+) to (\S+): ") == [(FIRST, LAST)]
    assert words("Makefile", r"--python-version (\S+)") == [(FIRST,)]


def test_the_readme_names_the_oldest_and_the_newest() -> None:
    assert words("README.md", r"Python (3\.\d+) to (3\.\d+)") == [(FIRST, LAST)]


def test_the_checkers_look_for_what_the_oldest_has_not() -> None:
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py{FIRST.replace('.', '')}"
    assert PROJECT["tool"]["pyright"]["pythonVersion"] == FIRST


def test_these_tests_run_on_a_named_version() -> None:
    assert f"3.{sys.version_info.minor}" in NAMED


# === The search for interpreters ===


def found(path: Path, pyenv: Path) -> dict[str, str]:
    """What the search prints of each version, where these are the folders that it looks in."""
    run = [sys.executable, str(ROOT / ".ci" / "pythons")]
    environment = {"PATH": str(path), "PYENV_ROOT": str(pyenv)}
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def script(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


def test_each_named_version_is_looked_for_and_what_is_missing_is_said(tmp_path: Path) -> None:
    assert found(tmp_path, tmp_path) == {version: f"- no python{version} on PATH, none of pyenv" for version in NAMED}


def test_the_newest_patch_of_pyenv_serves(tmp_path: Path) -> None:
    for patch in (9, 10):
        script(tmp_path / "versions" / f"{FIRST}.{patch}" / "bin" / f"python{FIRST}", f"echo {FIRST} /patch-{patch}")
    assert found(tmp_path / "none", tmp_path)[FIRST] == "/patch-10"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo no module named ensurepip >&2; exit 1", "does not serve: no module named ensurepip"),
        ("exit 3", "does not serve: exit code 3"),
    ],
)
def test_an_interpreter_that_does_not_serve_is_said_with_its_reason(tmp_path: Path, text: str, said: str) -> None:
    script(tmp_path / f"python{LAST}", text)
    assert found(tmp_path, tmp_path)[LAST] == f"- {tmp_path}/python{LAST} {said}"


def test_one_that_does_not_serve_hides_none_that_does(tmp_path: Path) -> None:
    script(tmp_path / f"python{LAST}", "exit 1")
    script(tmp_path / "versions" / f"{LAST}.0" / "bin" / f"python{LAST}", f"echo {LAST} /serves")
    assert found(tmp_path, tmp_path)[LAST] == "/serves"
