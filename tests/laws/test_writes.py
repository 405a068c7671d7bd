"""Whatever is written, in whatever way, a Delta table has the rows of a table in memory, and in the same order."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from deltalake import DeltaTable, Schema
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Success

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.memory import MemoryClock, MemoryTables
from foreset.application.ports.tables import TableStore
from foreset.domain.tables.write_options import WriteMode, WriteOptions

SCHEMA = {"k": pl.Int64, "p": pl.String, "x": pl.Float64}
WIDER = {**SCHEMA, "y": pl.Int64}
CONDITIONS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "p = 'a'": lambda row: row["p"] == "a",
    "k >= 2": lambda row: row["k"] is not None and row["k"] >= 2,
    "x IS NULL OR p = 'b/c'": lambda row: row["x"] is None or row["p"] == "b/c",
    "true": lambda _: True,
    "p IN ('a', 'd e')": lambda row: row["p"] in {"a", "d e"},
}
FILE_SIZES = ("50", "80", "1", "1000000")
"""Of two rows, of three, of one, of all."""
keys = st.one_of(st.none(), st.integers(0, 3))
partitions = st.sampled_from(["a", "b/c", "d e", None])
numbers = st.one_of(st.none(), st.sampled_from([0.5, -0.0, float("nan"), 2.0]))


@dataclass(frozen=True)
class Write:
    rows: pl.DataFrame
    mode: WriteMode
    options: WriteOptions


@dataclass(frozen=True)
class Optimize:
    target_bytes: int


@st.composite
def frames(draw: st.DrawFn, schema: dict[str, Any] = SCHEMA, least: int = 0) -> pl.DataFrame:
    row = st.tuples(keys, partitions, numbers, st.integers(0, 9))
    rows = draw(st.lists(row, min_size=least, max_size=least + 8))
    return pl.DataFrame([r[: len(schema)] for r in rows], schema=schema, orient="row")


@st.composite
def writes(draw: st.DrawFn) -> Write:
    kind = draw(st.sampled_from(["append", "append", "wider", "overwrite", "where", "merge"]))
    frame = draw(frames(WIDER if kind == "wider" or draw(st.integers(0, 4)) == 0 else SCHEMA))
    schema_mode: Any = draw(st.sampled_from(["merge", "merge", None]))
    if kind == "where":
        condition = draw(st.sampled_from(sorted(CONDITIONS)))
        kept = [CONDITIONS[condition](row) for row in frame.iter_rows(named=True)]
        frame = frame.filter(pl.Series(kept, dtype=pl.Boolean))
        return Write(frame, "overwrite", WriteOptions(replace_where=condition, schema_mode=schema_mode))
    if kind == "merge":
        on = draw(st.sampled_from([("k",), ("k", "p"), ("p",)]))
        frame = frame.drop_nulls(on).unique(on, maintain_order=True)
        return Write(frame, "merge", WriteOptions(merge_on=on, schema_mode=schema_mode))
    if kind == "overwrite":
        return Write(frame, "overwrite", WriteOptions(schema_mode=draw(st.sampled_from(["overwrite", "merge", None]))))
    return Write(frame, "append", WriteOptions(schema_mode="merge" if kind == "wider" else schema_mode))


steps = st.lists(st.one_of(writes(), writes(), st.builds(Optimize, st.sampled_from([3_000, 10**9, 1]))), max_size=7)


def rows(store: TableStore) -> pl.DataFrame:
    snapshot = store.observe("t").unwrap()
    return pl.DataFrame(snapshot.read(tuple(column.name for column in snapshot.facts.columns)).unwrap())


def done(store: TableStore, step: Write | Optimize) -> str:
    result: Any = (
        store.optimize("t", step.target_bytes)
        if isinstance(step, Optimize)
        else store.write("t", step.rows, step.mode, step.options)
    )
    return "done" if isinstance(result, Success) else str(result.failure())


@given(frames(least=4), st.sampled_from([(), ("p",), ("p", "k")]), st.sampled_from(FILE_SIZES), steps)
def test_delta_tables_are_written_as_tables_in_memory_are(
    first: pl.DataFrame, partition_by: tuple[str, ...], file_size: str, then: list[Write | Optimize]
) -> None:
    with TemporaryDirectory() as folder:
        delta, memory = DeltaTables(Path(folder)), MemoryTables(clock=MemoryClock())
        schema, settings = Schema.from_arrow(first.to_arrow().schema), {"delta.targetFileSize": file_size}
        DeltaTable.create(f"{folder}/t", schema, partition_by=list(partition_by), configuration=settings)
        memory.write("t", first.clear(), options=WriteOptions(partition_by=partition_by)).unwrap()
        for step in (Write(first, "append", WriteOptions()), *then):
            assert done(delta, step) == done(memory, step)
            assert rows(delta).equals(rows(memory))
            assert list(rows(delta).schema.items()) == list(rows(memory).schema.items())
        seen = pl.DataFrame(DeltaTable(f"{folder}/t").scan()).select(rows(memory).columns)
        assert as_multiset(seen) == as_multiset(rows(memory))
        assert [str(f) for f in delta.check("t", deep=True).unwrap().findings] == []


def as_multiset(frame: pl.DataFrame) -> list[str]:
    return sorted(map(repr, frame.rows()))
