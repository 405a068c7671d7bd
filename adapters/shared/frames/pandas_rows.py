"""Rows of a pandas frame, with what polars' types do not say of its columns. Nothing here needs pandas.

polars has no place for some of what pandas types say: the order and the categories of a category that is not of texts
alone, nullable and Arrow-backed types, seconds. So a column whose type would not come back by itself has a note.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

import msgspec
import polars as pl
import pyarrow as pa

NOTES: Final = "foreset.pandas"
"""The name of the notes in the metadata of Parquet files and Arrow schemas."""


class PandasType(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a column's type is in pandas: its name; of a category also its categories, an Arrow stream of one column.

    `inner` is the type of the categories, where that has a note itself; `schema` that of an Arrow-backed type.
    """

    name: str
    ordered: bool = False
    categories: bytes = b""
    inner: "PandasType | None" = None
    schema: bytes = b""


@dataclass(frozen=True)
class PandasRows:
    """The rows of a pandas frame, and the types of those columns that polars' types do not say."""

    frame: pl.DataFrame
    types: Mapping[str, PandasType] = field(default_factory=dict)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Its rows."""
        return self.frame.__arrow_c_stream__(requested_schema)


def noted(frame: pl.DataFrame, types: Mapping[str, PandasType]) -> pl.DataFrame | PandasRows:
    """A frame with the notes of those columns that it has."""
    there = {name: note for name, note in types.items() if name in frame.columns}
    return PandasRows(frame, there) if there else frame


def types_of(frame: object) -> Mapping[str, PandasType]:
    """The notes that come with a frame."""
    return frame.types if isinstance(frame, PandasRows) else {}


def encoded(types: Mapping[str, PandasType]) -> str:
    """Notes as text."""
    return msgspec.json.encode(types).decode()


def decoded(text: str | bytes) -> dict[str, PandasType]:
    """Notes from text. Raises `msgspec.MsgspecError`."""
    return msgspec.json.decode(text, type=dict[str, PandasType])


def arrow_type(note: PandasType) -> Any:  # pyarrow's types, without stubs
    """The Arrow type of an Arrow-backed column."""
    return pa.ipc.read_schema(pa.py_buffer(note.schema)).field(0).type


def categories_of(note: PandasType) -> pl.Series:
    """The categories as polars has them."""
    return pl.read_ipc_stream(BytesIO(note.categories)).to_series()
