"""Count the spine rows that only the snapshot's order decided, and for which that made a difference."""

import polars as pl

from foreset.adapters.polars.matching import TIED, candidates
from foreset.adapters.polars.source import POSITION, Source
from foreset.domain.plan import Gather, Match


def count_ties(gather: Gather, match: Match, found: pl.DataFrame, source: Source) -> int:
    """Rows served from a full tie (equal key, event time and created time) whose rows differ in a gathered column.

    Costs a second look at the keys, and only where a full tie served.
    """
    served = found.filter(pl.col(TIED))[POSITION]
    if served.is_empty():
        return 0
    given = candidates(match, source, "us")
    group = [*given.keys, *given.times]
    rows = given.rows.select(*group, pl.col(POSITION).cast(pl.Int64))
    winners = rows.filter(pl.col(POSITION).is_in(served.unique().implode())).collect()
    rivals = rows.join(winners.lazy().select(group), on=group, how="semi").collect()
    columns = [column.source for column in gather.columns]
    values = source.gather(list(dict.fromkeys(columns)), rivals[POSITION])
    values = values.rename({name: f"__value{index}" for index, name in enumerate(values.columns)})
    differing = (
        pl.concat([rivals.select(group), values], how="horizontal")
        .group_by(group)
        .agg(pl.struct(values.columns).n_unique().alias("__values"))
        .filter(pl.col("__values") > 1)
    )
    lost = winners.join(differing, on=group, how="semi")[POSITION]
    return int(served.is_in(lost.implode()).sum())
