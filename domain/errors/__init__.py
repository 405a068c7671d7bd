"""Every expected failure, as a value.

An error says what is wrong, with the names and values at hand, and ends with what to do next. Its class says
whose fault it is, because that decides what a caller can do: `CallerFault` (change the call), `DataFault`
(mend the data), `WorldFault` (mend the machine or the files), `Conflict` (somebody else wrote first: try
again). Bugs raise instead. `ForesetError` is the same as an exception: what `Result.unwrap()` and the
Feast-style surface raise.
"""

from foreset.domain.errors.problem import (
    CallerError,
    CallerFault,
    Conflict,
    ConflictError,
    DataError,
    DataFault,
    ForesetError,
    Problem,
    WorldError,
    WorldFault,
    raised,
    refuse,
)

__all__ = [
    "CallerError",
    "CallerFault",
    "Conflict",
    "ConflictError",
    "DataError",
    "DataFault",
    "ForesetError",
    "Problem",
    "WorldError",
    "WorldFault",
    "raised",
    "refuse",
]
