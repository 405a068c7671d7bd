"""The data of the cases, made from the seed, and kept while their definition stays."""

import shutil
from collections.abc import Iterable
from pathlib import Path

import data_random
import data_trips
from shapes import WORK, Case, Dataset, Spine, Table, place

FORMAT = 1
"""To be raised when the makers give other data for the same definition."""


def ensure(dataset: Dataset) -> bool:
    """Make a dataset unless it is there; whether it had to be made."""
    folder = place(dataset.name)
    marker, told = folder / "made-as.txt", f"{FORMAT} {dataset!r}"
    if marker.exists() and marker.read_text() == told:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if isinstance(dataset, Table):
        data_random.make_table(dataset)
    elif isinstance(dataset, Spine):
        data_random.make_spine(dataset)
    else:
        data_trips.make(dataset)
    marker.write_text(told)
    return True


def tidy(cases: Iterable[Case]) -> None:
    """Delete datasets that no case names."""
    named = {dataset.name for case in cases for dataset in case.datasets}
    kept = WORK / "data"
    for folder in kept.iterdir() if kept.exists() else ():
        if folder.name not in named:
            shutil.rmtree(folder)


def warm(case: Case) -> None:
    """Read the files of a case once, so that the first peer does not pay for the disk."""
    for dataset in case.datasets:
        for path in place(dataset.name).rglob("*.parquet"):
            _read(path)


def _read(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        while file.read(1 << 24):
            pass
