"""A Delta table at one version: its facts and files, from the log alone."""

from collections.abc import Iterable, Mapping
from copy import copy

import pyarrow as pa
from deltalake import DeltaTable
from msgspec.structs import replace
from returns.result import Result, Success

from foreset.adapters.delta.log.outside import Access, check_inside
from foreset.adapters.delta.log.paths import location
from foreset.adapters.delta.snapshot.column_mapping import ArrowSchema, ColumnMapping, schemas_of
from foreset.adapters.delta.snapshot.data_files import data_files, whole_ranges
from foreset.adapters.delta.snapshot.schema import columns_of, fields_of, mapping_mode
from foreset.adapters.shared.parquet.scan import read_files, unreadable, unreadable_column
from foreset.application.ports.tables import ArrowStream
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import TableError, UnsupportedTable
from foreset.domain.facts import Column, DataFile, TableFacts


class DeltaSnapshot:
    """A table at a version. Immutable, so it may be kept and shared."""

    def __init__(
        self,
        name: str,
        table: DeltaTable,
        storage_options: Mapping[str, str] | None = None,
        zone: str | None = None,
        allowed: tuple[str, ...] = (),
    ) -> None:
        """Describe `table` as it is now; `name` is how it is called in specs and plans.

        `zone` is that of the times of partitions which have none in the log; `allowed` are places where its files may
        be beyond its folder. Raises `OutsideFileError` for a file elsewhere.
        """
        metadata, fields = table.metadata(), fields_of(table)
        columns = columns_of(fields)
        self.storage_options = dict(storage_options or {})
        self.root = table.table_uri
        self._allowed = allowed
        access = Access(self.storage_options, allowed)
        self.configuration: Mapping[str, str | None] = metadata.configuration
        self.mapping = ColumnMapping(tuple(fields), mapping_mode(metadata.configuration))
        self._files = data_files(table, self.mapping, metadata.partition_columns, access, zone)
        self._as_stored: tuple[DataFile, ...] | None = None
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
            time_ranges=whole_ranges(self._files, columns),
            data_files=self._files,
            partition_time_zone=zone,
        )

    def files(self, columns: tuple[str, ...]) -> Result[tuple[DataFile, ...], TableError]:
        """Its files in the snapshot's order: by the modification time in the log, then by path."""
        unfit = unreadable_column(self.facts.table, self._files, self._columns(columns), self.facts.partition_time_zone)
        if unfit is not None:
            return refuse(unfit)
        if not self.mapping.needs_footers(columns):
            return Success(self._files)
        return self._with_footers()

    def read(self, columns: tuple[str, ...]) -> Result[ArrowStream, TableError]:
        """Its rows in the snapshot's order, with these columns."""
        return Result.do(
            rows
            for files in self.files(columns)
            for rows in read_files(self.facts.table, files, self._columns(columns), self.storage_options)
        )

    def locate(self, path: str) -> str:
        """Where a file is that a commit names. Raises `OutsideFileError` where that is no place of the table."""
        check_inside(self.root, [path], self._allowed)
        return location(self.root, path)

    def with_files(self, files: Iterable[DataFile], *beside: Column) -> "DeltaSnapshot":
        """The table with other files in place of its own, which hold some columns beside the table's.

        Such are files of its other versions, and of its change data feed.
        """
        other = copy(self)
        stored = self.mapping.by_name()
        other._files = tuple(replace(file, stored=stored) for file in files)  # noqa: SLF001  # of this class
        other._as_stored = None  # noqa: SLF001  # as above
        other.facts = replace(self.facts, columns=(*self.facts.columns, *beside))
        return other

    def _columns(self, names: tuple[str, ...]) -> list[Column]:
        return [column for name in names for column in self.facts.columns if column.name == name]

    def _with_footers(self) -> Result[tuple[DataFile, ...], TableError]:
        """The files with what only they tell of their columns; looked at once."""
        if self._as_stored is not None:
            return Success(self._as_stored)
        try:
            schemas = schemas_of(self.root, [file.path for file in self._files], self.storage_options)
        except (OSError, pa.ArrowException) as fault:
            return refuse(unreadable(self.facts.table, fault))
        return self._described(schemas)

    def _described(self, schemas: list[ArrowSchema]) -> Result[tuple[DataFile, ...], TableError]:
        described: list[DataFile] = []
        for file, schema in zip(self._files, schemas, strict=True):
            stored = self.mapping.by_footer(schema)
            if stored is None:
                feature = f"column mapping by id, and its file {file.path} has no field ids"
                return refuse(UnsupportedTable(table=self.facts.table, feature=feature))
            described.append(replace(file, stored=stored))
        self._as_stored = tuple(described)
        return Success(self._as_stored)
