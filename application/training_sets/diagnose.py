"""Why a training set cannot be rebuilt: which versions and files are gone, since when, and which rows rest on them."""

from collections.abc import Iterable, Iterator

from returns.result import Success

from foreset.application.ports.engine import Adapters
from foreset.application.ports.tables import ArrowStream
from foreset.application.training_sets.recorded_inputs import options_of, recorded_spine
from foreset.domain.definitions.registry import Catalog
from foreset.domain.errors.retention import Affected, LostVersion, NotRebuildable
from foreset.domain.errors.retrieval import RebuildError
from foreset.domain.errors.tables import (
    DataFileGone,
    HistoryCleaned,
    TableError,
    TableUnreadable,
    VersionMissing,
)
from foreset.domain.event_log.pins import TableVacuumed
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.domain.facts import DataFile, TableFacts
from foreset.domain.planning.nodes import Match, Scan
from foreset.domain.retention.affected_rows import Box, boxes
from foreset.domain.retention.vacuum_rule import StoredTable, StoredVersion, needed

LOST = DataFileGone | HistoryCleaned | TableUnreadable | VersionMissing
"""What a version is said to have lost."""


def diagnosed(
    error: RebuildError, receipt: TrainingSetRetrieved, adapters: Adapters, catalog: Catalog, spine: object | None
) -> RebuildError:
    """The error, or, where versions or files of tables are gone, one that tells which and what rests on them."""
    if not isinstance(error, LOST):
        return error
    lost = lost_versions(receipt, adapters, catalog, spine)
    if not lost:
        return error
    return NotRebuildable(id=receipt.id, told=" ".join([*map(str, lost), *_given_up(receipt, adapters)]), lost=lost)


def _given_up(receipt: TrainingSetRetrieved, adapters: Adapters) -> Iterator[str]:
    """Who vacuumed a table and said that the training set may be lost by it."""
    for recorded in adapters.events.read().value_or(()):
        event = recorded.event
        if isinstance(event, TableVacuumed) and receipt.id in event.lost:
            yield f"{recorded.actor} gave it up when vacuuming {event.table!r} at {recorded.at.isoformat()}."


def lost_versions(
    receipt: TrainingSetRetrieved, adapters: Adapters, catalog: Catalog, spine: object | None = None
) -> tuple[LostVersion, ...]:
    """What is lost of the tables, as far as their logs and folders tell."""
    rows = recorded_spine(receipt, spine, adapters).value_or(None)
    look = _Look(receipt, adapters, catalog, None if rows is None else rows[0])
    return tuple(found for found in (*look.scans(), *look.spine_table()) if found is not None)


class _Look:
    """A look at what a receipt's tables have lost; `spine` is None where it is lost too."""

    def __init__(
        self, receipt: TrainingSetRetrieved, adapters: Adapters, catalog: Catalog, spine: ArrowStream | None
    ) -> None:
        self._receipt = receipt
        self._adapters = adapters
        self._catalog = catalog
        self._spine = spine

    def scans(self) -> Iterable[LostVersion | None]:
        """What is lost of each scanned table."""
        nodes = self._receipt.plan.nodes
        for index, scan in enumerate(nodes):
            if isinstance(scan, Scan):
                yield self._scan(scan, self._receipt.plan.matches(index))

    def spine_table(self) -> Iterable[LostVersion | None]:
        """What is lost of the table that the spine is read from."""
        reference = self._receipt.spine.reference
        if reference is None or reference.version is None or self._spine is not None:
            return
        every = Affected(self._receipt.rows, self._receipt.rows, ())
        yield self._lost(reference.path, reference.version, reference.partition_time_zone, None, every)

    def _scan(self, scan: Scan, matches: tuple[Match, ...]) -> LostVersion | None:
        every = Affected(self._receipt.rows, self._receipt.rows, ())
        return self._lost(scan.table, scan.version, scan.partition_time_zone, (scan, matches), every)

    def _lost(
        self,
        table: str,
        version: int,
        zone: str | None,
        scanned: tuple[Scan, tuple[Match, ...]] | None,
        every: Affected,
    ) -> LostVersion | None:
        options = options_of(table, self._catalog)
        stored = self._adapters.tables.stored(table, (version,), options)
        seen = self._adapters.tables.observe(table, version, options, partition_time_zone=zone)
        if not isinstance(stored, Success):
            return None
        known = stored.unwrap().versions.get(version, StoredVersion())
        if not isinstance(seen, Success):
            return _unopened(stored.unwrap(), version, known, seen.failure(), every)
        facts = seen.unwrap().facts
        columns, bounds = (scanned[0].columns, scanned[0].bounds) if scanned else ((), ())
        files = tuple(sorted(needed(facts.data_files, known, columns, bounds) & known.missing))
        if not files:
            return None
        gone = tuple(file for file in facts.data_files if file.path in files)
        affected = every if scanned is None else self._affected(scanned[1], gone, facts)
        return _version(stored.unwrap(), version, files, affected)

    def _affected(self, matches: tuple[Match, ...], gone: tuple[DataFile, ...], facts: TableFacts) -> Affected:
        if self._spine is None:
            return Affected(self._receipt.rows, self._receipt.rows, ())
        time = self._receipt.plan.spine.time
        found: list[Box] = [box for match in matches for box in boxes(match, gone, facts, time)]
        return self._adapters.spines.within(self._spine, found)


def _unopened(
    stored: StoredTable, version: int, known: StoredVersion, error: TableError, every: Affected
) -> LostVersion | None:
    if not isinstance(error, LOST):
        return None
    if known.missing:
        return _version(stored, version, tuple(sorted(known.missing)), every)
    problem = known.problem or error.message.partition(" Next: ")[0].rstrip(".")
    return LostVersion(table=stored.table, version=version, problem=problem, affected=every)


def _version(stored: StoredTable, version: int, files: tuple[str, ...], affected: Affected) -> LostVersion:
    removals = {stored.removals[path] for path in files if path in stored.removals}
    return LostVersion(
        table=stored.table,
        version=version,
        files=files,
        removals=tuple(sorted(removals, key=lambda removal: removal.version)),
        affected=affected,
    )
