"""`materialize`, `online` and `check-online`: views in Feast's online store."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from returns.result import Result, Success

from foreset.application.online.serve_keys import online_view
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.specs import FeatureRef, SpineReference
from foreset.domain.errors.online import OnlineKeysUnfit
from foreset.domain.errors.problem import Problem, refuse
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.online.loading import OnlineCheck, ViewMaterialized
from foreset.entrypoints.cli.commands.training_sets import named_once
from foreset.entrypoints.cli.output import Answer, Table
from foreset.entrypoints.cli.stores import repository_folder, store_to_read
from foreset.entrypoints.store.feature_store import FeatureStore
from foreset.entrypoints.store.parts.online import StoreOnline
from foreset.entrypoints.store.parts.online_views import OnlineFeatures, columns_of
from foreset.entrypoints.wiring.raising import given

T = TypeVar("T")

_BEHIND: Final = 1
_DIFFERS: Final = 2
_EMPTY: Final = "No feature views are registered. Next: `foreset apply FILE`."

# === materialize ===


def materialize(args: argparse.Namespace) -> Result[Answer, Problem]:
    """Load the newest values of views."""
    views = tuple(args.views)
    return Result.do(
        answer
        for store in store_to_read(args)
        for catalog in store.catalog()
        for _ in _all_known(views, catalog)
        for answer in (
            _serving(args, store, lambda online: online.materialize(views or None, full=args.full).map(_loaded))
            if catalog.views
            else Success(Answer([], [_EMPTY]))
        )
    )


def _all_known(views: Sequence[str], catalog: Catalog) -> Result[None, Problem]:
    """Refuse a view that is not registered before Feast is loaded, or any view."""
    unknown = (found for found in (online_view(view, catalog) for view in views) if not isinstance(found, Success))
    return next((refuse(found.failure()) for found in unknown), Success(None))


def _loaded(events: tuple[ViewMaterialized, ...]) -> Answer:
    return Answer([{**msgspec.to_builtins(event), "emptied": event.emptied} for event in events], [*map(_line, events)])


def _line(event: ViewMaterialized) -> str:
    where = f"{event.table}@{event.version}"
    if event.keys == 0 and event.from_version == event.version:
        return f"{event.view}: nothing to load, it has the values of {where}."
    gone = f", {event.emptied:,} of them without values" if event.emptied else ""
    rounded = f" Rounded down to whole seconds: {', '.join(event.rounded)}." if event.rounded else ""
    if event.way == "full":
        return f"{event.view}: all {_keys(event.keys)}{gone}, from {where}, because {event.why}.{rounded}"
    had = f"it had those of version {event.from_version}"
    return f"{event.view}: {_keys(event.keys)}{gone}, from {where}; {had}.{rounded}"


def _keys(count: int) -> str:
    return "1 key" if count == 1 else f"{count:,} keys"


# === online ===


def online(args: argparse.Namespace) -> Result[Answer, Problem]:
    """The online values of features."""
    return Result.do(
        answer
        for store in store_to_read(args)
        for catalog in store.catalog()
        for _ in _all_known([FeatureRef.parse(feature).view for feature in args.features], catalog)
        for rows in _rows(args, store, catalog)
        for answer in _serving(args, store, partial(_read, args.features, rows))
    )


def _read(features: list[str], rows: dict[str, list[Any]], online: StoreOnline) -> Result[Answer, Problem]:
    return online.read(features, rows).map(_shown)


def _rows(args: argparse.Namespace, store: FeatureStore, catalog: Catalog) -> Result[dict[str, list[Any]], Problem]:
    if (args.keys is None) == (not args.key):
        problem = "the keys are to be given by --key or by --keys, and not by both"
        return refuse(
            InvalidSpec(spec="foreset online", problem=problem, remedy="give --key NAME=VALUE or --keys FILE")
        )
    if args.keys is not None:
        schema, formats = named_once("--keys-schema", args.keys_schema), named_once("--keys-format", args.keys_format)
        reference = SpineReference(args.keys, schema=schema, time_formats=formats)
        return store.adapters.spines.read(reference).map(lambda read: columns_of(read.frame))
    if args.keys_schema or args.keys_format:
        option = "--keys-schema" if args.keys_schema else "--keys-format"
        return refuse(
            InvalidSpec(
                spec="foreset online", problem=f"{option} needs --keys", remedy="give --keys FILE, or leave it out"
            )
        )
    view = catalog.views[FeatureRef.parse(args.features[0]).view].spec.name
    found: dict[str, list[Any]] = {}
    for text in args.key:
        name, _, value = text.partition("=")
        try:
            found.setdefault(name, []).append(_typed(value, _key_dtype(name, args.features, catalog)))
        except ValueError:
            problem = f"{text!r} is no value of {name!r}, which is {_key_dtype(name, args.features, catalog)}"
            keys = catalog.join_keys(catalog.views[view].spec)
            return refuse(OnlineKeysUnfit(view=view, problem=problem, keys=keys))
    return Success(columns_of(found))


def _key_dtype(name: str, features: Sequence[str], catalog: Catalog) -> str:
    """The type of a join key in the first view that has it; text for what is none."""
    for view in (catalog.views[FeatureRef.parse(feature).view] for feature in features):
        if name in catalog.join_keys(view.spec):
            column = view.spec.source.column(name)
            return next(known.dtype for known in view.columns if known.name == column)
    return "string"


def _typed(text: str, dtype: str) -> object:
    """A value of a dtype; a `ValueError` for a text that is none."""
    if dtype.startswith(("int", "uint")):
        return int(text)
    if dtype == "date":
        return date.fromisoformat(text)
    if dtype == "binary":
        return bytes.fromhex(text)
    return text


def _shown(found: OnlineFeatures) -> Answer:
    columns = found.to_dict()
    rows = list(zip(*columns.values(), strict=True))
    shown = [["" if value is None else value for value in row] for row in rows]
    data = [dict(zip(columns, row, strict=True)) for row in rows]
    numbers = frozenset(name for name, values in columns.items() if any(isinstance(v, (int, float)) for v in values))
    return Answer(data, [Table(tuple(columns), shown, numbers)])


# === check-online ===


def check_online(args: argparse.Namespace) -> Result[Answer, Problem]:
    """Compare the online values of a view with its table."""
    return Result.do(
        answer
        for store in store_to_read(args)
        for catalog in store.catalog()
        for _ in _all_known([args.view], catalog)
        for answer in _serving(args, store, lambda online: online.check(args.view, limit=args.limit).map(_compared))
    )


def _compared(check: OnlineCheck) -> Answer:
    held = "says of no version that it holds it" if check.loaded is None else f"holds version {check.loaded}"
    head = f"{check.view}: {_keys(check.keys)} of {check.table}@{check.version}; the online store {held}."
    data = {**msgspec.to_builtins(check), "agrees": check.agrees, "behind": check.is_behind}
    if check.agrees:
        return Answer(data, [head, "Online and offline agree."])
    rows = [(", ".join(f"{k}={v}" for k, v in d.key.items()), d.feature, d.online, d.offline) for d in check.first]
    more = f" The first {len(rows):,} of them:" if check.differing > len(rows) else ""
    table = Table(("key", "feature", "online", "offline"), rows)
    mend = f"foreset materialize {check.view}" + ("" if check.is_behind else " --full")
    told = f"{_keys(check.differing)} with other values.{more}"
    return Answer(data, [head, told, table, f"Next: `{mend}`."], code=_BEHIND if check.is_behind else _DIFFERS)


# === The online store ===


def _serving(
    args: argparse.Namespace, store: FeatureStore, act: Callable[[StoreOnline], Result[T, Any]]
) -> Result[T, Problem]:
    """What is done with the views of a store in the online store of a repository: the store's folder, or another."""
    folder = given(repository_folder(args))
    with closing(store.online.repository(folder, project=args.project)) as online:
        return act(online)
