"""The schemas of Parquet files, from their footers, where the log does not say how a file holds its columns."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow.parquet as pq

from foreset.adapters.delta.folders import folder, holding
from foreset.adapters.delta.names import decoded

ArrowSchema = Any
"""A `pyarrow.Schema`; pyarrow has no types."""
_AT_ONCE = 8
"""A footer is a small read that waits, above all for an object store."""


def schemas_of(root: str, paths: Sequence[str], options: Mapping[str, str]) -> list[ArrowSchema]:
    """The schema of each file of a table, with field ids. Raises `OSError` or `ArrowException` for what has none."""
    place = folder(decoded(root), options)

    def schema_of(path: str) -> ArrowSchema:
        where, inside = holding(place, path, options)
        with where.open(inside) as file:
            return pq.read_schema(file)

    with ThreadPoolExecutor(_AT_ONCE) as workers:
        return list(workers.map(schema_of, paths))
