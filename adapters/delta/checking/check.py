"""Check a table: look at its log and its files, and tell what is wrong."""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from returns.result import Result, Success

from foreset.adapters.delta.checking.footer_scan import PARQUET_FAULTS, look_at
from foreset.adapters.delta.checking.page_scan import read_pages
from foreset.adapters.delta.log.checkpoints import newest_state
from foreset.adapters.delta.log.faults import missing, opening
from foreset.adapters.delta.log.file_identity import foreign_folders, is_within, named_files
from foreset.adapters.delta.log.folders import FOLDER_FAULTS, Folder, folder, holding
from foreset.adapters.delta.log.log import (
    DeltaLog,
    last_checkpoint_problem,
    open_log,
    read_checksums,
    read_commits,
)
from foreset.adapters.delta.log.outside import check_inside
from foreset.adapters.delta.snapshot.schema import mapping_mode, unsupported
from foreset.domain.errors.problem import refuse, told
from foreset.domain.errors.tables import TableError
from foreset.domain.system_codes import remedy_of
from foreset.domain.table_health.data_findings import PagesBroken
from foreset.domain.table_health.file_audit import FileSeen, VectorSeen, audit_files
from foreset.domain.table_health.file_findings import FileOutOfReach, FolderUnreadable
from foreset.domain.table_health.findings import TableFinding
from foreset.domain.table_health.log_audit import CheckpointSeen, LogSeen, audit_log
from foreset.domain.table_health.log_findings import FeatureNotRead, SchemaUnreadable
from foreset.domain.table_health.maintenance import upkeep
from foreset.domain.table_health.partition_audit import audit_partitions
from foreset.domain.table_health.report import TableReport, worst_first
from foreset.domain.table_health.statistics_audit import log_contradictions
from foreset.domain.tables.deletion_vectors import vector_end, vector_place, vector_problem
from foreset.domain.tables.delta_log import DeletionVector, LogState, key_of, recorded_rows
from foreset.domain.tables.delta_schema import Leaf, leaves_of

_AT_ONCE = 8
"""A footer is a small read that waits, above all for an object store."""


def check_table(
    table: str, uri: str, options: Mapping[str, str] | None, *, deep: bool, allowed: tuple[str, ...] = ()
) -> Result[TableReport, TableError]:
    """What is wrong with the table at a path or URL; an error only where there is no table or no way to look at it.

    A file that is neither below the table's folder nor in a place of `allowed` is reported, and not opened.
    """
    try:
        place = folder(uri, options)
        log = open_log(place)
    except FOLDER_FAULTS as fault:
        return refuse(opening(table, uri, fault))
    if log.is_empty:
        return refuse(missing(table, uri))
    try:
        seen = _log_seen(log)
    except FOLDER_FAULTS as fault:  # a log that is out of reach cannot be looked at, whatever it holds
        return refuse(opening(table, uri, fault))
    audit = audit_log(seen)
    findings = list(audit.findings)
    state = audit.state
    if state is not None:
        held = seen.state.version if seen.state is not None else None
        findings += _Look(place, options, state, deep=deep, allowed=allowed).findings(seen, held)
    return Success(_report(table, seen, state, findings, deep=deep))


def _report(
    table: str, seen: LogSeen, state: LogState | None, findings: list[TableFinding], *, deep: bool
) -> TableReport:
    adds = list(state.files.values()) if state else []
    rows = [recorded_rows(add) for add in adds]
    deleted = sum(add.deletion_vector.cardinality for add in adds if add.deletion_vector)
    return TableReport(
        table=table,
        version=state.version if state else None,
        deep=deep,
        commits=len(seen.commits),
        files=len(adds),
        rows=None if None in rows else sum(r for r in rows if r is not None) - deleted,
        size_bytes=sum(add.size or 0 for add in adds),
        findings=worst_first(findings),
    )


def _log_seen(log: DeltaLog) -> LogSeen:
    state, met = newest_state(log)
    looked = {read.files for read in met}
    checkpoints = [CheckpointSeen(read.files.version, read.files.name, read.missing, read.problem) for read in met]
    unread = [CheckpointSeen(f.version, f.name, f.missing) for f in log.checkpoints if f not in looked]
    return LogSeen(
        commits=tuple(read_commits(log)),
        checkpoints=(*unread, *reversed(checkpoints)),
        state=state,
        hint=last_checkpoint_problem(log),
        checksums=read_checksums(log),
        others=tuple(path.rpartition("/")[2] for path in (*log.others, *log.checksums.values())),
    )


@dataclass(frozen=True)
class _Look:
    """A look at the files of a table, whose log gives `state`."""

    place: Folder
    options: Mapping[str, str] | None
    state: LogState
    deep: bool
    allowed: tuple[str, ...]

    def findings(self, seen: LogSeen, checkpoint: int | None) -> Iterator[TableFinding]:
        """What is wrong with them, and what could be better."""
        try:
            listing = self.place.listing()
        except FOLDER_FAULTS as fault:
            yield FolderUnreadable(problem=told(fault))
            return
        leaves: tuple[Leaf, ...] = ()
        yield from self._features()
        try:
            leaves = leaves_of(self.state.metadata) if self.state.metadata else ()
        except ValueError as fault:
            yield SchemaUnreadable(problem=told(fault))
        yield from audit_partitions(self.state, leaves)
        stored = tuple(leaf for leaf in leaves if leaf.name not in self._partitions)
        files = self._files(listing)
        yield from audit_files(self.state, stored, files, self._vectors(listing))
        if self.deep:
            yield from self._data(files, stored)
        foreign = foreign_folders(listing)
        own = {path: size for path, size in listing.items() if not is_within(path, foreign)}
        yield from upkeep(self.state, seen.commits, own, checkpoint, self._named(seen, own))

    def _named(self, seen: LogSeen, listing: Mapping[str, int]) -> Collection[str]:
        """The listed files that the log names."""
        added = (add.path for commit in seen.commits for add in commit.adds)
        return named_files(self.place, listing, (*self.state.named, *added)).keys()

    @property
    def _partitions(self) -> tuple[str, ...]:
        return self.state.metadata.partition_columns if self.state.metadata else ()

    @property
    def _by_id(self) -> bool:
        return self.state.metadata is not None and mapping_mode(self.state.metadata.configuration) == "id"

    def _features(self) -> Iterator[TableFinding]:
        protocol, metadata = self.state.protocol, self.state.metadata
        if protocol is not None and metadata is not None:
            mode = mapping_mode(metadata.configuration)
            feature = unsupported(protocol.min_reader_version, protocol.reader_features or (), mode)
            if feature is not None:
                yield FeatureNotRead(feature=feature)

    def _files(self, listing: Mapping[str, int]) -> dict[str, FileSeen]:
        """What is seen of each file, by its place in the log."""
        paths = list(dict.fromkeys(path for path, _ in self.state.files))
        with ThreadPoolExecutor(_AT_ONCE) as workers:
            looks = workers.map(partial(self._file, listing), paths)
            return dict(zip(paths, looks, strict=True))

    def _file(self, listing: Mapping[str, int], path: str) -> FileSeen:
        try:
            place, inside, size = self._found(path, listing)
        except FOLDER_FAULTS as fault:
            return FileSeen(problem=told(fault), remedy=remedy_of(fault))
        return FileSeen(missing=True) if size is None else look_at(place, inside, size, by_id=self._by_id)

    def _found(self, path: str, listing: Mapping[str, int]) -> tuple[Folder, str, int | None]:
        """Where a file is, and its size; None where it is missing."""
        check_inside(self.place.root, [path], self.allowed)
        place, inside = holding(self.place, path, self.options)
        listed = place is self.place and inside in listing
        return place, inside, listing[inside] if listed else place.size(inside)

    def _vectors(self, listing: Mapping[str, int]) -> dict[str, VectorSeen]:
        vectors = [add.deletion_vector for add in self.state.files.values() if add.deletion_vector]
        return {vector.id: self._vector(vector, listing) for vector in vectors}

    def _vector(self, vector: DeletionVector, listing: Mapping[str, int]) -> VectorSeen:
        try:
            path = vector_place(vector)
            if path is None:
                return VectorSeen()
            place, inside, size = self._found(path, listing)
            if size is None:
                return VectorSeen(missing=True)
            if size < vector_end(vector):
                return VectorSeen(problem=f"its file has {size:,} bytes of {vector_end(vector):,}")
            return VectorSeen(problem=vector_problem(vector, place.read(inside)) if self.deep else None)
        except FOLDER_FAULTS as fault:
            return VectorSeen(problem=told(fault), remedy=remedy_of(fault))

    def _data(self, files: Mapping[str, FileSeen], leaves: tuple[Leaf, ...]) -> Iterator[TableFinding]:
        names = {leaf.stored: leaf.name for leaf in leaves}
        for add in self.state.files.values():
            path = key_of(add)[0]
            if files[path].missing or files[path].problem is not None:
                continue
            try:
                place, inside, _ = self._found(path, {})
                data = read_pages(place, inside, path, names, by_id=self._by_id)
            except PARQUET_FAULTS as fault:
                remedy = remedy_of(fault)
                yield (
                    FileOutOfReach(file=path, problem=told(fault), remedy=remedy)
                    if remedy
                    else PagesBroken(file=path, column="(any)", row_group=0, problem=told(fault))
                )
                continue
            yield from data.findings
            yield from log_contradictions(path, add, leaves, data.columns)
