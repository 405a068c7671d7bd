"""The schemas of Parquet files, from their footers, where the log does not say how a file holds its columns."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pyarrow.parquet as pq
from deltalake.fs import DeltaStorageHandler
from pyarrow.fs import FileSystem, LocalFileSystem, PyFileSystem

from foreset.adapters.delta.names import is_url

ArrowSchema = Any
"""A `pyarrow.Schema`; pyarrow has no types."""
_AT_ONCE = 8
"""A footer is a small read that waits, above all for an object store."""


def schemas_of(root: str, paths: Sequence[str], options: Mapping[str, str]) -> list[ArrowSchema]:
    """The schema of each file of a table, with field ids. Raises `OSError` or `ArrowException` for what has none."""
    system: FileSystem = LocalFileSystem()
    inside = list(paths)
    if is_url(root) and not root.startswith("file://"):
        system = PyFileSystem(DeltaStorageHandler(root, dict(options)))
        inside = [path.removeprefix(root.rstrip("/") + "/") for path in paths]
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        return list(workers.map(partial(pq.read_schema, filesystem=system), inside))
