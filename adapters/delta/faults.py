"""What deltalake raises, in our terms: by its class where it has one, by its text where it has not."""

import re
from collections.abc import Generator
from contextlib import contextmanager

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
_UNSUPPORTED = {
    r"Unsupported: Feature '(\w+)'": "the table feature {}",
    r"Unsupported Delta table type: '(.+?)'": "a column of type {}",
    r"catalog-managed table": "the table feature catalogManaged",
    r"Unsupported:? (.+)": "{}",
}
_UNFIT = ("Cast error", "Invalid data type", "The datatype", "not found in schema")


@contextmanager
def panics_told() -> Generator[None, None, None]:
    """Inside it a panic of deltalake, which is no `Exception` and whose class has no name, is a `DeltaError`."""
    try:
        yield
    except BaseException as fault:
        if type(fault).__name__ != "PanicException":
            raise
        raise DeltaError(str(fault)) from fault


def opening(table: str, place: str, fault: Exception) -> TableError:
    """Why a table cannot be opened."""
    return because(_opening(table, place, fault), fault)


def _opening(table: str, place: str, fault: Exception) -> TableError:
    text = _told(fault)
    if isinstance(fault, TableNotFoundError):
        return TableMissing(table=table, place=place)
    feature = _feature(text)
    if feature is not None or isinstance(fault, DeltaProtocolError):
        return UnsupportedTable(table=table, feature=feature or text)
    return TableUnreadable(table=table, problem=text)


def _feature(text: str) -> str | None:
    """What deltalake does not read, where its text names that."""
    for pattern, feature in _UNSUPPORTED.items():
        if found := re.search(pattern, text):
            return feature.format(*found.groups())
    return None


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
