"""The guide's workflow in one call: register, retrieve, train, evaluate."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from foreset.adapters.shared.processes.fork_guard import needs_threads
from foreset.application.training_sets.plan import version_of
from foreset.application.training_sets.train import TrainingTask, fit, train
from foreset.domain.definitions.models import FeatureSpec, ModelSpec, Trained
from foreset.domain.definitions.registry import FeatureView
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec, TrainingSetSpec
from foreset.domain.definitions.workflow import FeatureStoreSpec
from foreset.domain.errors.problem import listed, told
from foreset.domain.facts import TableFacts
from foreset.entrypoints.feast.manager import check_offline_store, create_feast_manager
from foreset.entrypoints.store.feature_store import FeatureStore
from foreset.entrypoints.wiring.arguments import fitted_arguments
from foreset.entrypoints.wiring.build import trainer
from foreset.entrypoints.wiring.raising import given, reject

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from foreset.entrypoints.store.training_set import TrainingSet

ENTITY: Final = EntitySpec("sample", ("sample_index",))
INGESTED: Final = "ingested_at"
TARGET: Final = "target"
TIME: Final = "event_timestamp"
_WRITTEN: Final = "written"


@dataclass(frozen=True)
class WorkflowResult:
    """A trained model, how well it does, and what it was trained on.

    `model` is the fitted scikit-learn pipeline, `metrics` are those of the test rows. X, shape (rows, features), and y,
    shape (rows,), are all rows, pandas. `training_set_id` rebuilds them; None where no feature store was used.
    `saved_to` is where the pipeline was saved, if that was asked.
    """

    model: Any
    metrics: dict[str, float]
    X: "pd.DataFrame"
    y: "pd.Series[Any]"
    training_set_id: str | None = None
    saved_to: str | None = None


@needs_threads
@fitted_arguments
def run_ml_workflow(
    feature_specs: Iterable[FeatureSpec] | None = None,
    model_spec: ModelSpec | None = None,
    X: Any = None,  # a frame or an array; the field's own name
    y: Any = None,  # a series or an array
    feature_store_spec: FeatureStoreSpec | None = None,
) -> WorkflowResult:
    """Get the data, train, evaluate; what fails raises `ForesetError`.

    With an enabled `feature_store_spec`, X and y come from the store: the entity `sample` and the view are registered,
    and every sample of the dataset is retrieved as it was one second after the newest `ingested_at`, or at the spec's
    `timestamp` (UTC where it has no zone). Samples that were ingested only after it are left out, for nothing was known
    of them; so are those that the spec's `known_at` rules out. With `sample_indices` only those are retrieved, in that
    order; one that was not known then is an error. The model is recorded against the training set's id. Without a
    store, X (pandas, polars or an array of shape (rows, features)) and y are used as given. `feature_specs` None
    prepares every feature sensibly; `model_spec` None chooses by the target.
    """
    specs = None if feature_specs is None else tuple(feature_specs)
    model = model_spec or ModelSpec()
    if feature_store_spec is not None and feature_store_spec.enabled:
        if X is not None or y is not None:
            remedy = "leave X and y out, or leave feature_store_spec out"
            reject("run_ml_workflow", "X or y is given, and the feature store is to load them too", remedy)
        return _from_store(feature_store_spec, specs, model)
    if X is None or y is None:
        remedy = "give both, or an enabled feature_store_spec: FeatureStoreSpecBuilder().enable().build()"
        reject("run_ml_workflow", "X or y is missing, and no feature store is enabled", remedy)
    return _from_data(X, y, specs, model)


# === With a store ===


def _from_store(
    spec: FeatureStoreSpec, feature_specs: tuple[FeatureSpec, ...] | None, model: ModelSpec
) -> WorkflowResult:
    check_offline_store(spec.offline_store, spec.accept)
    given(trainer().check(model))
    store = _initialized(spec) if spec.initialize_on_start else _opened(spec)
    features = [f"feature_{i}" for i in range(spec.n_features)]
    training_set = _retrieved(store, spec, features)
    task = TrainingTask(
        model=model, features=feature_specs, feature_columns=tuple(features), target=TARGET, time_column=INGESTED
    )
    trained = given(train(task, training_set.frame, training_set.receipt, trainer(), store.adapters))
    X, y = training_set.columns_for(features, TARGET, "run_ml_workflow")  # the field's own names
    return _result(trained, X, y, training_set.id)


def _initialized(spec: FeatureStoreSpec) -> FeatureStore:
    """The store with the workflow's entity and view registered, and Feast's repository brought up to date."""
    with create_feast_manager(
        spec.repo_path, spec.project_name, offline_store_type=spec.offline_store, accept=spec.accept
    ) as manager:
        manager.register(ENTITY, _view(spec, given(manager.features.tables.info(spec.dataset_name))))
        return manager.features


def _opened(spec: FeatureStoreSpec) -> FeatureStore:
    return given(FeatureStore.open(Path(spec.repo_path), offline_store=spec.offline_store, accept=spec.accept))


def _view(spec: FeatureStoreSpec, table: TableFacts) -> FeatureViewSpec:
    """feature_0 .. and the target, in the types of the table; registering tells which of them it does not have."""
    names = [*(f"feature_{i}" for i in range(spec.n_features)), TARGET]
    return FeatureViewSpec(
        spec.feature_view_name,
        (ENTITY.name,),
        DeltaSource(spec.dataset_name, INGESTED, spec.created_timestamp_field),
        tuple(FeatureField(name, table.dtype(name)) for name in names),
    )


def _retrieved(store: FeatureStore, spec: FeatureStoreSpec, features: Sequence[str]) -> "TrainingSet":
    catalog = given(store.catalog())
    view = given(catalog.view(spec.feature_view_name))
    if view.spec.source.table != spec.dataset_name:
        problem = f"the view {view.spec.name!r} is over {view.spec.source.table!r}, not {spec.dataset_name!r}"
        reject("FeatureStoreSpec", problem, "name another view with set_feature_view, or set_initialize_on_start(True)")
    asked = TrainingSetSpec(
        [f"{view.spec.name}:{name}" for name in (*features, TARGET)],
        known_at=spec.known_at,
        versions={} if spec.version is None else {spec.dataset_name: spec.version},
        name=spec.feature_view_name,
    )
    version = given(version_of(asked, view.spec.source, store.adapters))
    facts = given(store.tables.info(spec.dataset_name, version))
    asked = replace(asked, versions={spec.dataset_name: facts.version})
    return given(store.training_set(asked, _spine(store, spec, view, asked)))


def _spine(store: FeatureStore, spec: FeatureStoreSpec, view: FeatureView, asked: TrainingSetSpec) -> "pl.DataFrame":
    """The samples that were known at the time: index, time of retrieval, and when each was last ingested by then."""
    import polars as pl  # kept off the import of foreset

    (key,) = ENTITY.join_keys
    source = view.spec.source
    rows = _samples(store, source, asked)
    at = _at(spec, rows[INGESTED])
    by_then = pl.col(INGESTED) <= at
    if asked.known_by_each_row:
        by_then &= pl.col(_WRITTEN).is_null() | (pl.col(_WRITTEN) <= at)
    known = rows.filter(by_then).group_by(key, maintain_order=True).agg(pl.col(INGESTED).max())
    if known.is_empty():
        problem = f"the dataset {source.table!r} had no samples at {at}: the first is of {rows[INGESTED].min()!s}"
        reject("FeatureStoreSpec", problem, "set a later timestamp, or none for the newest")
    return _chosen(spec, known, key).select(key, pl.lit(at).alias(TIME).cast(pl.Datetime("us", "UTC")), INGESTED)


def _samples(store: FeatureStore, source: DeltaSource, asked: TrainingSetSpec) -> "pl.DataFrame":
    """The rows that had been written by the time in `known_at`: sample, when it was ingested and when written."""
    import polars as pl

    from foreset.adapters.shared.frames.epochs import as_times

    (key,) = ENTITY.join_keys
    times = dict.fromkeys(name for name in (source.timestamp_field, source.created_timestamp_field) if name)
    snapshot = given(store.adapters.tables.observe(source.table, asked.versions[source.table]))
    read = pl.DataFrame(given(snapshot.read((key, *times)))).drop_nulls([key, source.timestamp_field])
    found = {name: _instants(as_times(read[name], source.timestamp_unit, source.table)) for name in times}
    written = None if source.created_timestamp_field is None else found[source.created_timestamp_field]
    rows = read.select(key, found[source.timestamp_field].alias(INGESTED), pl.lit(written).alias(_WRITTEN))
    if asked.known_by is None or written is None:
        return rows
    return rows.filter(pl.col(_WRITTEN).is_null() | (pl.col(_WRITTEN) <= asked.known_by))


def _instants(times: "pl.Series") -> "pl.Series":
    """Times in UTC; those without a zone, and dates, are UTC already."""
    import polars as pl

    if isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone:
        return times.dt.convert_time_zone("UTC")
    return times.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _at(spec: FeatureStoreSpec, times: "pl.Series") -> datetime:
    """The time of retrieval: the one asked, else one second after the newest row."""
    if spec.timestamp is not None:
        return spec.timestamp.replace(tzinfo=UTC) if spec.timestamp.tzinfo is None else spec.timestamp
    newest = times.max()
    if not isinstance(newest, datetime):
        remedy = "write rows to it; for the samples: `foreset generate`"
        reject("FeatureStoreSpec", f"the dataset {spec.dataset_name!r} has no rows with a time", remedy)
    return newest + timedelta(seconds=1)


def _chosen(spec: FeatureStoreSpec, known: "pl.DataFrame", key: str) -> "pl.DataFrame":
    """All known samples, or those asked, in the order in which they were asked."""
    import polars as pl

    if spec.sample_indices is None:
        return known
    asked = pl.DataFrame({key: list(spec.sample_indices)}, schema={key: known.schema[key]})
    strange = asked.join(known, on=key, how="anti")[key].to_list()
    if strange:
        problem = f"sample_indices has {listed(strange, 10)}, which {spec.dataset_name!r} does not have at that time"
        reject("FeatureStoreSpec", problem, "leave them out, or set a later timestamp")
    return asked.join(known, on=key, how="left", maintain_order="left")


# === Without a store ===


def _from_data(
    X: Any,
    y: Any,
    feature_specs: tuple[FeatureSpec, ...] | None,
    model: ModelSpec,
) -> WorkflowResult:
    from foreset.adapters.shared.interchange.to_pandas import features_and_target

    features, target = _frame(X), _series(y)
    if target.len() != features.height:
        problem = f"X has {features.height} rows and y has {target.len()}"
        reject("run_ml_workflow", problem, "give a target for each row")
    if target.name in features.columns:
        reject("run_ml_workflow", f"X has the target's column {target.name!r} too", "drop it from X, or rename y")
    task = TrainingTask(
        model=model,
        features=feature_specs,
        feature_columns=tuple(features.columns),
        target=target.name,
        time_column=None,
    )
    trained = given(fit(task, features.with_columns(target), trainer()))
    rows = features.with_columns(target)
    return _result(trained, *features_and_target(rows, features.columns, target.name, "run_ml_workflow"), None)


def _frame(X: Any) -> "pl.DataFrame":
    """X as a polars frame; the columns of an array are named feature_0 .."""
    import polars as pl

    from foreset.entrypoints.store.frames import given_frame

    if hasattr(X, "ndim") and not hasattr(X, "columns"):
        if X.ndim != 2:  # noqa: PLR2004  # rows and features
            reject("run_ml_workflow", f"X has {X.ndim} dimensions", "give an array of shape (rows, features)")
        return pl.DataFrame({f"feature_{i}": X[:, i] for i in range(X.shape[1])})
    return given_frame(X, "X of run_ml_workflow")


def _series(y: Any) -> "pl.Series":
    import polars as pl

    name = str(getattr(y, "name", None) or TARGET)
    try:
        return pl.Series(name, y.to_numpy() if hasattr(y, "to_numpy") and not isinstance(y, pl.Series) else y)
    except (TypeError, ValueError) as fault:
        problem, remedy = f"y is no series of values ({told(fault)})", "give a series or an array of shape (rows,)"
        reject("run_ml_workflow", problem, remedy, fault)


def _result(
    trained: Trained,
    X: "pd.DataFrame",
    y: "pd.Series[Any]",
    training_set_id: str | None,
) -> WorkflowResult:
    return WorkflowResult(
        model=trained.pipeline,
        metrics=trained.metrics,
        X=X,
        y=y,
        training_set_id=training_set_id,
        saved_to=trained.saved_to,
    )
