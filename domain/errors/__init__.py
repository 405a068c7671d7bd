"""Every expected failure, as a value: what is wrong, whose fault it is, and what to do next.

An error is a struct with the two halves of its message. Its class says whose fault it is, because that decides what a
caller can do: `CallerFault` (change the call), `DataFault` (fix the data), `WorldFault` (fix the machine or the
files), `Conflict` (somebody else wrote first: try again). Bugs raise instead. `ForesetError` is the same as an
exception: what `Result.unwrap()` and the Feast-style surface raise.
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
