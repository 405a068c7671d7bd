"""The entity frame of a retrieval: which column is its time, and texts read as times."""

from datetime import datetime
from typing import Any, Final

import pandas as pd

from foreset.adapters.feast.offline.spine_keys import with_columns
from foreset.adapters.feast.offline.spine_times import is_text, read_times
from foreset.domain.errors.feast import FeastNotSupported, NoTimeColumn
from foreset.domain.errors.problem import raised

TIME: Final = "event_timestamp"
_SQL: Final = "an entity_df that is SQL text, for there is no database that could run it"
_OTHER: Final = "an entity_df that is a {}"
_REMEDY: Final = "give a pandas frame with the join keys and event_timestamp, or leave it out and give start_date"


def entity_frame(entity_df: object) -> tuple[pd.DataFrame, str]:
    """The frame, and the name of its time column, in which texts in ISO 8601 are read as times (UTC without a zone)."""
    if not isinstance(entity_df, pd.DataFrame):
        operation = _SQL if isinstance(entity_df, str) else _OTHER.format(type(entity_df).__name__)
        raise raised(FeastNotSupported(operation=operation, remedy=_REMEDY))
    frame = with_columns(entity_df, [TIME])
    time = _time_column(frame)
    column: Any = frame[time]
    if isinstance(column, pd.DataFrame) or not is_text(column):
        return frame, time  # two columns of one name are refused where the frame is read
    return frame.assign(**{time: read_times(column)}), time


def _time_column(frame: pd.DataFrame) -> str:
    """`event_timestamp`, or the only column of times."""
    if TIME in frame.columns:
        return TIME
    times = list(frame.select_dtypes(include=["datetime", "datetimetz"]).columns)
    if len(times) != 1:
        raise raised(NoTimeColumn(times=len(times), columns=tuple(map(str, frame.columns))))
    return str(times[0])


def ends(frame: pd.DataFrame, time: str) -> tuple[datetime | None, datetime | None]:
    """The first and the last time of the frame; None where it has none, or one outside of Python's years."""
    column: Any = frame[time]
    if isinstance(column, pd.DataFrame) or not len(column):
        return None, None
    try:
        return _moment(column.min()), _moment(column.max())
    except (TypeError, ValueError, OverflowError):  # no order, or a year that Python has not
        return None, None


def _moment(value: object) -> datetime | None:
    return value.to_pydatetime(warn=False) if isinstance(value, pd.Timestamp) and not pd.isna(value) else None
