"""The rows that served a training set: taken out of what a provenance plan gave, and served again."""

from collections.abc import Callable, Collection, Iterator, Mapping

import polars as pl
from returns.result import Result, Success

from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.application.ports.engine import PlanExecutor, ServedBy
from foreset.application.ports.tables import ArrowStream, TableStore
from foreset.domain.errors.problem import ForesetError, refuse
from foreset.domain.errors.tables import FileError, TableError
from foreset.domain.planning.nodes import POSITION

Serving = Callable[[Mapping[str, ArrowStream]], tuple[TableStore, PlanExecutor]]
"""Makes tables of frames, and what runs plans over them."""


class PolarsPinnedRows:
    """Rows as polars frames."""

    def __init__(self, serving: Serving) -> None:
        """Serve rows by what `serving` makes of them."""
        self._serving = serving

    def collect(
        self, told: Collection[ServedBy], parts: Iterator[ArrowStream]
    ) -> Result[dict[int, ArrowStream], TableError]:
        """For each scan the rows that served, each once, in the order of their positions."""
        found: dict[int, pl.DataFrame] = {}
        try:
            for part in map(polars_frame, parts):
                for view in told:
                    rows = _served(view, part)
                    found[view.scan] = _added(found[view.scan], rows) if view.scan in found else rows
        except ForesetError as fault:
            if isinstance(fault.error, FileError):
                return refuse(fault.error)
            raise
        return Success({scan: rows.sort(POSITION).drop(POSITION).rechunk() for scan, rows in found.items()})

    def serving(self, frames: Mapping[str, ArrowStream]) -> tuple[TableStore, PlanExecutor]:
        """Tables of these names, and what runs plans over them."""
        return self._serving(frames)


def _served(view: ServedBy, part: pl.DataFrame) -> pl.DataFrame:
    """The rows that served some spine rows, each once, under the names that they have in the table."""
    named = {view.position: POSITION} | {told: name for name, told in view.columns.items()}
    rows = part.select(pl.col(told).alias(name) for told, name in named.items())
    return rows.drop_nulls(POSITION).unique(POSITION)


def _added(known: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([known, rows.join(known.select(POSITION), on=POSITION, how="anti")])
