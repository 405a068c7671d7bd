"""The deletion vectors of a table: which rows of its files are deleted."""

import numpy as np
import polars as pl
from deltalake import DeltaTable

from foreset.adapters.delta.names import decoded

_FEATURE = "deletionVectors"


def deleted_rows(table: DeltaTable) -> dict[str, bytes]:
    """The deleted rows of each file that has some, as in `DataFile.deleted`, by the file's path."""
    if _FEATURE not in map(str, table.protocol().reader_features or ()):
        return {}
    vectors = pl.DataFrame(table.deletion_vectors())
    return {
        decoded(uri): _bitmap(keep) for uri, keep in zip(vectors["filepath"], vectors["selection_vector"], strict=True)
    }


def _bitmap(keep: pl.Series) -> bytes:
    """Of a mask that is True where a row is kept; rows beyond its end are."""
    return np.packbits(~keep.to_numpy(), bitorder="little").tobytes()
