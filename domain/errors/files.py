"""What can be wrong with files that hold a table or label rows: Parquet and CSV."""

from foreset.domain.errors.problem import CallerFault, Conflict, DataFault


class CsvUnfit(CallerFault, frozen=True, kw_only=True):
    """A CSV file that is not one by RFC 4180, in UTF-8, with a header of different names."""

    spine: str
    line: int
    problem: str
    remedy: str
    says = "The spine {spine}, line {line}: {problem}."
    then = "{remedy}."


class CsvCellUnfit(CallerFault, frozen=True, kw_only=True):
    """A cell of a CSV file that is not of the type of its column."""

    spine: str
    line: int
    column: str
    value: str
    dtype: str
    remedy: str
    says = "The spine {spine}, line {line}, column {column!r}: {value!r} is not {dtype}."
    then = "{remedy}."


class CsvSchemaUnfit(CallerFault, frozen=True, kw_only=True):
    """Types or formats for columns that a CSV file does not have, or for a spine that is not a CSV file."""

    spine: str
    problem: str
    remedy: str
    says = "The spine {spine}: {problem}."
    then = "{remedy}."


class ParquetMissing(CallerFault, frozen=True, kw_only=True):
    """A place without a Parquet file."""

    place: str
    says = (
        "No Parquet file is at {place}: neither a file of this name, nor a folder with files in .parquet, .parq or .pq."
    )
    then = "write the data first, or mend the path of the source; Feast takes a relative path from its repository."


class FolderIsDelta(CallerFault, frozen=True, kw_only=True):
    """The folder of a Delta table, where Parquet files were expected."""

    place: str
    says = "{place} is the folder of a Delta table, and only its log tells which of its files hold rows."
    then = "say so where it is named: FileSource(..., file_format=DeltaFormat()); or name another place."


class ParquetDisagrees(DataFault, frozen=True, kw_only=True):
    """A column that files hold in types of which neither holds the other's values."""

    column: str
    dtype: str
    path: str
    other: str
    place: str
    says = "The column {column!r} is {dtype} in {path} and {other} in {place}; neither type holds the other's values."
    then = "write the files anew with one type, or leave the column out."


class FilesChanged(Conflict, frozen=True, kw_only=True):
    """Files that are others now than when they were looked at."""

    place: str
    says = "The Parquet files at {place} were changed while they were read; what was read of them is not given."
    then = "call again when nobody writes to them, or keep the data in a Delta table, whose versions stay as they are."


ParquetError = ParquetMissing | FolderIsDelta | ParquetDisagrees | FilesChanged
"""Why Parquet files are not read."""


class FileDamaged(DataFault, frozen=True, kw_only=True):
    """A data file whose bytes are not those that were written: the checksum of a page does not fit, or its header."""

    table: str
    file: str
    column: str
    row_group: int
    problem: str
    says = (
        "The file {file} of the table {table!r} is damaged: in row group {row_group} of the column {column!r} "
        "{problem}. No row was taken from it."
    )
    then = (
        "restore the file from a backup or a copy of the table; `foreset check --deep` lists all damaged files. "
        "An older version of the table that does not need the file can be read."
    )


class FooterDamaged(DataFault, frozen=True, kw_only=True):
    """A data file whose footer is not the one that was written."""

    table: str
    file: str
    says = (
        "The file {file} of the table {table!r} is damaged: the checksum of its footer does not fit. "
        "No row was taken from it."
    )
    then = (
        "restore the file from a backup or a copy of the table. An older version of the table that does not need "
        "the file can be read."
    )
