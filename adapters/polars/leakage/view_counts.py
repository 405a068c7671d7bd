"""What a leak report counts of a view, part by part of what its probe gave."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import polars as pl

from foreset.adapters.polars.leakage.instants import apart_us, instant_of, instants
from foreset.adapters.polars.matching.ordering import Int64s
from foreset.adapters.polars.matching.served_ages import AgeCount
from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.application.ports.tables import ArrowStream
from foreset.domain.leakage.probes import Probe, Told
from foreset.domain.leakage.report import Leads, ViewCounts
from foreset.domain.planning.ages import QUANTILES, AgeQuantile

_AT: Final = "<at>"
_LEAD: Final = "lead"


def counts(probe: Probe, spine: pl.DataFrame, told: Sequence[Iterator[ArrowStream]]) -> ViewCounts:
    """What is counted of a view. `told` has what each of the probe's plans gave."""
    count = _Count(probe)
    done = 0
    for rows in side_by_side(told):
        at = spine[probe.plan.spine.time].slice(done, rows.height)
        count.add(rows.with_columns(instants(at, _AT)))
        done += rows.height
    return count.told()


def side_by_side(told: Sequence[Iterator[ArrowStream]]) -> Iterator[pl.DataFrame]:
    """Frames of the same rows put together; each comes in parts of any size."""
    held = [pl.DataFrame()] * len(told)
    while True:
        for index, parts in enumerate(told):
            if held[index].is_empty():
                held[index] = next((part for part in map(polars_frame, parts) if part.height), pl.DataFrame())
        rows = min((frame.height for frame in held), default=0)
        if not rows:
            return
        yield pl.concat([frame.head(rows) for frame in held], how="horizontal")
        held = [frame.slice(rows) for frame in held]


class _Lead:
    """Rows that hold, or would hold, what was not yet known."""

    def __init__(self, *, asked: bool) -> None:
        self._asked = asked
        self._rows = 0
        self._largest: int | None = None

    def add(self, rows: pl.DataFrame) -> None:
        """Some more rows, each with its lead in microseconds, null or less than 0 where there is none."""
        self._rows += rows.height
        largest = rows.select(pl.col(_LEAD).filter(pl.col(_LEAD) > 0).max()).item()
        if largest is not None:
            self._largest = max(self._largest or 0, int(largest))

    def told(self) -> Leads | None:
        """All of them together."""
        return Leads(self._rows, self._largest) if self._asked else None


class _Count:
    """What is counted of a view so far."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._ages: list[Int64s] = []
        self._count = AgeCount()
        self._served = self._expired = 0
        self._written_later = _Lead(asked=probe.as_asked.created_time is not None)
        self._by_then = _Lead(asked=probe.by_then is not None)
        self._later = _Lead(asked=probe.later is not None)

    def add(self, rows: pl.DataFrame) -> None:
        """The next rows, with the spine's times."""
        probe, asked = self._probe, self._probe.as_asked
        served = rows.filter(pl.col(asked.position).is_not_null())
        self._served += served.height
        if probe.at_any_age is not None:
            too_old = pl.col(asked.position).is_null() & pl.col(probe.at_any_age.position).is_not_null()
            self._expired += rows.filter(too_old).height
        times = served.with_columns(instants(served[asked.event_time], "event", probe.match.epoch_unit))
        self._age(times.select(apart_us(pl.col(_AT), pl.col("event"))).to_series())
        if asked.created_time is not None:
            leading = self._with_lead(served, asked, pl.col(_AT))
            self._written_later.add(leading.filter(pl.col("after")))
        if probe.by_then is not None:
            self._by_then.add(self._with_lead(rows.filter(_differ(asked, probe.by_then)), asked, pl.col(_AT)))
        if probe.later is not None:
            self._later.add(self._with_lead(rows.filter(_differ(asked, probe.later)), probe.later, self._known_by()))

    def _with_lead(self, rows: pl.DataFrame, told: Told, known_by: pl.Expr) -> pl.DataFrame:
        """The rows with how long after `known_by` their values were written, and whether they were."""
        if told.created_time is None:
            return rows.select(_AT).with_columns(pl.lit(None, dtype=pl.Int64).alias(_LEAD), after=pl.lit(value=False))
        created = instants(rows[told.created_time], "created", self._probe.match.epoch_unit)
        at = rows.select(_AT).with_columns(created).with_columns(known_by.alias("by"))
        return at.select(
            apart_us(pl.col("created"), pl.col("by")).alias(_LEAD), (pl.col("created") > pl.col("by")).alias("after")
        )

    def _known_by(self) -> pl.Expr:
        """By when a row's value must have been written."""
        match = self._probe.match
        if match.known_by_us is None:
            return pl.col(_AT)
        by = instant_of(match.known_by_us)
        return pl.min_horizontal(by, _AT) if match.known_by_each_row else by

    def _age(self, ages: pl.Series) -> None:
        held = ages.to_numpy()
        self._ages.append(held)
        self._count.add(held)

    def told(self) -> ViewCounts:
        """All rows together."""
        return ViewCounts(
            served=self._served,
            expired=self._expired,
            ages=self._count.told(),
            quantiles=quantiles(np.concatenate([np.empty(0, dtype=np.int64), *self._ages])),
            written_later=self._written_later.told(),
            under_event_time=self._by_then.told(),
            under_later_writes=self._later.told(),
        )


def _differ(left: Told, right: Told) -> pl.Expr:
    """Where any feature is another."""
    pairs = zip(left.features, right.features, strict=True)
    return pl.any_horizontal(pl.col(one).ne_missing(pl.col(other)) for one, other in pairs)


def quantiles(ages: Int64s) -> tuple[AgeQuantile, ...]:
    """The ages that are not exceeded in each share of `QUANTILES`.

    >>> quantiles(np.array([3, 1, 2]))[4]
    AgeQuantile(share=0.5, age_us=2)
    """
    if not ages.size:
        return ()
    percents = [round(share * 100) for share in QUANTILES]
    places = [max(-(-ages.size * percent // 100) - 1, 0) for percent in percents]
    ordered = np.partition(ages, sorted(set(places)))
    return tuple(AgeQuantile(share, int(ordered[place])) for share, place in zip(QUANTILES, places, strict=True))
