"""Join keys in the type in which spine and table compare them."""

import polars as pl

from foreset.adapters.shared.frames.arrow_types import polars_dtype

_EXACT = ("decimal", "timestamp")


def key_values(column: pl.Series, dtype: str) -> pl.Series:
    """The keys in a type that both sides widen to.

    A decimal or a time that does not fit it is null, and so matches nothing: the other side cannot hold an equal one,
    since its scale or its unit is the finer one, and what it can hold is less.
    """
    wanted = polars_dtype(dtype)
    return column if column.dtype == wanted else column.cast(wanted, strict=not dtype.startswith(_EXACT))
