"""Join keys of an entity frame in the index, and those that are floats because whole numbers have gaps."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from foreset.adapters.feast.offline.options import ArrowTable

_FLOATS: Final[dict[str, Any]] = {"float64": pa.float64(), "float32": pa.float32()}


def with_columns(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """The frame with those levels of its index as columns that have one of these names, where no column has it."""
    levels = list(frame.index.names)
    wanted = [name for name in names if levels.count(name) == 1 and name not in frame.columns]
    return frame.reset_index(level=wanted) if wanted else frame


def whole_keys(frame: pd.DataFrame, names: Iterable[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """The frame with its keys of whole floats as whole numbers, and the types that those columns had.

    pandas makes floats of whole numbers with gaps, which Feast's stores compare with whole numbers. Floats that may
    have been rounded (2**53 and more, of 32 bits 2**24), and those with a fraction, stay, and are refused as keys.
    """
    there = {name: frame[name] for name in names if name in frame.columns}
    floats = {name: column for name, column in there.items() if _is_whole(column)}
    whole = {name: column.astype("Int64") for name, column in floats.items()}
    return frame.assign(**whole), {name: str(column.dtype) for name, column in floats.items()}


def _is_whole(column: Any) -> bool:  # a column, or a frame of those that have one name
    if isinstance(column, pd.DataFrame) or str(column.dtype) not in _FLOATS:
        return False
    known = column[column.notna()]
    exact = 2 ** (np.finfo(column.dtype).nmant + 1)
    return bool(((known == known.round()) & (known.abs() < exact)).all())


def as_given(table: ArrowTable, dtypes: Mapping[str, str]) -> ArrowTable:
    """A result with those columns in the types that the entity frame had."""
    from foreset.adapters.shared.frames.pandas_rows import NOTES, decoded, encoded  # noqa: PLC0415  # loads polars

    for name, dtype in dtypes.items():
        table = table.set_column(table.column_names.index(name), name, table[name].cast(_FLOATS[dtype]))
    metadata = dict(table.schema.metadata or {})
    notes = {name: note for name, note in decoded(metadata.get(NOTES.encode(), b"{}")).items() if name not in dtypes}
    return table.replace_schema_metadata({**metadata, NOTES.encode(): encoded(notes)})
