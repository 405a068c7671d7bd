"""Characters that a terminal or a page acts on, or that cannot be seen: which they are, and how they are shown."""

import re
from typing import Final

_CONTROLS: Final = r"\x00-\x1f\x7f-\x9f"
_DIRECTIONS: Final = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_LINES: Final = r"\u2028\u2029"
_UNSEEN: Final = (
    r"\u034f\u115f\u1160\u17b4\u17b5\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    r"\U000e0000-\U000e007f"
)
_JOINERS: Final = r"\xad\u180b-\u180f\u200c\u200d"
"""What some scripts and emoji need, and what nobody sees: shown in texts, refused in names."""

_ESCAPED: Final = re.compile(f"[{_CONTROLS}{_DIRECTIONS}{_LINES}{_UNSEEN}\ud800-\udfff]")
_BETWEEN_LINES: Final = re.compile(f"(?!\n)[{_CONTROLS}{_DIRECTIONS}{_LINES}{_UNSEEN}\ud800-\udfff]")
_IN_JSON: Final = re.compile(rf"[\x7f-\x9f{_DIRECTIONS}{_LINES}{_UNSEEN}]")
_NOT_IN_NAMES: Final = re.compile(f"[{_CONTROLS}{_DIRECTIONS}{_LINES}{_UNSEEN}{_JOINERS}\ud800-\udfff]")


def escaped(text: str, *, lines: bool = False) -> str:
    r"""A text in which such characters are written by their numbers; with `lines` it keeps its line breaks.

    >>> escaped("rain\x1b[2J\u202e"), escaped("a\nb"), escaped("a\nb", lines=True)
    ('rain\\x1b[2J\\u202e', 'a\\nb', 'a\nb')
    """
    return (_BETWEEN_LINES if lines else _ESCAPED).sub(_number, text)


def escaped_json(text: str) -> str:
    r"""A JSON document in which they are written as JSON does, so that what is read is what was written.

    >>> escaped_json('"a\x9b"')
    '"a\\u009b"'
    """
    return _IN_JSON.sub(lambda found: _units(found.group()), text)


def unfit_for_names(name: str) -> str | None:
    r"""The first character of a name that no name may have, as it is written by its number; None where there is none.

    >>> unfit_for_names("rain"), unfit_for_names("ra\u200din"), unfit_for_names("r\x07")
    (None, '\\u200d', '\\x07')
    """
    found = _NOT_IN_NAMES.search(name)
    return _number(found) if found else None


def _number(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode("ascii")


def _units(sign: str) -> str:
    units = sign.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
