"""A process that pins or vacuums until it is killed. It prints each thing that was acknowledged to it.

Usage: keeping.py FOLDER JOB, with JOB one of pin, vacuum. The store and its tables are in the folder.
"""

import sys
from pathlib import Path

from foreset import FeatureStore
from foreset.domain.event_log.receipts import TrainingSetRetrieved


def open_store(folder: Path) -> FeatureStore:
    return FeatureStore.open(folder / "store", data_dir=folder).unwrap()


def sets(store: FeatureStore) -> list[str]:
    history = store.log.events().unwrap()
    return list(dict.fromkeys(r.event.id for r in history if isinstance(r.event, TrainingSetRetrieved)))


def main(folder: str, job: str) -> None:
    store = open_store(Path(folder))
    print("open", flush=True)
    if job == "pin":
        for identifier in sets(store):
            store.training_sets.pin(identifier).unwrap()
            print("pinned", identifier, flush=True)
    else:
        done = store.tables.vacuum("things", hours=0, force=True, lose=sets(store)).unwrap()
        print("vacuumed", len(done.deleted), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
