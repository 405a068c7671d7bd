"""Loading the newest values of a view into an online store: what it holds, what is to be loaded, and why.

An online store says itself what it holds of a view, beside the values, so that it is believed over any log: it may have
been emptied, or put back from a backup.
"""

import hashlib
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final, Literal

import msgspec

from foreset.domain.definitions.registry import Catalog, FeatureView
from foreset.domain.facts import TableFacts

Way = Literal["full", "incremental"]
"""All keys, or those whose rows may serve otherwise than when the view was last loaded."""

OF_DIFFERENCES: Final = 10
"""How many differing keys a check tells."""


class KeyRows(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a table whose keys are asked for: those with an event time from `since_us` to `until_us`, both inclusive.

    `keys` has the join keys, each with its column in the table. Rows without a key or an event time are none. Another
    time may be in the place of the event time. `time_unit` is what times count that are whole numbers.
    """

    keys: tuple[tuple[str, str], ...]
    event_time: str
    since_us: int | None = None
    until_us: int | None = None
    time_unit: str | None = None


class LoadedVersion(msgspec.Struct, frozen=True):
    """A version of a table, and a digest of its files.

    A table that was put back from a backup counts its versions anew, and has other files in them.
    """

    number: int
    files: str


def loaded_version(facts: TableFacts) -> LoadedVersion:
    """The version of a table that these facts are of."""
    digest = hashlib.sha256()
    for file in facts.data_files:
        digest.update(f"{file.path}\0{file.rows}\0{hashlib.sha256(file.deleted).hexdigest()}\n".encode())
    return LoadedVersion(facts.version, digest.hexdigest()[:32])


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What an online store holds of a view: the rows that served at `at_us` in a version of its table.

    `keys` are the columns of its keys. `begun` are versions that loads went for which were not finished: some keys may
    have the values of these. `whole` is set while a load of all keys is under way.
    """

    view_version: int
    table_id: str
    keys: tuple[str, ...]
    version: LoadedVersion
    at_us: int
    begun: tuple[LoadedVersion, ...] = ()
    whole: bool = False

    @property
    def versions(self) -> tuple[LoadedVersion, ...]:
        """All versions of which it may hold values."""
        return (self.version, *self.begun)


class ViewMaterialized(msgspec.Struct, frozen=True, kw_only=True, tag="view-materialized.v1"):
    """The newest values of a view were loaded into an online store: those that served at `at` in `version`.

    `keys` were looked at; `rows` of them have values, the others have none any more. `from_version` is what the store
    held before, None where that was nothing or unknown. `rounded` are the features whose times were rounded down to
    whole seconds, for the store holds no finer ones.
    """

    view: str
    view_version: int
    table: str
    from_version: int | None
    version: int
    at: datetime
    way: Way
    why: str
    keys: int
    rows: int
    store: str
    rounded: tuple[str, ...] = ()

    @property
    def emptied(self) -> int:
        """How many keys have no values any more."""
        return self.keys - self.rows


class OnlineDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A key whose online values are not those of its table: the first feature that differs, and both values."""

    key: dict[str, Any]
    feature: str
    online: str
    offline: str


class OnlineCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the online values of a view are those that serve now in `version` of its table.

    `keys` were compared; `differing` of them have other values, of which `first` has some. `loaded` is the version that
    the online store says it holds, None where it says none.
    """

    view: str
    table: str
    version: int
    loaded: int | None
    at: datetime
    keys: int
    differing: int
    first: tuple[OnlineDifference, ...]

    @property
    def agrees(self) -> bool:
        """Whether no key differs."""
        return self.differing == 0

    @property
    def is_behind(self) -> bool:
        """Whether the table has gone on since the view was loaded, or it never was."""
        return self.loaded != self.version


def key_rows(view: FeatureView, catalog: Catalog) -> KeyRows:
    """All rows of a view's table that have a key and an event time."""
    source = view.spec.source
    keys = tuple((key, source.column(key)) for key in catalog.join_keys(view.spec))
    return KeyRows(keys=keys, event_time=source.column(source.timestamp_field), time_unit=source.timestamp_unit)


def why_all(loaded: Loaded | None, view: FeatureView, facts: TableFacts) -> str | None:
    """Why all keys must be loaded, None where those suffice that changed since."""
    if loaded is None:
        return "the online store does not say what it holds of the view"
    if loaded.table_id != facts.table_id:
        return "another table is in the place of the one that was loaded"
    if loaded.view_version != view.version:
        return f"version {loaded.view_version} of the view was loaded, and it is at version {view.version}"
    if loaded.whole:
        return "a load of all keys was not finished"
    return None


def same_keys(loaded: Loaded | None, rows: KeyRows, facts: TableFacts) -> bool:
    """Whether the keys that a store holds can be found in the versions of the table that it was loaded from."""
    columns = tuple(column for _, column in rows.keys)
    return loaded is not None and loaded.table_id == facts.table_id and loaded.keys == columns


def steps(loaded: Loaded, version: int) -> tuple[tuple[int, int], ...]:
    """The versions between which a key must have changed for its online values to be another's than `version`'s.

    Where a load was cut short, the way leads over the version that it went for: what changed up to there and was then
    changed back is told by neither end.
    """
    stops = sorted({*(known.number for known in loaded.versions), version})
    return tuple(pairwise(stops))


def passed(loaded: Loaded, view: FeatureView, now_us: int) -> tuple[tuple[str, int, int], ...]:
    """The times that have passed since, each with the table's column that has them.

    They are event times of rows that begin to serve and of those that became too old, and ends of validity.
    """
    source, limit = view.spec.source, view.spec.age_limit
    first, last = min(loaded.at_us, now_us), max(loaded.at_us, now_us)
    event = source.column(source.timestamp_field)
    found = [(event, first, last)]
    if limit is not None:
        age = limit // timedelta(microseconds=1)
        found.append((event, first - age, last - age))
    if source.valid_until_field is not None:
        found.append((source.column(source.valid_until_field), first, last))
    return tuple(found)
