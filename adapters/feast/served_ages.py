"""How old the values are that a store served."""

import polars as pl

from foreset.domain.ages import Ages, ages_of
from foreset.domain.dtypes import NANOSECONDS


def served_ages(at: pl.Series, event: pl.Series) -> Ages | None:
    """The ages of values by the times of their spine rows and their event times, nanoseconds; null where none is."""
    ages = (at - event).drop_nulls() // NANOSECONDS["us"]
    return ages_of(ages.to_list())
