"""Feast's registry as a projection of the event log: it can be deleted, and is then built again."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from feast import Entity, FeatureStore, FeatureView, Project
from feast.errors import FeastError, ProjectObjectNotFoundException
from returns.result import Result, Success

from foreset.adapters.feast import repository
from foreset.adapters.feast.convert import DIGEST_TAG, VERSION_TAG, entity_spec, feast_entities, feast_view
from foreset.domain.errors.feast import RepositoryDiffers
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.store import StoreError, StoreUnwritable
from foreset.domain.registry import Catalog
from foreset.domain.spec import EntitySpec

POSITION_TAG = "foreset.position"
"""The tag of the Feast project that has the position of the event log which the registry was built from."""

O = TypeVar("O", Entity, FeatureView)  # noqa: E741  # an object of Feast's


class FeastRegistry:
    """The registry of a Feast repository. `store` is Feast's own FeatureStore over it."""

    def __init__(self, store: FeatureStore, repo: Path, locate: Callable[[str], str]) -> None:
        """Publish through `store`; `locate` gives the path or URL of a table by its name."""
        self.store = store
        self._repo = repo
        self._locate = locate

    @classmethod
    def open(
        cls, repo: Path, project: str, provider: str, locate: Callable[[str], str]
    ) -> Result["FeastRegistry", RepositoryDiffers | StoreUnwritable]:
        """The registry of the repository in a folder, which is made where it is missing; a damaged one is set aside."""
        return Result.do(
            registry
            for _ in repository.ensure(repo, project, provider)
            for _ in repository.set_aside_if_damaged(repo)
            for registry in _opened(cls, repo, locate)
        )

    def publish(self, catalog: Catalog, position: int) -> Result[int, StoreError]:
        """Make Feast hold this catalog; gives the number of entities and views that were changed.

        What was applied to Feast by others is left as it is, unless it has the name of something in the catalog.
        """
        try:
            return repository.set_aside_if_damaged(self._repo).map(lambda _: self._bring(catalog, position))
        except (OSError, FeastError) as fault:
            place = str(self._repo / repository.REGISTRY)
            return refuse(because(StoreUnwritable(path=place, problem=told(fault)), fault))

    def entity(self, name: str) -> EntitySpec | None:
        """An entity that Feast's registry has, as a spec."""
        found = next((entity for entity in self.store.list_entities() if entity.name == name), None)
        return entity_spec(found) if found else None

    def _bring(self, catalog: Catalog, position: int) -> int:
        if not (self._repo / repository.REGISTRY).exists():
            self.store.registry.commit()  # type: ignore[no-untyped-call]  # what this process last knew of it; refreshing needs a file
        self.store.refresh_registry()  # type: ignore[no-untyped-call]  # Feast is typed in part
        views = [feast_view(view, catalog, self._locate(view.spec.source.table)) for view in catalog.views.values()]
        entities, present = feast_entities(catalog), self.store.list_feature_views()
        new_entities, old_entities = _difference(entities, self.store.list_entities())
        new_views, old_views = _difference(views, present)
        changed: list[Any] = [*new_entities, *new_views]
        gone: list[Any] = [*old_entities, *old_views, *_unused_sources(old_views, [*views, *present])]
        if changed or gone or self._position() != position:
            project = Project(name=self.store.project, tags={POSITION_TAG: str(position)})
            self.store.apply([project, *changed], objects_to_delete=gone, partial=False)
        return len(changed) + len(old_entities) + len(old_views)

    def _position(self) -> int | None:
        try:
            tag = self.store.get_project(self.store.project).tags.get(POSITION_TAG)
        except ProjectObjectNotFoundException:
            return None
        return int(tag) if tag and tag.isdecimal() else None


def _opened(
    cls: type[FeastRegistry], repo: Path, locate: Callable[[str], str]
) -> Result[FeastRegistry, StoreUnwritable]:
    try:
        return Success(cls(FeatureStore(repo_path=str(repo)), repo, locate))
    except (OSError, FeastError) as fault:
        return refuse(because(StoreUnwritable(path=str(repo), problem=told(fault)), fault))


def _difference(wanted: Iterable[O], present: Iterable[O]) -> tuple[list[O], list[O]]:
    """What is new or changed, with its digest as a tag; and what was published once and is gone from the catalog."""
    known = {item.name: item for item in present}
    changed: list[O] = []
    names: set[str] = set()
    for item in wanted:
        names.add(item.name)
        item.tags = {**item.tags, DIGEST_TAG: _digest(item)}
        if item.name not in known or known[item.name].tags.get(DIGEST_TAG) != item.tags[DIGEST_TAG]:
            changed.append(item)
    return changed, [item for name, item in known.items() if name not in names and VERSION_TAG in item.tags]


def _digest(item: Entity | FeatureView) -> str:
    spec: Any = item.to_proto().spec
    if isinstance(item, FeatureView):
        spec.batch_source.ClearField("meta")  # when the object was made
    return hashlib.sha256(spec.SerializeToString(deterministic=True)).hexdigest()[:16]


def _unused_sources(gone: Iterable[FeatureView], views: Iterable[FeatureView]) -> list[Any]:
    removed = {view.name: view.batch_source for view in gone}
    used = {view.batch_source.name for view in views if view.name not in removed and view.batch_source}
    return list({source.name: source for source in removed.values() if source and source.name not in used}.values())
