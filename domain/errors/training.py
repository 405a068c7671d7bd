"""What can be wrong with training a model."""

from foreset.domain.errors.problem import CallerFault, DataFault, WorldFault
from foreset.domain.errors.retrieval import ValueNotHeld


class EstimatorRefused(CallerFault, frozen=True, kw_only=True):
    """An estimator outside the packages that may be imported."""

    estimator: str
    package: str
    allowed: tuple[str, ...]
    says = "The estimator {estimator!r} is from {package!r}; only these packages are imported: {allowed}."
    then = (
        "name an estimator of scikit-learn, or allow the package: ModelSpec(..., allowed_packages=({package!r},)), "
        "or `foreset train --allow-package {package}`."
    )


class UnknownEstimator(CallerFault, frozen=True, kw_only=True):
    """An estimator that its package does not have."""

    estimator: str
    known: tuple[str, ...]
    why: str = ""
    says = "There is no estimator {estimator!r}{why}."
    then = "{hint}Name a class such as LogisticRegression, or its import path."
    hint = ("estimator", "known")


class NotAPredictor(CallerFault, frozen=True, kw_only=True):
    """A class that neither classifies nor predicts numbers."""

    estimator: str
    says = "{estimator} is neither a classifier nor a regressor."
    then = "name one that is, such as LogisticRegression or Ridge; FeatureSpec says how columns are prepared."


class UnknownParameter(CallerFault, frozen=True, kw_only=True):
    """A parameter that the estimator does not have."""

    estimator: str
    parameter: str
    known: tuple[str, ...]
    says = "{estimator} has no parameter {parameter!r}. It has: {known}."
    then = "{hint}Mend the name in ModelSpec.params."
    hint = ("parameter", "known")


class BadParameters(CallerFault, frozen=True, kw_only=True):
    """Parameters that the estimator does not take."""

    estimator: str
    problem: str
    says = "{estimator} cannot be made or fitted with these parameters and data: {problem}."
    then = "mend ModelSpec.params, or the columns and their preprocessing."


class UnknownMetric(CallerFault, frozen=True, kw_only=True):
    """A metric that is unknown, or that does not fit the task."""

    metric: str
    task: str
    known: tuple[str, ...]
    says = "There is no metric {metric!r} for {task}. There are: {known}."
    then = "{hint}Name one of them."
    hint = ("metric", "known")


class UnknownTrainingColumn(CallerFault, frozen=True, kw_only=True):
    """A feature, target or time column that the training set does not have."""

    column: str
    role: str
    known: tuple[str, ...]
    says = "The training set has no column {column!r}, which is the {role}. It has: {known}."
    then = "{hint}Mend the name."
    hint = ("column", "known")


class UnfitFeature(CallerFault, frozen=True, kw_only=True):
    """A column that the asked preprocessing does not take."""

    column: str
    dtype: str
    preprocessing: str
    remedy: str
    says = "The column {column!r} is {dtype}, which the preprocessing {preprocessing!r} does not take."
    then = "{remedy}."


class TargetAsFeature(CallerFault, frozen=True, kw_only=True):
    """A FeatureSpec that lets the model see what it is to predict."""

    column: str
    says = "A FeatureSpec names {column!r}, which is the target: the model would be told what it is to predict."
    then = "take it out of the FeatureSpec."


class UnfitTarget(CallerFault, frozen=True, kw_only=True):
    """A target that the task does not take."""

    column: str
    dtype: str
    task: str
    says = "The target {column!r} is {dtype} with values that {task} does not take."
    then = (
        "name another estimator (auto chooses by the target), or another target; "
        "a number can be cut into classes first."
    )


class UnfitSplit(CallerFault, frozen=True, kw_only=True):
    """A split that the data does not allow."""

    kind: str
    problem: str
    says = "The rows cannot be split by the kind {kind!r}: {problem}."
    then = "name another split: random, stratified (for classes), or time (for rows that have one)."


class NullTarget(DataFault, frozen=True, kw_only=True):
    """Rows without a target."""

    column: str
    count: int
    first_row: int
    says = "{count} rows have no target in {column!r}, the first at row {first_row} (counted from 0)."
    then = "leave these rows out of the spine, or fill in their targets."


class TooFewRows(DataFault, frozen=True, kw_only=True):
    """A split that leaves a side empty, or without enough of a class."""

    rows: int
    problem: str
    says = "{rows} rows cannot be split for training and test: {problem}."
    then = "give more rows, another test_size, or another split."


class MetricUntold(DataFault, frozen=True, kw_only=True):
    """A metric that these test rows, or this estimator, do not give."""

    metric: str
    problem: str
    says = "The metric {metric!r} cannot be told: {problem}."
    then = "name another metric, give more rows, or split them otherwise."


class ModelUnwritable(WorldFault, frozen=True, kw_only=True):
    """A model file that cannot be written."""

    path: str
    problem: str
    remedy: str = "give a place that you may write, or leave save_to out"
    says = "The model cannot be saved to {path}: {problem}. What stood there is as it was."
    then = "{remedy}."


class ModelUnreadable(WorldFault, frozen=True, kw_only=True):
    """A model file that is missing or damaged, or that skops did not write."""

    path: str
    problem: str
    says = "The model file {path} cannot be read: {problem}."
    then = "give a file that ModelSpec(save_to=...) wrote, or train the model again."


class UntrustedModel(CallerFault, frozen=True, kw_only=True):
    """A model file with types that can do harm if somebody else made the file."""

    path: str
    types: tuple[str, ...]
    says = "The model file {path} holds types that are not loaded unless you trust them: {types}."
    then = "if you know who made the file, name them: load_model(path, trusted=(...)); otherwise do not load it."


TrainingError = (
    EstimatorRefused
    | UnknownEstimator
    | NotAPredictor
    | UnknownParameter
    | BadParameters
    | UnknownMetric
    | UnknownTrainingColumn
    | UnfitFeature
    | TargetAsFeature
    | UnfitTarget
    | UnfitSplit
    | NullTarget
    | ValueNotHeld
    | TooFewRows
    | MetricUntold
    | ModelUnwritable
)
"""Why a model cannot be trained."""

ModelLoadError = ModelUnreadable | UntrustedModel
"""Why a saved model cannot be loaded."""
