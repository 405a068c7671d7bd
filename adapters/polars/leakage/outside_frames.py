"""Frames that were made without Foreset, in polars."""

from collections.abc import Sequence

import polars as pl

from foreset.adapters.polars.leakage.comparing import comparable
from foreset.adapters.polars.leakage.frame_counts import PolarsFrameCount
from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_frame
from foreset.application.ports.engine import StoredFrame
from foreset.application.ports.tables import ArrowStream


class PolarsFrames:
    """Looks at frames."""

    def columns(self, frame: ArrowStream) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(polars_frame(frame).columns)

    def rows(self, frame: ArrowStream) -> int:
        """How many rows it has."""
        return polars_frame(frame).height

    def part(self, frame: ArrowStream, columns: Sequence[str]) -> pl.DataFrame:
        """These columns of a frame."""
        return polars_frame(frame).select(columns)

    def unlike(self, frame: ArrowStream, spine: ArrowStream) -> str | None:
        """Why the rows of a frame are not those of a spine."""
        given, wanted = polars_frame(frame), polars_frame(spine)
        if given.height != wanted.height:
            return "it has another number of rows"
        for name in (name for name in wanted.columns if name in given.columns):
            pair = comparable(given[name], wanted[name])
            if pair is None:
                return f"its {name!r} is {dtype_name(given[name].dtype)}, and not {dtype_name(wanted[name].dtype)}"
            at = pair[0].ne_missing(pair[1]).arg_true()
            if at.len():
                return f"row {at[0]} has another {name!r}"
        return None

    def count(self, frame: ArrowStream, honest: ArrowStream | StoredFrame, time: str) -> PolarsFrameCount:
        """Hold a frame against the training set of the same rows."""
        return PolarsFrameCount(frame, honest, time)
