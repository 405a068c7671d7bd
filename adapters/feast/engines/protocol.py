"""What a store is asked, and how: a view of a plan, the protocol of those who answer, and the ages of the answers."""

from dataclasses import dataclass
from typing import Protocol

import polars as pl
from returns.result import Result

from foreset.application.ports.tables import Snapshot
from foreset.domain.dtypes import NANOSECONDS
from foreset.domain.errors.feast import ExecutionError
from foreset.domain.planning.ages import Ages, ages_of
from foreset.domain.planning.measurements import ViewServed
from foreset.domain.planning.nodes import Gather, Match, Scan


@dataclass(frozen=True)
class Question:
    """A view of a plan: what is gathered of a match with a snapshot, for which spine rows."""

    gather: Gather
    match: Match
    scan: Scan
    snapshot: Snapshot
    spine: pl.DataFrame
    time: str


@dataclass(frozen=True)
class Served:
    """The columns that are gathered, for all spine rows in their order, and what was done."""

    columns: pl.DataFrame
    view: ViewServed


class Answering(Protocol):
    """A store of Feast's with what restores the laws."""

    def serve(self, question: Question) -> Result[Served, ExecutionError]:
        """The columns of the rows that serve."""
        ...


def served_ages(at: pl.Series, event: pl.Series) -> Ages | None:
    """The ages of values by the times of their spine rows and their event times, nanoseconds; null where none is."""
    ages = (at - event).drop_nulls() // NANOSECONDS["us"]
    return ages_of(ages.to_list())
