"""Lineage: what came of what, as a graph that is drawn from events.

    made of              node
    -                    entity, table
    table                table at a version
    entities, table      view
    table at a version   spine that lies in one
    views, tables at versions, spine    training set
    training set         model
    view, table at a version            online values

A training set hangs on views and on tables at versions, each by itself: a version of a table that another set read is
no part of it, though both sets have the view.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

from foreset.domain.definitions.models import ModelTrained
from foreset.domain.definitions.registry import STREAM, Catalog, EntityRegistered, FeatureViewRegistered, evolve
from foreset.domain.errors.problem import listed
from foreset.domain.event_log.receipts import Recorded, TableWritten, TrainingSetRetrieved
from foreset.domain.online.loading import ViewMaterialized
from foreset.domain.safe_text.notebooks import card
from foreset.domain.unreadable import UnreadableEvent

NodeKind = Literal["entity", "table", "view", "spine", "training set", "model", "online"]
KINDS: Final[tuple[NodeKind, ...]] = get_args(NodeKind)
_FINGERPRINT: Final = 12  # letters of a spine's fingerprint that are shown


class LineageNode(msgspec.Struct, frozen=True, kw_only=True):
    """Something that events tell of. `key` is its name in the graph; an `@` of its own is doubled there.

    `version` is that of an entity, a view, or a table that was read or written at it; of a model it counts its
    trainings by the same name. A table without one stands for all its versions. `position`, `at` and `actor` are those
    of the first event that made it; None where no event of the log did.
    """

    key: str
    kind: NodeKind
    name: str
    version: int | None = None
    about: str = ""
    position: int | None = None
    at: datetime | None = None
    actor: str | None = None

    @property
    def label(self) -> str:
        """What it is, for people.

        >>> LineageNode(key="table:rain@3", kind="table", name="rain", version=3).label
        'table rain@3'
        """
        if self.kind == "spine":
            return f"spine {self.name[:_FINGERPRINT]}"
        if self.kind == "training set":
            return self.name
        mark = "@" if self.kind == "table" else " v"
        return f"{self.kind} {self.name}" + ("" if self.version is None else f"{mark}{self.version}")


class LineageEdge(msgspec.Struct, frozen=True):
    """The node `target` was made from the node `source`, by their keys."""

    source: str
    target: str


class LineageSent(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent to others: how many events, and up to which position of the log."""

    target: str
    events: int
    position: int


class Lineage(msgspec.Struct, frozen=True):
    """A graph without circles. `asked` are the keys of the nodes that it was asked for; none where it is whole."""

    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
    asked: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """How many nodes it has, and of what they are."""
        asked = f" around {listed(self.asked)}" if self.asked else ""
        return f"Lineage({len(self.nodes)} nodes, {len(self.edges)} edges{asked})"

    def _repr_html_(self) -> str:
        """The same for notebooks, with the nodes and what each was made from."""
        sources = {node.key: [e.source for e in self.edges if e.target == node.key] for node in self.nodes}
        rows = [
            (node.label, listed(map(self._label, sources[node.key])) if sources[node.key] else "")
            for node in self.nodes
        ]
        return card(repr(self), columns=("what", "made from"), rows=rows)

    def _label(self, key: str) -> str:
        return self.node(key).label

    def node(self, key: str) -> LineageNode:
        """A node by its key."""
        return next(node for node in self.nodes if node.key == key)

    def find(self, name: str) -> tuple[LineageNode, ...]:
        """The nodes of a name: `NAME`, `NAME@VERSION`, `KIND:NAME`; a beginning of an id or fingerprint will do.

        A name that a view and a table have gives both. A table without a version stands for all of its versions.
        """
        kind, colon, rest = name.partition(":")
        of_kind = kind.replace("-", " ")
        if colon and of_kind in KINDS:
            return self._named(rest, [node for node in self.nodes if node.kind == of_kind])
        return self._named(name, self.nodes)

    def _named(self, name: str, among: Collection[LineageNode]) -> tuple[LineageNode, ...]:
        exact = tuple(node for node in among if node.name == name)
        if any((node.kind, node.version) == ("table", None) for node in exact):
            exact = tuple(node for node in exact if node.kind != "table" or node.version is None)
        bare, _, version = name.rpartition("@")
        if exact or not name:
            return exact
        at_version = tuple(node for node in among if (node.name, str(node.version)) == (bare, version))
        return at_version or tuple(node for node in among if _begins(node, name))

    def around(self, nodes: Iterable[LineageNode]) -> "Lineage":
        """These nodes, what they were made from, and what was made from them."""
        asked = tuple(node.key for node in nodes)
        kept = {*self.upstream(asked), *self.downstream(asked), *asked}
        return Lineage(
            tuple(node for node in self.nodes if node.key in kept),
            tuple(edge for edge in self.edges if edge.source in kept and edge.target in kept),
            asked,
        )

    def upstream(self, keys: Iterable[str]) -> frozenset[str]:
        """The keys of all that these were made from, through any number of steps."""
        return _reached(keys, neighbours((edge.target, edge.source) for edge in self.edges))

    def downstream(self, keys: Iterable[str]) -> frozenset[str]:
        """The keys of all that was made from these, through any number of steps."""
        return _reached(keys, neighbours((edge.source, edge.target) for edge in self.edges))

    def names(self) -> tuple[str, ...]:
        """The names that can be asked for, each once, in the order of the log."""
        return tuple(dict.fromkeys(node.name for node in self.nodes if node.kind != "spine"))


def _begins(node: LineageNode, name: str) -> bool:
    return node.kind in {"training set", "spine"} and node.name.startswith((name, f"ts-{name}"))


def neighbours(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """For each first of the pairs, the seconds in their order."""
    found: dict[str, list[str]] = {}
    for first, second in pairs:
        found.setdefault(first, []).append(second)
    return found


def _reached(keys: Iterable[str], steps: Mapping[str, list[str]]) -> frozenset[str]:
    """What can be reached from `keys` in one step or more."""
    reached: set[str] = set()
    ahead = list(keys)
    while ahead:
        new = [key for key in steps.get(ahead.pop(), ()) if key not in reached]
        reached.update(new)
        ahead.extend(new)
    return frozenset(reached)


# === From events ===


def lineage_of(events: Iterable[Recorded]) -> Lineage:
    """The graph of all that these events tell of, in their order."""
    drawing = _Drawing()
    for recorded in events:
        drawing.draw(recorded)
    return Lineage(tuple(drawing.nodes.values()), tuple(LineageEdge(*pair) for pair in drawing.edges))


class _Drawing:
    """A graph in the making; lives in `lineage_of` alone."""

    def __init__(self) -> None:
        self.nodes: dict[str, LineageNode] = {}
        self.edges: dict[tuple[str, str], None] = {}
        self._catalog = Catalog()
        self._trainings: dict[str, int] = {}

    def draw(self, recorded: Recorded) -> None:
        match recorded.event:
            case UnreadableEvent() as event:
                self._unreadable(event, recorded)
            case EntityRegistered() as event:
                self._catalog = evolve(self._catalog, event)
                about = f"keys: {', '.join(event.spec.join_keys)}"
                self._node("entity", event.spec.name, event.version, recorded, about)
            case FeatureViewRegistered() as event:
                self._catalog = evolve(self._catalog, event)
                self._view(event, recorded)
            case TableWritten() as event:
                self._table(event.table, event.version, recorded, f"{event.mode}, {event.rows:,} rows")
            case TrainingSetRetrieved() as event:
                self._training_set(event, recorded)
            case ModelTrained() as event:
                self._model(event, recorded)
            case ViewMaterialized() as event:
                self._online(event, recorded)
            case _:
                pass  # what was removed, kept, deleted or made again made nothing new

    def _unreadable(self, event: UnreadableEvent, recorded: Recorded) -> None:
        about = f"the event at position {event.position} cannot be decoded"
        if recorded.stream == STREAM:
            self._catalog = evolve(self._catalog, event)
        for kind, name in (full.split("/", 1) for full in event.names):
            self._node("entity" if kind == "entity" else "view", name, None, recorded, about)
        if event.may_be("training-set-retrieved"):
            for identifier in event.training_sets[:1]:
                self._node("training set", identifier, None, recorded, about)

    def _view(self, event: FeatureViewRegistered, recorded: Recorded) -> None:
        spec = event.spec
        entities = (self._catalog.entities[name] for name in spec.entities if name in self._catalog.entities)
        sources = [self._node("entity", entity.spec.name, entity.version) for entity in entities]
        about = f"features: {', '.join(field.name for field in spec.fields)}"
        view = self._node("view", spec.name, event.version, recorded, about)
        self._made(view, [*sources, self._table(spec.source.table)])

    def _training_set(self, event: TrainingSetRetrieved, recorded: Recorded) -> None:
        about = f"{event.spec.name + ': ' if event.spec.name else ''}{event.rows:,} rows"
        made = self._node("training set", event.id, None, recorded, about)
        tables = [self._table(scan.table, scan.version) for scan in event.plan.scans]
        views = [self._node("view", match.view, match.view_version) for _, match, _ in event.plan.gathers]
        spine = self._node("spine", event.spine.fingerprint, None, recorded, f"{event.spine.rows:,} rows")
        reference = event.spine.reference
        if reference is not None:
            self._made(spine, [self._table(reference.path, reference.version)])
        self._made(made, [*views, *tables, spine])

    def _model(self, event: ModelTrained, recorded: Recorded) -> None:
        name = event.name or event.estimator
        self._trainings[name] = version = self._trainings.get(name, 0) + 1
        about = ", ".join(f"{metric} {value:.4f}" for metric, value in event.measured.items())
        model = self._node("model", name, version, recorded, about)
        self._made(model, [self._node("training set", event.training_set_id)])

    def _online(self, event: ViewMaterialized, recorded: Recorded) -> None:
        online = self._node("online", f"{event.view} in {event.store}", None, recorded)
        view = self._node("view", event.view, event.view_version)
        self._made(online, [view, self._table(event.table, event.version)])

    def _table(self, name: str, version: int | None = None, recorded: Recorded | None = None, about: str = "") -> str:
        whole = self._node("table", name)
        if version is None:
            return whole
        at_version = self._node("table", name, version, recorded, about)
        self._made(at_version, [whole])
        return at_version

    def _node(
        self,
        kind: NodeKind,
        name: str,
        version: int | None = None,
        recorded: Recorded | None = None,
        about: str = "",
    ) -> str:
        """The key of a node, which is made where it is missing; the first event that made it is told."""
        key = f"{kind}:{name.replace('@', '@@')}" + ("" if version is None else f"@{version}")
        known = self.nodes.get(key)
        if known is None or (known.position is None and recorded is not None):
            position, at, actor = (recorded.position, recorded.at, recorded.actor) if recorded else (None, None, None)
            self.nodes[key] = LineageNode(
                key=key, kind=kind, name=name, version=version, about=about, position=position, at=at, actor=actor
            )
        return key

    def _made(self, target: str, sources: Iterable[str]) -> None:
        self.edges.update(((source, target), None) for source in sources)
