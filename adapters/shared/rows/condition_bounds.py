"""How long an SQL condition may be, counted before it is parsed: engines parse by recursion, and run out of stack.

A list of values may be as long as it likes, for it is not nested.
"""

import re
from typing import Final

MOST_PARTS: Final = 600
"""Operators, words and brackets: a chain of these is as deep as it is long."""
LONGEST: Final = 1_000_000
"""Characters."""
LONGEST_NUMBER: Final = 100
"""Digits of one number."""

_LONG_NUMBER: Final = re.compile(rf"[0-9]{{{LONGEST_NUMBER + 1}}}")
_PART: Final = re.compile(r"'(?:[^']|'')*+'|\"(?:[^\"]|\"\")*+\"|[0-9][\w.]*+|\w++|,|\S")
_FLAT: Final = "'\"0123456789,"
"""How texts, quoted names, numbers and the commas between them begin."""


def too_long(condition: str) -> str | None:
    """Why a condition is not parsed; None where it is within the bounds.

    >>> too_long("k = 1"), too_long("NOT " * 600 + "k = 1")
    (None, 'it has more than 600 operators, words and brackets; a list of values, k IN (...), may be longer')
    """
    if len(condition) > LONGEST:
        return f"it has more than {LONGEST:,} characters"
    if "\0" in condition:
        return "it holds the character NUL"
    if any("\ud800" <= sign <= "\udfff" for sign in condition):
        return "it holds half of a surrogate pair, which is not a character"
    if _LONG_NUMBER.search(condition):
        return f"it has a number of more than {LONGEST_NUMBER} digits"
    if sum(part[0] not in _FLAT for part in _PART.findall(condition)) > MOST_PARTS:
        return (
            f"it has more than {MOST_PARTS} operators, words and brackets; a list of values, k IN (...), may be longer"
        )
    return None
