"""What deltalake raises, in our terms: by its class where it has one, by its text where it has not."""

from deltalake.exceptions import (
    CommitFailedError,
    DeltaError,
    DeltaProtocolError,
    SchemaMismatchError,
    TableNotFoundError,
)

from foreset.domain.errors.problem import because, told
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
_UNFIT = ("Cast error", "Invalid data type", "The datatype", "not found in schema")


def opening(table: str, place: str, fault: Exception) -> TableError:
    """Why a table cannot be opened."""
    return because(_opening(table, place, fault), fault)


def _opening(table: str, place: str, fault: Exception) -> TableError:
    text = _told(fault)
    if isinstance(fault, TableNotFoundError):
        return TableMissing(table=table, place=place)
    if isinstance(fault, DeltaProtocolError) or "Unsupported" in text:
        return UnsupportedTable(table=table, feature=text)
    return TableUnreadable(table=table, problem=text)


def writing(table: str, fault: Exception) -> SchemaMismatch | WriteFailed:
    """Why a write failed."""
    return because(_writing(table, fault), fault)


def _writing(table: str, fault: Exception) -> SchemaMismatch | WriteFailed:
    text = _told(fault)
    if isinstance(fault, SchemaMismatchError) or any(phrase in text for phrase in _UNFIT):
        return SchemaMismatch(table=table, problem=text)
    if isinstance(fault, CommitFailedError):
        return WriteFailed(table=table, problem=f"another writer was faster ({text})")
    return WriteFailed(table=table, problem=text)


def _told(fault: Exception) -> str:
    return told(fault, place=True).partition(": ParsedLogPath")[0]  # a dump of the log's listing
