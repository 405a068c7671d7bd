"""Whether a peer gave Foreset's answer: rows lost, rows too many, rows that differ."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
from cases import ROW, Case


@dataclass(frozen=True)
class Difference:
    """Counts of spine rows: without an answer, answered more than once or unasked, answered otherwise."""

    lost: int
    extra: int
    differing: int

    def __str__(self) -> str:
        """For the table."""
        parts = {"lost": self.lost, "too many": self.extra, "differ": self.differing}
        told = ", ".join(f"{count:,} {name}" for name, count in parts.items() if count)
        return f"**other: {told} rows**" if told else "same"


def difference(case: Case, ours: Path, theirs: Path) -> Difference:
    """Compare two answers by the spine's row number, on all asked columns; NaN, which pandas has for null, is null."""
    mine, other = _answer(case, ours), _answer(case, theirs)
    once = other.unique(ROW, keep="first")
    both = mine.join(once, on=ROW, how="inner", suffix="_theirs")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_theirs")) for name in case.asked)
    return Difference(
        lost=mine.join(once, on=ROW, how="anti").height,
        extra=other.height - both.height,
        differing=both.filter(differs).height,
    )


def _answer(case: Case, path: Path) -> pl.DataFrame:
    return pl.read_parquet(path).select(
        pl.col(ROW).cast(pl.Int64), *(pl.col(name).cast(pl.Float64).fill_nan(None) for name in case.asked)
    )
