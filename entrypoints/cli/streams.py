"""Standard output and error that take any text, whatever their encoding is."""

import codecs
import os
import sys
from io import TextIOWrapper
from typing import Final, TextIO

from foreset.domain.safe_text.escaping import escaped_json

_HANDLER: Final = "foreset"
_ASCII: Final = str.maketrans({
    "\N{BOX DRAWINGS LIGHT VERTICAL}": "|",
    "\N{FULL BLOCK}": "#",
    "\N{DOWNWARDS ARROW WITH TIP RIGHTWARDS}": ">",
    "\N{BOX DRAWINGS LIGHT HORIZONTAL}": "-",
    "\N{BOX DRAWINGS LIGHT UP AND RIGHT}": "`",
    "\N{BOX DRAWINGS LIGHT VERTICAL AND RIGHT}": "+",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{LEFTWARDS ARROW}": "<-",
    "\N{NO-BREAK SPACE}": " ",
    "\N{REPLACEMENT CHARACTER}": "?",
})  # fmt: skip
"""Signs that draw, and what draws the same in ASCII."""


def prepare() -> None:
    """Let both streams write any text: what their encoding lacks is drawn in ASCII, or written by its number."""
    codecs.register_error(_HANDLER, _replaced)
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  # open to the end
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _replaced(fault: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    lacking = fault.object[fault.start : fault.end].translate(_ASCII)
    return lacking.encode("ascii", "backslashreplace").decode("ascii"), fault.end


def document(text: str, stream: TextIO) -> str:
    r"""A JSON document for a stream: in ASCII where the stream's encoding is another than UTF-8.

    Its characters beyond ASCII are in texts only, where JSON writes them as `\uXXXX`.
    """
    text = escaped_json(text)
    if (stream.encoding or "").lower().replace("-", "") == "utf8":
        return text
    return "".join(sign if sign.isascii() else _escaped(sign) for sign in text)


def _escaped(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def silence(stream: TextIO) -> None:
    """Lead a stream that cannot be written any more to nowhere, or the interpreter complains as it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
