"""Whether a peer gave Foreset's answer: rows lost, rows too many, rows that differ."""

from pathlib import Path

import polars as pl
from shapes import ROW, Case


def comparable(case: Case, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The spine rows that are compared, with all asked columns as numbers; NaN, which pandas has for null, is null."""
    columns = [pl.col(name).cast(pl.Float64).fill_nan(None) for name in case.columns]
    return rows.select(pl.col(ROW).cast(pl.Int64), *columns).filter(pl.col(ROW) % case.step == 0)


def difference(case: Case, ours: Path, theirs: Path, rows: int | None) -> str:
    """How two answers differ, by the spine's row number and on all asked columns; for the table.

    `rows` is how many the other answer had in all, of which a sample is compared where there are many.
    """
    mine, other = pl.read_parquet(ours), pl.read_parquet(theirs)
    once = other.unique(ROW, keep="first")
    both = mine.join(once, on=ROW, how="inner", suffix="_theirs")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_theirs")) for name in case.columns)
    counts = {
        "lost": mine.join(once, on=ROW, how="anti").height,
        "too many": other.height - both.height,
        "differ": both.filter(differs).height,
        "in all": 0 if case.step == 1 or rows in {case.spine.rows, mine.height} else rows or 0,
    }
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    compared = f" ({mine.height:,} rows compared)" if case.step > 1 else ""
    return f"**other: {told}**{compared}" if told else f"same{compared}"
