"""Load the newest values of views into an online store: of the keys that changed, by the versions of the table."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from msgspec.structs import replace
from returns.result import Result, Success

from foreset.application.online.serve_keys import Serving, observed, online_view, serving, time_column
from foreset.application.ports.engine import Adapters
from foreset.application.ports.feast import OnlineStore, TableKeys, Written
from foreset.application.ports.tables import ArrowStream, Snapshot
from foreset.domain.definitions.registry import Catalog, FeatureView
from foreset.domain.errors.online import MaterializeError, OnlineError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.errors.tables import ChangesUntold, DataFileGone, TableError, TableUnreadable, VersionMissing
from foreset.domain.facts import TableFacts, bound
from foreset.domain.online.loading import (
    KeyRows,
    Loaded,
    LoadedVersion,
    ViewMaterialized,
    Way,
    key_rows,
    loaded_version,
    passed,
    same_keys,
    steps,
    why_all,
)
from foreset.domain.planning.rules.choose_passes import INFLATED

_OLD_GONE = ChangesUntold | VersionMissing | DataFileGone | TableUnreadable
"""Why an older version cannot be read any more; the newest may well be."""


_NOTHING: Final[Result[None, OnlineError]] = Success(None)


@dataclass(frozen=True)
class Online:
    """An online store, and what finds the keys that are loaded into it."""

    store: OnlineStore
    keys: TableKeys


@dataclass(frozen=True)
class _Job:
    """A view that is to be loaded, what the store holds of it, its table as it is, and the time at which it serves."""

    view: FeatureView
    catalog: Catalog
    loaded: Loaded | None
    snapshot: Snapshot
    now: datetime
    adapters: Adapters
    online: Online

    @property
    def facts(self) -> TableFacts:
        return self.snapshot.facts

    @property
    def rows(self) -> KeyRows:
        """All rows that may be known by now."""
        return replace(key_rows(self.view, self.catalog), until_us=self.now_us)

    @property
    def now_us(self) -> int:
        return bound(self.now) or 0

    @property
    def holds(self) -> Loaded:
        """What the store will hold."""
        return Loaded(
            view_version=self.view.version,
            table_id=self.facts.table_id,
            keys=tuple(column for _, column in self.rows.keys),
            version=loaded_version(self.facts),
            at_us=self.now_us,
        )


@dataclass(frozen=True)
class _Load:
    """The keys to load, and why these. `anew`: the store is emptied first, for it may hold keys beside these."""

    found: list[ArrowStream]
    way: Way
    why: str
    anew: bool = False


def stream_of(view: str) -> str:
    """The stream that holds the loads of a view."""
    return f"online/{view}"


def materialize(
    name: str, adapters: Adapters, online: Online, catalog: Catalog, *, full: bool = False
) -> Result[ViewMaterialized, MaterializeError]:
    """Give every key of a view the values that serve it now, in the table's newest version.

    Those keys are written that changed since the version last loaded, and those of whose rows time has passed the event
    time or the ttl; all of them with `full`, or where it cannot be told which. It is recorded once it is done, and the
    store says so last: what is cut short before is taken up by the next run.
    """
    now = adapters.clock.now()
    return Result.do(
        done
        for view in online_view(name, catalog)
        for past in adapters.events.read(stream_of(name))
        for loaded in online.store.loaded(name)
        for snapshot in observed(view, catalog, adapters)
        for job in Success(_Job(view, catalog, loaded, snapshot, now, adapters, online))
        for load in _load(job, full=full)
        for done in _carried_out(job, load, past[-1].version if past else 0)
    )


# === Which keys ===


def _load(job: _Job, *, full: bool) -> Result[_Load, TableError]:
    why = "it was asked for" if full else why_all(job.loaded, job.view, job.facts)
    if why is not None or job.loaded is None:
        return _all(job, why or "")
    changed = _changed(job, job.loaded)
    if isinstance(changed, str):
        return _all(job, changed)
    told = f"of the keys of rows that changed after version {job.loaded.version.number}, or whose time has come"
    return changed.map(lambda found: _Load(found, "incremental", told))


def _changed(job: _Job, loaded: Loaded) -> Result[list[ArrowStream], TableError] | str:
    """The keys of rows that changed, or whose time has come or gone; or why that cannot be told."""
    found: list[ArrowStream] = []
    for version in loaded.versions:
        seen = _same(job, version)
        if isinstance(seen, str):
            return seen
    for first, last in steps(loaded, job.facts.version):
        keys = _between(job, first, last)
        if isinstance(keys, str):
            return keys
        if not isinstance(keys, Success):
            error = keys.failure()
            untold = f"what changed after version {first} cannot be told: {error.message.partition(' Next: ')[0]}"
            return untold if isinstance(error, _OLD_GONE) else refuse(error)
        found.append(keys.unwrap())
    for column, since, until in passed(loaded, job.view, job.now_us):
        rows = replace(job.rows, event_time=column, since_us=since, until_us=until)
        within = job.online.keys.within(job.snapshot, rows)
        if not isinstance(within, Success):
            return refuse(within.failure())
        found.append(within.unwrap())
    return Success(found)


def _same(job: _Job, version: LoadedVersion) -> Snapshot | str:
    """The table at a version that was loaded; or why it is not there."""
    if version == loaded_version(job.facts):
        return job.snapshot
    seen = observed(job.view, job.catalog, job.adapters, version.number)
    if not isinstance(seen, Success):
        return f"version {version.number} cannot be read: {seen.failure().message.partition(' Next: ')[0]}"
    same = loaded_version(seen.unwrap().facts) == version
    return seen.unwrap() if same else f"version {version.number} of the table is not the one that was loaded"


def _between(job: _Job, first: int, last: int) -> Result[ArrowStream, TableError] | str:
    source = job.view.spec.source
    changes = job.adapters.tables.changes(
        source.table, first, last, source.storage_options, partition_time_zone=source.partition_time_zone
    )
    free = job.adapters.machine.observe().free_bytes
    if isinstance(changes, Success) and changes.unwrap().facts.size_bytes * INFLATED > free:
        return f"the rows that changed after version {first} do not fit in memory"
    return changes.bind(lambda told: job.online.keys.changed(told, job.rows))


def _all(job: _Job, why: str) -> Result[_Load, TableError]:
    """All keys of the table, and those that the store may hold beside; where these are unknown, it is emptied first."""
    before = _held(job)
    return job.online.keys.within(job.snapshot, job.rows).map(
        lambda keys: _Load([keys, *(before or [])], "full", why, anew=before is None)
    )


def _held(job: _Job) -> list[ArrowStream] | None:
    """The keys in the versions that the store was loaded from, None where they cannot be found."""
    if job.loaded is None or not same_keys(job.loaded, job.rows, job.facts):
        return None
    found: list[ArrowStream] = []
    for version in job.loaded.versions:
        seen = _same(job, version)
        if isinstance(seen, str):
            return None
        keys = job.online.keys.within(seen, replace(job.rows, until_us=None))
        if not isinstance(keys, Success):
            return None
        found.append(keys.unwrap())
    return found


# === Loading them ===


def _carried_out(job: _Job, load: _Load, recorded: int) -> Result[ViewMaterialized, MaterializeError]:
    spine = job.online.keys.spine(load.found, job.rows, time_column(job.view, job.catalog), job.now)
    return Result.do(
        event
        for what in serving(job.view, job.catalog, spine, job.facts, job.adapters)
        for _ in _begun(job, load, what)
        for written in _written(job, what)
        for event in Success(_event(job, load, what.keys, written))
        for _ in _recorded(job, event, recorded)
        for _ in job.online.store.mark(job.view.spec.name, job.holds)
    )


def _begun(job: _Job, load: _Load, what: Serving) -> Result[None, OnlineError]:
    """Have the store say what it may hold until all is written."""
    name, loaded = job.view.spec.name, job.loaded
    if load.anew or loaded is None:
        return job.online.store.clear(name)
    if what.keys == 0:
        return Success(None)
    return job.online.store.mark(name, _under_way(loaded, job, whole=load.way == "full"))


def _under_way(loaded: Loaded, job: _Job, *, whole: bool) -> Loaded:
    version = loaded_version(job.facts)
    begun = loaded.begun if version in loaded.versions else (*loaded.begun, version)
    return replace(loaded, begun=begun, whole=loaded.whole or whole)


def _written(job: _Job, what: Serving) -> Result[Written, MaterializeError]:
    if what.keys == 0:
        return Success(Written(0))
    return Result.do(
        written
        for served in what.served(job.adapters)
        for written in job.online.store.write(job.view.spec.name, served)
    )


def _event(job: _Job, load: _Load, keys: int, written: Written) -> ViewMaterialized:
    return ViewMaterialized(
        view=job.view.spec.name,
        view_version=job.view.version,
        table=job.facts.table,
        from_version=None if load.anew or job.loaded is None else job.loaded.version.number,
        version=job.facts.version,
        at=job.now,
        way=load.way,
        why=load.why,
        keys=keys,
        rows=written.rows,
        store=job.online.store.name,
        rounded=written.rounded,
    )


def _recorded(job: _Job, event: ViewMaterialized, expected: int) -> Result[None, MaterializeError]:
    """Record a load, unless nothing was to be loaded. Where another process did meanwhile, the next run mends both."""
    if event.keys == 0 and event.from_version == event.version:
        return Success(None)
    adapters = job.adapters
    adapters.log.info("view materialized", view=event.view, keys=event.keys, rows=event.rows, version=event.version)
    done = adapters.events.append(
        stream_of(event.view), (event,), expected=expected, at=adapters.clock.now(), actor=adapters.actor
    )
    match done.swap():
        case Success(StaleWrite() as error):
            return _collided(job, error)
        case _:
            return done.map(lambda _: None)


def _collided(job: _Job, error: StaleWrite) -> Result[None, MaterializeError]:
    """Have the store say what it may hold now, whatever the other process has had it say."""
    name, store = job.view.spec.name, job.online.store
    refused: Result[None, MaterializeError] = refuse(error)
    return Result.do(
        nothing
        for theirs in store.loaded(name)
        for _ in (store.mark(name, _mixed(theirs, job)) if theirs is not None else _NOTHING)
        for nothing in refused
    )


def _mixed(theirs: Loaded, job: _Job) -> Loaded:
    """What a store may hold that two processes wrote at once."""
    mixed = _under_way(theirs, job, whole=False)
    return replace(mixed, at_us=min(theirs.at_us, job.now_us))
