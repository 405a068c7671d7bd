"""What the pages that are made from the code have in common."""

import re
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def example_of(kind: type[T], examples: Mapping[type[T], T], home: str) -> T:
    """The example of a class; ends with what to do where there is none."""
    if kind not in examples:
        message = f"{kind.__name__} has no example: put one into {home}, then run `make docs`"
        raise SystemExit(message)
    return examples[kind]


def plain(text: str) -> str:
    """The text with Markdown's signs escaped, except in code between backticks."""
    parts = text.split("`")
    return "`".join(
        re.sub(r"[\\*<]|(?<!\w)_|_(?!\w)", r"\\\g<0>", part) if i % 2 == 0 else part for i, part in enumerate(parts)
    )


def quoted(says: str, then: str) -> str:
    """The two halves of a message as a quotation."""
    return f"> {plain(says)}\n>\n> **Next:** {plain(then)}\n"
