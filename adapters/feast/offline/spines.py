"""The entity frame of a retrieval: which column is its time, and texts read as times."""

from datetime import datetime
from typing import Any, Final

import pandas as pd

from foreset.domain.errors.feast import FeastNotSupported, NoTimeColumn, TimeNotRead
from foreset.domain.errors.problem import because, raised

TIME: Final = "event_timestamp"
_SQL: Final = "an entity_df that is SQL text, for there is no database that could run it"
_OTHER: Final = "an entity_df that is a {}"
_REMEDY: Final = "give a pandas frame with the join keys and event_timestamp, or leave it out and give start_date"


def entity_frame(entity_df: object) -> tuple[pd.DataFrame, str]:
    """The frame, and the name of its time column, in which texts in ISO 8601 are read as times (UTC without a zone)."""
    if not isinstance(entity_df, pd.DataFrame):
        operation = _SQL if isinstance(entity_df, str) else _OTHER.format(type(entity_df).__name__)
        raise raised(FeastNotSupported(operation=operation, remedy=_REMEDY))
    time = _time_column(entity_df)
    column: Any = entity_df[time]
    if isinstance(column, pd.DataFrame) or not _is_text(column):
        return entity_df, time  # two columns of one name are refused where the frame is read
    return entity_df.assign(**{time: _read(column)}), time


def _time_column(frame: pd.DataFrame) -> str:
    """`event_timestamp`, or the only column of times."""
    if TIME in frame.columns:
        return TIME
    times = list(frame.select_dtypes(include=["datetime", "datetimetz"]).columns)
    if len(times) != 1:
        raise raised(NoTimeColumn(times=len(times), columns=tuple(map(str, frame.columns))))
    return str(times[0])


def _is_text(column: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column))


def _read(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Times of a column of texts, or of Python's own times; null stays null."""
    try:
        times: pd.Series[Any] = pd.to_datetime(column, utc=True, format="ISO8601")
    except (ValueError, TypeError, OverflowError) as fault:
        row = next((at for at, value in enumerate(column) if not _is_time(value)), 0)
        problem = TimeNotRead(column=str(column.name), row=row, value=repr(column.iloc[row])[:80])
        raise raised(because(problem, fault)) from fault
    return times


def _is_time(value: object) -> bool:
    try:
        pd.to_datetime(pd.Series([value]), utc=True, format="ISO8601")
    except (ValueError, TypeError, OverflowError):
        return False
    return True


def ends(frame: pd.DataFrame, time: str) -> tuple[datetime | None, datetime | None]:
    """The first and the last time of the frame; None where it has none."""
    column: Any = frame[time]
    if isinstance(column, pd.DataFrame) or not len(column):
        return None, None
    return _moment(column.min()), _moment(column.max())


def _moment(value: object) -> datetime | None:
    return value.to_pydatetime(warn=False) if isinstance(value, pd.Timestamp) and not pd.isna(value) else None
