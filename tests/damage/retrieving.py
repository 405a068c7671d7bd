"""Retrieves a training set once for each line that comes in, in a process of its own: `retrieving.py FOLDER`."""

import sys
from pathlib import Path

import polars as pl

from foreset import FeatureStore, ForesetError, TrainingSetSpec


def main(folder: Path) -> None:
    store = FeatureStore.open(folder / "store").unwrap()
    spine, right = pl.read_parquet(folder / "spine.parquet"), pl.read_ipc(folder / "right.arrow")
    print("ready", flush=True)
    for _ in sys.stdin:
        try:
            frame = store.training_set(TrainingSetSpec(["w:*"]), spine).unwrap().frame
        except ForesetError as fault:
            print("error", type(fault.error).__name__, str(fault).replace("\n", " "), flush=True)
        else:
            print("right" if frame.equals(right) else "wrong", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
