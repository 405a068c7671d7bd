"""A process that writes tables as it is told, and tells the version of each write.

Usage: table_worker.py FOLDER. It reads lines `KIND TABLE FIRST COUNT` and makes COUNT writes numbered from FIRST; of
each it prints a line `KIND NUMBER VERSION` once the write is acknowledged. It says `ready` at the beginning, and `done`
after each line.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

from foreset.adapters.delta.tables import DeltaTables
from foreset.application.ports.tables import TableStore
from foreset.domain.tables.write_options import WriteOptions

ROWS: Final = 20
"""How many rows each write brings."""
START: Final = pl.DataFrame({"k": range(40), "p": ["a", "b"] * 20, "write": [-1] * 40})


def rows(number: int, *, p: str | None = None) -> pl.DataFrame:
    """The rows of a write: keys that other writes have too, and the write's number."""
    return pl.DataFrame(
        {
            "k": [(number * 7 + at) % 60 for at in range(ROWS)],
            "p": [p or ("a" if at % 3 else "b") for at in range(ROWS)],
            "write": [number] * ROWS,
        }
    )


def append(store: TableStore, table: str, number: int) -> int:
    return store.write(table, rows(number)).unwrap().version


def overwrite(store: TableStore, table: str, number: int) -> int:
    return store.write(table, rows(number), "overwrite").unwrap().version


def replace(store: TableStore, table: str, number: int) -> int:
    return store.write(table, rows(number, p="a"), "overwrite", WriteOptions(replace_where="p = 'a'")).unwrap().version


def merge(store: TableStore, table: str, number: int) -> int:
    return store.write(table, rows(number), "merge", WriteOptions(merge_on=("k",))).unwrap().version


def optimize(store: TableStore, table: str, number: int) -> int:  # noqa: ARG001  # as the others
    """The version, -1 where there was nothing to do or another process was at it."""
    done = store.optimize(table)
    if done.map(lambda compaction: compaction.merged).value_or(0):
        return done.unwrap().facts.version
    return -1


KINDS: Final[dict[str, Callable[[TableStore, str, int], int]]] = {
    "append": append,
    "overwrite": overwrite,
    "replace": replace,
    "merge": merge,
    "optimize": optimize,
}


def main(folder: str) -> None:
    store = DeltaTables(Path(folder))
    print("ready", flush=True)
    for line in sys.stdin:
        kind, table, first, count = line.split()
        for number in range(int(first), int(first) + int(count)):
            print(kind, number, KINDS[kind](store, table, number), flush=True)
        print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
