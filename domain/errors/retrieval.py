"""What can be wrong with a spine, a retrieval, or a rebuild."""

from typing import Final

from foreset.domain.errors.erasure import SpineErased, TrainingSetErased
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.feast import RunError
from foreset.domain.errors.files import CsvCellUnfit, CsvSchemaUnfit, CsvUnfit
from foreset.domain.errors.problem import CallerFault, DataFault, WorldFault
from foreset.domain.errors.retention import NotPinned, NotRebuildable, PinBroken, SemanticsTooNew
from foreset.domain.errors.specs import (
    InvalidSpec,
    MissingColumn,
    NoSuchTrainingSet,
    SecretInAddress,
    StaleWrite,
    UnfitType,
    UnknownFeature,
    UnknownView,
)
from foreset.domain.errors.tables import TableError

SPINES: Final = (
    "give a polars, pandas or pyarrow frame of plain columns, the path of a Parquet or CSV file or of a Delta "
    "table, or SpineReference(path, version=..., filter=...)"
)
"""What may be a spine, as the next step of who gave something else."""


class SpineUnreadable(CallerFault, frozen=True, kw_only=True):
    """A spine that is not a frame and not a readable reference."""

    spine: str
    problem: str
    remedy: str = SPINES
    says = "The spine {spine} cannot be read: {problem}."
    then = "{remedy}."


class SpineColumnMissing(CallerFault, frozen=True, kw_only=True):
    """A key or time column that the spine does not have."""

    column: str
    role: str
    columns: tuple[str, ...]
    says = "The spine has no column {column!r}, which is the {role}. It has: {columns}."
    then = "{hint}Rename a column of the spine, or name another one: the time by timestamp_field, keys by join_keys."
    hint = ("column", "columns")


class KeyTypeMismatch(CallerFault, frozen=True, kw_only=True):
    """A join key of different types in spine and table."""

    view: str
    spine_column: str
    spine_dtype: str
    table_column: str
    table_dtype: str
    says = (
        "The join key {spine_column!r} is {spine_dtype} in the spine and {table_dtype} in the table of the feature "
        "view {view!r} (column {table_column!r}); these are not compared, for no value may be lost."
    )
    then = (
        "cast the spine's column to {table_dtype}; pandas turns whole numbers with gaps into float64, which "
        ".astype('Int64') undoes. Columns of a CSV file get their types by SpineReference(path, schema={{...}}) or "
        "--spine-schema '{spine_column}={table_dtype}'."
    )


class UnfitSpineTime(CallerFault, frozen=True, kw_only=True):
    """A time column that is not a timestamp or a date."""

    column: str
    dtype: str
    says = "The spine's time column {column!r} is {dtype}, not a timestamp or a date."
    then = "convert it, for example with pandas.to_datetime(..., utc=True) or polars' str.to_datetime()."


class NullSpineTime(CallerFault, frozen=True, kw_only=True):
    """Spine rows without a time."""

    column: str
    count: int
    first_row: int
    says = "{count} rows of the spine have no time in {column!r}, the first at row {first_row} (counted from 0)."
    then = "fill in their times, or drop these rows before the call."


class NameClash(CallerFault, frozen=True, kw_only=True):
    """Two columns of the result that would have one name."""

    name: str
    sources: tuple[str, ...]
    says = "The result would have more than one column {name!r}: {sources}."
    then = "set full_feature_names=True, or give one an alias: features=('view:feature as another_name', ...)."


class NoCreatedTime(CallerFault, frozen=True, kw_only=True):
    """known_at='event_time' over a view that does not say when its rows were written."""

    view: str
    says = "known_at='event_time' needs to know when rows were written, and the view {view!r} has no created time."
    then = "name created_timestamp_field in its DeltaSource, or use known_at=<a time>, which pins the table's version."


class KnownInFuture(CallerFault, frozen=True, kw_only=True):
    """A known_at that has not come yet."""

    at: str
    now: str
    says = "known_at is {at}, and it is only {now}: what will be known then cannot be told."
    then = "name a time that has passed, or leave known_at out."


class VersionNotKnownYet(CallerFault, frozen=True, kw_only=True):
    """A version that is not known to be older than known_at, of a view that does not say when rows were written."""

    view: str
    table: str
    version: int
    at: str
    says = (
        "Version {version} of {table!r} is not known to have been committed by known_at, {at}, and the view {view!r} "
        "has no created time that would tell which of its rows had been written by then."
    )
    then = "leave known_at or the version out, or name created_timestamp_field in the view's DeltaSource."


class DoesNotFit(CallerFault, frozen=True, kw_only=True):
    """A retrieval that takes more memory than it may, however small its parts."""

    what: str
    needs: str
    budget: str
    held: str = ""
    says = (
        "{what} takes about {needs} of memory at the least, which is more than there may be: {budget}{held}. "
        "Nothing was read."
    )
    then = (
        "give more memory (FeatureStore.open(..., memory='8GB'), --memory, FORESET_MEMORY), or fewer rows at a time, "
        "or fewer features."
    )


class ResultTooLarge(CallerFault, frozen=True, kw_only=True):
    """A training set that lies in a file and is asked for in memory, where it does not fit."""

    id: str
    needs: str
    budget: str
    says = "The training set {id} takes about {needs} in memory, and the process may take {budget}: it lies in a file."
    then = (
        "write it with write_parquet(path) or write_delta(path), or go through it with batches(); or give more memory: "
        "FeatureStore.open(..., memory='64GB')."
    )


class ValueNotHeld(CallerFault, frozen=True, kw_only=True):
    """A value that a type of numpy's or Python's does not hold, asked for in that type. Rows are counted from 0."""

    call: str
    column: str
    dtype: str
    row: int
    value: str
    held_in: str
    why: str = "would round"
    says = "{call}: the column {column!r} ({dtype}) has {value} in row {row}, which {held_in} {why}."
    then = (
        "take it from the polars frame (.frame), which has every digit; for {call}, leave the column out, fill its "
        "nulls, or cast it to text if it is an identifier."
    )


class TableReplaced(DataFault, frozen=True, kw_only=True):
    """Another table stands where the recorded one stood."""

    table: str
    recorded: str
    found: str
    says = "The table {table!r} is another one now: its id is {found}, and the training set was made from {recorded}."
    then = "restore the table that was used, or point data_dir to where it is."


class SpineNotKept(CallerFault, frozen=True, kw_only=True):
    """A rebuild that needs the spine from the caller."""

    id: str
    fingerprint: str
    says = "The spine of {id} was not kept (its fingerprint is {fingerprint})."
    then = "give it again: store.rebuild(id, spine=frame), or `foreset rebuild ID --spine FILE`."


class SpineDiffers(CallerFault, frozen=True, kw_only=True):
    """A spine that is not the one that was used."""

    id: str
    recorded: str
    found: str
    says = "This is not the spine of {id}: its fingerprint is {found}, and {recorded} was recorded."
    then = "give the same rows, in the same order, with the same columns and types."


class NotReproduced(DataFault, frozen=True, kw_only=True):
    """A rebuild that gave other bytes than the first time."""

    id: str
    recorded: str
    found: str
    says = "The rebuilt training set differs from {id}: its fingerprint is {found}, and {recorded} was recorded."
    then = "find out what changed the tables' files outside their logs; `foreset show {id}` has tables and versions."


class OutputUnwritable(WorldFault, frozen=True, kw_only=True):
    """A file that cannot be written."""

    path: str
    problem: str
    remedy: str = "mend what stopped it, or give another place that may be written"
    says = "{path} cannot be written: {problem}."
    then = "{remedy}."


class OutputIsSource(CallerFault, frozen=True, kw_only=True):
    """A place to write to that holds what a view, a spine or a training set is read from."""

    path: str
    reader: str
    says = "{path} holds what {reader} is read from, and writing there would replace it."
    then = "name another place, or replace it all the same with overwrite=True (--overwrite)."


SpineError = SecretInAddress | SpineUnreadable | CsvUnfit | CsvCellUnfit | CsvSchemaUnfit | DoesNotFit | TableError
"""Why a spine cannot be read."""

PlanError = (
    InvalidSpec
    | UnknownView
    | UnknownFeature
    | MissingColumn
    | UnfitType
    | SpineColumnMissing
    | KeyTypeMismatch
    | UnfitSpineTime
    | NullSpineTime
    | NameClash
    | NoCreatedTime
    | KnownInFuture
    | VersionNotKnownYet
    | SpineError
    | StoreError
)
"""Why a training set cannot be planned."""

RetrievalError = PlanError | StaleWrite | OutputUnwritable | RunError | SpineErased
"""Why a training set cannot be retrieved."""

RebuildError = (
    RetrievalError
    | NoSuchTrainingSet
    | TableReplaced
    | SpineNotKept
    | SpineDiffers
    | NotReproduced
    | SemanticsTooNew
    | NotRebuildable
    | NotPinned
    | PinBroken
    | TrainingSetErased
)
"""Why a training set cannot be rebuilt."""
