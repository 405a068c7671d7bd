"""What a peer gives to the worker: a call to measure, and its answer as a frame."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl
from cases import ROW, TARGET, Case


def nothing() -> None:
    """No preparation between calls."""


@dataclass(frozen=True)
class Ready:
    """`call` is measured; `rows` makes a frame of what it gave; `before` runs, unmeasured, ahead of each later call."""

    call: Callable[[], Any]
    rows: Callable[[Any], pl.DataFrame]
    before: Callable[[], None] = nothing


def whole(frame: Any, case: Case) -> Any:  # polars or pandas, as the peer gave it
    """A frame as it is, or with its X and y (pandas) where the case has a target."""
    if not case.target:
        return frame, None, None
    features, target = frame[list(case.columns)], frame[TARGET]
    if isinstance(frame, pl.DataFrame):
        return frame, features.to_pandas(), target.to_pandas()
    return frame, features, target


def rows_of(given: Any) -> pl.DataFrame:
    """The frame of what `whole` gave, with the spine's row number; a direct read has the table's order as its own."""
    frame = given[0]
    rows = frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame)
    return rows if ROW in rows.columns else rows.with_row_index(ROW)
