"""Lengths of time in spec files, where a bare number counts seconds."""

import re
from datetime import timedelta
from typing import Final

from foreset.domain.definitions.durations import duration_of

_SECONDS: Final = re.compile(r"\s*-?\d+(?:\.\d+)?\s*")


def duration(given: object) -> object:
    """A timedelta from a text of `duration_of` or a number of seconds; anything else as it was given.

    `OverflowError` where it is longer than Python's timedelta can be.

    >>> duration("36h"), duration(45), duration("P30D")
    (datetime.timedelta(days=1, seconds=43200), datetime.timedelta(seconds=45), datetime.timedelta(days=30))
    """
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return timedelta(seconds=given)
    if not isinstance(given, str):
        return given
    if _SECONDS.fullmatch(given):
        return timedelta(seconds=float(given))
    found = duration_of(given)
    return given if found is None else found
