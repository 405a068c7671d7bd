"""Spine and gathered columns put together, in memory or in a Parquet file."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
from returns.result import Result, Success

from foreset.adapters.polars.frames.fingerprint import ColumnDigest, combined, digests
from foreset.adapters.polars.frames.spilled import SpilledFrame
from foreset.adapters.shared.files.claims import claim, sweep
from foreset.adapters.shared.files.privacy import make_folder
from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.adapters.shared.frames.pandas_rows import noted, types_of
from foreset.adapters.shared.parquet.writer import ParquetFileWriter
from foreset.application.ports.engine import Assembled, Fingerprint, Progress
from foreset.application.ports.tables import ArrowStream
from foreset.domain.errors.event_log import StoreError, StoreUnwritable
from foreset.domain.errors.problem import ForesetError, raised, refuse, told
from foreset.domain.errors.retrieval import OutputUnwritable
from foreset.domain.errors.system import by_code
from foreset.domain.errors.tables import FileError, TableError
from foreset.domain.planning.plan import RetrievalPlan

_PREFIX: Final = "result-"


class PolarsResults:
    """Results as polars frames; those that do not fit in memory as files in a folder."""

    def __init__(self, folder: Path) -> None:
        """Put files in `folder`, which is made when the first one is needed."""
        self._folder = folder

    def assemble(
        self,
        plan: RetrievalPlan,
        spine: ArrowStream,
        known: Fingerprint,
        parts: Iterator[ArrowStream],
        progress: Progress | None = None,
    ) -> Result[Assembled, TableError | OutputUnwritable]:
        """The plan's result."""
        rows = polars_frame(spine)
        how = plan.result.how
        try:
            first = polars_frame(next(parts))
            if first.height == rows.height and (how is None or how.part_rows >= rows.height):
                return Success(_whole(plan, spine, known, first))
            return Success(self._spilled(plan, rows, known, chain([first], parts), progress))
        except ForesetError as fault:
            if isinstance(fault.error, FileError | OutputUnwritable):
                return refuse(fault.error)
            raise

    def sweep(self) -> Result[int, StoreError]:
        """Delete the files of results whose processes have ended; gives how many are of processes that run."""
        try:
            for left in self._folder.glob("[0-9]*-[0-9]*.parquet"):  # as earlier versions named them
                left.unlink(missing_ok=True)
            return Success(sweep(self._folder, _PREFIX))
        except OSError as fault:
            return refuse(by_code(StoreUnwritable(path=str(self._folder), problem=told(fault)), fault))

    def _spilled(
        self,
        plan: RetrievalPlan,
        spine: pl.DataFrame,
        known: Fingerprint,
        parts: Iterator[ArrowStream],
        progress: Progress | None,
    ) -> Assembled:
        made: dict[str, ColumnDigest] = {}
        size = 0
        try:
            make_folder(self._folder)
            sweep(self._folder, _PREFIX)
            owned = claim(self._folder, _PREFIX)
            with owned.unless_whole(), ParquetFileWriter(owned.path / "rows.parquet") as file:
                for served in map(polars_frame, parts):
                    for column in served.get_columns():
                        made.setdefault(column.name, ColumnDigest(column.dtype)).update(column)
                    rows = _together(plan, spine.slice(file.rows, served.height), served)
                    size += int(rows.estimated_size())
                    file.write(rows)
                    del served, rows  # they are not needed while the next part is made
                    if progress is not None:
                        progress(file.rows, spine.height)
        except (OSError, pa.ArrowException) as fault:  # pyarrow has no 128-bit numbers, and no arrays of length 0
            error = OutputUnwritable(path=str(self._folder), problem=told(fault))
            raise raised(by_code(error, fault)) from fault
        columns = {
            name: made[name].hexdigest() if name in made else known.columns[name] for name in plan.result.columns
        }
        return Assembled(SpilledFrame(file.path, owned), combined(spine.height, columns), size)


def _whole(plan: RetrievalPlan, given: ArrowStream, known: Fingerprint, served: pl.DataFrame) -> Assembled:
    spine = polars_frame(given)
    found = {**known.columns, **digests(served.get_columns())}
    frame = _together(plan, spine, served)
    value = combined(spine.height, {name: found[name] for name in plan.result.columns})
    return Assembled(noted(frame, types_of(given)), value, int(frame.estimated_size()))


def _together(plan: RetrievalPlan, spine: pl.DataFrame, served: pl.DataFrame) -> pl.DataFrame:
    return spine.hstack(served)[list(plan.result.columns)]
