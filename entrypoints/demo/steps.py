"""The steps of the demo that work on the store."""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from time import perf_counter

import polars as pl
from returns.result import Result, Success
from rich.console import Console

from foreset.application.definitions.register import RegistryError
from foreset.application.diff.compare import DiffError
from foreset.application.tables.write import WriteError
from foreset.domain.diff.parts import ByCommit
from foreset.domain.diff.report import TrainingSetDiff
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import PlanError, RebuildError, RetrievalError
from foreset.entrypoints.demo.definitions import ENTITIES, LABEL, TRAINING_SET, VIEWS
from foreset.entrypoints.demo.figures import Appended, Built, Corrected, Rebuilt, SpineCounts, TableGrown
from foreset.entrypoints.demo.flights import Source, spine_of
from foreset.entrypoints.demo.progress import busy, track
from foreset.entrypoints.demo.tables import Correction, growth, stragglers
from foreset.entrypoints.spec_files.specs import SpecFileError
from foreset.entrypoints.store.feature_store import FeatureStore
from foreset.entrypoints.store.training_set import TrainingSet


@dataclass(frozen=True)
class Stage:
    """What all steps share."""

    store: FeatureStore
    source: Source
    spine: pl.DataFrame
    counts: SpineCounts
    console: Console


@dataclass(frozen=True)
class Made:
    """The training set and its figures."""

    training_set: TrainingSet
    figures: Built


def staged(store: FeatureStore, source: Source, console: Console) -> Stage:
    """Put the flights in their order and count them."""
    spine = spine_of(source.flights)
    label = spine[LABEL]
    counts = SpineCounts(
        flights=spine.height,
        labelled=spine.height - label.null_count(),
        unlabelled=label.null_count(),
        late_share=float(label.drop_nulls().cast(pl.Float64).sum()) / max(spine.height - label.null_count(), 1),
    )
    return Stage(store, source, spine, counts, console)


def grow(stage: Stage) -> Result[tuple[TableGrown, ...], WriteError]:
    """Write the tables, a commit for each month's rows."""
    grown: dict[str, TableGrown] = {}
    for table, rows in track(stage.console, "Growing the Delta tables", growth(stage.source)):
        written = stage.store.tables.write(rows, table)
        if not isinstance(written, Success):
            return refuse(written.failure())
        facts = written.unwrap()
        grown[table] = TableGrown(
            table=table,
            commits=facts.version + 1,
            version=facts.version,
            rows=facts.rows or 0,
            files=facts.files,
            size_bytes=facts.size_bytes,
        )
    return Success(tuple(grown.values()))


def correct(stage: Stage, correction: Correction) -> Result[Corrected, WriteError]:
    """Replace the rows of the weather by the corrected ones, as one commit."""
    return stage.store.tables.write(correction.frame, "weather", mode="overwrite").map(
        lambda facts: Corrected(
            table="weather", version=facts.version, rewritten=correction.rewritten, deleted=correction.deleted
        )
    )


def register(stage: Stage) -> Result[int, RegistryError | SpecFileError]:
    """Define the entities and the views; gives how many."""
    return stage.store.register(*ENTITIES, *VIEWS).map(lambda registered: registered.changed)


def explain(stage: Stage) -> Result[str, PlanError]:
    """How the training set will be built."""
    return stage.store.plan(TRAINING_SET, stage.spine).map(lambda plan: plan.explain())


def build(stage: Stage) -> Result[Made, RetrievalError]:
    """Build the training set, and time it."""
    start = perf_counter()
    retrieved = busy(stage.console, "Building it", lambda: stage.store.training_set(TRAINING_SET, stage.spine))
    return retrieved.map(lambda training_set: Made(training_set, _built(training_set, perf_counter() - start)))


def _built(training_set: TrainingSet, seconds: float) -> Built:
    receipt, frame = training_set.receipt, training_set.frame
    return Built(
        id=training_set.id,
        fingerprint=receipt.fingerprint,
        versions=receipt.versions,
        rows=frame.height,
        features=training_set.features,
        null_shares={name: frame[name].null_count() / max(frame.height, 1) for name in training_set.features},
        ties=receipt.ties,
        seconds=seconds,
    )


def join_late(stage: Stage) -> Result[Appended, WriteError]:
    """Append the flights that were still in the air when the last month ended."""
    table, rows = stragglers(stage.source)
    return stage.store.tables.write(rows, table).map(
        lambda facts: Appended(table=table, version=facts.version, rows=rows.height)
    )


def rebuild(stage: Stage, made: Made) -> Result[Rebuilt, RebuildError | DiffError]:
    """Build the training set again from its id, and ask the same question of the tables as they are now."""
    start = perf_counter()
    again = busy(stage.console, "Rebuilding it from its id", lambda: stage.store.rebuild(made.figures.id))
    seconds = perf_counter() - start
    return Result.do(
        _compared((made.training_set, rebuilt, anew), difference, seconds)
        for rebuilt in again
        for anew in busy(stage.console, "Asking anew", lambda: stage.store.training_set(TRAINING_SET, stage.spine))
        for difference in busy(stage.console, "Asking why", partial(stage.store.diff, made.figures.id, anew.id))
    )


def _compared(
    sets: tuple[TrainingSet, TrainingSet, TrainingSet], difference: TrainingSetDiff, seconds: float
) -> Rebuilt:
    """Compare them. The fingerprints are the store's word; the frames are compared value by value besides."""
    first, again, anew = sets
    same = pl.all_horizontal(first.frame[name].eq_missing(anew.frame[name]) for name in first.frame.columns)
    return Rebuilt(
        id=again.id,
        recorded=first.receipt.fingerprint,
        fingerprint=again.receipt.fingerprint,
        rows=again.frame.height,
        identical=again.receipt.fingerprint == first.receipt.fingerprint and again.frame.equals(first.frame),
        seconds=seconds,
        versions_now=anew.receipt.versions,
        anew_id=anew.id,
        anew_fingerprint=anew.receipt.fingerprint,
        anew_rows_that_differ=first.frame.height - int(first.frame.select(same.sum()).item()),
        anew_cells=_by_commit(difference),
    )


def _by_commit(difference: TrainingSetDiff) -> dict[str, int]:
    """The cells that changed, by the table's version that changed them."""
    found: Counter[str] = Counter()
    for column in difference.columns or ():
        for attributed in column.causes:
            commits = [c for c in attributed.causes if isinstance(c, ByCommit)]
            found[" and ".join(f"version {c.commit.version} of {c.table}" for c in commits)] += attributed.cells
    return dict(found)
