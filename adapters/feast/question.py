"""What a store is asked, and how: a view of a plan, and the protocol of those who answer."""

from dataclasses import dataclass
from typing import Protocol

import polars as pl
from returns.result import Result

from foreset.application.table_ports import Snapshot
from foreset.domain.errors.offline_stores import ExecutionError
from foreset.domain.measured import ViewServed
from foreset.domain.nodes import Gather, Match, Scan


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
