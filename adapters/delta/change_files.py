"""The files in which a write records what it changed, where the table has a change data feed.

Delta protocol, "Change Data Files": a commit that records them is told by them alone, so they hold all that it changed.
"""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from foreset.adapters.delta.new_files import NewFiles, Shape
from foreset.domain.changes import CHANGE_TYPE, ChangeType
from foreset.domain.delta_log import ChangeFile

_FOLDER = "_change_data/"


def recorded(
    files: NewFiles, shape: Shape, changes: Sequence[tuple[ChangeType, pl.DataFrame]]
) -> tuple[ChangeFile, ...]:
    """Write rows with how they changed; the columns are those of the last frame, and null in rows without them."""
    told = [rows.with_columns(pl.lit(change).alias(CHANGE_TYPE)) for change, rows in changes]
    columns = told[-1].columns
    rows = pl.concat(told, how="diagonal").select(columns)
    made = files.write([rows], replace(shape, indexed=()), under=_FOLDER)
    return tuple(ChangeFile(path=file.encoded, partition_values=file.partition, size=file.size_bytes) for file in made)
