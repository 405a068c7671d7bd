"""Feast's registry as a projection of the event log: it can be deleted, and is then built again."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from feast import Entity, FeatureStore, FeatureView, Project
from returns.result import Result, Success

from foreset.adapters.feast.repository import settings as repository
from foreset.adapters.feast.repository.connections import close_connections
from foreset.adapters.feast.repository.from_proto import entity_seen
from foreset.adapters.feast.repository.merge import adopt_entity, adopt_view
from foreset.adapters.feast.repository.opening import REGISTRY_FAULTS, open_store
from foreset.adapters.feast.repository.registry_diff import Present, difference, present_in, same
from foreset.adapters.feast.repository.to_feast import feast_entities, feast_view
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.specs import EntitySpec
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.feast import PublishError, RegistryUnreadable, Unpublishable
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.feast import tags as feast_tags
from foreset.domain.feast.mapping import entity_specs

Wanted = tuple[tuple[Entity, ...], tuple[FeatureView, ...]]

_OURS: Final = repository.OFFLINE_STORE.rpartition(".")[2]


def _unkept(view: str, said: str, store: str) -> Unpublishable:
    problem = f"it says {said}, which Feast's offline store {store!r} does not know, so it would serve other rows"
    remedy = f"set the repository's offline_store to {repository.OFFLINE_STORE}"
    return Unpublishable(object=f"feature view {view!r}", problem=problem, remedy=remedy)


class FeastRegistry:
    """The registry of a Feast repository. `store` is Feast's own FeatureStore over it."""

    def __init__(self, store: FeatureStore, settings: repository.Settings, locate: Callable[[str], str]) -> None:
        """Publish through `store`; `locate` gives the path or URL of a table by its name."""
        self.store = store
        self._settings = settings
        self._locate = locate

    @classmethod
    def open(
        cls,
        repo: Path,
        project: str | None,
        provider: str | None,
        locate: Callable[[str], str],
        offline_store: str | None = repository.OFFLINE_STORE,
    ) -> Result["FeastRegistry", repository.RepositoryError | RegistryUnreadable]:
        """The registry of the repository in a folder, which is made where it is missing; a damaged one is set aside.

        A repository that says another project, provider or offline store than is asked is refused.
        """
        return Result.do(
            cls(store, settings, locate)
            for settings in repository.ensure(repo, project, provider, offline_store)
            for _ in repository.set_aside_if_damaged(settings)
            for store in open_store(settings)
        )

    def publish(self, catalog: Catalog, position: int) -> Result[int, StoreError | PublishError]:
        """Make Feast hold this catalog; gives the number of entities and views that were changed.

        What others applied to Feast is left as it is, unless it has the name of something in the catalog. Of that, what
        the catalog does not say stays: whether a view is online, its organisation, how its source's path is written.
        """
        return Result.do(
            changed
            for _ in repository.set_aside_if_damaged(self._settings)
            for wanted in self._wanted(catalog)
            for changed in self._bring(wanted, position)
        )

    def entity(self, name: str) -> EntitySpec | None:
        """An entity that Feast's registry has, as a spec."""
        found = self._present().entities
        specs = entity_specs(entity_seen(message) for message in found.values())
        return specs[name].value_or(None) if name in specs else None

    def close(self) -> None:
        """Close Feast's connections: of a registry in a database, and of the online store that Feast writes through.

        Feast opens them again when it needs them, also for whoever still uses `store`.
        """
        close_connections(self.store)

    def __del__(self) -> None:
        """Close them: nobody else does."""
        if sys is not None and not sys.is_finalizing():  # modules are emptied when the interpreter ends
            self.close()

    def _wanted(self, catalog: Catalog) -> Result[Wanted, Unpublishable]:
        views: list[FeatureView] = []
        for view in catalog.views.values():
            kept = feast_tags.by_laws_alone(view.spec)
            if kept is not None and not self._settings.offline_store.endswith(_OURS):
                return refuse(_unkept(view.spec.name, kept, self._settings.offline_store))
            made = feast_view(view, catalog, self._locate(view.spec.source.table))
            if not isinstance(made, Success):
                return refuse(made.failure())
            views.append(made.unwrap())
        return feast_entities(catalog).map(lambda entities: (entities, tuple(views)))

    def _bring(self, wanted: Wanted, position: int) -> Result[int, Unpublishable | RegistryUnreadable]:
        try:
            present = self._present()
            clash = present.clash(view.name for view in wanted[1])
            return refuse(clash) if clash is not None else Success(self._apply(wanted, present, position))
        except REGISTRY_FAULTS as fault:
            return refuse(because(self._unreadable(fault), fault))

    def _apply(self, wanted: Wanted, present: Present, position: int) -> int:
        """Apply what differs, then the position: where this is cut short, the next run begins anew."""
        entities, views = wanted
        for entity in entities:
            if entity.name in present.entities:
                adopt_entity(entity, present.entities[entity.name])
        for view in views:
            if view.name in present.views:
                adopt_view(view, present.views[view.name], self._settings.repo)
        changed, gone = difference(wanted, present)
        if changed or gone:
            self._feast_apply(changed, [*gone, *present.unused(views, gone)])
            self._settle(item for item in changed if isinstance(item, FeatureView))
        self._mark(present, position)
        return len(changed) + len(gone)

    def _feast_apply(self, changed: list[Any], gone: list[Any]) -> None:
        """Feast's own apply, which tells the online store too; that may be anybody's."""
        try:
            self.store.apply([*changed], objects_to_delete=gone, partial=False)
        except REGISTRY_FAULTS:
            raise
        except Exception as fault:
            message = f"Feast could not apply to it and the online store {self._settings.online_store}: {told(fault)}"
            raise OSError(message) from fault

    def _settle(self, views: Iterable[FeatureView]) -> None:
        """Replace the views that Feast did not bring up to date: it ignores a new order of features or entities."""
        there = self._present().views
        for view in views:
            if not same(view, there[view.name]):
                held = FeatureView.from_proto(there[view.name])
                view.materialization_intervals, view.state = held.materialization_intervals, held.state
                view.created_timestamp = held.created_timestamp
                self.store.registry.delete_feature_view(view.name, self.store.project, commit=False)
                self.store.registry.apply_feature_view(view, self.store.project)

    def _mark(self, present: Present, position: int) -> None:
        """Write the position to the project, whose other tags are its owner's."""
        if present.position != position:
            known = Project.from_proto(present.project) if present.project else Project(name=self.store.project)
            known.tags = {**known.tags, feast_tags.POSITION: str(position)}
            self.store.registry.apply_project(known)

    def _present(self) -> Present:
        place = self._settings.registry.file
        registry: Any = self.store.registry  # Feast is typed in part
        if place is not None and not place.exists():
            registry.commit()  # what this process last knew of it; refreshing needs a file
        self.store.refresh_registry()  # type: ignore[no-untyped-call]  # as above
        return present_in(registry.proto(), self.store.project)

    def _unreadable(self, fault: BaseException) -> RegistryUnreadable:
        return RegistryUnreadable(registry=self._settings.registry.name, problem=told(fault))
