"""Count the spine rows that only the snapshot's order decided, and for which that made a difference."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from foreset.adapters.polars.matching.gathered import Room, TooWideError
from foreset.adapters.polars.matching.matching import Found
from foreset.adapters.polars.matching.rows import Sides
from foreset.domain.planning.nodes import Gather

_POSITION, _UNTIL = "position", "until"


def count_ties(gather: Gather, sides: Sides, found: Found, room: Room | None = None) -> int:
    """Rows served from a full tie (equal key, event time and created time) whose rows differ in a gathered column.

    Costs a second look at the keys, and only where a full tie served. Ties whose values take more than there is `room`
    for are counted some at a time.
    """
    served = found.position[found.tied]
    if not served.size:
        return 0
    winners = pl.DataFrame({_POSITION: np.unique(served)})
    try:
        return _count(gather, sides, found, winners, room if winners.height > 1 else None)
    except TooWideError:
        middle = winners[_POSITION][winners.height // 2]
        low = found.tied & (found.position < middle)
        halves = (replace(found, tied=low), replace(found, tied=found.tied & ~low))
        return sum(count_ties(gather, sides, half, room) for half in halves)


def _count(gather: Gather, sides: Sides, found: Found, winners: pl.DataFrame, room: Room | None) -> int:
    served = found.position[found.tied]
    tied = _where(sides, winners)
    group = [name for name in tied.columns if name not in {_POSITION, _UNTIL}]
    rivals = _where(sides, tied.select(group).unique())
    columns = gather.sources
    values = sides.source.gather(columns, rivals[_POSITION].to_numpy(), room).whole()
    values = values.rename({name: f"value {index}" for index, name in enumerate(columns)})
    if sides.match.ends is not None:
        return _ending(pl.concat([rivals, values], how="horizontal"), group, sides, found)
    differing = (
        pl.concat([rivals, values], how="horizontal")
        .group_by(group)
        .agg(pl.struct(values.columns).n_unique().alias("values"))
        .filter(pl.col("values") > 1)
    )
    lost = rivals.join(differing, on=group, how="semi")[_POSITION]
    return int(np.isin(served, lost.to_numpy()).sum())


def _ending(rivals: pl.DataFrame, group: list[str], sides: Sides, found: Found) -> int:
    """The same where rows end: a rival is one that is still valid at the spine row's time."""
    labels = np.flatnonzero(found.tied)
    served = pl.DataFrame({"label": labels, _POSITION: found.position[labels], "at": sides.labels.times[labels]})
    told = rivals.select(_POSITION, *group, _UNTIL, value=pl.struct(pl.col("^value .*$")).rank("dense"))
    own = served.join(told.select(_POSITION, *group), on=_POSITION)
    valid = own.drop(_POSITION).join(told, on=group).filter(pl.col(_UNTIL) >= pl.col("at"))
    differing = valid.group_by("label").agg(pl.col("value").n_unique()).filter(pl.col("value") > 1)
    return differing.height


def _where(sides: Sides, wanted: pl.DataFrame) -> pl.DataFrame:
    """The rows that may serve, by position, key and ranks, that have the values of a row of `wanted`."""
    return pl.concat(rows.join(wanted, on=wanted.columns, how="semi", maintain_order="left") for rows in _near(sides))


def _near(sides: Sides) -> Iterator[pl.DataFrame]:
    for rows in sides.batches():
        ranks = {f"rank {index}": rank for index, rank in enumerate(rows.ranks)}
        position = rows.positions(np.arange(rows.code.size))
        until = {} if rows.until is None else {_UNTIL: rows.until}
        yield pl.DataFrame({_POSITION: position, "key": rows.code, **ranks, **until})
