"""Open tables, kept and brought up to date, so that a warm read does not replay the log."""

import os
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from deltalake import DeltaTable

from foreset.adapters.delta.faults import panics_told
from foreset.adapters.delta.folders import folder
from foreset.adapters.delta.history import Times, commit_times
from foreset.adapters.delta.log import open_log
from foreset.adapters.delta.names import is_url
from foreset.adapters.delta.snapshot import DeltaSnapshot

_KEPT: Final = 64
_Mark = tuple[int, int, int] | None
_Key = tuple[str, str, int, str, tuple[tuple[str, str], ...], str | None]


class Handles:
    """Tables by URI and version, the least recently used dropped first."""

    def __init__(self) -> None:
        """Hold none."""
        self._newest: OrderedDict[str, tuple[DeltaTable, _Mark]] = OrderedDict()
        self._snapshots: OrderedDict[_Key, DeltaSnapshot] = OrderedDict()
        self._times: dict[str, dict[int, datetime | None]] = {}

    @panics_told()
    def newest(self, uri: str, storage_options: dict[str, str] | None) -> DeltaTable:
        """The table at its newest version.

        A kept handle is advanced only while the commit that it stands on is the same file: a table that was
        deleted and made again, perhaps with fewer commits, is opened anew.
        """
        known, mark = self._newest.get(uri, (None, None))
        if known is not None and mark is not None and _mark(uri, known.version()) == mark:
            if not _commit(uri, known.version() + 1).exists():
                return known  # versions follow one another without a gap, and old commits are cleaned away first
            _refuse_empty_from(uri, known.version() + 1)
            known.update_incremental()
        else:
            if not is_url(uri):
                self._forget(uri)
                _refuse_empty(uri)
            known = DeltaTable(uri, storage_options=storage_options)
        _keep(self._newest, uri, (known, _mark(uri, known.version())))
        return known

    def known(self, uri: str, version: int) -> DeltaTable | None:
        """The table at a version if that is the one that is open, and its commit is still the same file."""
        known, mark = self._newest.get(uri, (None, None))
        held = known is not None and known.version() == version and mark is not None and _mark(uri, version) == mark
        return known if held else None

    @panics_told()
    def at(self, uri: str, version: int, storage_options: dict[str, str] | None) -> DeltaTable:
        """The table at an older version."""
        if not is_url(uri):
            _refuse_empty(uri, version)
        return DeltaTable(uri, version=version, storage_options=storage_options)

    @panics_told()
    def snapshot(
        self, name: str, uri: str, table: DeltaTable, options: Mapping[str, str], zone: str | None
    ) -> DeltaSnapshot:
        """The snapshot of a table at its version, made once for each name, options and zone that it is asked for by.

        The table's id tells a new table from an old one.
        """
        key = (uri, name, table.version(), str(table.metadata().id), tuple(options.items()), zone)
        if key not in self._snapshots:
            _keep(self._snapshots, key, DeltaSnapshot(name, table, options, zone))
        return self._snapshots[key]

    def times(self, uri: str, last: int, options: Mapping[str, str]) -> Times:
        """When the versions up to `last` were committed, as far as the log holds them; each commit is read once."""
        log = open_log(folder(uri, options))
        known = {} if is_url(uri) else self._times.setdefault(uri, {})
        known |= commit_times(log, max(known, default=-1) + 1, last)
        return {version: known[version] for version in log.commits if version <= last}

    def _forget(self, uri: str) -> None:
        """Drop what was made from a log that may be another one now, such as one restored from a backup."""
        self._times.pop(uri, None)
        for key in [key for key in self._snapshots if key[0] == uri]:
            del self._snapshots[key]


def _mark(uri: str, version: int) -> _Mark:
    """What identifies a local commit file; None where it cannot be looked at."""
    if is_url(uri):
        return None
    try:
        seen = _commit(uri, version).stat()
    except OSError:
        return None
    return (seen.st_ino, seen.st_mtime_ns, seen.st_size)


def _commit(uri: str, version: int) -> Path:
    return Path(uri) / "_delta_log" / f"{version:020}.json"


def _refuse_empty(uri: str, last: int | None = None) -> None:
    """Raise for a commit without a byte, which a power cut leaves and deltalake takes for a commit of nothing.

    Looks at the commits up to `last`; by default at those that no checkpoint holds.
    """
    commits: list[tuple[int, os.DirEntry[str]]] = []
    held = -1
    with os.scandir(Path(uri) / "_delta_log") as entries:
        for entry in entries:
            stem, _, kind = entry.name.partition(".")
            if stem.isdigit() and kind == "json":
                commits.append((int(stem), entry))
            elif stem.isdigit() and kind == "checkpoint.parquet":
                held = max(held, int(stem))
    for version, commit in commits:
        if version <= last if last is not None else version > held:
            _refuse_if_empty(commit)


def _refuse_empty_from(uri: str, first: int) -> None:
    """The same for the few commits that are new."""
    while (path := _commit(uri, first)).exists():
        _refuse_if_empty(path)
        first += 1


def _refuse_if_empty(commit: Path | os.DirEntry[str]) -> None:
    if commit.stat().st_size == 0:
        problem = f"the commit {commit.name} of its log is empty"
        raise OSError(problem)


def _keep(kept: OrderedDict, key: object, value: object) -> None:  # type: ignore[type-arg]  # of either kind
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > _KEPT:
        kept.popitem(last=False)
