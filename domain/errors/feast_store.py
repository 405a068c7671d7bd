"""What can be wrong with what Feast asks of Foreset as its offline store."""

from foreset.domain.errors.problem import CallerFault, WorldFault


class InvalidRange(CallerFault, frozen=True, kw_only=True):
    """A range of times, in place of an entity frame, that is not one."""

    problem: str
    remedy: str
    says = "The range of the retrieval cannot be used: {problem}."
    then = "{remedy}."


class TimeNotRead(CallerFault, frozen=True, kw_only=True):
    """A time in an entity frame that is no time, or a text that is not in ISO 8601."""

    column: str
    row: int
    value: str
    says = "The time {value} in the column {column!r} of the entity frame, row {row} (counted from 0), cannot be read."
    then = (
        "write times in ISO 8601, such as '2025-10-01T12:00:00Z', or convert the column with pandas.to_datetime(...)."
    )


class NoTimeColumn(CallerFault, frozen=True, kw_only=True):
    """An entity frame that does not say which column is the time."""

    times: int
    columns: tuple[str, ...]
    says = (
        "The entity frame has no column 'event_timestamp', and {times} columns of times, so its time cannot be told. "
        "It has: {columns}."
    )
    then = "name the column of its times 'event_timestamp'."


class UnknownPin(CallerFault, frozen=True, kw_only=True):
    """A version in feature_store.yaml for a table that no view reads."""

    table: str
    known: tuple[str, ...]
    says = "offline_store.versions in feature_store.yaml names {table!r}, which is no source of the project's views."
    then = "{hint}Name a source or its path: {known}."
    hint = ("table", "known")


class RetrievalLate(WorldFault, frozen=True, kw_only=True):
    """A retrieval that is not done within its timeout."""

    seconds: str
    says = "The retrieval was not done after {seconds} seconds. It goes on."
    then = "call again, which waits for the same retrieval, with a longer timeout or none."


class DatasetThere(CallerFault, frozen=True, kw_only=True):
    """A saved dataset whose place is taken."""

    path: str
    says = "{path} is there already, and it was not said that it may be replaced. Nothing was written."
    then = "name another place, or set allow_overwrite=True."


class NotRecorded(WorldFault, frozen=True, kw_only=True):
    """A store folder that cannot be written, so that nothing can be recorded there."""

    path: str
    problem: str
    says = "What is retrieved cannot be recorded in {path}: {problem}. Nothing was retrieved."
    then = (
        "under offline_store in feature_store.yaml, name a folder that you may write (`store`), or have nothing "
        "recorded (`record: false`)."
    )


class ResultNotHeld(CallerFault, frozen=True, kw_only=True):
    """A result that does not fit in memory, in which Feast asks for it."""

    needs: str
    budget: str
    says = "The result takes about {needs} in memory, in which Feast asks for it, and the process may take {budget}."
    then = (
        "ask for fewer rows or features at a time, or allow more under offline_store in feature_store.yaml, such as "
        "`memory: 64GB`."
    )


FeastStoreError = TimeNotRead | NoTimeColumn | UnknownPin | RetrievalLate | DatasetThere | NotRecorded | ResultNotHeld
"""Why Foreset does not do as an offline store what Feast asks."""
