"""Tables and spines of random rows."""

from collections.abc import Iterator
from zlib import crc32

import numpy as np
import numpy.typing as npt
import polars as pl
from deltalake import DeltaTable, write_deltalake
from shapes import CREATED, KEY, ROW, SEED, SPINE_TIME, TARGET, TIME, Draw, Spine, Table
from times import DAY, HOUR, SPAN, START, moments

Whole = npt.NDArray[np.int64]


def generator_of(name: str, part: int = 0) -> np.random.Generator:
    """Random numbers of a dataset's own, for one part of it."""
    return np.random.default_rng([SEED, crc32(name.encode()), part])


def make_table(table: Table) -> None:
    """Write the Delta table, file by file, and its copy where one is wanted."""
    parts = _parts(table)
    write_deltalake(str(table.path), next(parts).to_arrow())
    handle = DeltaTable(str(table.path))  # kept, so that a commit does not begin by reading all commits before it
    for frame in parts:
        write_deltalake(handle, frame.to_arrow(), mode="append")
    if table.copied:
        pl.read_parquet(DeltaTable(str(table.path)).file_uris()).write_parquet(table.copy)


def make_spine(spine: Spine) -> None:
    """Write the spine, its rows in random order."""
    generator = generator_of(spine.name)
    keys = _keys(generator, spine.draw, spine.keys, spine.rows)
    if spine.span is None:
        times = np.full(spine.rows, START + SPAN + DAY)
    else:
        first, last = (int(SPAN * edge) for edge in spine.span)
        times = START + generator.integers(first, last, spine.rows)
    frame = pl.DataFrame({ROW: np.arange(spine.rows), KEY: keys, SPINE_TIME: times})
    _named(moments(frame, SPINE_TIME), spine.key_columns).write_parquet(spine.path)


def _parts(table: Table) -> Iterator[pl.DataFrame]:
    """The frames of the files: made one at a time where files are in time order."""
    sizes = [len(part) for part in np.array_split(np.empty(table.rows, np.int8), table.files)]
    parts = (_rows(table, part, size) for part, size in enumerate(sizes))
    if table.order == "time":
        return parts
    whole = pl.concat(parts).sort(*table.key_columns, TIME)
    return (whole.slice(sum(sizes[:part]), size) for part, size in enumerate(sizes))


def _rows(table: Table, part: int, rows: int) -> pl.DataFrame:
    """The rows of one slice of time; one in a hundred repeats another's key and time, written an hour or more later."""
    generator = generator_of(table.name, part)
    repeated = 0 if table.draw == "each-once" else rows // 100
    fresh = rows - repeated
    keys = _keys(generator, table.draw, table.keys, fresh)
    width = SPAN // table.files
    times = START + part * width + generator.integers(0, width, fresh)
    created = times + generator.integers(0, HOUR, fresh)
    again = generator.choice(fresh, repeated, replace=False)
    order = generator.permutation(rows)
    columns = {
        KEY: np.concatenate([keys, keys[again]])[order],
        TIME: np.concatenate([times, times[again]])[order],
        CREATED: np.concatenate([created, created[again] + HOUR])[order],
        **{name: generator.random(rows) for name in table.columns},
        **({TARGET: generator.integers(0, 2, rows)} if table.target else {}),
    }
    frame = _named(moments(pl.DataFrame(columns), TIME, CREATED), table.key_columns)
    return frame if table.created else frame.drop(CREATED)


def _keys(generator: np.random.Generator, draw: Draw, keys: int, rows: int) -> Whole:
    if draw == "each-once":
        return generator.permutation(keys)
    if draw == "all-on-one":
        return np.zeros(rows, np.int64)
    drawn = generator.integers(0, keys, rows)
    return np.where(generator.random(rows) < 0.5, 0, drawn) if draw == "half-on-one" else drawn


def _named(frame: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """The frame with its key under its own name, or as two text columns."""
    if columns == (KEY,):
        return frame
    first, second = columns
    texts = (
        pl.format("{}-{}", pl.lit(first), pl.col(KEY) // 100).alias(first),
        pl.format("{}-{}", pl.lit(second), pl.col(KEY) % 100).alias(second),
    )
    return frame.with_columns(texts).drop(KEY)
