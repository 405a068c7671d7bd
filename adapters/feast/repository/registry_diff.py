"""What Feast's registry holds of a project, as messages, and how that differs from what it should hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from feast import Entity, FeatureView
from feast.data_source import DataSource
from feast.feature_view import DUMMY_ENTITY_NAME
from feast.protos.feast.core.DataSource_pb2 import DataSource as DataSourceMessage
from google.protobuf.message import Message as ProtobufMessage  # type: ignore[import-untyped]  # protobuf has no stubs

from foreset.adapters.feast.repository.from_proto import Message
from foreset.domain.errors.feast import Unpublishable
from foreset.domain.feast import tags as feast_tags

_OTHER_VIEWS: Final = {
    "stream_feature_views": "a stream feature view",
    "on_demand_feature_views": "an on-demand feature view",
    "label_views": "a label view",
}


@dataclass(frozen=True)
class Present:
    """The messages of a project by name. `taken` has other views, in lower case, with what they are.

    `sources` are the names of all data sources, `needed` of those that views of other kinds have.
    """

    project: Message | None
    entities: Mapping[str, Message]
    views: Mapping[str, Message]
    taken: Mapping[str, str]
    sources: frozenset[str]
    needed: frozenset[str] = frozenset()

    @property
    def position(self) -> int | None:
        """The position of the event log at which it was built, None where it never was."""
        tag = self.project.spec.tags.get(feast_tags.POSITION) if self.project is not None else None
        return int(tag) if tag and tag.isdecimal() else None

    def clash(self, names: Iterable[str]) -> Unpublishable | None:
        """A view that Feast would not take beside what it has; it tells names apart by more than case."""
        seen: dict[str, str] = {}
        others = {name.lower(): name for name in self.views}
        for name in names:
            low = name.lower()
            kind = self.taken.get(low)
            other = seen.get(low) or (others[low] if others.get(low, name) != name else None)
            if kind or other:
                problem = f"{kind} of that name is there" if kind else f"the name differs from {other!r} by case alone"
                remedy = "give one of them another name, or remove the other from Feast"
                return Unpublishable(object=f"feature view {name!r}", problem=problem, remedy=remedy)
            seen[low] = name
        return None

    def unused(self, views: Iterable[FeatureView], gone: Iterable[Entity | FeatureView]) -> list[DataSource]:
        """The sources of views that were published and are changed or gone, which no view has any more."""
        wanted = {view.name: view for view in views}
        dropped = {item.name for item in gone if isinstance(item, FeatureView)}
        ours = [message for name, message in self.views.items() if name in dropped or name in wanted]
        others = [message for name, message in self.views.items() if name not in dropped and name not in wanted]
        used = {*self.needed, *(name for message in others for name in _sources(message))}
        used |= {view.batch_source.name for view in wanted.values() if view.batch_source is not None}
        left = {m.spec.batch_source.name: m.spec.batch_source for m in ours if _is_published(m)}
        return [
            DataSource.from_proto(source) for name, source in left.items() if name not in used and name in self.sources
        ]


def present_in(registry: Message, project: str) -> Present:
    """What a registry's message holds of a project."""
    views = {view.spec.name: view for view in _of(registry.feature_views, project)}
    taken = {
        view.spec.name.lower(): kind
        for field, kind in _OTHER_VIEWS.items()
        for view in _of(getattr(registry, field), project)
    }
    computed = {
        name.lower(): "a view that computes its features"
        for name, view in views.items()
        if view.spec.HasField("feature_transformation")
    }
    return Present(
        project=next((found for found in registry.projects if found.spec.name == project), None),
        entities={
            entity.spec.name: entity
            for entity in _of(registry.entities, project)
            if entity.spec.name != DUMMY_ENTITY_NAME
        },
        views=views,
        taken={**taken, **computed},
        sources=frozenset(source.name for source in registry.data_sources if source.project == project),
        needed=frozenset(
            name for field in _OTHER_VIEWS for view in _of(getattr(registry, field), project) for name in _sources(view)
        ),
    )


def _sources(message: Message) -> Iterator[str]:
    """The names of the data sources that a message mentions, however deep."""
    if isinstance(message, DataSourceMessage):
        yield message.name
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        is_map = field.message_type.GetOptions().map_entry
        values = value.values() if is_map else value if isinstance(value, Sequence) else [value]
        for inner in values:
            if isinstance(inner, ProtobufMessage):
                yield from _sources(inner)


def _of(messages: Iterable[Message], project: str) -> list[Message]:
    return [message for message in messages if message.spec.project == project]


def difference(
    wanted: tuple[tuple[Entity, ...], tuple[FeatureView, ...]], present: Present
) -> tuple[list[Entity | FeatureView], list[Entity | FeatureView]]:
    """What is new or changed; and what was published once and is gone from the catalog."""
    entities, views = wanted
    changed: list[Any] = [
        *(entity for entity in entities if not same(entity, present.entities.get(entity.name))),
        *(view for view in views if not same(view, present.views.get(view.name))),
    ]
    kept_entities, kept_views = {entity.name for entity in entities}, {view.name for view in views}
    gone: list[Any] = [
        *(Entity.from_proto(m) for n, m in present.entities.items() if n not in kept_entities and _is_published(m)),
        *(FeatureView.from_proto(m) for n, m in present.views.items() if n not in kept_views and _is_published(m)),
    ]
    return changed, gone


def _is_published(message: Message) -> bool:
    return feast_tags.VERSION in message.spec.tags


def same(item: Entity | FeatureView, there: Message | None) -> bool:
    """Whether Feast holds this object as it is, whenever that was made."""
    return there is not None and _plain(item.to_proto().spec) == _plain(there.spec)


def _plain(spec: Message) -> Message:
    """A spec without what Feast adds to it."""
    plain = type(spec)()
    plain.CopyFrom(spec)
    plain.ClearField("project")
    if "batch_source" in plain.DESCRIPTOR.fields_by_name and plain.HasField("batch_source"):
        for field in ("meta", "project", "data_source_class_type"):
            plain.batch_source.ClearField(field)
    return plain
