"""Parquet files as a table: its columns are those of all its files, its rows lie in the order of the files' paths."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote

from returns.result import Result, Success

from foreset.adapters.parquet.footers import Footer
from foreset.adapters.parquet.places import Found
from foreset.adapters.shared.parquet.scan import read_files, unreadable_column
from foreset.application.ports.tables import ArrowStream
from foreset.domain.dtypes import widens
from foreset.domain.errors.files import ParquetDisagrees
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import TableError
from foreset.domain.facts import Column, DataFile, TableFacts

_PARTITION: Final = re.compile(r"([^=/]+)=([^/]*)")
NO_VALUE: Final = "__HIVE_DEFAULT_PARTITION__"
"""The name of a folder for rows that have no value, as Hive has it."""
_WHOLE: Final = re.compile(r"-?(0|[1-9]\d{0,17})")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class ParquetFile(NamedTuple):
    """A file that was found, and its footer."""

    found: Found
    footer: Footer


class ParquetSnapshot:
    """The files as they were when they were looked at; at version 0, the only one.

    A column is of the widest type that a file has it in, and null where a file has it not. Folders named `column=value`
    are columns too, whole numbers or dates where all values are such, as Hive has it.
    """

    def __init__(self, name: str, files: Sequence[ParquetFile], storage_options: Mapping[str, str]) -> None:
        """Describe `files`, in the order of their paths."""
        self.storage_options = dict(storage_options)
        held = {column for file in files for column in file.footer.dtypes}
        values = _partitions([file.found.name for file in files], held)
        self._disagreements: dict[str, ParquetDisagrees] = {}
        columns = {**self._columns(files), **{column: _partition_dtype(of) for column, of in values.items()}}
        self._files = tuple(
            DataFile(
                path=file.found.path,
                rows=file.footer.rows,
                size_bytes=file.found.size_bytes,
                modified_ms=file.found.modified_ns // 1_000_000,
                partition={column: of_files[place] for column, of_files in values.items()},
                ranges=file.footer.ranges,
                stored={c: Column(c, held) for c, held in file.footer.dtypes.items() if held != columns[c]},
            )
            for place, file in enumerate(files)
        )
        self.facts = TableFacts(
            table=name,
            table_id=content_id([file.found for file in files]),
            version=0,
            columns=tuple(Column(column, dtype) for column, dtype in columns.items()),
            files=len(files),
            rows=sum(file.footer.rows for file in files),
            size_bytes=sum(file.found.size_bytes for file in files),
            partition_columns=tuple(values),
            data_files=self._files,
        )

    def _columns(self, files: Sequence[ParquetFile]) -> dict[str, str]:
        """The columns of all files, each in the widest type; those that no type holds are noted."""
        dtypes: dict[str, str] = {}
        first: dict[str, str] = {}
        for file in files:
            for column, dtype in file.footer.dtypes.items():
                known = dtypes.get(column, "null")
                if known == "null" or widens(known, dtype):
                    dtypes[column], first[column] = dtype, file.found.path
                elif dtype != "null" and not widens(dtype, known):
                    self._disagreements[column] = ParquetDisagrees(
                        column=column, dtype=known, path=first[column], other=dtype, place=file.found.path
                    )
        return dtypes

    def files(self, columns: tuple[str, ...]) -> Result[tuple[DataFile, ...], TableError]:
        """Its files in the order of their paths."""
        disagreement = next((self._disagreements[name] for name in columns if name in self._disagreements), None)
        unfit = disagreement or unreadable_column(self.facts.table, self._files, self._asked(columns))
        return Success(self._files) if unfit is None else refuse(unfit)

    def read(self, columns: tuple[str, ...]) -> Result[ArrowStream, TableError]:
        """Its rows in the order of the files, with these columns."""
        return Result.do(
            rows
            for files in self.files(columns)
            for rows in read_files(self.facts.table, files, self._asked(columns), self.storage_options)
        )

    def _asked(self, columns: Sequence[str]) -> list[Column]:
        known = {column.name: column for column in self.facts.columns}
        return [known[name] for name in columns]


def content_id(files: Sequence[Found]) -> str:
    """What stands for the files' content: their paths in the folder, sizes, and times of writing."""
    told = "\n".join(f"{file.name}\t{file.size_bytes}\t{file.modified_ns}" for file in files)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _partitions(names: Sequence[str], held: set[str]) -> dict[str, list[str | None]]:
    """The value of each folder named `column=value` by file, None where it has none; not of columns that files hold."""
    found = [{unquote(c): text for c, text in _PARTITION.findall(name.rpartition("/")[0])} for name in names]
    columns = dict.fromkeys(column for of_file in found for column in of_file if column not in held)
    return {column: [_value(of_file.get(column)) for of_file in found] for column in columns}


def _value(text: str | None) -> str | None:
    return None if text is None or text == NO_VALUE else unquote(text)


def _partition_dtype(values: Sequence[str | None]) -> str:
    known = [value for value in values if value is not None]
    if known and all(map(_WHOLE.fullmatch, known)):
        return "int64"
    return "date" if known and all(map(_DAY.fullmatch, known)) else "string"
