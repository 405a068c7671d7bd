"""What deltalake raises, in our terms: by its class where it has one, by its text where it has not."""

from deltalake.exceptions import (
    CommitFailedError,
    DeltaError,
    DeltaProtocolError,
    SchemaMismatchError,
    TableNotFoundError,
)

from foreset.domain.errors.tables import (
    SchemaMismatch,
    TableError,
    TableMissing,
    TableUnreadable,
    UnsupportedTable,
    WriteFailed,
)

OPEN_FAULTS = (DeltaError, OSError, ValueError)
"""What opening a table or reading its log raises."""
WRITE_FAULTS = (Exception,)
"""deltalake raises bare `Exception` while it writes; nothing of ours runs inside that call."""


def opening(table: str, place: str, fault: Exception) -> TableError:
    """Why a table cannot be opened."""
    text = _first_line(fault)
    if isinstance(fault, TableNotFoundError):
        return TableMissing(table=table, place=place)
    if isinstance(fault, DeltaProtocolError) or "Unsupported" in text:
        return UnsupportedTable(table=table, feature=text)
    return TableUnreadable(table=table, problem=text)


def writing(table: str, fault: Exception) -> SchemaMismatch | WriteFailed:
    """Why a write failed."""
    text = _first_line(fault)
    if isinstance(fault, SchemaMismatchError) or "Cast error" in text:
        return SchemaMismatch(table=table, problem=text)
    if isinstance(fault, CommitFailedError):
        return WriteFailed(table=table, problem=f"another writer was faster ({text})")
    return WriteFailed(table=table, problem=text)


def _first_line(fault: Exception) -> str:
    lines = str(fault).splitlines()
    return lines[0].rstrip(". ") if lines else repr(fault)
