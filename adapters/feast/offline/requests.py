"""A retrieval of Feast's as a training set of Foreset's: views with their projections, and what is asked of them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from feast import FeatureView
from feast.base_feature_view import BaseFeatureView
from feast.feature_view import DUMMY_ENTITY_NAME
from msgspec.structs import replace

from foreset.adapters.feast.offline.options import Options
from foreset.adapters.feast.offline.sources import pinned_version, source_of
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec, TrainingSetSpec
from foreset.domain.errors.feast import FeastObjectRefused
from foreset.domain.errors.problem import raised
from foreset.domain.errors.specs import UnknownView
from foreset.domain.feast import tags as feast_tags
from foreset.domain.planning.nodes import EVENT_TIME

_NO_NAME: Final = re.compile(r"[:@ /\\]")


@dataclass(frozen=True)
class Request:
    """The definitions, what is asked of them, and the names of the join keys in the spine."""

    specs: tuple[EntitySpec | FeatureViewSpec, ...]
    spec: TrainingSetSpec
    join_keys: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """What Feast asks: features by `view:feature`, of these views. `known` has the names of on-demand views, too."""

    views: Sequence[FeatureView]
    references: Sequence[str]
    on_demand: Sequence[str]
    time: str
    full_names: bool
    written_by_then: bool


def request_of(asked: Asked, options: Options) -> Request:
    """The training set that is asked for."""
    references = [reference.replace("@latest:", ":") for reference in asked.references]
    _check_known(references, [*map(view_name, asked.views), *asked.on_demand])
    views = [_View(view, names) for view in asked.views if (names := _features(view_name(view), references))]
    specs: list[EntitySpec | FeatureViewSpec] = []
    versions: dict[str, int] = {}
    for view in views:
        source = source_of(view.feast.name, view.feast.batch_source, options)
        specs += view.specs(_with_created(source) if asked.written_by_then else source)
        pin = pinned_version(cast("Any", view.feast.batch_source), options)
        if pin is not None:
            versions[source.table] = pin
    spec = TrainingSetSpec(
        [reference for view in views for reference in view.references(full=asked.full_names)],
        timestamp_field=asked.time,
        known_at=cast("Any", _known_at(options, written_by_then=asked.written_by_then)),
        versions=versions,
    )
    keys = tuple(dict.fromkeys(key for view in views for key in view.join_keys))
    return Request(tuple(specs), spec, keys)


def _known_at(options: Options, *, written_by_then: bool) -> object:
    """What feature_store.yaml says, and with Feast's filter each row's own time too."""
    given = options.known_at
    if not written_by_then:
        return given
    times = cast("list[object]", given) if isinstance(given, list) else [given]
    return [*(time for time in times if time not in {None, EVENT_TIME}), EVENT_TIME]


def _with_created(source: DeltaSource) -> DeltaSource:
    """A source without created times is not affected by the filter (Feast, `get_historical_features`).

    So its rows count as written when they happened.
    """
    return replace(source, created_timestamp_field=source.created_timestamp_field or source.timestamp_field)


class _View:
    """A view with its projection, and the features that are asked of it."""

    def __init__(self, feast: FeatureView, features: list[str]) -> None:
        self.feast = feast
        self._features = features
        self._name = _NO_NAME.sub("_", view_name(feast))
        keys = [field.name for field in feast.entity_columns] if _has_entities(feast) else []
        self._renamed = {key: feast.projection.join_key_map.get(key, key) for key in keys}
        self.join_keys = tuple(self._renamed.values())

    def specs(self, source: DeltaSource) -> Iterable[EntitySpec | FeatureViewSpec]:
        """An entity of all its keys, and the view."""
        if self.join_keys:
            yield EntitySpec(self._name, self.join_keys)
        yield FeatureViewSpec(
            self._name,
            [self._name] if self.join_keys else [],
            replace(source, field_mapping=self._mapping(source)),
            self._features,
            ttl=self.feast.ttl or None,
            closed=feast_tags.closed(self.feast.tags or {}),
        )

    def _mapping(self, source: DeltaSource) -> dict[str, str]:
        """The source's mapping, with the join keys under the names that they have in the spine."""
        mapping = {column: name for column, name in source.field_mapping.items() if name not in self._renamed}
        mapping |= {source.column(key): name for key, name in self._renamed.items()}
        return {column: name for column, name in mapping.items() if column != name}

    def references(self, *, full: bool) -> Iterable[str]:
        """What is asked, under Feast's names."""
        for feature in self._features:
            alias = f" as {view_name(self.feast)}__{feature}" if full else ""
            yield f"{self._name}:{feature}{alias}"


def _has_entities(view: FeatureView) -> bool:
    """Whether the view has entities; one whose entities' columns are not known is refused.

    Feast would join its rows to any row, with no more than a warning.
    """
    entities = [name for name in view.entities if name != DUMMY_ENTITY_NAME]
    if entities and len(entities) != len(view.entity_columns):
        columns = ", ".join(field.name for field in view.entity_columns) or "none"
        problem = f"the columns of its entities {', '.join(entities)} are not known (known: {columns})"
        remedy = "apply the entities first, and then the view again: FeatureStore.apply([entity, view])"
        raise raised(FeastObjectRefused(object=f"view {view.name!r}", problem=problem, remedy=remedy))
    return bool(entities)


def _features(view: str, references: list[str]) -> list[str]:
    """The features of a view that are asked for, by `view:feature`."""
    parts = (reference.partition(":") for reference in references)
    return list(dict.fromkeys(feature for name, _, feature in parts if name == view))


def _check_known(references: list[str], views: list[str]) -> None:
    """Refuse a reference to a view that Feast did not hand over; those to on-demand views Feast computes itself."""
    for reference in references:
        view = reference.partition(":")[0]
        if view not in views:
            raise raised(UnknownView(view=view, known=tuple(views)))


def view_name(view: BaseFeatureView) -> str:
    """What a view is called in references: its alias or name, with the version where one was asked."""
    return str(view.projection.name_to_use())  # type: ignore[no-untyped-call]  # Feast is typed in part
