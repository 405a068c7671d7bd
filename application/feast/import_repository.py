"""Import a Feast repository: register what maps, all or none, and tell what does not map and what goes wrong there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from returns.result import Result, Success

from foreset.application.definitions.catalog import CatalogAt, current_catalog
from foreset.application.definitions.register import RegistryError, change
from foreset.application.ports.engine import Adapters
from foreset.application.ports.feast import RepositoryReader, TableFolders, TableRows
from foreset.application.ports.tables import Snapshot, TableStore
from foreset.domain.definitions.registry import Catalog, Register, Rejection, decide
from foreset.domain.definitions.specs import EntitySpec, FeatureViewSpec
from foreset.domain.errors.feast import RepositoryReadError
from foreset.domain.errors.problem import Problem, listed
from foreset.domain.errors.tables import TableError
from foreset.domain.facts import TableFacts
from foreset.domain.feast import tags as feast_tags
from foreset.domain.feast.folder_facts import FolderFacts
from foreset.domain.feast.import_report import Changes, ImportReport, Mapped, Unmapped, changes_of
from foreset.domain.feast.mapping import entities_of, entity_specs, fitted, other, plain_view, source_of, view_spec
from foreset.domain.feast.repository import FeastRepository, FeastSource, FeastView
from foreset.domain.feast.row_facts import RowColumns, RowFacts
from foreset.domain.feast.traps import READ_BY_FOLDER, ViewLook, traps

LOOK_ROWS: Final = 2_000_000
"""How many rows of a view are looked at, unless told otherwise: what fits into memory with room to spare."""

FeastImportError = RepositoryReadError | RegistryError
"""Why nothing was imported."""


@dataclass(frozen=True)
class Looks:
    """What looks at tables beyond their logs: at folders, and at `limit` rows of each view at most."""

    folders: TableFolders
    rows: TableRows
    limit: int


def import_feast(
    reader: RepositoryReader, looks: Looks, adapters: Adapters, known: CatalogAt, *, register: bool
) -> Result[ImportReport, FeastImportError]:
    """Register the entities and views of a repository that have a counterpart here, all or none.

    Importing again changes nothing. Without `register` the repository is looked at alone.
    """
    return Result.do(
        ImportReport(
            path=repository.path,
            project=repository.project,
            registry=repository.registry,
            offline_store=repository.offline_store,
            registered=register,
            mapped=tuple(_told(found, changes)),
            unmapped=found.unmapped,
            findings=traps(repository, _looks(repository, found, looks, adapters.tables)),
        )
        for repository in reader.observe()
        for found in _found(repository, adapters.tables)
        for past in current_catalog(adapters.events, known)
        for changes in _changes(found.command, adapters, past, register=register)
    )


def _changes(
    command: Register, adapters: Adapters, past: CatalogAt, *, register: bool
) -> Result[Changes, RegistryError]:
    """What the command changes in the catalog, which is carried out where `register` says so."""
    if register:
        done = change(command, adapters, past)
        return done.map(lambda registered: changes_of((r.event for r in registered.events), past.catalog))
    return decide(command, past.catalog).map(lambda events: changes_of(events, past.catalog))


# === What maps ===


@dataclass(frozen=True)
class _View:
    """A view that maps, the snapshot of its table, and what is other here."""

    spec: FeatureViewSpec
    entities: tuple[EntitySpec, ...]
    snapshot: Snapshot
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Found:
    """What maps, by Feast's names, and what does not."""

    entities: dict[str, EntitySpec]
    views: dict[str, _View]
    unmapped: tuple[Unmapped, ...]

    @property
    def command(self) -> Register:
        """What registers it all."""
        entities = {spec.name: spec for spec in self.entities.values()}
        tables = {view.spec.source.table: view.snapshot.facts.columns for view in self.views.values()}
        return Register(tuple(entities.values()), tuple(view.spec for view in self.views.values()), tables)


def _found(repository: FeastRepository, tables: TableStore) -> Result[_Found, FeastImportError]:
    entities: dict[str, EntitySpec] = {}
    views: dict[str, _View] = {}
    unmapped: list[Unmapped] = []
    for name, spec in entity_specs(repository.entities).items():
        _sort(spec, name, "entity", entities, unmapped)
    for view in repository.views:
        mapped = _view(view, entities, tables)
        _sort(mapped, view.name, view.kind, views, unmapped)
        for entity in mapped.map(lambda found: found.entities).value_or(()):
            entities.setdefault(entity.name, entity)
    unmapped += (_unmapped(found.kind, found.name, other(found)) for found in repository.others)
    return Success(_Found(entities, views, tuple(unmapped)))


T = TypeVar("T")


def _sort(found: Result[T, Problem], name: str, kind: str, mapped: dict[str, T], unmapped: list[Unmapped]) -> None:
    if isinstance(found, Success):
        mapped[name] = found.unwrap()
    else:
        unmapped.append(_unmapped(kind, name, found.failure()))


def _unmapped(kind: str, name: str, problem: Problem) -> Unmapped:
    says, _, then = problem.message.partition(" Next: ")
    return Unmapped(kind=kind, name=name, problem=says, next=then)


def _view(view: FeastView, entities: Mapping[str, EntitySpec], tables: TableStore) -> Result[_View, Problem]:
    return Result.do(
        fit
        for plain in plain_view(view)
        for source in source_of(plain)
        for named in entities_of(plain, entities.get)
        for snapshot in _observed(source, tables)
        for spec in view_spec(plain, named, snapshot.facts.columns)
        for fit in _fit(source, spec, named, snapshot)
    )


def _observed(source: FeastSource, tables: TableStore) -> Result[Snapshot, TableError]:
    options = feast_tags.storage_options(source.tags, source.endpoint)
    zone = feast_tags.partition_time_zone(source.tags)
    return tables.observe(source.table, storage_options=options, partition_time_zone=zone)


def _fit(
    source: FeastSource, spec: FeatureViewSpec, entities: tuple[EntitySpec, ...], snapshot: Snapshot
) -> Result[_View, Rejection]:
    """The view, if its table has what it needs: decided as if it were registered alone."""
    columns = snapshot.facts.columns
    view, loose = fitted(spec, columns)
    alone = Register(entities, (view,), {view.source.table: columns})
    return decide(alone, Catalog()).map(lambda _: _View(view, entities, snapshot, tuple(_notes(source, loose))))


def _notes(source: FeastSource, loose: tuple[str, ...]) -> Iterator[str]:
    if loose:
        yield f"served in the table's type, which Feast's declared type does not hold: {listed(loose, 5)}"
    if source.format is None:
        yield "its source does not say that the table is a Delta table (`file_format=DeltaFormat()`)"


def _told(found: _Found, changes: Changes) -> Iterator[Mapped]:
    for name in dict.fromkeys(spec.name for spec in found.entities.values()):
        yield Mapped(kind="entity", name=name, change=changes.entities.get(name, "same"))
    for name, view in found.views.items():
        change = changes.views.get(name, "same")
        yield Mapped(kind="feature view", name=name, change=change, table=view.spec.source.table, notes=view.notes)


# === What goes wrong ===


def _looks(repository: FeastRepository, found: _Found, looks: Looks, tables: TableStore) -> dict[str, ViewLook]:
    """What is seen of the tables of views that may be Delta tables, whether the views map or not."""
    seen: dict[str, ViewLook] = {}
    folders: dict[str, Result[FolderFacts, TableError]] = {}
    for view in repository.views:
        source = source_of(view).value_or(None)
        snapshot = None if source is None else _observed(source, tables).value_or(None)
        if source is not None and snapshot is not None:
            if repository.offline_store in READ_BY_FOLDER and source.table not in folders:
                folders[source.table] = looks.folders.look(source.table, snapshot.storage_options)
            rows = _rows(view, snapshot, found.views.get(view.name), looks)
            seen[view.name] = _seen(snapshot.facts, folders.get(source.table), rows)
    return seen


def _rows(
    view: FeastView, snapshot: Snapshot, mapped: _View | None, looks: Looks
) -> Result[RowFacts, TableError] | None:
    """What the rows of a view are like, None where it does not map, so that its columns are not known."""
    return None if mapped is None else looks.rows.look(snapshot, _columns(mapped, view), looks.limit)


def _seen(
    table: TableFacts, folder: Result[FolderFacts, TableError] | None, rows: Result[RowFacts, TableError] | None
) -> ViewLook:
    problems = [_said(look.failure()) for look in (folder, rows) if look is not None and not isinstance(look, Success)]
    return ViewLook(
        table=table,
        folder=folder.unwrap() if isinstance(folder, Success) else None,
        rows=rows.unwrap() if isinstance(rows, Success) else None,
        problem=problems[0] if problems else None,
    )


def _said(problem: Problem) -> str:
    """What an error says is wrong, as a part of a sentence."""
    return problem.message.partition(" Next: ")[0].rstrip(".")


def _columns(mapped: _View, view: FeastView) -> RowColumns:
    source = mapped.spec.source
    created = source.created_timestamp_field
    return RowColumns(
        keys=tuple(source.column(key) for entity in mapped.entities for key in entity.join_keys),
        time=source.column(source.timestamp_field),
        created=None if created is None else source.column(created),
        features=tuple(source.column(field.name) for field in mapped.spec.fields),
        loaded_until=view.loaded_until,
    )
