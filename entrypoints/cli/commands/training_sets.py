"""`plan`, `get`, `rebuild`: training sets."""

import argparse
from dataclasses import replace
from itertools import chain
from pathlib import Path

import msgspec
from returns.result import Result, Success

from foreset.domain.definitions.specs import SpineReference, TrainingSetSpec
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.problem import Problem, raised, refuse
from foreset.domain.errors.retrieval import OutputIsSource, PlanError, RebuildError, RetrievalError
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.planning.plan import RetrievalPlan
from foreset.entrypoints.cli.files import columns_of, holds, output_place, write
from foreset.entrypoints.cli.output import Answer
from foreset.entrypoints.cli.progress import shown
from foreset.entrypoints.cli.stores import store_to_read
from foreset.entrypoints.cli.words import at_versions
from foreset.entrypoints.spec_files.specs import SpecFileError, read_training_set
from foreset.entrypoints.store.feature_store import FeatureStore
from foreset.entrypoints.store.sources import of_receipt, of_spine, of_views, spared
from foreset.entrypoints.store.training_set import TrainingSet


def plan(args: argparse.Namespace) -> Result[Answer, SpecFileError | PlanError]:
    """How a training set would be built."""
    return Result.do(
        _explained(planned)
        for spec in asked(args)
        for store in store_to_read(args)
        for planned in store.plan(spec, _reference(args))
    )


def _explained(planned: RetrievalPlan) -> Answer:
    data = {
        "versions": planned.versions,
        "columns": planned.result.columns,
        "digest": planned.digest,
        "nodes": msgspec.to_builtins(planned.nodes),
    }
    return Answer(data, [planned.explain()])


def get(args: argparse.Namespace) -> Result[Answer, SpecFileError | RetrievalError | OutputIsSource]:
    """Build a training set and write it."""
    keep = not args.no_keep_spine
    with shown("rows") as progress:
        return Result.do(
            _built(training_set, place, explain=args.explain)
            for place in output_place(args.output)
            for spec in asked(args)
            for store in store_to_read(args)
            for _ in _spared(place, store, _reference(args), args)
            for _ in _fits(place, store, spec, args)
            for training_set in store.training_set(spec, _reference(args), keep_spine=keep, progress=progress)
        )


def _fits(
    place: Path, store: FeatureStore, spec: TrainingSetSpec, args: argparse.Namespace
) -> Result[None, InvalidSpec | PlanError]:
    """Whether a file of text holds what is asked for; the other kinds hold everything."""
    if place.suffix.lower() != ".csv":
        return Success(None)
    return Result.do(None for planned in store.plan(spec, _reference(args)) for _ in holds(place, columns_of(planned)))


def _spared(
    place: Path | None, store: FeatureStore, spine: SpineReference | None, args: argparse.Namespace
) -> Result[None, OutputIsSource | StoreError]:
    """Whether all that views and the spine are read from stays, or is to be replaced."""
    if place is None:
        return Success(None)
    tables = store.adapters.tables
    return Result.do(
        None
        for catalog in store.catalog()
        for _ in spared(place, chain(of_views(catalog, tables), of_spine(spine, tables)), overwrite=args.overwrite)
    )


def rebuild(args: argparse.Namespace) -> Result[Answer, InvalidSpec | RebuildError | Problem]:
    """Build a training set again; it is written only where that is asked."""
    place = Success(None) if args.output is None else output_place(args.output)
    return Result.do(
        _rebuilt(training_set, where)
        for where in place
        for spine in given_spine(args)
        for store in store_to_read(args)
        for _ in _spared(where, store, spine, args)
        for _ in _again(where, store, args)
        for training_set in store.rebuild(args.id, spine=spine, from_pin=args.from_pin)
    )


def _again(place: Path | None, store: FeatureStore, args: argparse.Namespace) -> Result[None, Problem]:
    """Whether the place may have what the receipt names, and holds it; asked before it is built."""
    if place is None:
        return Success(None)
    return Result.do(
        None
        for receipt in store.receipt(args.id)
        for _ in spared(place, of_receipt(receipt, store.adapters.tables), overwrite=args.overwrite)
        for _ in holds(place, columns_of(receipt.plan))
    )


def _built(training_set: TrainingSet, place: Path, *, explain: bool) -> Answer:
    spine = training_set.receipt.spine
    again = "" if spine.kept or spine.reference else " --spine S"
    then = f"Next: `foreset show {training_set.id}`, or `foreset rebuild {training_set.id}{again}`."
    answer = _written(training_set, place, "Built", then)
    return replace(answer, blocks=[*answer.blocks, "", training_set.explain()]) if explain else answer


def _rebuilt(training_set: TrainingSet, place: Path | None) -> Answer:
    if not training_set.rebuilt_from_pin:
        return _written(training_set, place, "Rebuilt, identical:")
    why = "" if training_set.why_from_pin is None else f"The tables did not serve it: {training_set.why_from_pin}"
    return _written(training_set, place, "Rebuilt from its pin, identical:", *([why] if why else []))


def _written(training_set: TrainingSet, place: Path | None, *said: str) -> Answer:
    receipt = training_set.receipt
    written = None if place is None else write(training_set, place)
    data = {
        "id": receipt.id,
        "rows": receipt.rows,
        "columns": receipt.columns,
        "versions": receipt.versions,
        "fingerprint": receipt.fingerprint,
        "from_pin": training_set.rebuilt_from_pin,
        "output": written,
        "measured": msgspec.to_builtins(training_set.measured),
    }
    done, *then = said
    shape = f"{receipt.rows:,} rows, {len(training_set.features)} features, from {at_versions(receipt.versions)}"
    where = [] if written is None else [f"It lies at {written}."]
    return Answer(data, [f"{done} {receipt.id}: {shape}.", *where, *then])


def asked(args: argparse.Namespace) -> Result[TrainingSetSpec, SpecFileError]:
    """The training set of the file, with what the options say in place of it."""
    return read_training_set(args.spec).map(
        lambda spec: msgspec.structs.replace(
            spec, known_at=args.known_at or spec.known_at, versions={**spec.versions, **dict(args.versions)}
        )
    )


def _reference(args: argparse.Namespace) -> SpineReference:
    """The spine that the options name; `CallerError` for types and formats that are none, or that are named twice."""
    return SpineReference(
        path=args.spine,
        version=args.spine_version,
        filter=args.spine_filter,
        schema=named_once("--spine-schema", args.spine_schema),
        time_formats=named_once("--spine-format", args.spine_format),
    )


def named_once(option: str, given: list[tuple[str, str]]) -> dict[str, str]:
    """What an option names for columns; `CallerError` for one that is named twice."""
    named = dict(given)
    if len(named) < len(given):
        columns = [column for column, _ in given]
        twice = next(column for column in named if columns.count(column) > 1)
        raise raised(
            InvalidSpec(spec=option, problem=f"it names the column {twice!r} twice", remedy="name each column once")
        )
    return named


def given_spine(args: argparse.Namespace) -> Result[SpineReference | None, InvalidSpec]:
    """The spine that a command was given again, None where it was not."""
    if args.spine is not None:
        return Success(_reference(args))
    options = {
        "--spine-version": args.spine_version is not None,
        "--spine-filter": args.spine_filter is not None,
        "--spine-schema": bool(args.spine_schema),
        "--spine-format": bool(args.spine_format),
    }
    named = [option for option, is_given in options.items() if is_given]
    if not named:
        return Success(None)
    problem = f"{' and '.join(named)} need --spine"
    return refuse(InvalidSpec(spec=args.parser.prog, problem=problem, remedy="give --spine too, or leave them out"))
