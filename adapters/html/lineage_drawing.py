"""Lineage as a drawing: boxes in columns, from what there was first on the left to what was made last on the right."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from markupsafe import Markup

from foreset.domain.event_log.lineage import Lineage, LineageNode, neighbours

_WIDTH: Final = 172
_HEIGHT: Final = 46
_ACROSS: Final = 38  # between columns
_DOWN: Final = 14  # between boxes
_LETTERS: Final = 20  # of a label that fit into a box
_EDGE: Final = 2


class _Place(NamedTuple):
    x: int
    y: int


def drawing(lineage: Lineage) -> Markup:
    """The graph as SVG, in its own size; the page lets it be scrolled where it is wider than the screen."""
    places = _places(lineage)
    width = max((place.x for place in places.values()), default=0) + _WIDTH + _EDGE
    height = max((place.y for place in places.values()), default=0) + _HEIGHT + _EDGE
    lines = Markup().join(_line(places[edge.source], places[edge.target]) for edge in lineage.edges)
    boxes = Markup().join(_box(node, places[node.key], node.key in lineage.asked) for node in lineage.nodes)
    head = Markup('<svg class="lineage" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">')
    told = f"What the training set was made from and what was made from it: {len(lineage.nodes)} boxes; as text below."
    return head.format(width, height, told) + lines + boxes + Markup("</svg>")


def _places(lineage: Lineage) -> dict[str, _Place]:
    """Where boxes are: column by column, in each of them in the order of what they were made from."""
    sources = neighbours((edge.target, edge.source) for edge in lineage.edges)
    columns: dict[int, list[str]] = {}
    for key, column in _columns(lineage, sources).items():
        columns.setdefault(column, []).append(key)
    rows: dict[str, int] = {}
    for _, keys in sorted(columns.items()):
        keys.sort(key=lambda key: _middle([rows[source] for source in sources.get(key, ()) if source in rows]))
        rows.update((key, row) for row, key in enumerate(keys))
    return {
        key: _Place(_EDGE + column * (_WIDTH + _ACROSS), _EDGE + rows[key] * (_HEIGHT + _DOWN))
        for column, keys in columns.items()
        for key in keys
    }


def _middle(rows: list[int]) -> float:
    return sum(rows) / len(rows) if rows else float("inf")


def _columns(lineage: Lineage, sources: Mapping[str, list[str]]) -> dict[str, int]:
    """The column of each box: as far to the right as what was made from it allows, so that lines are short."""
    found: dict[str, int] = {}
    for node in lineage.nodes:
        _column(node.key, sources, found)
    targets = neighbours((edge.source, edge.target) for edge in lineage.edges)
    for key in sorted(found, key=lambda key: -found[key]):
        found[key] = min((found[target] - 1 for target in targets.get(key, ())), default=found[key])
    return found


def _column(key: str, sources: Mapping[str, list[str]], known: dict[str, int]) -> int:
    """The first column after all that something was made from."""
    if key not in known:
        known[key] = max((_column(source, sources, known) + 1 for source in sources.get(key, ())), default=0)
    return known[key]


def _line(source: _Place, target: _Place) -> Markup:
    begin, end = source.x + _WIDTH, target.x
    middle = begin + min(_ACROSS, end - begin) / 2
    above, below = source.y + _HEIGHT / 2, target.y + _HEIGHT / 2
    path = f"M{begin} {above:g}C{middle:g} {above:g} {end - _ACROSS / 2:g} {below:g} {end} {below:g}"
    return Markup('<path class="line" d="{}"/>').format(path)


def _box(node: LineageNode, place: _Place, is_asked: bool) -> Markup:  # noqa: FBT001  # whether this is the one
    kind = node.kind.replace(" ", "-") + (" asked" if is_asked else "")
    told = node.label + (f" ({node.about})" if node.about else "")
    return Markup(
        '<g class="node {kind}" transform="translate({x} {y})"><title>{told}</title>'
        '<rect width="{width}" height="{height}" rx="6"/><text x="12" y="19" class="kind">{name}</text>'
        '<text x="12" y="36">{label}</text></g>'
    ).format(
        kind=kind, x=place.x, y=place.y, told=told, width=_WIDTH, height=_HEIGHT, name=node.kind, label=_short(node)
    )


def _short(node: LineageNode) -> str:
    """What a box holds: the end of a name that is too long tells more than its beginning."""
    label = node.label.removeprefix(f"{node.kind} ")
    return label if len(label) <= _LETTERS else f"\N{HORIZONTAL ELLIPSIS}{label[-_LETTERS + 1 :]}"
