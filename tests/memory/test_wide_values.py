"""Long texts and lists, few in a file and served many times, stay within the memory of a budget, or are refused."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, write_to_delta_lake

WORKER = Path(__file__).with_name("wide_worker.py")
BUDGET = 600_000_000
ROOMY = 1_000_000_000
"""For values that are long and many: polars decodes the texts of a row group together, and keeps what they took."""
SPINE_ROWS = 10_000
TIME = pl.Datetime("us", "UTC")

VALUES: dict[str, Callable[[int], Any]] = {
    "texts": lambda row: "x" * 100_000 + str(row),
    "binaries": lambda row: b"x" * 100_000 + bytes([row % 256]),
    "lists": lambda row: [float(row % 10)] * 12_500,
    "lists of texts": lambda row: ["x" * 500 + str(row)] * 200,
    "structs": lambda row: {"a": "x" * 100_000, "b": row},
}

pytestmark = pytest.mark.slow


def prepare(folder: Path, value: Callable[[int], Any], table_rows: int, spine_rows: int) -> None:
    """A table in which each key has a value, and a spine that asks for each of them about equally often."""
    times = pl.Series([0] * table_rows).cast(TIME)
    values = [value(row) for row in range(table_rows)]
    write_to_delta_lake(pl.DataFrame({"k": range(table_rows), "ts": times, "v": values}), folder / "t")
    with FeatureStore.open(folder / "store", data_dir=folder).unwrap() as store:
        source = DeltaSource(str(folder / "t"), "ts")
        store.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], source, ["v"])).unwrap()
    keys = np.arange(spine_rows) % table_rows
    spine = pl.DataFrame({"k": keys, "event_timestamp": pl.Series([1] * spine_rows).cast(TIME)})
    spine.write_parquet(folder / "spine.parquet")


def run(folder: Path, budget: int) -> dict[str, Any]:
    """What the worker reports: its peak, and its error where it has one."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(WORKER), str(folder), str(budget)]
    done = subprocess.run(command, check=True, capture_output=True, env=environment, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def written(folder: Path) -> Iterator[pl.DataFrame]:
    with pq.ParquetFile(folder / "out.parquet") as file:
        for group in range(file.num_row_groups):
            yield pl.DataFrame(file.read_row_group(group))


@pytest.mark.parametrize("kind", VALUES)
def test_few_wide_values_that_serve_many_rows_stay_within_the_budget(tmp_path: Path, kind: str) -> None:
    prepare(tmp_path, VALUES[kind], table_rows=10, spine_rows=SPINE_ROWS)
    answer = run(tmp_path, BUDGET)
    assert answer["error"] is None
    assert answer["peak"] <= BUDGET
    done = 0
    for part in written(tmp_path):
        expected = [VALUES[kind]((done + row) % 10) for row in range(min(part.height, 10))]
        assert part["v"].head(10).to_list() == expected
        done += part.height
    assert done == SPINE_ROWS


@pytest.mark.parametrize("kind", ["texts", "lists"])
def test_many_wide_values_that_serve_once_each_stay_within_the_budget(tmp_path: Path, kind: str) -> None:
    prepare(tmp_path, VALUES[kind], table_rows=8_000, spine_rows=8_000)
    answer = run(tmp_path, ROOMY)
    assert answer["error"] is None
    assert answer["peak"] <= ROOMY
    assert sum(part.height for part in written(tmp_path)) == 8_000


def test_texts_of_a_row_group_that_do_not_fit_are_refused_with_what_they_take(tmp_path: Path) -> None:
    prepare(tmp_path, VALUES["texts"], table_rows=2_000, spine_rows=2_000)
    answer = run(tmp_path, BUDGET)
    assert answer["error"].startswith("TextsTooLarge: The texts of the column 'v' in a row group of ")
    assert "take about 127.9 MB, and are decoded together: reading them takes " in answer["error"]
    assert "which is more than there may be: 600.0 MB. Next: give so much memory" in answer["error"]
    assert answer["peak"] <= BUDGET
    assert not (tmp_path / "out.parquet").exists()


def test_a_row_that_cannot_be_cut_is_refused_with_what_a_row_may_take(tmp_path: Path) -> None:
    prepare(tmp_path, lambda row: "x" * 100_000_000 + str(row), table_rows=1, spine_rows=20)
    answer = run(tmp_path, BUDGET)
    assert answer["error"].startswith("RowTooLarge: A row of the table ")
    assert "takes about 100.0 MB of memory, and with the memory that there may be, one row may take " in answer["error"]
    assert answer["peak"] <= BUDGET
    assert not (tmp_path / "out.parquet").exists()
