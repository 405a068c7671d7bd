"""The same model on what was known and on what was not, and what each is worth at departure.

What was not known comes from the join that most notebooks begin with: the same tables, by day and by the nearest hour.
"""

from time import perf_counter

import polars as pl
from returns.result import Result

from foreset.adapters.sklearn.trainer import SklearnTrainer
from foreset.application.leakage.audit import AuditError
from foreset.application.training_sets.train import TrainError, TrainingTask, fit, train
from foreset.domain.definitions.models import FeatureSpec, ModelSpec, Split, Trained
from foreset.domain.leakage.report import FrameAudit
from foreset.entrypoints.demo.definitions import LABEL, TIME, TIMETABLE
from foreset.entrypoints.demo.figures import Compared, Leaks
from foreset.entrypoints.demo.progress import busy
from foreset.entrypoints.demo.steps import Stage
from foreset.entrypoints.demo.tables import carrier_delays, plane_delays, plane_facts
from foreset.entrypoints.store.training_set import TrainingSet

METRIC = "roc_auc"
MODEL = ModelSpec(
    "HistGradientBoostingClassifier",
    {"max_iter": 60, "random_state": 0},
    split=Split("time", test_size=0.25),
    metrics=(METRIC,),
    name="late_arrivals",
)


def compare(
    stage: Stage, training_set: TrainingSet, weather: pl.DataFrame
) -> Result[Compared, AuditError | TrainError]:
    """Train on the careless join and on the training set, split by time, and record the honest model.

    The careless join is held against the training set too, which counts what leaks in it.

    Flights without a label stay out. Both models are tested on the same latest quarter of the flights; the careless
    one once more on what is known when it would be asked.
    """
    start = perf_counter()
    careless = careless_join(stage.spine, _tables(stage, weather))
    task = _task((*TIMETABLE, *training_set.features))
    known, unknown = (frame.drop_nulls(LABEL) for frame in (training_set.frame, careless))
    trainer, adapters = SklearnTrainer(), stage.store.adapters
    return Result.do(
        Compared(
            careless=deceived.metrics[METRIC],
            honest=honest.metrics[METRIC],
            careless_in_service=_auc(deceived, known.tail(honest.rows_test), task.feature_columns),
            leaks=_leaks(audit),
            trained_rows=honest.rows_train,
            tested_rows=honest.rows_test,
            seconds=perf_counter() - start,
        )
        for audit in busy(stage.console, "Looking for leaks", lambda: training_set.audit(careless))
        for deceived in busy(stage.console, "Training, carelessly", lambda: fit(task, unknown, trainer))
        for honest in busy(
            stage.console, "Training, honestly", lambda: train(task, known, training_set.receipt, trainer, adapters)
        )
    )


def _leaks(audit: FrameAudit) -> Leaks:
    leads = [lead for view in audit.views for lead in (view.future_lead_us, view.written_lead_us) if lead is not None]
    return Leaks(
        rows=audit.rows,
        from_the_future=audit.from_the_future,
        not_yet_written=audit.not_yet_written,
        largest_lead_us=max(leads, default=0),
    )


def _tables(stage: Stage, weather: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {
        "weather": weather,
        "planes": plane_facts(stage.source),
        "plane_delays": plane_delays(stage.source),
        "carrier_delays": carrier_delays(stage.source),
    }


def _task(columns: tuple[str, ...]) -> TrainingTask:
    """Trees take numbers and nulls as they are."""
    return TrainingTask(
        model=MODEL,
        features=(FeatureSpec(columns, "passthrough"),),
        feature_columns=columns,
        target=LABEL,
        time_column=TIME,
    )


def _auc(model: Trained, rows: pl.DataFrame, columns: tuple[str, ...]) -> float:
    """The area under the ROC curve of a model on rows: the share of pairs that it puts in the right order."""
    scores = pl.Series(model.pipeline.predict_proba(rows.select(columns).to_pandas())[:, 1])
    late = rows[LABEL].cast(pl.Boolean)
    hits, misses = int(late.sum()), int((~late).sum())
    ranks = float(scores.rank("average").filter(late).sum())
    return (ranks - hits * (hits + 1) / 2) / (hits * misses)


_ROW = "row"


def careless_join(spine: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The spine with the columns of the training set, in its order, joined without regard to what was known when.

    Weather is the reading nearest to the departure, earlier or later. Delays are those at the end of the day: the
    table joined on the date, so that they count flights still in the air, and the flight itself.
    """
    facts = tables["planes"].drop("holds_from", "listed")
    joined = _nearest_hour(spine.with_row_index(_ROW), tables["weather"])
    joined = joined.join(facts, on="tailnum", how="left", maintain_order="left")
    joined = _same_day(joined, tables["plane_delays"], "tailnum")
    joined = _same_day(joined, tables["carrier_delays"], "carrier").sort(_ROW)
    return joined.drop(_ROW, "observed")


def _nearest_hour(spine: pl.DataFrame, weather: pl.DataFrame) -> pl.DataFrame:
    readings = weather.drop("published").sort("observed")
    return spine.sort(TIME).join_asof(
        readings, left_on=TIME, right_on="observed", by="origin", strategy="nearest", check_sortedness=False
    )


def _same_day(spine: pl.DataFrame, delays: pl.DataFrame, key: str) -> pl.DataFrame:
    evening = (
        delays.sort("landed", maintain_order=True)
        .with_columns(_day("landed"))
        .unique([key, "day"], keep="last", maintain_order=True)
        .drop("landed", "reported")
    )
    return spine.with_columns(_day(TIME)).join(evening, on=[key, "day"], how="left", maintain_order="left").drop("day")


def _day(time: str) -> pl.Expr:
    """The date in New York."""
    return pl.col(time).dt.convert_time_zone("America/New_York").dt.date().alias("day")
