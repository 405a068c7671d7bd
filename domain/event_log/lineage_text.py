"""Lineage as a tree of lines for people, and as a Mermaid flowchart."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from foreset.domain.event_log.lineage import Lineage, LineageNode, neighbours
from foreset.domain.safe_text.addresses import redacted
from foreset.domain.safe_text.escaping import escaped

_MERMAID: Final = str.maketrans({sign: f"#{ord(sign)};" for sign in '#"<>&`\\'})
_SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    "entity": ("([", "])"),
    "table": ("[(", ")]"),
    "view": ("[", "]"),
    "spine": ("[/", "/]"),
    "training set": ("[[", "]]"),
    "model": ("{{", "}}"),
    "online": ("(", ")"),
}
"""How Mermaid draws each kind of node: `flowchart`, "Node shapes", in its documentation."""


def as_mermaid(lineage: Lineage) -> str:
    """The graph as a Mermaid flowchart, from left to right; the nodes that were asked for have a thick border."""
    names = {node.key: f"n{number}" for number, node in enumerate(lineage.nodes)}
    lines = ["flowchart LR", *(f"    {names[node.key]}{_box(node)}" for node in lineage.nodes)]
    lines += [f"    {names[edge.source]} --> {names[edge.target]}" for edge in lineage.edges]
    if lineage.asked:
        asked = ",".join(names[key] for key in lineage.asked)
        lines += ["    classDef asked stroke-width:3px", f"    class {asked} asked"]
    return "\n".join(lines)


def _box(node: LineageNode) -> str:
    left, right = _SHAPES[node.kind]
    return f'{left}"{escaped(redacted(node.label)).translate(_MERMAID)}"{right}'


def as_text(lineage: Lineage) -> str:
    """Trees: of each node that was asked for, what it was made from and what was made from it.

    Where nothing was asked for, everything hangs below what it was made from. A node that was shown already is shown
    without what hangs below it, and ends with `...` where something does.
    """
    return "\n".join(_asked(lineage) if lineage.asked else _whole(lineage))


def _asked(lineage: Lineage) -> Iterator[str]:
    sources = neighbours((edge.target, edge.source) for edge in lineage.edges)
    targets = neighbours((edge.source, edge.target) for edge in lineage.edges)
    for number, key in enumerate(lineage.asked):
        if number:
            yield ""
        yield _line(lineage.node(key))
        yield from _side("made from", key, sources, lineage)
        yield from _side("used for", key, targets, lineage)


def _side(title: str, key: str, steps: Mapping[str, list[str]], lineage: Lineage) -> Iterator[str]:
    if key in steps:
        yield f"  {title}"
        yield from _below(key, steps, {node.key: node for node in lineage.nodes}, set(), "  ")
    else:
        yield f"  {title} nothing that the log tells of"


def _whole(lineage: Lineage) -> Iterator[str]:
    targets = neighbours((edge.source, edge.target) for edge in lineage.edges)
    made = {edge.target for edge in lineage.edges}
    nodes, shown = {node.key: node for node in lineage.nodes}, set[str]()
    for node in lineage.nodes:
        if node.key not in made:
            yield _line(node)
            yield from _below(node.key, targets, nodes, shown, "")


def _below(
    key: str, steps: Mapping[str, list[str]], nodes: Mapping[str, LineageNode], shown: set[str], indent: str
) -> Iterator[str]:
    below = steps.get(key, [])
    for number, child in enumerate(below, start=1):
        branch, rail = ("└─ ", "   ") if number == len(below) else ("├─ ", "│  ")
        again = child in shown and child in steps
        yield f"{indent}{branch}{_line(nodes[child])}{' ...' if again else ''}"
        if not again:
            shown.add(child)
            yield from _below(child, steps, nodes, shown, indent + rail)


def _line(node: LineageNode) -> str:
    about = f" ({node.about})" if node.about else ""
    return escaped(redacted(f"{node.label}{about}{_when(node.at, node.actor)}"))


def _when(at: datetime | None, actor: str | None) -> str:
    return "" if at is None else f", {at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ} by {actor}"
