"""Charts as SVG. They hold shapes alone: their words and numbers stand beside them, where a reader's font is.

Colours are classes of the page, so that light and dark are told in one place.
"""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

_WIDTH: Final = 1_000  # units across; the page stretches them
_SEEN: Final = 0.008  # the least share that can be seen; what is there is never drawn as nothing


def stacked_bar(parts: Sequence[tuple[str, int]], alt: str) -> Markup:
    """One bar, divided in the proportion of counts; each part has its class. `alt` tells it to those who do not see it.

    >>> str(stacked_bar([("served", 3), ("expired", 1)], "3 of 4")).count("<rect")
    2
    """
    unit = _WIDTH / max(sum(count for _, count in parts), 1)
    drawn, left = Markup(), 0.0
    for kind, count in parts:
        if count:
            shape = Markup('<rect class="{}" x="{}" width="{}" height="20"/>')
            drawn += shape.format(kind, _number(left), _number(count * unit))
            left += count * unit
    return _drawn(drawn, "stack", alt)


def bar(share: float, kind: str = "served") -> Markup:
    """A bar of a share of the width, from 0 to 1, for a number that stands beside it; nobody hears of it."""
    width = _number(_WIDTH * max(min(share, 1.0), _SEEN if share > 0 else 0.0))
    return _drawn(Markup('<rect class="{}" width="{}" height="20"/>').format(kind, width), "bar")


def _drawn(shapes: Markup, kind: str, alt: str | None = None) -> Markup:
    heard = Markup('role="img" aria-label="{}"').format(alt) if alt else Markup('aria-hidden="true"')
    return Markup('<svg class="{}" viewBox="0 0 {} 20" preserveAspectRatio="none" {}>{}</svg>').format(
        kind, _WIDTH, heard, shapes
    )


def _number(value: float) -> str:
    """A length with as many digits as can be seen."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
