"""Two processes with one process id, as in two containers, over one store: no wrong row, and nothing lost.

FORESET_OPERATIONS sets how many operations each does.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureViewSpec
from tests.processes.containers import DAY, KEYS, open_store, recorded

OPERATIONS = int(os.environ.get("FORESET_OPERATIONS", "12"))
CONTAINER = ("unshare", "--pid", "--fork", "--mount-proc")


def unable() -> str | None:
    """Why processes cannot be given ids of their own here."""
    if shutil.which("unshare") is None:
        return "there is no command unshare"
    tried = subprocess.run([*CONTAINER, "true"], capture_output=True, text=True, check=False)
    return tried.stderr.strip() or "unshare failed" if tried.returncode else None


@pytest.fixture
def place(tmp_path: Path) -> Path:
    if (reason := unable()) is not None:
        pytest.skip(f"process ids cannot be unshared: {reason}")
    store = open_store(tmp_path)
    rows = pl.DataFrame({"k": range(KEYS), "at": [DAY] * KEYS, "v": [float(key) for key in range(KEYS)]})
    store.tables.write(rows, "things").unwrap()
    view = FeatureViewSpec("w", ["thing"], DeltaSource("things", "at"), ["v"])
    store.register(EntitySpec("thing", ["k"]), view).unwrap()
    return tmp_path


@pytest.mark.slow
def test_two_containers_share_a_store(place: Path) -> None:
    command = [*CONTAINER, sys.executable, "-m", "tests.processes.containers", str(place)]
    both = [
        subprocess.Popen([*command, name, str(OPERATIONS)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name in ("a", "b")
    ]
    said: list[dict[str, Any]] = []
    for process in both:
        out, error = process.communicate()
        assert process.returncode == 0, error
        said += [json.loads(line) for line in out.splitlines()]
    assert [line for line in said if line["what"] == "wrong"] == []
    ends = [line for line in said if line["what"] == "end"]
    assert len({line["pid"] for line in ends}) == 1
    assert len(ends) == len(both)
    _nothing_is_lost(place, said)


def _nothing_is_lost(place: Path, said: list[dict[str, Any]]) -> None:
    store = open_store(place)
    sets = {line["id"]: line["keys"] for line in said if line["what"] == "set"}
    assert set(recorded(store)) == set(sets)
    for identifier, keys in sets.items():
        frame = store.rebuild(identifier).unwrap().frame
        assert (frame["k"].to_list(), frame["v"].to_list()) == (keys, [float(key) for key in keys])
    rows = pl.DataFrame(store.adapters.tables.observe("things").unwrap().read(("k",)).unwrap())
    assert set(rows["k"]) >= {line["key"] for line in said if line["what"] == "row"}
    assert rows.height == KEYS + sum(line["what"] == "row" for line in said)
    assert store.log.verify().unwrap().whole
    left = [path for path in (place / "store").rglob("*") if ".unfinished-" in path.name or path.suffix == ".partial"]
    assert left == []
