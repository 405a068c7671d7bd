"""Where a key is, and what to do there that Foreset does not do."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, Literal

import msgspec

SpineKind = Literal["kept", "table", "pinned", "category", "named"]
"""Where a training set holds a key: in rows of the spine that the store keeps, of the version of the table that its
spine is read from, or of its pin; in no row, and in a kept frame as a category of a column's type; or in its receipt
alone."""
_RETENTION_HOURS: Final = 168
_PARQUET: Final = "parquet:"


class TableHolding(msgspec.Struct, frozen=True, kw_only=True):
    """A table that holds the key: so many `rows` at `version`, the newest that has it.

    `columns` are the table's columns of the key, each with its value as SQL has it. `newest` is the table's newest
    version; where that is another, older versions hold the key until they are vacuumed. `views` read the table, which
    lies at `place`; whether it is opened by `storage_options` is told, and not by which.
    """

    table: str
    place: str
    views: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    version: int
    newest: int
    rows: int
    storage_options: bool = False

    @property
    def is_current(self) -> bool:
        """Whether the newest version holds the key."""
        return self.version == self.newest


class SetHolding(msgspec.Struct, frozen=True, kw_only=True):
    """A training set that holds the key, in so many `rows`. `marked`: it was marked as erased before."""

    id: str
    rows: int
    where: SpineKind
    marked: bool = False


class ModelHolding(msgspec.Struct, frozen=True, kw_only=True):
    """A model that was trained on such a training set, and the file that it was saved to."""

    name: str
    training_set: str
    saved_to: str | None


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A place that could not be looked at, and why. `kept`: the store keeps it, so the key may be left there."""

    place: str
    why: str
    kept: bool


class KeyReport(msgspec.Struct, frozen=True, kw_only=True):
    """Where a key is. `pins` are names of kept frames, `online` views and the online stores that they were loaded into.

    `redactable` are the positions of events that name the key.
    """

    entity: str
    tables: tuple[TableHolding, ...] = ()
    training_sets: tuple[SetHolding, ...] = ()
    spines: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    models: tuple[ModelHolding, ...] = ()
    online: tuple[tuple[str, str], ...] = ()
    redactable: tuple[int, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def is_nowhere(self) -> bool:
        """Whether the key was found in no place."""
        return not (self.tables or self.training_sets or self.spines or self.pins or self.redactable)

    @property
    def is_whole(self) -> bool:
        """Whether all was looked at that the store keeps."""
        return not any(unread.kept for unread in self.unread)

    @property
    def steps(self) -> tuple[str, ...]:
        """What is left to people, each step of one line or more. They name the key, so they are shown and not kept."""
        return tuple(_steps(self))


# === What is left to people ===


def _steps(report: KeyReport) -> Iterator[str]:
    for holding in report.tables:
        if holding.table.startswith(_PARQUET):
            place = holding.place.removeprefix(_PARQUET)
            yield f"Write the files at {place} anew without the rows where {_condition(holding, '`')}."
            continue
        if holding.is_current:
            yield _delete(holding)
        yield _vacuum(holding)
    for view, store in report.online:
        yield f"Then load {view} into {store} again, which so has nulls for the key:\n    foreset materialize {view}"
    for model in report.models:
        where = f", and delete {model.saved_to}" if model.saved_to else ""
        yield f"Train {model.name} again, which has seen {model.training_set}{where}."


def _delete(holding: TableHolding) -> str:
    python, sql = (_condition(holding, quotes) for quotes in ('"', "`"))
    options = ", storage_options=..." if holding.storage_options else ""
    rows = "1 row" if holding.rows == 1 else f"{holding.rows:,} rows"
    return "\n".join(
        (
            f"Delete {rows} from {holding.table}, in Python or in SQL:",
            f"    deltalake.DeltaTable({holding.place!r}{options}).delete({python!r})",
            f"    DELETE FROM delta.`{holding.place}` WHERE {sql}",  # noqa: S608  # shown, and run by nobody here
        )
    )


def _condition(holding: TableHolding, quotes: str) -> str:
    return " AND ".join(f"{_name(name, quotes)} = {value}" for name, value in holding.columns)


def _name(column: str, quotes: str) -> str:
    plain = column.isidentifier() and column == column.lower()
    return column if plain else f"{quotes}{column.replace(quotes, quotes * 2)}{quotes}"


def _vacuum(holding: TableHolding) -> str:
    older = f"Version {holding.version} is the last that has the key: delete the files of older versions of"
    when = "Then delete the files of older versions of" if holding.is_current else older
    return (
        f"{when} {holding.table}, once it needs to keep them no longer (delta.deletedFileRetentionDuration, "
        f"{_RETENTION_HOURS} hours by default):\n    foreset vacuum {holding.table} --hours {_RETENTION_HOURS}"
    )


def literal(value: object) -> str:
    """A value in SQL.

    >>> literal(7), literal("O'Hara"), literal(True)
    ('7', "'O''Hara'", 'true')
    """
    match value:
        case bool():
            return str(value).lower()
        case int() | float() | Decimal():
            return str(value)
        case bytes():
            return f"X'{value.hex()}'"
        case _:
            return "'" + str(value).replace("'", "''") + "'"
