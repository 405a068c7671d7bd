"""What can be named for the columns of a CSV file: their types, and the formats of their times."""

import re
from typing import Final

from foreset.domain.dtypes import is_dtype, time_unit

_NESTED: Final = ("list<", "struct<", "map<")
_DIRECTIVES: Final = frozenset("YymdjbBHIMSfpzaA%")


def type_problem(dtype: str) -> str | None:
    """Why no column of a CSV file can be of a type; None where it can.

    >>> type_problem("decimal(10,2)"), type_problem("list<int64>")
    (None, 'a cell of a CSV file holds no list<int64>')
    """
    if not is_dtype(dtype):
        return f"{dtype!r} is not a type"
    if dtype == "binary" or dtype.startswith(_NESTED):
        return f"a cell of a CSV file holds no {dtype}"
    return None


def format_problem(time_format: str) -> str | None:  # noqa: PLR0911  # one for each way to be unclear
    """Why a format of times names no day and time without a guess; None where it does.

    >>> format_problem("%d/%m/%Y %H:%M"), format_problem("%d/%m")
    (None, "'%d/%m' names no year (%Y)")
    """
    directives = re.findall(r"%(.?)", time_format, re.DOTALL)
    unknown = next((name for name in directives if name not in _DIRECTIVES), None)
    if unknown is not None:
        return f"{time_format!r} has %{unknown}, which is not taken"
    named = set(directives)
    if not named & set("Yy"):
        return f"{time_format!r} names no year (%Y)"
    if "j" not in named and not ("d" in named and named & set("mbB")):
        return f"{time_format!r} names no month and day (%m and %d)"
    twice = next((pair for pair in ("Yy", "HI", "mb", "mB", "bB", "jd", "jm", "jb", "jB") if set(pair) <= named), None)
    if twice is not None:
        return f"{time_format!r} has both %{twice[0]} and %{twice[1]}, which may contradict one another"
    if ("I" in named) != ("p" in named):
        return f"{time_format!r} has one of %I and %p, which need one another"
    if named & set("MSfz") and not named & set("HI"):
        return f"{time_format!r} names no hour (%H)"
    if ("S" in named and "M" not in named) or ("f" in named and "S" not in named):
        return f"{time_format!r} names a part of a minute or second, and not the minute or second (%M, %S)"
    return None


def has_no_format(dtype: str) -> bool:
    """Whether the cells of a type are not times, so that no format of times is theirs."""
    return time_unit(dtype) is None
