"""How things look in a notebook: a title, facts, a table, a text; everything escaped, and without credentials."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from foreset.domain.safe_text.addresses import redacted
from foreset.domain.safe_text.escaping import escaped

MOST_ROWS: Final = 50
"""So many rows of a table are shown."""
_STYLE: Final = "text-align:left;padding:2px 12px 2px 0;vertical-align:top"


def card(  # noqa: PLR0913  # what a card may show
    title: str,
    facts: Iterable[tuple[str, object]] = (),
    *,
    columns: Sequence[str] = (),
    rows: Sequence[Sequence[object]] = (),
    text: str = "",
    body: str = "",
) -> str:
    """Something as HTML: its title, facts by name, rows of a table, and a longer text that can be unfolded.

    `body` is HTML that somebody else made.

    >>> card("Entity <a>", [("keys", "k")])  # doctest: +ELLIPSIS
    '<div class="foreset"><b>Entity &lt;a&gt;</b><table>...<th...>keys</th><td...>k</td>...</table></div>'
    """
    parts = [f"<b>{_shown(title)}</b>", _facts(facts), _table(columns, rows), body]
    if text:
        parts.append(
            f"<details><summary>more</summary><pre>{escape(escaped(redacted(text), lines=True))}</pre></details>"
        )
    return f'<div class="foreset">{"".join(parts)}</div>'


def _shown(value: object) -> str:
    return escape(escaped(redacted(str(value))))


def _facts(facts: Iterable[tuple[str, object]]) -> str:
    lines = [
        f'<tr><th style="{_STYLE}">{_shown(name)}</th><td style="{_STYLE}">{_shown(value)}</td></tr>'
        for name, value in facts
        if value is not None and value not in ("", (), {})
    ]
    return f"<table>{''.join(lines)}</table>" if lines else ""


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th style="{_STYLE}">{_shown(name)}</th>' for name in columns)
    lines = [
        "<tr>" + "".join(f'<td style="{_STYLE}">{_shown(value)}</td>' for value in row) + "</tr>"
        for row in rows[:MOST_ROWS]
    ]
    more = f"<p>and {len(rows) - MOST_ROWS:,} more</p>" if len(rows) > MOST_ROWS else ""
    return f"<table><tr>{head}</tr>{''.join(lines)}</table>{more}"
