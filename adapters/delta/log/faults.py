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

from foreset.adapters.delta.log.outside import OutsideFileError
from foreset.adapters.shared.files.object_stores import store_problem
from foreset.domain.errors.problem import because, told
from foreset.domain.errors.system import or_out_of_reach
from foreset.domain.errors.tables import (
    FileOutside,
    ObjectStoreFailed,
    SchemaMismatch,
    TableError,
    TableMissing,
    TableUnreadable,
    UnsupportedTable,
    WriteFailed,
)
from foreset.domain.safe_text.addresses import is_address, without_secrets

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
    return or_out_of_reach(_opening(table, place, fault), f"The table {table!r}", fault)


def _opening(table: str, place: str, fault: Exception) -> TableError:
    if isinstance(fault, OutsideFileError):
        return FileOutside(table=table, file=_shown(fault.path), place=_shown(_parent(fault.path)))
    away = store_problem(fault)
    if away is not None:
        return ObjectStoreFailed(table=table, place=place, problem=away)
    text = _told(fault)
    if isinstance(fault, TableNotFoundError):
        return missing(table, place)
    feature = _feature(text)
    if feature is not None or isinstance(fault, DeltaProtocolError):
        return UnsupportedTable(table=table, feature=feature or text)
    return TableUnreadable(table=table, problem=text)


def _shown(path: str) -> str:
    return without_secrets(path) if is_address(path) else path


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def missing(table: str, place: str) -> TableMissing:
    """That there is no table at a place."""
    if "://" not in place:
        return TableMissing(table=table, place=place)
    return TableMissing(table=table, place=place, remedy="write it with write_to_delta_lake(...), or mend the URL")


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
    text = told(fault, place=True).partition(": ParsedLogPath")[0]  # what follows is a dump of the log's listing
    return store_problem(fault) or text
