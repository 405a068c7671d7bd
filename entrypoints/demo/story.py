"""The run of the demo: the steps in their order, each shown when it is done."""

from pathlib import Path
from time import perf_counter

from returns.functions import tap
from returns.result import Result, Success

from foreset.domain.errors.problem import Problem
from foreset.entrypoints.demo.definitions import ENTITIES, VIEWS
from foreset.entrypoints.demo.figures import Figures
from foreset.entrypoints.demo.flights import read_source
from foreset.entrypoints.demo.folder import DATA, STORE, prepare, save
from foreset.entrypoints.demo.models import compare
from foreset.entrypoints.demo.progress import busy
from foreset.entrypoints.demo.show import Show
from foreset.entrypoints.demo.steps import Stage, build, correct, explain, grow, join_late, rebuild, register, staged
from foreset.entrypoints.demo.tables import made_metric, mended, weather_readings
from foreset.entrypoints.store.feature_store import FeatureStore

YEAR = tuple(range(1, 13))
QUICK = (2, 3)
"""Months that hold both a reading to rewrite and a reading to delete."""


def tell(folder: Path, months: tuple[int, ...], show: Show) -> Result[Figures, Problem]:
    """Run the demo in a folder, in the place of an earlier demo there; gives its figures."""
    start = perf_counter()
    return Result.do(
        figures
        for _ in prepare(folder).map(tap(lambda _: show.opening(len(months))))
        for stage in _open(folder, months, show)
        for figures in _run(folder, stage, show, start)
    ).map(tap(show.closing))


def _open(folder: Path, months: tuple[int, ...], show: Show) -> Result[Stage, Problem]:
    return Result.do(
        staged(store, source, show.console)
        for source in busy(show.console, "Reading the flights", lambda: read_source(months))
        for store in FeatureStore.open(folder / STORE, data_dir=folder / DATA)
    )


def _run(folder: Path, stage: Stage, show: Show, start: float) -> Result[Figures, Problem]:
    readings = weather_readings(stage.source)
    whole = mended(readings)
    return Result.do(
        Figures(
            folder=str(folder),
            store=str(folder / STORE),
            data=str(folder / DATA),
            training_set=str(file),
            spine=spine,
            tables=tables,
            correction=correction,
            plan=plan,
            built=made.figures,
            compared=compared,
            change=change,
            late=late,
            rebuilt=rebuilt,
            seconds=perf_counter() - start,
        )
        for tables in grow(stage).map(tap(lambda grown: show.tables(stage.counts, readings.height, grown)))
        for correction in correct(stage, whole).map(tap(show.mended))
        for _ in register(stage).map(tap(lambda _: show.registered(ENTITIES, VIEWS)))
        for spine in Success(stage.counts).map(tap(show.spine))
        for plan in explain(stage).map(tap(show.planned))
        for made in build(stage).map(tap(lambda made: show.built(made.figures)))
        for file in save(folder, made.training_set)
        for compared in compare(stage, made.training_set, whole.frame).map(tap(show.compared))
        for change in correct(stage, made_metric(whole.frame)).map(tap(show.made_metric))
        for late in join_late(stage).map(tap(show.appended))
        for rebuilt in rebuild(stage, made).map(tap(show.rebuilt))
    )
