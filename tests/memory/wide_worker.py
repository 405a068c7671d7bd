"""Writes a training set to a file under a memory budget, in a process of its own: `wide_worker.py FOLDER BUDGET`."""

import json
import sys
from pathlib import Path

from foreset import FeatureStore, TrainingSetSpec
from foreset.domain.errors.problem import ForesetError


def main(folder: Path, budget: str) -> None:
    store = FeatureStore.open(folder / "store", data_dir=folder, memory=budget).unwrap()
    try:
        made = store.training_set(TrainingSetSpec(["v:v"]), folder / "spine.parquet").unwrap()
        made.write_parquet(folder / "out.parquet")
        error = None
    except ForesetError as fault:
        error = type(fault.error).__name__ + ": " + str(fault)
    print(json.dumps({"error": error, "peak": store.adapters.machine.peak_bytes()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
