"""`apply`, `views`, `entities`, `publish`, `import`: what is defined."""

import argparse
from collections.abc import Sequence
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from returns.result import Result

from foreset.application.definitions.register import Registered, RegistryError
from foreset.application.feast.publish import Published
from foreset.domain.definitions.registry import Catalog, Entity, FeatureView
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.problem import Problem, listed
from foreset.domain.feast.import_report import ImportReport
from foreset.entrypoints.cli.findings import CODES, as_data, counted, lines
from foreset.entrypoints.cli.output import Answer, Table, public
from foreset.entrypoints.cli.stores import (
    repository_folder,
    store_folder,
    store_is_there,
    store_to_read,
    store_to_write,
)
from foreset.entrypoints.cli.words import happened
from foreset.entrypoints.spec_files.specs import SpecFileError, with_files_read
from foreset.entrypoints.store.feature_store import FeatureStore


def apply(args: argparse.Namespace) -> Result[Answer, SpecFileError | RegistryError]:
    """Register what the files define, all or none."""
    return Result.do(
        _registered(registered, len(specs))
        for specs in with_files_read(args.files)  # a mistake in any of them stops before anything is opened
        for store in store_to_write(args)
        for registered in store.register(*specs)
    )


def _registered(registered: Registered, given: int) -> Answer:
    changes = [happened(recorded.event) for recorded in registered.events]
    data = {"given": given, "changed": registered.changed, "events": [public(r) for r in registered.events]}
    same = given - registered.changed
    last = f"{registered.changed} changed, {same} as they were."
    return Answer(data, [*changes, last])


def views(args: argparse.Namespace) -> Result[Answer, StoreError]:
    """The registered views."""
    return store_to_read(args).bind(lambda store: store.catalog()).map(_views)


def _views(catalog: Catalog) -> Answer:
    found = list(catalog.views.values())
    columns = ("view", "version", "entities", "table", "ttl", "features")
    rows = [
        (v.spec.name, v.version, listed(v.spec.entities), _table(v), _age(v.spec.age_limit), _features(v))
        for v in found
    ]
    empty = "No feature views are registered. Next: `foreset apply FILE`."
    return Answer([public(v) for v in found], _listing(columns, rows, empty, _unread("view", catalog)))


def _listing(
    columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str, unread: list[str]
) -> list[str | Table]:
    table: list[str | Table] = [Table(tuple(columns), list(rows), frozenset({"version"}))] if rows else []
    return [*(table or ([] if unread else [empty])), *unread]


def _unread(kind: str, catalog: Catalog) -> list[str]:
    """The definitions of a kind that are not known, for an event of the log cannot be decoded."""
    found: list[str] = []
    for name, event in catalog.unreadable.items():
        of, _, own = name.partition("/")
        if of == kind:
            what = f"Any other {kind}" if own == "*" else f"The {kind} {own!r}"
            why = f"the event {event.kind!r} at position {event.position} of the log cannot be decoded"
            found.append(f"{what} is not known: {why} ({event.problem}). Next: register it again.")
    return found


def _table(view: FeatureView) -> str:
    source = view.spec.source
    if source.warehouse_query:
        return f"{source.table} (in a warehouse by the query: {source.warehouse_query})"
    return f"{source.table} (in a warehouse: {source.warehouse_table})" if source.warehouse_table else source.table


def _features(view: FeatureView) -> str:
    return listed((field.name for field in view.spec.fields), 8)


def _age(limit: timedelta | None) -> str:
    return "no limit" if limit is None else str(limit).removesuffix(", 0:00:00")


def entities(args: argparse.Namespace) -> Result[Answer, StoreError]:
    """The registered entities."""
    return store_to_read(args).bind(lambda store: store.catalog()).map(_entities)


def _entities(catalog: Catalog) -> Answer:
    found: list[Entity] = list(catalog.entities.values())
    rows = [(e.spec.name, e.version, listed(e.spec.join_keys), e.spec.description or "") for e in found]
    columns = ("entity", "version", "join keys", "description")
    empty = "No entities are registered. Next: `foreset apply FILE`."
    return Answer([public(e) for e in found], _listing(columns, rows, empty, _unread("entity", catalog)))


def publish(args: argparse.Namespace) -> Result[Answer, Problem]:
    """Bring the Feast registry of a repository up to date: of the store's folder, where no other is named."""
    return Result.do(
        _published(published, folder)
        for folder in repository_folder(args)
        for store in store_to_write(args)
        for published in store.feast.publish(folder, project=args.project)
    )


def _published(published: Published, folder: str) -> Answer:
    data = {**msgspec.to_builtins(published), "repo": folder}
    done = f"{published.changed} definitions changed in the Feast registry of {folder}."
    return Answer(data, [f"{done} It stands at event {published.position}."])


_UNABLE: Final = 3


def import_repository(args: argparse.Namespace) -> Result[Answer, Problem]:
    """Register what maps; with `--check` nothing is registered, and the exit code tells what was found."""
    if not args.check:
        return _imported(store_to_write(args), args)
    args.parser.unable = _UNABLE
    if store_is_there(args):
        return _imported(FeatureStore.open(store_folder(args)), args)
    with TemporaryDirectory() as folder:  # a look makes no store
        return _imported(FeatureStore.open(folder), args)


def _imported(opened: Result[FeatureStore, Problem], args: argparse.Namespace) -> Result[Answer, Problem]:
    return Result.do(
        _answer(report)
        for store in opened
        for report in store.feast.import_repository(args.path, register=not args.check, look_rows=args.look_rows)
    )


def _answer(report: ImportReport) -> Answer:
    data = {
        **msgspec.to_builtins(report),
        "changed": report.changed,
        "worst": report.worst,
        "findings": as_data(report.findings),
    }
    code = 0 if report.registered else CODES[report.worst]
    return Answer(data, [_head(report), *_mapped(report), *_unmapped(report), *_traps(report)], code=code)


def _head(report: ImportReport) -> str:
    where = f"{report.path}: project {report.project}, offline store {report.offline_store}"
    return f"{where}, registry {report.registry}."


def _mapped(report: ImportReport) -> list[str | Table]:
    if not report.mapped:
        return ["Nothing in it has a counterpart here."]
    rows = [(item.kind, item.name, item.change, item.table or "", "; ".join(item.notes)) for item in report.mapped]
    done = "Registered" if report.registered else "Would be registered"
    told = f"{done}: {report.changed} changed, {len(report.mapped) - report.changed} as they were."
    return [Table(("maps", "name", "change", "table", "note"), rows), told]


def _unmapped(report: ImportReport) -> list[str | Table]:
    rows = [(item.kind, item.name, item.problem, item.next) for item in report.unmapped]
    return ["", Table(("does not map", "name", "why", "next"), rows)] if rows else []


def _traps(report: ImportReport) -> list[str | Table]:
    return ["", *lines(report.findings), f"Today, on that offline store: {counted(report.findings)}."]
