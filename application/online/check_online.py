"""Say whether an online store has the values that serve now."""

from msgspec.structs import replace
from returns.result import Result, Success

from foreset.application.online.materialize import Online
from foreset.application.online.serve_keys import observed, online_view, serving, time_column
from foreset.application.ports.engine import Adapters
from foreset.application.ports.tables import ArrowStream, Snapshot
from foreset.domain.definitions.registry import Catalog, FeatureView
from foreset.domain.errors.online import MaterializeError
from foreset.domain.errors.tables import TableError
from foreset.domain.facts import bound
from foreset.domain.online.loading import OF_DIFFERENCES, Loaded, OnlineCheck, key_rows, same_keys


def check_online(
    name: str, adapters: Adapters, online: Online, catalog: Catalog, *, limit: int = OF_DIFFERENCES
) -> Result[OnlineCheck, MaterializeError]:
    """Compare all keys of a view: those of its table, and those of the version that the store was loaded from.

    Memory holds the keys, and the values of some at a time; the first `limit` keys that differ are told. Only that
    interface of Feast's tells what a store holds, and it lists no keys: others than these are not found.
    """
    now = adapters.clock.now()
    return Result.do(
        OnlineCheck(
            view=name,
            table=snapshot.facts.table,
            version=snapshot.facts.version,
            loaded=None if loaded is None or loaded.begun or loaded.whole else loaded.version.number,
            at=now,
            keys=what.keys,
            differing=differing,
            first=first,
        )
        for view in online_view(name, catalog)
        for loaded in online.store.loaded(name)
        for snapshot in observed(view, catalog, adapters)
        for keys in online.keys.within(snapshot, replace(key_rows(view, catalog), until_us=bound(now)))
        for before in _before(view, catalog, loaded, snapshot, adapters, online)
        for spine in Success(
            online.keys.spine([keys, *before], key_rows(view, catalog), time_column(view, catalog), now)
        )
        for what in serving(view, catalog, spine, snapshot.facts, adapters)
        for served in what.served(adapters)
        for differing, first in online.store.compare(name, served, limit)
    )


def _before(  # noqa: PLR0913, PLR0917  # what is compared, with what
    view: FeatureView,
    catalog: Catalog,
    loaded: Loaded | None,
    snapshot: Snapshot,
    adapters: Adapters,
    online: Online,
) -> Result[list[ArrowStream], TableError]:
    """The keys in the versions that were loaded, as far as these are there."""
    found: list[ArrowStream] = []
    if loaded is None or not same_keys(loaded, key_rows(view, catalog), snapshot.facts):
        return Success(found)
    for version in loaded.versions:
        keys = Result.do(
            keys
            for past in observed(view, catalog, adapters, version.number)
            for keys in online.keys.within(past, key_rows(view, catalog))
        )
        if isinstance(keys, Success):
            found.append(keys.unwrap())
    return Success(found)
