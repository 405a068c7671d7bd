"""What to do to erase a key where Foreset does nothing: in tables, models and online stores. As text, for people."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from foreset.domain.erasure import KeyReport, TableHolding

_RETENTION_HOURS: Final = 168


def erasure_steps(report: KeyReport) -> tuple[str, ...]:
    """Each step as text, of one line or more. They name the key, so they are shown and not kept."""
    return tuple(_steps(report))


def _steps(report: KeyReport) -> Iterator[str]:
    for holding in report.tables:
        if holding.is_current:
            yield _delete(holding)
        yield _vacuum(holding)
    for view, store in report.online:
        yield f"Load the online values of {view} anew, which {store} has:\n    foreset materialize {view}"
    for model in report.models:
        where = f", and delete {model.saved_to}" if model.saved_to else ""
        yield f"Train {model.name} again, which has seen {model.training_set}{where}."


def _delete(holding: TableHolding) -> str:
    python, sql = (_condition(holding, quotes) for quotes in ('"', "`"))
    options = ", storage_options=..." if holding.storage_options else ""
    return "\n".join(
        (
            f"Delete {holding.rows:,} rows from {holding.table}, in Python or in SQL:",
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
