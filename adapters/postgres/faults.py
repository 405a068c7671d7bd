"""What PostgreSQL says went wrong, in our terms."""

from typing import Final

import psycopg
from msgspec.structs import replace
from psycopg import errors

from foreset.adapters.shared.event_log.event_rows import Damage
from foreset.domain.errors.event_log import (
    LogBusy,
    LogCorrupt,
    LogUnreachable,
    StoreError,
    StoreUnwritable,
    UnfitAddress,
)
from foreset.domain.errors.problem import because, told
from foreset.domain.safe_text.addresses import unquoted

FAULTS: Final = (Damage, psycopg.Error)
"""What reading and writing may raise for reasons in the world."""

# Statements that do not fit the tables that are there: ours always fit a whole log. Nor do ours break a constraint.
_CORRUPT: Final = (
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.DatatypeMismatch,
    errors.UndefinedFunction,
    errors.IntegrityError,
    errors.DataCorrupted,
    errors.IndexCorrupted,
    errors.RaiseException,
)
_REMEDIES: Final = {
    "25006": "use a database that takes writes: this one is read-only, as a standby is",
    "42501": "use a role that may write there, or grant it to this one",
    "53100": "free space on the disk of the database, and call again",
    "53200": "free memory on the machine of the database, and call again",
    "53300": "close connections that are not used, or raise max_connections of the database, and call again",
}
"""What to do about some of its codes."""
_MANY: Final = "Multiple connection attempts failed"


def log_error(address: str, timeout: float, fault: Exception, url: str = "") -> StoreError:
    """The error for one of `FAULTS`; what is no fault of the world is raised again.

    What it says of the address `url` is left out, for libpq quotes pieces of passwords.
    """
    if isinstance(fault, psycopg.Error) and fault.sqlstate is None and unquoted(str(fault), url) != str(fault):
        fault = type(fault)(unquoted(str(fault), url))
    match fault:
        case Damage():
            return fault.error
        case errors.LockNotAvailable() | errors.DeadlockDetected() | errors.QueryCanceled():
            return because(LogBusy(path=address, seconds=timeout), fault)
        case psycopg.Error() if isinstance(fault, _CORRUPT):
            return because(LogCorrupt(path=address, problem=told(fault)), fault)
        case psycopg.OperationalError() if fault.sqlstate is None or is_lost(fault):
            return because(LogUnreachable(address=address, problem=problem_of(fault)), fault)
        case psycopg.ProgrammingError() if fault.sqlstate is None:
            return because(UnfitAddress(address=address, problem=told(fault)), fault)
        case psycopg.Error() if fault.sqlstate is not None:
            error = StoreUnwritable(path=address, problem=told(fault))
            remedy = _REMEDIES.get(fault.sqlstate)
            return because(replace(error, remedy=remedy) if remedy else error, fault)
        case _:
            raise fault


def is_lost(fault: psycopg.Error) -> bool:
    """Whether a fault ends the connection: the server went away, or says that it ends, or that it is not ready."""
    return fault.sqlstate is None or fault.sqlstate.startswith(("08", "57P"))


def problem_of(fault: psycopg.OperationalError) -> str:
    """What a failed connection is about; of several that failed, the first."""
    lines = [line.strip("- ") for line in str(fault).splitlines() if line.strip()]
    return told(fault) if len(lines) < 2 or not lines[0].startswith(_MANY) else lines[1]  # noqa: PLR2004  # its heading and more
