"""Lengths of time as people write them."""

import re
from datetime import timedelta

_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([wdhms])")
_WHOLE = re.compile(r"\s*-?\s*(?:\d+(?:\.\d+)?\s*[wdhms]\s*)+")
_SECONDS = re.compile(r"\s*-?\d+(?:\.\d+)?\s*")


def duration(given: object) -> object:
    """A timedelta from `"30d"`, `"1d12h"`, `"15m"`, `"45s"` or a number of seconds; anything else as it was given.

    `OverflowError` where it is longer than Python's timedelta can be.

    >>> duration("36h"), duration(45), duration("P30D")
    (datetime.timedelta(days=1, seconds=43200), datetime.timedelta(seconds=45), 'P30D')
    """
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return timedelta(seconds=given)
    if not isinstance(given, str):
        return given
    if _SECONDS.fullmatch(given):
        return timedelta(seconds=float(given))
    if not _WHOLE.fullmatch(given):
        return given
    whole = sum((timedelta(**{_UNITS[unit]: float(n)}) for n, unit in _PART.findall(given)), timedelta())
    return -whole if given.lstrip().startswith("-") else whole
