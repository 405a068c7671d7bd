"""The data of a case, from a seed: a Delta table that grew by appends in time order, and a spine."""

import shutil
from datetime import UTC, datetime

import numpy as np
import polars as pl
from cases import CREATED, KEY, ROW, SEED, SPINE_TIME, TARGET, TIME, Case
from deltalake import write_deltalake

START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1_000_000)
DAY = 86_400_000_000
SPAN = 100 * DAY
HOUR = 3_600_000_000


def make(case: Case) -> None:
    """Write the table and the spine of a case, in place of what was there."""
    shutil.rmtree(case.folder, ignore_errors=True)
    case.folder.mkdir(parents=True)
    generator = np.random.default_rng(SEED)
    table = _features(case, generator)
    size = -(-table.height // case.files)
    for part in range(case.files):
        rows = table.slice(part * size, size)
        rows = rows if case.files == 1 else rows[generator.permutation(rows.height)]
        write_deltalake(str(case.table), rows.to_arrow(), mode="append")
    _spine(case, generator).write_parquet(case.spine)


def _features(case: Case, generator: np.random.Generator) -> pl.DataFrame:
    """Rows in time order; one in a hundred has the key and time of another, written an hour or more later."""
    once = case.rows == case.keys
    repeated = 0 if once else case.rows // 100
    fresh = case.rows - repeated
    keys = np.arange(case.keys) if once else generator.integers(0, case.keys, fresh)
    times = START + np.sort(generator.integers(0, SPAN, fresh))
    created = times + generator.integers(0, HOUR, fresh)
    again = generator.choice(fresh, repeated, replace=False)
    columns = {
        KEY: np.concatenate([keys, keys[again]]),
        TIME: np.concatenate([times, times[again]]),
        CREATED: np.concatenate([created, created[again] + HOUR]),
        **{name: generator.random(case.rows) for name in case.columns},
    }
    if case.target:
        columns[TARGET] = generator.integers(0, 2, case.rows)
    frame = pl.DataFrame(columns).with_columns(pl.col(TIME, CREATED).cast(pl.Datetime("us", "UTC"))).sort(TIME)
    return frame if case.created else frame.drop(CREATED)


def _spine(case: Case, generator: np.random.Generator) -> pl.DataFrame:
    """Every key at one time after the last feature, or random keys at random times, in random order."""
    count = case.spine_rows
    if case.rows == case.keys:
        keys, times = np.arange(count), np.full(count, START + SPAN + DAY)
    else:
        keys, times = generator.integers(0, case.keys, count), START + generator.integers(0, SPAN, count)
    frame = pl.DataFrame({ROW: np.arange(count), KEY: keys, SPINE_TIME: times})
    return frame.with_columns(pl.col(SPINE_TIME).cast(pl.Datetime("us", "UTC")))
