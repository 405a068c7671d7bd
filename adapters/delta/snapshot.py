"""A Delta table at one version: its facts and files, from the log alone."""

import json
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable
from returns.result import Result

from foreset.adapters.delta.schema import columns_of
from foreset.adapters.parquet_files import read_files
from foreset.application.ports import ArrowStream
from foreset.domain.errors.tables import TableError
from foreset.domain.facts import Column, DataFile, Range, TableFacts, bound

_WHOLE = ("int8", "int16", "int32", "int64", "date")
_TRUNCATED_US = 1_000  # logs hold times truncated to milliseconds, so a maximum may be this much too low


class DeltaSnapshot:
    """A table at a version. Immutable, so it may be kept and shared."""

    def __init__(self, name: str, table: DeltaTable) -> None:
        """Describe `table` as it is now; `name` is how it is called in specs and plans."""
        metadata, columns = table.metadata(), columns_of(table)
        self._name = name
        self._files = _data_files(table, columns, metadata.partition_columns)
        rows = [file.rows for file in self._files]
        self.facts = TableFacts(
            table=name,
            table_id=str(metadata.id),
            version=table.version(),
            columns=columns,
            files=len(self._files),
            rows=None if None in rows else sum(r for r in rows if r is not None),
            size_bytes=sum(file.size_bytes for file in self._files),
            partition_columns=tuple(metadata.partition_columns),
            time_ranges=_whole_ranges(self._files, columns),
            data_files=self._files,
        )

    def files(self) -> tuple[DataFile, ...]:
        """Its files in the snapshot's order: by the modification time in the log, then by path."""
        return self._files

    def read(self, columns: tuple[str, ...]) -> Result[ArrowStream, TableError]:
        """Its rows in the snapshot's order, with these columns."""
        wanted = [column for name in columns for column in self.facts.columns if column.name == name]
        return read_files(self._name, self._files, wanted)


def _data_files(table: DeltaTable, columns: tuple[Column, ...], partitions: list[str]) -> tuple[DataFile, ...]:
    actions = pl.DataFrame(table.get_add_actions(flatten=True))
    ranged = [column for column in columns if _ranged(column, partitions, actions.columns)]
    files = (_data_file(table.table_uri, action, ranged, partitions) for action in actions.iter_rows(named=True))
    return tuple(sorted(files, key=lambda file: (file.modified_ms, file.path)))


def _data_file(root: str, row: dict[str, object], columns: list[Column], partitions: list[str]) -> DataFile:
    rows = row.get("num_records")
    return DataFile(
        path=_location(root, str(row["path"])),
        rows=rows if isinstance(rows, int) else None,
        size_bytes=int(str(row["size_bytes"])),
        modified_ms=int(str(row["modification_time"])),
        partition={name: _partition_text(row.get(f"partition.{name}")) for name in partitions},
        ranges=_ranges(row, columns),
    )


def _location(root: str, path: str) -> str:
    """Where a file is: the log holds it URL-encoded, relative to the table or absolute; a local root is encoded too."""
    decoded = unquote(path)
    if "://" in decoded:
        return decoded.removeprefix("file://")
    folder = unquote(root.removeprefix("file://")) if root.startswith("file://") else root
    return decoded if decoded.startswith("/") else f"{folder.rstrip('/')}/{decoded}"


def _partition_text(value: object) -> str | None:
    return None if value is None else json.dumps(value) if isinstance(value, bool) else str(value)


def _ranged(column: Column, partitions: list[str], known: list[str]) -> bool:
    """Whether the log may know the range of a column: those of a partition follow from its value."""
    if column.name in partitions:
        return column.dtype in _WHOLE
    return (column.dtype in _WHOLE or column.dtype.startswith("timestamp")) and f"min.{column.name}" in known


def _ranges(row: dict[str, object], columns: list[Column]) -> dict[str, Range]:
    found: dict[str, Range] = {}
    for column in columns:
        only = row.get(f"partition.{column.name}")
        told = (only, only) if only is not None else (row.get(f"min.{column.name}"), row.get(f"max.{column.name}"))
        least, greatest = map(bound, told)
        if least is not None and greatest is not None:
            found[column.name] = (least, greatest + (_TRUNCATED_US if column.dtype.startswith("timestamp") else 0))
    return found


def _whole_ranges(files: tuple[DataFile, ...], columns: tuple[Column, ...]) -> dict[str, Range]:
    """The range of each time column over all files, where every file has it."""
    names = {column.name for column in columns if column.dtype.startswith("timestamp")} if files else set[str]()
    for file in files:
        names &= set(file.ranges)
    ranges = {name: [file.ranges[name] for file in files] for name in sorted(names)}
    return {name: (min(r[0] for r in rs), max(r[1] for r in rs)) for name, rs in ranges.items()}
