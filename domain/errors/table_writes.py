"""What can be wrong with writing a table, beyond a frame whose columns do not fit."""

from foreset.domain.errors.history import PastIsReadOnly
from foreset.domain.errors.problem import CallerFault, Conflict, DataFault, WorldFault


class TableExists(CallerFault, frozen=True, kw_only=True):
    """A table that was to be made, and that is there."""

    table: str
    says = "The table {table!r} exists, and mode='error' only makes new tables. Nothing was written."
    then = "write with mode='append', 'overwrite' or 'merge', or under another name."


class FrameRefused(CallerFault, frozen=True, kw_only=True):
    """A frame that is not one, or with a column that no table holds."""

    table: str
    frame: str
    problem: str
    remedy: str
    says = "The frame to write to the table {table!r} ({frame}) cannot be taken: {problem}. Nothing was written."
    then = "{remedy}."


class UnfitCondition(CallerFault, frozen=True, kw_only=True):
    """A condition that cannot be told for each row."""

    table: str
    condition: str
    problem: str
    columns: tuple[str, ...]
    says = "The condition {condition!r} on the table {table!r} cannot be used: {problem}. Nothing was written."
    then = "give an SQL condition on single rows, such as \"day = '2024-01-01' AND k > 3\". The columns are: {columns}."


class UnfitKey(CallerFault, frozen=True, kw_only=True):
    """A column that rows cannot be merged by."""

    table: str
    column: str
    problem: str
    columns: tuple[str, ...]
    says = "The table {table!r} cannot be merged by the column {column!r}: {problem}. Nothing was written."
    then = "name key columns in merge_on. The columns are: {columns}."


class RowRefused(DataFault, frozen=True, kw_only=True):
    """A row of the frame that the table, or what was asked of the write, does not allow. Rows count from 0."""

    table: str
    row: int
    values: str
    problem: str
    remedy: str
    says = "Row {row} of the frame ({values}) cannot be written to the table {table!r}: {problem}. Nothing was written."
    then = "{remedy}."


class UnwritableTable(DataFault, frozen=True, kw_only=True):
    """A table whose protocol or settings ask a writer for something that Foreset does not do in full."""

    table: str
    feature: str
    remedy: str = "write it with an engine that does (for example Spark), or write a copy of the rows as a new table"
    says = "The table {table!r} uses {feature}, which this write would not do right. Nothing was written."
    then = "{remedy}."


class StaleTable(Conflict, frozen=True, kw_only=True):
    """A table that is not at the version that the write expected."""

    table: str
    expected: int
    found: str
    says = "The table {table!r} is at {found}, not at version {expected} as expected. Nothing was written."
    then = "read the table as it is now, decide anew, and write with that expected_version."


class TableBusy(Conflict, frozen=True, kw_only=True):
    """A table whose files another process is putting together."""

    table: str
    says = "Another process is optimizing the table {table!r}. Nothing was changed."
    then = "call again when it is done, if the table still has small files."


class TableContended(Conflict, frozen=True, kw_only=True):
    """A table to which others wrote so often that this write never came through."""

    table: str
    tries: int
    says = "Other writers of the table {table!r} were faster {tries} times. Nothing was written."
    then = "call again, or let fewer processes write at once."


class CommitUnsettled(WorldFault, frozen=True, kw_only=True):
    """A commit of which it cannot be told whether it holds."""

    table: str
    version: int
    problem: str
    says = (
        "Whether the write became version {version} of the table {table!r}, and stays so, cannot be told: {problem}. "
        "Its files were left where they are."
    )
    then = "mend what stopped it, look at the table's newest version, and write again only if the rows are not there."


WritingError = (
    FrameRefused
    | TableExists
    | UnfitCondition
    | UnfitKey
    | RowRefused
    | UnwritableTable
    | StaleTable
    | TableBusy
    | TableContended
    | CommitUnsettled
    | PastIsReadOnly
)
"""Why a write is refused or fails, beside what can be wrong with any table or frame."""
