"""The files of a table that its newest version does not need: which there are, what older versions need, and deletion.

deltalake's own vacuum is no help here: by default it leaves what no commit names, with `full=True` it takes the files
of deletion vectors for such, and it tells nothing of what older versions need. So the list is made from the raw log, by
the protocol's rule (`foreset.domain.retention.vacuum_rule`), and what is deleted is exactly that list.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from returns.result import Result, Success

from foreset.adapters.delta.log.checkpoints import live_files, newest_state
from foreset.adapters.delta.log.file_identity import foreign_folders, is_within, named_files
from foreset.adapters.delta.log.folders import FOLDER_FAULTS, Folder, LocalFolder, folder, holding
from foreset.adapters.delta.log.log import LOG, DeltaLog, open_log, read_commits, state_at
from foreset.adapters.delta.log.outside import Access, OutsideFileError, check_inside
from foreset.adapters.delta.log.paths import decoded, location
from foreset.adapters.delta.snapshot.column_mapping import ColumnMapping
from foreset.adapters.delta.snapshot.schema import mapping_mode
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.retention import Removal, VacuumFailed
from foreset.domain.retention.vacuum_rule import (
    StoredFile,
    StoredTable,
    StoredVersion,
    hours_of,
    is_hidden,
    unknown_to_writers,
)
from foreset.domain.system_codes import meaning_of
from foreset.domain.tables.deletion_vectors import vector_place
from foreset.domain.tables.delta_log import Add, Commit, LogState, Metadata, Remove, relative_to, version_gaps

_WEEK_HOURS = 168.0
_MONTH_HOURS = 720.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stored_table(
    table: str,
    root: str,
    options: Mapping[str, str] | None,
    versions: Collection[int],
    allowed: tuple[str, ...] = (),
) -> StoredTable:
    """The table at `root` as it is stored. Raises `FOLDER_FAULTS` where its log or folder cannot be read.

    Whether files are there is looked up below its folder and in the places of `allowed`.
    """
    place = folder(decoded(root), options)
    log = open_log(place)
    newest = live_files(log)
    listing = place.listing()
    metadata = newest.metadata
    configuration = metadata.configuration if metadata else {}
    cleans = configuration.get("delta.enableExpiredLogCleanup", "true").lower() != "false"
    look = _Look(place, log, root, listing, Access(options or {}, allowed))
    kept = dict(look.versions(versions))
    return StoredTable(
        table=table,
        version=newest.version,
        hours=hours_of(configuration, "delta.deletedFileRetentionDuration", _WEEK_HOURS),
        log_hours=hours_of(configuration, "delta.logRetentionDuration", _MONTH_HOURS) if cleans else None,
        others=tuple(look.others(newest, kept)),
        versions=kept,
        removals=look.removals(min(versions)) if versions else {},
        unknown=unknown_to_writers(newest.protocol),
    )


def delete_files(
    table: str, root: str, options: Mapping[str, str] | None, paths: Collection[str]
) -> Result[tuple[str, ...], VacuumFailed]:
    """Delete files of the table at `root` which its newest version does not need; others of `paths` stay.

    Raises `FOLDER_FAULTS` where its log or folder cannot be read.
    """
    place = folder(decoded(root), options)
    log = open_log(place)
    look = _Look(place, log, root, place.listing(), Access(options or {}))
    free = {file.path for file in look.others(live_files(log), {})}
    done: list[str] = []
    for path in (path for path in paths if path in free):
        try:
            if place.remove(relative_to(path, place.root)):
                done.append(path)
        except FOLDER_FAULTS as fault:
            problem = told(fault, place=True)
            return refuse(because(VacuumFailed(table=table, deleted=len(done), of=len(paths), problem=problem), fault))
    return Success(tuple(done))


class _Look:
    """A look at a table's log and folder."""

    def __init__(self, place: Folder, log: DeltaLog, root: str, listing: Mapping[str, int], access: Access) -> None:
        self._place, self._log, self._root, self._listing, self._access = place, log, root, listing, access

    def others(self, newest: LogState, kept: Mapping[int, StoredVersion]) -> Iterator[StoredFile]:
        """The files in the folder that the newest version does not need, by path; what is not the table's stays.

        `kept` are versions that are asked for: each file says how these write its path.
        """
        live = self._named(newest.files.values())
        removed = self._named(newest.removed.values())
        since = _removed_at(newest)
        spelled = named_files(
            self._place,
            self._listing,
            (path for version in kept.values() for path in (*version.files, *version.vectors)),
        )
        foreign = foreign_folders(self._listing)
        for path in sorted(self._listing.keys() - live.keys()):
            if is_within(path, foreign):
                continue
            also = tuple(sorted(spelled.get(path, ())))
            if path in removed:
                at = max(since[name] for name in removed[path])
                yield self._file(path, at, also, removed=True)
            elif _is_data(path):
                modified = self._place.modified_ms(path)
                if modified is not None:
                    yield self._file(path, modified, also, removed=False)

    def _named(self, actions: Collection[Add] | Collection[Remove]) -> dict[str, frozenset[str]]:
        return named_files(self._place, self._listing, (path for action in actions for path in _logged(action)))

    def _file(self, path: str, since_ms: int, also: tuple[str, ...], *, removed: bool) -> StoredFile:
        where = _where(self._root, path)
        return StoredFile(
            path=where,
            size_bytes=self._listing[path],
            since_ms=since_ms,
            removed=removed,
            also=tuple(name for name in also if name != where),
        )

    def versions(self, wanted: Collection[int]) -> Iterator[tuple[int, StoredVersion]]:
        """What some versions need."""
        state: LogState | None = None
        for version in sorted(wanted):
            try:
                state = self._state(version, state)
            except FOLDER_FAULTS as fault:
                away = not isinstance(self._place, LocalFolder) and not isinstance(fault, FileNotFoundError)
                if away or meaning_of(fault) is not None:
                    raise  # what is out of reach has lost nothing
                state = None
                yield version, StoredVersion(problem=told(fault))
                continue
            yield version, self._version(version, state)

    def _state(self, version: int, known: LogState | None) -> LogState:
        """The table at a version, from one before it where the log has all that came between."""
        if known is not None and not any(version_gaps(self._log.commits, known.version + 1, version)):
            return state_at(self._log, known, version)
        base, _ = newest_state(self._log, version)
        return state_at(self._log, base, version)

    def _version(self, version: int, state: LogState) -> StoredVersion:
        adds = state.files.values()
        data = {location(self._root, add.path) for add in adds}
        vectors = {location(self._root, path) for add in adds for path in _vector_paths(add)}
        missing = {path for path in (*data, *vectors) if not self._is_there(path)}
        return StoredVersion(
            files=tuple(sorted(data)),
            vectors=tuple(sorted(vectors)),
            missing=frozenset(missing),
            log_since_ms=self._log_since(version),
            by_footers=_by_footers(state.metadata),
        )

    def _is_there(self, path: str) -> bool:
        if relative_to(path, self._place.root) in self._listing:
            return True
        try:
            check_inside(self._place.root, [path], self._access.allowed)
        except OutsideFileError:  # it is not looked at, so nothing says that it is gone
            return True
        place, inside = holding(self._place, path, self._access.options)
        return place.size(inside) is not None

    def _log_since(self, version: int) -> int | None:
        """When the oldest file was written that is needed to open a version."""
        held = [found for found in self._log.checkpoints if found.version <= version and not found.missing]
        if held:
            return self._place.modified_ms(f"{LOG}/{held[-1].name}")
        return self._place.modified_ms(f"{LOG}/{self._log.commits[0][0]}") if 0 in self._log.commits else None

    def removals(self, after: int) -> dict[str, Removal]:
        """Which commit after a version removed a file, by where it is; the last one that did."""
        found: dict[str, Removal] = {}
        for commit in read_commits(self._log, after + 1):
            removal = _removal(commit)
            for path in (path for remove in commit.removes for path in _logged(remove)):
                found[location(self._root, path)] = removal
        return found


def _by_footers(metadata: Metadata | None) -> frozenset[str]:
    """The columns of which only the files tell how they hold them."""
    if metadata is None or not metadata.schema_string:
        return frozenset()
    fields = json.loads(metadata.schema_string)["fields"]
    mapping = ColumnMapping(tuple(fields), mapping_mode(metadata.configuration))
    return frozenset(field["name"] for field in fields if mapping.needs_footers([field["name"]]))


def _removal(commit: Commit) -> Removal:
    at = None if commit.time_ms is None else (_EPOCH + timedelta(milliseconds=commit.time_ms)).isoformat()
    return Removal(version=commit.version, operation=commit.operation, at=at)


def _logged(action: Add | Remove) -> Iterator[str]:
    """The paths of a data file and of the file of its deletion vector, as the log writes them."""
    yield action.path
    yield from _vector_paths(action)


def _vector_paths(action: Add | Remove) -> Iterator[str]:
    vector = vector_place(action.deletion_vector) if action.deletion_vector else None
    if vector is not None:
        yield vector


def _removed_at(state: LogState) -> dict[str, int]:
    """When the files that the log removes were removed, in milliseconds since the epoch, by their paths in the log."""
    found: dict[str, int] = {}
    for remove in state.removed.values():
        for path in _logged(remove):
            found[path] = max(found.get(path, 0), remove.deletion_timestamp or 0)
    return found


def _where(root: str, path: str) -> str:
    """Where a file is, by its path relative to the table."""
    return f"{decoded(root).rstrip('/')}/{path}"


def _is_data(path: str) -> bool:
    """Whether a file that no commit names is one that a write of this table left."""
    name = PurePosixPath(path).name
    vector = name.startswith("deletion_vector_") and name.endswith(".bin")
    return (vector or name.endswith(".parquet")) and not is_hidden(path)
