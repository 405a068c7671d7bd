"""Foreset itself: through its facade, in a store folder of its own, with the receipt written at each call."""

import itertools
from typing import Any

import polars as pl
from counting import counters
from ready import Job, Ready
from shapes import CREATED, SPINE_TIME, TARGET, TIME, Case, View

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, SpineReference, TrainingSet, TrainingSetSpec
from foreset.domain.event_log.receipts import training_set_stream


def kept(job: Job) -> Ready:
    """The same spine at each call: from the second on, the store has kept it."""
    store, spec, spine = _opened(job), _spec(job.case), _labels(job.case)
    return Ready(lambda: _handed(store.training_set(spec, spine).unwrap(), job))


def new(job: Job) -> Ready:
    """The same rows in another order at each call: a spine whose content the store has not kept."""
    store, spec = _opened(job), _spec(job.case)
    first = pl.read_parquet(job.case.spine.path)
    spine = [first]
    turns = itertools.count(1)

    def turn() -> None:
        by = next(turns)
        spine[0] = pl.concat([first[by:], first[:by]])

    return Ready(lambda: _handed(store.training_set(spec, spine[0]).unwrap(), job), before=turn)


def fingerprints(job: Job) -> Ready:
    """The fingerprints that a retrieval makes, by themselves."""
    store, spine = _opened(job), _labels(job.case)
    result = store.training_set(_spec(job.case), spine).unwrap().frame
    spines = store.adapters.spines
    return Ready(lambda: (spines.fingerprint(spine), spines.fingerprint(result)), answers=False)


def receipts(job: Job) -> Ready:
    """What a retrieval does beside finding rows, by itself: fingerprints, counters, the receipt written to the log."""
    store, spine = _opened(job), _labels(job.case)
    made = store.training_set(_spec(job.case), spine).unwrap()
    spines, events, now = store.adapters.spines, store.adapters.events, store.adapters.clock.now
    result, stream = made.frame, training_set_stream(made.id)
    count = counters(store, made, spine)

    def write() -> None:
        spines.fingerprint(spine)
        spines.fingerprint(result)
        count()
        events.append(stream, (made.receipt,), expected=None, at=now(), actor="benchmark").unwrap()

    return Ready(write, answers=False)


def rebuilt(job: Job) -> Ready:
    """The training set again, from its id alone."""
    store = _opened(job)
    identifier = store.training_set(_spec(job.case), _labels(job.case)).unwrap().id
    return Ready(lambda: _handed(store.rebuild(identifier).unwrap(), job))


def opened_cold(job: Job) -> Ready:
    """A store that knows no table yet, in a process that has done it before."""
    _opened(job)
    spec, spine = _spec(job.case), _labels(job.case)
    return Ready(lambda: FeatureStore.open(job.home / "store").unwrap().plan(spec, spine).unwrap(), answers=False)


def opened_warm(job: Job) -> Ready:
    """A store that has seen the table."""
    store, spec, spine = _opened(job), _spec(job.case), _labels(job.case)
    return Ready(lambda: store.plan(spec, spine).unwrap(), answers=False)


def _opened(job: Job) -> FeatureStore:
    """A store with the case's entities and views, within the case's memory budget."""
    case = job.case
    store = FeatureStore.open(job.home / "store", memory=case.memory).unwrap()
    entities = {_entity(view): EntitySpec(_entity(view), view.keys) for view in case.views}
    store.register(*entities.values(), *map(_view, case.views)).unwrap()
    return store


def _entity(view: View) -> str:
    return "_".join(view.keys)


def _view(view: View) -> FeatureViewSpec:
    source = DeltaSource(str(view.table), TIME, CREATED if view.created else None)
    return FeatureViewSpec(view.name, [_entity(view)], source, view.features, ttl=view.ttl)


def _spec(case: Case) -> TrainingSetSpec:
    return TrainingSetSpec([f"{view.name}:*" for view in case.views], timestamp_field=SPINE_TIME)


def _labels(case: Case) -> Any:
    """The spine: a frame, or where it lies."""
    if case.spine.referenced:
        return SpineReference(str(case.spine.path))
    return pl.read_parquet(case.spine.path)


def _handed(made: TrainingSet, job: Job) -> Any:
    match job.output:
        case "frame":
            return made.frame
        case "xy":
            return (made.frame, *made.X_y(TARGET))
        case "arrow":
            return made.to_arrow()
        case "pandas":
            return made.to_pandas()
        case "parquet":
            return made.write_parquet(job.result)
