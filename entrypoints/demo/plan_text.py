"""A plan's text, folded to the width of a terminal."""

import textwrap

_BODY = 10
"""Where a plan's line has its text, after the name of what it tells."""


def folded(plan: str, width: int) -> str:
    """The plan with long lines continued under their text.

    >>> print(folded("spine     2 rows, event_timestamp from noon to midnight", 40))
    spine     2 rows, event_timestamp from
              noon to midnight
    """
    indent = " " * _BODY
    lines = (textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) for line in plan.splitlines())
    return "\n".join(part for parts in lines for part in parts)
