"""`pin`, `unpin`, `pins`, `retention`, `vacuum`: what training sets can be rebuilt from, and what that costs."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec
from returns.result import Result, Success

from foreset.application.retention.impact import RetentionError
from foreset.application.retention.pin import PinError, Pinned, UnpinError
from foreset.application.retention.vacuum import Vacuumed, VacuumError
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.problem import listed, refuse
from foreset.domain.errors.retention import NoStore
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.event_log.pins import TrainingSetPinned, TrainingSetUnpinned
from foreset.domain.planning.explain import size
from foreset.domain.retention.vacuum_rule import Retention, SetRetention
from foreset.entrypoints.cli.commands.training_sets import given_spine
from foreset.entrypoints.cli.output import Answer, Table
from foreset.entrypoints.cli.stores import store_folder, store_to_read, store_to_write
from foreset.entrypoints.store.feature_store import FeatureStore

_FATES = {
    "stays": "can be rebuilt from the table",
    "pinned": "can be rebuilt from its pin alone",
    "lost": "LOST: could not be rebuilt",
    "gone": "cannot be rebuilt already",
}
_EXPIRES = "its log may be cleaned away by other writers"


def pin(args: argparse.Namespace) -> Result[Answer, PinError | InvalidSpec]:
    """Keep the rows that served a training set."""
    return Result.do(
        _pinned(pinned)
        for spine in given_spine(args)
        for store in store_to_read(args)
        for pinned in store.training_sets.pin(args.id, spine=spine)
    )


def _pinned(pinned: Pinned) -> Answer:
    kept = pinned.pin
    rows = ", ".join(f"{f.rows:,} {'of the spine' if f.table is None else f'of {f.table}'}" for f in kept.frames)
    done = f"Pinned {kept.id}" if pinned.made else f"{kept.id} has a pin, which is whole"
    then = f"Next: `foreset rebuild {kept.id} --from-pin` needs no table."
    data = {**_of(kept), "made": pinned.made}
    return Answer(data, [f"{done}: {kept.rows:,} rows ({rows}), {size(kept.size_bytes)}.", then])


def _of(kept: TrainingSetPinned) -> dict[str, object]:
    return {**msgspec.to_builtins(kept), "rows": kept.rows, "size_bytes": kept.size_bytes}


def unpin(args: argparse.Namespace) -> Result[Answer, UnpinError]:
    """Give up a pin."""
    return Result.do(
        _unpinned(event)
        for store in store_to_read(args)
        for event in store.training_sets.unpin(args.id, force=args.force)
    )


def _unpinned(event: TrainingSetUnpinned) -> Answer:
    return Answer(event, [f"Unpinned {event.id}: what was kept of it is gone."])


def pins(args: argparse.Namespace) -> Result[Answer, StoreError]:
    """The pins that there are."""
    return Result.do(_pins(found) for store in store_to_read(args) for found in store.training_sets.pins())


def _pins(found: tuple[TrainingSetPinned, ...]) -> Answer:
    if not found:
        return Answer([], ["No training set is pinned. Next: `foreset pin ID`."])
    rows = [
        (kept.id, f"{kept.rows:,}", size(kept.size_bytes), listed(f.table or "the spine" for f in kept.frames))
        for kept in found
    ]
    total = f"In all they take {size(sum(kept.size_bytes for kept in found))}."
    table = Table(("training set", "rows", "size", "of"), rows, frozenset({"rows", "size"}))
    return Answer([_of(kept) for kept in found], [table, total])


def retention(args: argparse.Namespace) -> Result[Answer, RetentionError | NoStore]:
    """What a vacuum would cost."""
    return Result.do(
        Answer(_data(told), _told(told))
        for store in _store(args)
        for told in store.tables.retention(args.table, hours=args.hours)
    )


def _store(args: argparse.Namespace) -> Result[FeatureStore, StoreError | NoStore]:
    """The store that is there: one that is made or made up now knows of no training set, and would say so."""
    place = store_folder(args)
    if "://" not in place and not Path(place).exists():
        return refuse(NoStore(place=place, table=args.table))
    opened = store_to_write(args)
    return opened if isinstance(opened, Success) else refuse(opened.failure())


def _data(told: Retention) -> dict[str, object]:
    return {**msgspec.to_builtins(told), "size_bytes": told.size_bytes}


def _told(told: Retention) -> list[str | Table]:
    files = f"{len(told.files):,} files, {size(told.size_bytes)}"
    goes = f"A vacuum of {told.table}@{told.version} that keeps {told.hours:g} hours deletes {files}."
    if told.hours < told.table_hours:
        goes += f" The table itself asks for {told.table_hours:g} hours."
    if not told.sets:
        return [goes, "No training set of this store reads the table."]
    lost = told.of("lost")
    sets = f"Of {len(told.sets):,} training sets {len(lost):,} could not be rebuilt any more."
    then = ["Next: `foreset pin ID` for each that is to stay, or more --hours."] if lost else []
    return [goes, _sets(told.sets), sets, *then]


def _sets(sets: Sequence[SetRetention]) -> Table:
    rows = [
        (
            found.id,
            found.name or "",
            found.version,
            _FATES[found.fate] + (f"; {_EXPIRES}" if found.log_expires else ""),
            f"{len(found.files):,}" if found.files else "",
            "" if found.pin_bytes is None else size(found.pin_bytes),
            listed(found.models) if found.models else "",
        )
        for found in sets
    ]
    headings = ("training set", "name", "version", "then", "files", "pin", "models")
    return Table(headings, rows, frozenset({"version", "files", "pin"}))


def vacuum(args: argparse.Namespace) -> Result[Answer, VacuumError | NoStore]:
    """Delete what a table does not need, and no training set by accident."""
    return Result.do(
        Answer(_done_data(done), _done(done))
        for store in _store(args)
        for done in store.tables.vacuum(
            args.table,
            hours=args.hours,
            pin_first=args.pin_first,
            lose=args.lose,
            force=args.force,
            dry_run=args.dry_run,
        )
    )


def _done_data(done: Vacuumed) -> dict[str, object]:
    return {
        "retention": _data(done.retention),
        "deleted": done.deleted,
        "lost": done.lost,
        "pinned": done.pinned,
        "dry_run": done.dry_run,
    }


def _done(done: Vacuumed) -> list[str | Table]:
    if done.dry_run:
        return [*_told(done.retention), "Nothing was deleted: this was a dry run."]
    told = done.retention
    gone = frozenset(done.deleted)
    freed = sum(file.size_bytes for file in told.files if file.path in gone)
    said = f"Vacuumed {told.table}@{told.version}: {len(done.deleted):,} files are gone, {size(freed)}."
    kept = [f"Pinned before: {listed(done.pinned)}."] if done.pinned else []
    lost = [f"Lost, as you said: {listed(done.lost)}."] if done.lost else []
    return [said, *kept, *lost]
