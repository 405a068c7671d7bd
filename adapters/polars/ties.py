"""Count the spine rows that only the snapshot's order decided, and for which that made a difference."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from foreset.adapters.polars.labels import Labels
from foreset.adapters.polars.matching import Found
from foreset.adapters.polars.rows import batches
from foreset.adapters.polars.source import Source
from foreset.domain.plan import Gather, Match

_POSITION = "position"


def count_ties(gather: Gather, match: Match, found: Found, labels: Labels, source: Source, most: int) -> int:  # noqa: PLR0913  # a match and all that it was made of
    """Rows served from a full tie (equal key, event time and created time) whose rows differ in a gathered column.

    Costs a second look at the keys, and only where a full tie served.
    """
    served = found.position[found.tied]
    if not served.size:
        return 0
    winners = pl.DataFrame({_POSITION: np.unique(served)})
    tied = _where(match, labels, source, most, winners)
    group = [name for name in tied.columns if name != _POSITION]
    rivals = _where(match, labels, source, most, tied.select(group).unique())
    columns = list(dict.fromkeys(output.source for output in gather.columns))
    values = source.gather(columns, rivals[_POSITION].to_numpy())
    values = values.rename({name: f"value {index}" for index, name in enumerate(columns)})
    differing = (
        pl.concat([rivals, values], how="horizontal")
        .group_by(group)
        .agg(pl.struct(values.columns).n_unique().alias("values"))
        .filter(pl.col("values") > 1)
    )
    lost = rivals.join(differing, on=group, how="semi")[_POSITION]
    return int(np.isin(served, lost.to_numpy()).sum())


def _where(match: Match, labels: Labels, source: Source, most: int, wanted: pl.DataFrame) -> pl.DataFrame:
    """The rows that may serve, by position, key and ranks, that have the values of a row of `wanted`."""
    near = _near(match, labels, source, most)
    return pl.concat(rows.join(wanted, on=wanted.columns, how="semi", maintain_order="left") for rows in near)


def _near(match: Match, labels: Labels, source: Source, most: int) -> Iterator[pl.DataFrame]:
    for _, rows in batches(match, source, labels, most):
        ranks = {f"rank {index}": rank for index, rank in enumerate(rows.ranks)}
        position = rows.positions(np.arange(rows.code.size))
        yield pl.DataFrame({_POSITION: position, "key": rows.code, **ranks})
