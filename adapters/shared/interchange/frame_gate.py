"""The frames of others: polars, pandas, pyarrow, and whatever has an Arrow stream, as polars has them.

One gate for all that comes in, rows to write and label frames alike. What is taken keeps its values and what they mean;
of what is not, the column is named, and the row where it is a value's fault. Ids of Python's `uuid` are their 16 bytes,
as Arrow has them. Nothing that a library raises passes, panics included, which are no `Exception`s.
"""

import sys
import uuid
from typing import Any, Final

import polars as pl
import pyarrow as pa
from polars.exceptions import PanicException, PolarsError
from returns.result import Failure, Result, Success

from foreset.adapters.shared.frames.arrow_frames import plain, unfit_schema
from foreset.adapters.shared.frames.frame_types import Unfit, unfit_column
from foreset.adapters.shared.interchange.pandas_gate import pandas_arrays, short, unfit_pandas
from foreset.domain.errors.problem import told

FRAME_FAULTS: Final = (
    ImportError,
    TypeError,
    ValueError,
    ArithmeticError,
    NotImplementedError,
    AttributeError,
    OSError,
    PolarsError,
    PanicException,
    pa.ArrowException,
)
"""What polars, pandas and pyarrow raise over a frame; a panic is no `Exception`."""


def kind_of(frame: object) -> str:
    """What a frame is, for a message.

    >>> kind_of(pl.DataFrame())
    'polars DataFrame'
    """
    return f"{type(frame).__module__.partition('.')[0]} {type(frame).__name__}"


def read_frame(frame: object) -> Result[pl.DataFrame, Unfit]:
    """A polars, pandas or pyarrow frame, or one with an Arrow stream, as a polars frame of known types.

    A pandas index is left out, and NaN is null in pandas' columns, as polars reads them.
    """
    pandas = sys.modules.get("pandas")
    try:
        if isinstance(frame, pl.DataFrame | pl.LazyFrame):
            return _known(frame.lazy().collect())
        if pandas is not None and isinstance(frame, pandas.DataFrame):
            return _of_pandas(frame)
        if isinstance(frame, pl.Series) or (pandas is not None and isinstance(frame, pandas.Series)):
            return Failure(Unfit("it is a single column"))
        if hasattr(frame, "__arrow_c_stream__") or hasattr(frame, "__arrow_c_array__"):
            return _of_arrow(_table(frame))
    except FRAME_FAULTS as fault:
        return Failure(Unfit(f"{type(fault).__name__}: {told(fault)}", cause=fault))
    return Failure(Unfit("it is not a frame"))


def _table(frame: Any) -> Any:  # a pyarrow.Table, without stubs
    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, pa.Array | pa.ChunkedArray) and not pa.types.is_struct(frame.type):
        msg = "it is a single column"
        raise TypeError(msg)
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(frame).read_all()
    return pa.Table.from_batches([pa.record_batch(frame)])


def _of_arrow(table: Any) -> Result[pl.DataFrame, Unfit]:
    unfit = unfit_schema(table.schema)
    if unfit is not None:
        return Failure(unfit)
    for place, field in enumerate(table.schema):
        column = _imported(field, table.column(place))
        if isinstance(column, Unfit):
            return Failure(column)
        if column.type != field.type:
            table = table.set_column(place, field.with_type(column.type), column)
    return _known(pl.DataFrame(table))


def _imported(field: Any, column: Any) -> Any:
    """A column in a type that polars takes, or why it has none."""
    wanted = plain(field.type)
    if wanted == field.type:
        return column
    try:
        return column.cast(wanted)
    except FRAME_FAULTS as fault:
        problem = f"its column {field.name!r} is {field.type}, which does not become {wanted} ({told(fault)})"
        return Unfit(problem, f"cast {field.name!r} to a plain type", fault)


def _of_pandas(frame: Any) -> Result[pl.DataFrame, Unfit]:
    unfit = unfit_pandas(frame)
    if unfit is not None:
        return Failure(unfit)
    arrays = pandas_arrays(frame, FRAME_FAULTS)
    if arrays is None:
        return _known(pl.from_pandas(frame))
    return Failure(arrays) if isinstance(arrays, Unfit) else _of_arrow(pa.table(arrays))


def _known(frame: pl.DataFrame) -> Result[pl.DataFrame, Unfit]:
    """The frame with its Python objects as what they are, if each column is of a type that has a name."""
    objects = [name for name, dtype in frame.schema.items() if dtype == pl.Object]
    for name in objects:
        ids = _ids(frame[name])
        if isinstance(ids, Unfit):
            return Failure(ids)
        frame = frame.with_columns(ids)
    unfit = unfit_column(frame)
    return Success(frame) if unfit is None else Failure(unfit)


def _ids(column: pl.Series) -> pl.Series | Unfit:
    """The bytes of a column of ids, or why it is none."""
    values = column.to_list()
    row = next(
        (row for row, value in enumerate(values) if value is not None and not isinstance(value, uuid.UUID)), None
    )
    if row is None:
        return pl.Series(column.name, [None if value is None else value.bytes for value in values], pl.Binary)
    problem = f"its column {column.name!r} is object, which no table holds: {short(values[row])} at row {row}"
    remedy = f"give {column.name!r} a type, for example text: map_elements(str, return_dtype=pl.String)"
    return Unfit(problem, remedy)
