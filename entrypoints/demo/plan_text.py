"""A plan's text, folded to the width of a terminal."""

import textwrap

_BODY = 14
"""Where a plan's line has its text, after the number and the kind of node."""


def folded(plan: str, width: int) -> str:
    """The plan with long lines continued under their text.

    >>> print(folded(" 0  spine     2 rows, 2 distinct times in event_timestamp", 40))
     0  spine     2 rows, 2 distinct times
                  in event_timestamp
    """
    indent = " " * _BODY
    lines = (textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) for line in plan.splitlines())
    return "\n".join(part for parts in lines for part in parts)
