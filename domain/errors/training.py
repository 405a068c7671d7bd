"""What can be wrong with training a model."""

from foreset.domain.errors.problem import CallerFault, DataFault, WorldFault


class EstimatorRefused(CallerFault, frozen=True, kw_only=True):
    """An estimator outside the packages that may be imported."""

    estimator: str
    package: str
    allowed: tuple[str, ...]
    says = "The estimator {estimator!r} is from {package!r}; only these packages are imported: {allowed}."
    then = "name an estimator of scikit-learn, or allow the package: ModelSpec(..., allowed_packages=('sklearn', {package!r}))."


class UnknownEstimator(CallerFault, frozen=True, kw_only=True):
    """An estimator that its package does not have."""

    estimator: str
    known: tuple[str, ...]
    says = "There is no estimator {estimator!r}."
    then = "{hint}Name a class such as LogisticRegression, or its import path."
    hint = ("estimator", "known")


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
    says = "The column {column!r} is {dtype}, which the preprocessing {preprocessing!r} does not take."
    then = "leave the column out, derive a number from it, or name another preprocessing in its FeatureSpec."


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


class ModelUnwritable(WorldFault, frozen=True, kw_only=True):
    """A model file that cannot be written or read."""

    path: str
    problem: str
    says = "The model file {path}: {problem}."
    then = "give a place that you may write, or a file that skops wrote."


TrainingError = (
    EstimatorRefused
    | UnknownEstimator
    | BadParameters
    | UnknownMetric
    | UnknownTrainingColumn
    | UnfitFeature
    | NullTarget
    | TooFewRows
    | ModelUnwritable
)
"""Why a model cannot be trained."""
