"""What Feast writes through its offline store: rows of views, and logs of what was served."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from feast import FeatureView, FileSource
from feast.feature_logging import LoggingConfig
from feast.infra.offline_stores.file_source import FileLoggingDestination

from foreset.adapters.feast.offline.options import ArrowTable, Options
from foreset.adapters.feast.offline.sources import source_of
from foreset.adapters.shared.tables.by_format import parquet_path
from foreset.domain.errors.feast import FeastNotSupported
from foreset.domain.errors.problem import raised
from foreset.domain.tables.write_options import DEFAULTS, WriteOptions

_INDEX: Final = re.compile(r"__index_level_\d+__")
"""What pandas calls the index of a frame among columns."""


def write_batch(
    options: Options, view: FeatureView, table: ArrowTable, progress: Callable[[int], Any] | None = None
) -> None:
    """Append rows to the table of a view.

    Feast gives them under the names that the source maps columns to, with the index of the pandas frame beside them.
    """
    source = source_of(view.name, view.batch_source, options)
    dtypes = {column.name: column.dtype for column in options.engine.facts(source).columns}
    columns = {name: column for column, name in source.field_mapping.items() if column in dtypes}
    bare = table.drop_columns([name for name in table.column_names if _INDEX.fullmatch(name) and name not in dtypes])
    named = bare.rename_columns([columns.get(name, name) for name in bare.column_names])
    options.engine.write(source, _as_meant(named, dtypes), "append", DEFAULTS)
    if progress is not None:
        progress(table.num_rows)


def _as_meant(table: ArrowTable, dtypes: Mapping[str, str]) -> ArrowTable:
    """Ids as their texts where the table has texts, and dicts of nothing as maps of nothing: Arrow has neither."""
    for at, name in enumerate(table.column_names):
        column, dtype = table[name], dtypes.get(name, "")
        if dtype == "string" and column.type == pa.uuid():
            table = table.set_column(at, name, pa.array([value and str(value) for value in column.to_pylist()]))
        elif dtype.startswith("map<") and pa.types.is_struct(column.type) and not column.type.num_fields:
            empty: list[object] = [None if value is None else [] for value in column.to_pylist()]
            table = table.set_column(at, name, pa.array(empty, pa.map_(pa.string(), pa.null())))
    return table


def write_logs(options: Options, data: ArrowTable | Path, config: LoggingConfig) -> None:
    """Append logged features to a folder of Parquet files, or to a Delta table that is there.

    Columns that came later are null in the older rows. `partition_by` makes folders named `column=value`.
    """
    destination = config.destination
    if not isinstance(destination, FileLoggingDestination):
        operation = f"logging features to {type(destination).__name__}"
        raise raised(FeastNotSupported(operation=operation, remedy="use FileLoggingDestination(path=...)"))
    rows = pq.read_table(data) if isinstance(data, Path) else data
    if not rows.num_rows:
        return
    place = FileSource(path=destination.path, s3_endpoint_override=destination.s3_endpoint_override)
    source = source_of("feature logs", place, options)
    by = tuple(destination.partition_by or ()) if parquet_path(source.table) else ()
    options.engine.write(source, rows, "append", WriteOptions(partition_by=by, schema_mode="merge"))
