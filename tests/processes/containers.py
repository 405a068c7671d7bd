"""A process that mixes operations on a store with another one that has the same process id.

Usage: containers.py FOLDER NAME COUNT. The store and its tables are in the folder. It prints each training set that was
acknowledged to it, with what it must hold, and any answer that is wrong.
"""

import json
import os
import random
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from returns.result import Result

from foreset import FeatureStore, TrainingSetSpec
from foreset.domain.errors.problem import ForesetError
from foreset.domain.event_log.receipts import TrainingSetRetrieved

DAY = datetime(2024, 5, 1, tzinfo=UTC)
LATER = datetime(2024, 5, 3, tzinfo=UTC)
KEYS = 50
BUSY = {"StaleWrite", "LogBusy", "WriteFailed", "CommitUnsettled", "OnlyPin", "NotPinned", "WouldLose", "KeyUnfit"}
"""Errors by which another writer, or what it did, may rightly stop an operation."""
GONE = {"TrainingSetErased", "NotRebuildable", "SpineNotKept", "SpineErased", "KeptLost"}
"""Errors that are right about a set of which the other process has erased a key."""


def open_store(folder: Path, memory: str | None = None) -> FeatureStore:
    return FeatureStore.open(folder / "store", data_dir=folder, memory=memory).unwrap()


class Worker:
    """Operations, each of which checks what it is given."""

    def __init__(self, folder: Path, name: str) -> None:
        self.store, self.name = open_store(folder), name
        self.chance = random.Random(name)  # noqa: S311  # no secret
        self.sets: dict[str, list[int]] = {}
        self.done = 0

    def retrieve(self) -> None:
        """A training set whose rows are known: the value of a key is the key."""
        keys = self.chance.sample(range(KEYS), 20)
        spine = pl.DataFrame({"k": keys, "event_timestamp": [LATER] * len(keys)})
        found = self._of(self.store.training_set(TrainingSetSpec(["w:v"]), spine))
        if found is not None:
            self._compare(found.id, found.frame, keys)
            self.sets[found.id] = keys
            self._say("set", id=found.id, keys=keys)

    def rebuild(self) -> None:
        """One of this process's training sets, again."""
        identifier = self._any()
        if identifier is not None:
            found = self._of(self.store.rebuild(identifier), GONE)
            if found is not None:
                self._compare(identifier, found.frame, self.sets[identifier])

    def write(self) -> None:
        """Rows of the table that no training set is made of."""
        key = 1_000 + self.done + (500_000 if self.name == "b" else 0)
        row = pl.DataFrame({"k": [key], "at": [DAY], "v": [float(key)]})
        if self._of(self.store.tables.write(row, "things")) is not None:
            self._say("row", key=key)

    def pin(self) -> None:
        identifier = self._any()
        if identifier is not None:
            self._of(self.store.training_sets.pin(identifier), GONE)

    def unpin(self) -> None:
        identifier = self._any()
        if identifier is not None:
            self._of(self.store.training_sets.unpin(identifier), GONE)

    def erase(self) -> None:
        """A key that no training set has."""
        self._of(self.store.keys.erase("thing", 900_000 + self.done))

    def vacuum(self) -> None:
        self._of(self.store.tables.vacuum("things"))

    def sweep(self) -> None:
        """What opening a store and keeping frames sweeps, by another store of this process."""
        self._of(self.store.adapters.kept.sweep())

    def run(self, count: int) -> None:
        every = [self.retrieve, self.retrieve, self.rebuild, self.rebuild]
        every += [self.write, self.pin, self.unpin, self.erase, self.vacuum, self.sweep]
        for self.done in range(count):
            self.chance.choice(every)()
        self._say("end", pid=os.getpid(), sets=len(self.sets))

    def _any(self) -> str | None:
        return self.chance.choice(sorted(self.sets)) if self.sets else None

    def _of(self, done: Result[Any, Any], right: Iterable[str] = ()) -> Any:
        try:
            return done.unwrap()
        except ForesetError as refused:
            kind = type(refused.error).__name__
            if kind not in BUSY and kind not in right:
                self._say("wrong", error=f"{kind}: {refused.error}")
            return None

    def _compare(self, identifier: str, frame: pl.DataFrame, keys: list[int]) -> None:
        if frame["k"].to_list() != keys or frame["v"].to_list() != [float(key) for key in keys]:
            self._say("wrong", id=identifier, rows=frame.rows(), keys=keys)

    def _say(self, what: str, **more: object) -> None:
        print(json.dumps({"what": what, **more}), flush=True)


def recorded(store: FeatureStore) -> list[str]:
    """The ids of the training sets that the log has."""
    return [r.event.id for r in store.log.events().unwrap() if isinstance(r.event, TrainingSetRetrieved)]


if __name__ == "__main__":
    Worker(Path(sys.argv[1]), sys.argv[2]).run(int(sys.argv[3]))
