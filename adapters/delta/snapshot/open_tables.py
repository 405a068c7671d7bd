"""Open tables, kept and brought up to date, so that a warm read does not replay the log."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final

from deltalake import DeltaTable

from foreset.adapters.delta.log.commit_times import Times, commit_times, time_of
from foreset.adapters.delta.log.faults import panics_told
from foreset.adapters.delta.log.folders import folder
from foreset.adapters.delta.log.log import LOG, commit_of, open_log
from foreset.adapters.delta.log.paths import is_url
from foreset.adapters.delta.snapshot.log_gate import require_fit_log
from foreset.adapters.delta.snapshot.snapshot import DeltaSnapshot

_KEPT: Final = 64
_Mark = tuple[int, int, int] | bytes | None
_Key = tuple[str, str, int, str, tuple[tuple[str, str], ...], str | None]


class Handles:
    """Tables by URI and version, the least recently used dropped first."""

    def __init__(self, allowed: tuple[str, ...] = ()) -> None:
        """Hold none. `allowed` are places where files of tables may be beyond the tables' folders."""
        self._allowed = allowed
        self._newest: OrderedDict[str, _Open] = OrderedDict()
        self._snapshots: OrderedDict[_Key, DeltaSnapshot] = OrderedDict()
        self._times: dict[str, dict[int, datetime | None]] = {}

    @panics_told()
    def newest(self, uri: str, storage_options: Mapping[str, str]) -> DeltaTable:
        """The table at its newest version.

        A kept handle is advanced only while the commit that it stands on is the same file: a table that was
        deleted and made again, perhaps with fewer commits, is opened anew.
        """
        kept, options = self._newest.get(uri), dict(storage_options)
        if kept is None or kept.options != options or not kept.stands():
            self._forget(uri)
            require_fit_log(uri, options)
            kept = _Open(uri, DeltaTable(uri, storage_options=options or None), options)
        elif kept.has_more():
            require_fit_log(uri, options, after=kept.table.version())
            kept.advance()
        _keep(self._newest, uri, kept)
        return kept.table

    def known(self, uri: str, version: int) -> DeltaTable | None:
        """A local table at a version if that is the one that is open, and its commit is still the same file."""
        kept = None if is_url(uri) else self._newest.get(uri)
        return kept.table if kept is not None and kept.table.version() == version and kept.stands() else None

    @panics_told()
    def at(self, uri: str, version: int, storage_options: Mapping[str, str]) -> DeltaTable:
        """The table at an older version."""
        require_fit_log(uri, storage_options, version)
        return DeltaTable(uri, version=version, storage_options=dict(storage_options) or None)

    @panics_told()
    def snapshot(
        self, name: str, uri: str, table: DeltaTable, options: Mapping[str, str], zone: str | None
    ) -> DeltaSnapshot:
        """The snapshot of a table at its version, made once for each name, options and zone that it is asked for by.

        The table's id tells a new table from an old one.
        """
        key = (uri, name, table.version(), str(table.metadata().id), tuple(options.items()), zone)
        if key not in self._snapshots:
            _keep(self._snapshots, key, DeltaSnapshot(name, table, options, zone, self._allowed))
        return self._snapshots[key]

    def times(self, uri: str, last: int, options: Mapping[str, str]) -> Times:
        """When the versions up to `last` were committed, as far as the log holds them; each commit is read once."""
        log = open_log(folder(uri, options))
        known = self._times.setdefault(uri, {})
        known |= commit_times(log, max(known, default=-1) + 1, last)
        return {version: known[version] for version in log.commits if version <= last}

    def time(self, uri: str, version: int, options: Mapping[str, str]) -> datetime | None:
        """When a version was committed, by that commit alone; None where it does not say, or is there no longer."""
        known = self._times.get(uri, {})
        if version not in known:
            try:
                return time_of(commit_of(version, "", folder(uri, options).read(f"{LOG}/{version:020}.json")))
            except FileNotFoundError:
                return None
        return known[version]

    def _forget(self, uri: str) -> None:
        """Drop what was made from a log that may be another one now, such as one restored from a backup."""
        self._times.pop(uri, None)
        for key in [key for key in self._snapshots if key[0] == uri]:
            del self._snapshots[key]


class _Open:
    """An open table, and what its commit was when it was read."""

    def __init__(self, uri: str, table: DeltaTable, options: dict[str, str]) -> None:
        self.table, self.options, self._uri = table, options, uri
        self._mark = _mark(uri, table.version(), options)

    def stands(self) -> bool:
        """Whether the commit that the table stands on is the same file."""
        return self._mark is not None and _mark(self._uri, self.table.version(), self.options) == self._mark

    def has_more(self) -> bool:
        """Whether there is a newer version: they follow one another without a gap."""
        following = self.table.version() + 1
        if is_url(self._uri):
            return folder(self._uri, self.options).size(f"{LOG}/{following:020}.json") is not None
        return _commit(self._uri, following).exists()

    def advance(self) -> None:
        """Read the commits that are new."""
        before = self.table.version()
        self.table.update_incremental()
        if self.table.version() != before:
            self._mark = _mark(self._uri, self.table.version(), self.options)


def _mark(uri: str, version: int, options: Mapping[str, str]) -> _Mark:
    """What identifies a commit: of a local file its place on the disk, of others their content; None for none.

    Raises an `OSError` where an object store cannot be asked.
    """
    if is_url(uri):
        try:
            return blake2b(folder(uri, options).read(f"{LOG}/{version:020}.json")).digest()
        except FileNotFoundError:
            return None
    try:
        seen = _commit(uri, version).stat()
    except OSError:
        return None
    return (seen.st_ino, seen.st_mtime_ns, seen.st_size)


def _commit(uri: str, version: int) -> Path:
    return Path(uri) / "_delta_log" / f"{version:020}.json"


def _keep(kept: OrderedDict, key: object, value: object) -> None:  # type: ignore[type-arg]  # of either kind
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > _KEPT:
        kept.popitem(last=False)
