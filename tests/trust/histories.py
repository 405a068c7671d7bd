"""Random histories of tables, in which training sets are built in between. Run as a program it rebuilds them.

Usage: histories.py FOLDER...: of the store in each folder it prints the ids of the sets that it rebuilt.
"""

import random
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import polars as pl
from deltalake import DeltaTable, write_deltalake
from returns.pipeline import is_successful

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, SpineReference, TrainingSetSpec
from foreset.domain.event_log.receipts import TrainingSetRetrieved

START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 60
KEYS = 12
TABLE = "rates"


def open_store(folder: Path) -> FeatureStore:
    """The store of a history, whose tables lie in the same folder."""
    return FeatureStore.open(folder / "store", data_dir=folder).unwrap()


@dataclass
class History:
    """A table that is written in every way, and the training sets that were built from it."""

    folder: Path
    seed: int
    sets: dict[str, pl.DataFrame] = field(default_factory=dict[str, pl.DataFrame])

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311  # histories, not secrets
        self.store = open_store(self.folder)
        self.store.tables.write(self.rows(40), TABLE).unwrap()
        self.store.tables.write(self.rows(30, "y"), "costs").unwrap()
        self.store.tables.write(self.labels(), "labels").unwrap()
        entity = EntitySpec("thing", ["k"])
        rates = FeatureViewSpec("rates", ["thing"], DeltaSource(TABLE, "t", "made"), ["x"], ttl=timedelta(days=40))
        again = FeatureViewSpec("newest", ["thing"], DeltaSource(TABLE, "t"), ["x"])
        costs = FeatureViewSpec("costs", ["thing"], DeltaSource("costs", "t", "made"), ["y"])
        self.store.register(entity, rates, again, costs).unwrap()

    @property
    def place(self) -> str:
        return str(self.folder / TABLE)

    def moment(self) -> datetime:
        return START + timedelta(days=self.chance.randrange(DAYS), hours=self.chance.randrange(24))

    def rows(self, count: int, value: str = "x") -> pl.DataFrame:
        chosen = [(self.chance.randrange(KEYS), self.moment()) for _ in range(count)]
        distinct = list(dict.fromkeys(chosen))
        return pl.DataFrame(
            {
                "k": [k for k, _ in distinct],
                "t": [t for _, t in distinct],
                "made": [t + timedelta(hours=self.chance.randrange(48)) for _, t in distinct],
                value: [round(self.chance.random(), 4) for _ in distinct],
            }
        )

    def labels(self) -> pl.DataFrame:
        rows = self.rows(15).select("k", event_timestamp="t", label="x")
        return rows.with_columns(k=pl.Series(self.chance.choices(range(KEYS + 3), k=rows.height)))

    def step(self) -> None:
        """Write the table once, in one of the ways that there are."""
        self.chance.choice(
            [self.append, self.append, self.merge, self.delete, self.overwrite, self.compact, self.by_deltalake]
        )()

    def append(self) -> None:
        self.store.tables.write(self.rows(self.chance.randrange(1, 20)), TABLE).unwrap()

    def merge(self) -> None:
        self.store.tables.write(self.rows(8), TABLE, mode="merge", merge_on=["k", "t"]).unwrap()

    def delete(self) -> None:
        nothing = self.rows(1).clear()
        where = f"k = {self.chance.randrange(KEYS)}"
        self.store.tables.write(nothing, TABLE, mode="overwrite", replace_where=where).unwrap()

    def overwrite(self) -> None:
        self.store.tables.write(self.rows(30), TABLE, mode="overwrite").unwrap()

    def compact(self) -> None:
        self.store.tables.optimize(TABLE).unwrap()

    def by_deltalake(self) -> None:
        table = DeltaTable(self.place)
        match self.chance.randrange(4):
            case 0:
                write_deltalake(table, self.rows(10).to_arrow(), mode="append")
            case 1:
                table.delete(f"k = {self.chance.randrange(KEYS)}")
            case 2:
                table.update(predicate=f"k = {self.chance.randrange(KEYS)}", updates={"x": "x + 1.0"})
            case _:
                table.optimize.compact()

    def build(self) -> str:
        """A training set of some views, whose spine is kept, or is a table."""
        features = self.chance.choice([["rates:x"], ["newest:x"], ["rates:x", "costs:y"], ["rates:x", "newest:x as n"]])
        by_each_row = not any(name.startswith("newest") for name in features) and self.chance.random() < 0.4
        known_at: Literal["event_time"] | None = "event_time" if by_each_row else None
        spine = SpineReference("labels") if self.chance.random() < 0.3 else self.labels()
        made = self.store.training_set(TrainingSetSpec(features, known_at=known_at), spine).unwrap()
        self.sets[made.id] = made.frame
        return made.id


def history(folder: Path, seed: int, sets: int) -> History:
    """A history with so many training sets, and some writes after the last of them."""
    made = History(folder, seed)
    while len(made.sets) < sets:
        for _ in range(made.chance.randrange(1, 4)):
            made.step()
        made.build()
    for _ in range(3):
        made.step()
    return made


def main(folders: list[str]) -> None:
    for folder in map(Path, folders):
        store = open_store(folder)
        ids = {e.event.id for e in store.log.events().unwrap() if isinstance(e.event, TrainingSetRetrieved)}
        for identifier in sorted(ids):
            if is_successful(store.rebuild(identifier)):
                print(identifier, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
