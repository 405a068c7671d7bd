"""Builds a training set under a memory budget, in a process of its own: `worker.py FOLDER BUDGET OUTPUT`."""

import json
import sys
from pathlib import Path

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec


def main(folder: Path, budget: str, output: str) -> None:
    store = FeatureStore.open(folder / "store", data_dir=folder, memory=budget).unwrap()
    names = [f"f{number}" for number in range(50)]
    store.register(EntitySpec("k", ["k"]), FeatureViewSpec("v", ["k"], DeltaSource("features", "ts"), names)).unwrap()
    told: list[int] = []
    made = store.training_set(
        TrainingSetSpec(["v:*"]), folder / "spine.parquet", progress=lambda done, _: told.append(done)
    ).unwrap()
    if output == "delta":
        made.write_delta(folder / "out")
    else:
        made.write_parquet(folder / "out.parquet")
    plan = made.receipt.plan.result.how
    answer = {
        "id": made.id,
        "fingerprint": made.receipt.fingerprint,
        "peak": store.adapters.machine.peak_bytes(),
        "expected": plan.peak_bytes if plan else 0,
        "parts": made.receipt.plan.parts,
        "told": told,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
