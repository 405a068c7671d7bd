"""A process that erases a key until it is killed. Usage: eraser.py FOLDER ENTITY KEY."""

import sys
from pathlib import Path

from foreset import FeatureStore


def main(folder: str, entity: str, key: str) -> None:
    store = FeatureStore.open(Path(folder) / "store", data_dir=Path(folder) / "data").unwrap()
    print("open", flush=True)
    store.keys.erase(entity, key, requested_by="dora").unwrap()
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
