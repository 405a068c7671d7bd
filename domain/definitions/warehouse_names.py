"""Names of tables in warehouses: their grammar, and how they are put into SQL."""

import re
from typing import Final

_PLAIN: Final = r"[^\W\d][\w$-]*"
_QUOTED: Final = r'"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[(?:[^\[\]]|\]\])+\]'
_PART: Final = re.compile(f"({_PLAIN})|({_QUOTED})")
_NAME: Final = re.compile(rf"(?:{_PLAIN}|{_QUOTED})(?:\.(?:{_PLAIN}|{_QUOTED})){{0,3}}")
_OPENING: Final = {'"': '"', "`": "`", "[": "]"}


def is_table_name(name: str) -> bool:
    """Whether a text is the name of a table, such as `schema.table`: up to four parts, plain or in quotes.

    >>> [is_table_name(name) for name in ("rain", 'public."Rain"', "`my-project`.lake.rain", "[dbo].[rain]")]
    [True, True, True, True]
    >>> [is_table_name(name) for name in ("(SELECT 1)", "rain; DROP TABLE rain", "rain x", "a--b", 'a"b"', "")]
    [False, False, False, False, False, False]
    """
    return bool(_NAME.fullmatch(name)) and "--" not in re.sub(_QUOTED, "", name)


def in_sql(name: str, quotes: str) -> str:
    """A name of a table in the SQL of a warehouse that puts names in `quotes`. Plain parts stay as they are.

    >>> in_sql("lake.[my rain]", '"')
    'lake."my rain"'
    """
    parts = (_sql(found.group(), quotes) for found in _PART.finditer(name))
    return ".".join(parts)


def _sql(part: str, quotes: str) -> str:
    closing = _OPENING.get(part[0])
    if closing is None:
        return part
    inner = part[1:-1].replace(closing * 2, closing)
    return f"{quotes}{inner.replace(quotes, quotes * 2)}{quotes}"
