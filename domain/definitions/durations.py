"""Lengths of time as people write them."""

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {
    "w": "weeks",
    "d": "days",
    "h": "hours",
    "m": "minutes",
    "s": "seconds",
}
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([wdhms])")
_WHOLE: Final = re.compile(r"\s*-?\s*(?:\d+(?:\.\d+)?\s*[wdhms]\s*)+")
_ISO: Final = re.compile(
    r"\s*-?\s*P(?=.)(?:\d+(?:\.\d+)?W)?(?:\d+(?:\.\d+)?D)?(?:T(?=.)(?:\d+(?:\.\d+)?H)?(?:\d+(?:\.\d+)?M)?(?:\d+(?:\.\d+)?S)?)?\s*"
)


def duration_of(text: str) -> timedelta | None:
    """The length of time that a text names: `"30d"`, `"1d 12h"`, `"15m"`, `"45s"`, or ISO 8601; None where it is none.

    ISO 8601 has weeks, days, hours, minutes and seconds: years and months have no fixed length.
    `OverflowError` where it is longer than Python's timedelta can be.

    >>> duration_of("1d 12h"), duration_of("PT6H"), duration_of("86400")
    (datetime.timedelta(days=1, seconds=43200), datetime.timedelta(seconds=21600), None)
    """
    if not _WHOLE.fullmatch(text) and not _ISO.fullmatch(text):
        return None
    parts = ((number, _UNITS[unit]) for number, unit in _PART.findall(text.lower()))
    length = sum((timedelta(**{unit: float(number)}) for number, unit in parts), timedelta())
    return -length if text.lstrip().startswith("-") else length
