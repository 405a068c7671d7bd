"""The deletion vectors of a table: which rows of its files are deleted."""

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl
from deltalake import DeltaTable

from foreset.adapters.delta.checkpoints import newest_state
from foreset.adapters.delta.folders import folder
from foreset.adapters.delta.log import open_log, state_at
from foreset.adapters.delta.names import decoded
from foreset.adapters.delta.outside import check_inside

_FEATURE = "deletionVectors"


def deleted_rows(
    table: DeltaTable, options: Mapping[str, str] | None = None, allowed: tuple[str, ...] = ()
) -> dict[str, bytes]:
    """The deleted rows of each file that has some, as in `DataFile.deleted`, by the file's path.

    Raises `OutsideFileError` for a vector that is neither below the table's folder nor in a place of `allowed`.
    """
    if _FEATURE not in map(str, table.protocol().reader_features or ()):
        return {}
    check_inside(table.table_uri, _vector_files(table, options), allowed)
    vectors = pl.DataFrame(table.deletion_vectors())
    return {
        decoded(uri): _bitmap(keep) for uri, keep in zip(vectors["filepath"], vectors["selection_vector"], strict=True)
    }


def _vector_files(table: DeltaTable, options: Mapping[str, str] | None) -> Iterator[str]:
    """The files of its vectors that the log names by an absolute path; others are below the table's folder."""
    log = open_log(folder(decoded(table.table_uri), options))
    base, _ = newest_state(log, table.version())
    for add in state_at(log, base, table.version()).files.values():
        if add.deletion_vector is not None and add.deletion_vector.storage_type == "p":
            yield add.deletion_vector.path_or_inline_dv


def _bitmap(keep: pl.Series) -> bytes:
    """Of a mask that is True where a row is kept; rows beyond its end are."""
    return np.packbits(~keep.to_numpy(), bitorder="little").tobytes()
