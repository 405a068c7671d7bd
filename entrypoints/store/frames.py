"""The frames that users give, taken by one gate; what is not taken is said in the words of the call."""

from typing import TYPE_CHECKING, Any, Final, TypeVar

from returns.result import Result, Success

from foreset.domain.errors.problem import Problem, because, refuse
from foreset.domain.errors.retrieval import SPINES, SpineUnreadable
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.errors.table_writes import FrameRefused
from foreset.entrypoints.wiring.raising import given

if TYPE_CHECKING:
    import polars as pl

    from foreset.adapters.shared.frames.frame_types import Unfit
    from foreset.adapters.shared.frames.pandas_rows import PandasRows

P = TypeVar("P", bound=Problem)
_FRAMES: Final = "give a polars, pandas or pyarrow frame of plain columns"


def frame_to_write(frame: Any, table: str) -> "Result[pl.DataFrame, FrameRefused]":
    """A polars, pandas or pyarrow frame that is to be written to a table; a pandas index is left out."""
    from foreset.adapters.shared.interchange.frame_gate import kind_of  # kept off the import of foreset

    taken = _read(frame)
    if isinstance(taken, Success):
        return Success(taken.unwrap())
    unfit = taken.failure()
    error = FrameRefused(table=table, frame=kind_of(frame), problem=unfit.problem, remedy=unfit.remedy or _FRAMES)
    return refuse(_of(error, unfit))


def spine_frame(frame: Any) -> "pl.DataFrame | PandasRows":
    """A polars, pandas or pyarrow frame of labels, of pandas with its types. Raises `SpineUnreadable`."""
    from foreset.adapters.shared.interchange.frame_gate import kind_of  # as above

    def unread(unfit: "Unfit") -> SpineUnreadable:
        return SpineUnreadable(spine=f"({kind_of(frame)})", problem=unfit.problem, remedy=unfit.remedy or SPINES)

    rows = given(_read(frame).alt(lambda unfit: _of(unread(unfit), unfit)))
    if not type(frame).__module__.startswith("pandas."):
        return rows
    from foreset.adapters.shared.interchange.pandas_dtypes import with_types  # as above

    return with_types(rows, frame)


def given_frame(frame: Any, what: str) -> "pl.DataFrame":
    """A polars, pandas or pyarrow frame that is the argument `what` of a call. Raises `InvalidSpec`."""
    return given(
        _read(frame).alt(lambda u: _of(InvalidSpec(spec=what, problem=u.problem, remedy=u.remedy or _FRAMES), u))
    )


def _of(error: P, unfit: "Unfit") -> P:
    return error if unfit.cause is None else because(error, unfit.cause)


def _read(frame: Any) -> "Result[pl.DataFrame, Unfit]":
    from foreset.adapters.shared.interchange.frame_gate import read_frame  # as above

    return read_frame(frame)
