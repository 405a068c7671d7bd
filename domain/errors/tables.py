"""What can be wrong with a table and its history."""

from typing import Final

from foreset.domain.errors.files import FileDamaged, FilesChanged, FooterDamaged, ParquetError
from foreset.domain.errors.problem import CallerFault, DataFault, WorldFault
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.errors.system import OutOfReach
from foreset.domain.errors.table_writes import WritingError


class TableMissing(CallerFault, frozen=True, kw_only=True):
    """No table under this name or path."""

    table: str
    place: str
    remedy: str = (
        "correct the name, or write the table with write_to_delta_lake(...). Where the table was moved: move it back, "
        "or link its old place to the new one (ln -s NEW OLD), for training sets and views name the old place; or set "
        "FORESET_DATA_DIR to the new data folder where it is named by its name alone"
    )
    says = "Delta Lake table not found: {table!r} would be at {place}."
    then = "{remedy}."


class NotADeltaTable(CallerFault, frozen=True, kw_only=True):
    """The place exists but holds no Delta log."""

    table: str
    place: str
    says = "{place} is not a Delta table ({table!r}): it has no _delta_log with commits."
    then = "name the folder that holds _delta_log, or write the table with write_to_delta_lake(...)."


class BadTableName(CallerFault, frozen=True, kw_only=True):
    """A dataset name that is a path, or that leaves the data folder."""

    name: str
    says = "{name!r} is not a dataset name: names have letters, digits, '_', '-' and '.', and do not begin with '.'."
    then = "give the name alone; the folder is set by FORESET_DATA_DIR. For a path, use the call that takes a path."


class AddressMisspelt(BadTableName, frozen=True, kw_only=True):
    """A table's name that is meant as an address and is not one, such as `s3:/bucket/rain` or `ann:secret@host/t`."""

    says = "{name!r} is not an address: one begins with a scheme, followed by '://'."
    then = "give it as SCHEME://..., such as s3://bucket/rain; for a local folder of that name write ./ before it."


class FileOfAHost(BadTableName, frozen=True, kw_only=True):
    """A URL of a file on another machine."""

    says = "{name!r} names a host, and files of other machines are not read or written by that."
    then = (
        "give the path of a folder of this machine, where the other's may be mounted: /folder/t, or file:///folder/t."
    )


class UnfitPath(CallerFault, frozen=True, kw_only=True):
    """A local path with characters that some readers of Delta take for others: `%20`, a backslash, a control character.

    Such a table would be listed in one folder and read from another.
    """

    table: str
    place: str
    escape: str
    says = "The path {place!r} of the table {table!r} has {escape!r} in it, which some readers take for something else."
    then = "rename the folder, or name it by a link that has no such characters in its path."


class FileOutside(DataFault, frozen=True, kw_only=True):
    """A table whose log names a file outside of the table's folder, in a place that is not allowed."""

    table: str
    file: str
    place: str
    says = (
        "The log of the table {table!r} names the file {file!r}, which is outside of the table's folder. "
        "It was not opened."
    )
    then = (
        "if you trust the writers of this log, as with a shallow clone, allow the place: "
        "FeatureStore.open(..., files_from=[{place!r}]), or FORESET_FILES_FROM={place}."
    )


class UnsupportedTable(DataFault, frozen=True, kw_only=True):
    """A table whose protocol asks a reader for something that Foreset does not do in full."""

    table: str
    feature: str
    says = "The table {table!r} uses {feature}, which Foreset does not read in full; reading it could give wrong rows."
    then = "write a copy without it with an engine that supports it (for example Spark), and use the copy."


class ColumnUnsupported(DataFault, frozen=True, kw_only=True):
    """A column that a data file holds in a type which does not mean the table's."""

    table: str
    column: str
    dtype: str
    held: str
    path: str
    says = (
        "The column {column!r} of the table {table!r} is not supported: it is {dtype} in the table's schema, and the "
        "file {path} holds it as {held}. The other columns can be read."
    )
    then = "leave the column out, or write it as {dtype} with an engine that reads the file (for example Spark)."


class PartitionTimeUnclear(CallerFault, frozen=True, kw_only=True):
    """Times of a partition column that the log holds without a zone, or that are no single moment in the zone named."""

    table: str
    column: str
    value: str
    named: str = "none was named"
    says = (
        "Which moments the partition column {column!r} of the table {table!r} holds cannot be told: its log has texts "
        "such as {value!r}, without a time zone, and {named}."
    )
    then = (
        "name the zone of the session that wrote them: DeltaSource(..., partition_time_zone='UTC'), "
        "read_delta_table(..., partition_time_zone='UTC'); or leave the column out."
    )


class UnknownTimeZone(CallerFault, frozen=True, kw_only=True):
    """A time zone that the time zone database does not have."""

    table: str
    zone: str
    says = "partition_time_zone={zone!r}, given for the table {table!r}, is no time zone."
    then = "give a name of the IANA time zone database, such as 'UTC' or 'Europe/Paris'."


class TableUnreadable(DataFault, frozen=True, kw_only=True):
    """A log or a data file that cannot be read."""

    table: str
    problem: str
    says = "The table {table!r} cannot be read: {problem}."
    then = "restore what is missing or broken from a backup, or use an older version of the table."


class StatisticsContradict(DataFault, frozen=True, kw_only=True):
    """Bounds of a column in a file that contradict each other, so that they do not say which of its rows serve."""

    table: str
    file: str
    where: str
    column: str
    least: int
    greatest: int
    says = (
        "The {where} of the table {table!r} contradicts itself about the file {file}: the least {column!r} is {least}, "
        "and the greatest {greatest} (times in microseconds, dates in days, since 1970)."
    )
    then = (
        "see by `foreset check --deep` what the file holds, and write its rows again, which gives them new "
        "statistics; or use an older version of the table."
    )


class EpochOutOfRange(DataFault, frozen=True, kw_only=True):
    """A whole number that is a time, and that is outside of the years 1 to 9999."""

    table: str
    column: str
    value: int
    unit: str
    says = (
        "The time column {column!r} of the table {table!r} has {value}, which as a number of {unit} since 1970 is "
        "outside of the years 1 to 9999."
    )
    then = (
        "if the numbers count something else, name it: DeltaSource(..., timestamp_unit='s', 'ms', 'us' or 'ns'); "
        "otherwise correct the rows, with null where a time is not known, or where a validity has no end."
    )


class DataFileGone(DataFault, frozen=True, kw_only=True):
    """A file that the log names and that is not there: a vacuum has removed it, or somebody by hand."""

    table: str
    problem: str
    says = "A data file of the table {table!r} is not there any more: {problem}."
    then = (
        "read a newer version, whose files are there (`foreset check` tells), or restore the file from a backup; "
        "before a vacuum, `foreset retention` tells which training sets it costs."
    )


class TextsTooLarge(CallerFault, frozen=True, kw_only=True):
    """Texts of a row group, which are decoded together, that take more memory than there may be."""

    column: str
    file: str
    texts: str
    budget: str
    least: str
    says = (
        "The texts of the column {column!r} in a row group of {file} take about {texts}, and are decoded together: "
        "reading them takes {least} of memory, which is more than there may be: {budget}."
    )
    then = (
        "give so much memory (FeatureStore.open(..., memory='8GB'), --memory, FORESET_MEMORY), leave out the feature, "
        "or write the table with fewer rows in a row group."
    )


class RowTooLarge(CallerFault, frozen=True, kw_only=True):
    """A row whose texts and lists take more memory than one row may: it cannot be cut into parts."""

    what: str
    needs: str
    most: str
    says = "{what} takes about {needs} of memory, and with the memory that there may be, one row may take {most}."
    then = (
        "give more memory (FeatureStore.open(..., memory='8GB'), --memory, FORESET_MEMORY), or leave out the features "
        "with such long values."
    )


class ObjectStoreFailed(WorldFault, frozen=True, kw_only=True):
    """An object store that is away, or that refuses a request."""

    table: str
    place: str
    problem: str
    says = "The table {table!r} at {place} cannot be reached: {problem}."
    then = (
        "mend the URL, or the endpoint, region and credentials in storage_options or the environment; "
        "if they are right, call again when the store answers."
    )


class VersionMissing(CallerFault, frozen=True, kw_only=True):
    """A version that the table does not have."""

    table: str
    version: int
    first: int
    last: int
    says = "The table {table!r} has no version {version}: its log holds versions {first} to {last}."
    then = "name a version in that range, or leave it out for the newest."


class BeforeFirstVersion(CallerFault, frozen=True, kw_only=True):
    """A time before the table's first commit."""

    table: str
    at: str
    first: int
    first_at: str
    says = "At {at} the table {table!r} did not exist: version {first}, its first, was committed at {first_at}."
    then = "name a later time, or a version."


class AfterLastVersion(CallerFault, frozen=True, kw_only=True):
    """A time after the table's last commit."""

    table: str
    at: str
    last: int
    last_at: str
    says = "{at} is after the last commit of the table {table!r}: version {last}, committed at {last_at}."
    then = "leave the time out for the newest version, or name version {last}."


class HistoryCleaned(DataFault, frozen=True, kw_only=True):
    """A time before the oldest commit that the log still holds."""

    table: str
    at: str
    first: int
    first_at: str
    says = (
        "Which version of the table {table!r} was current at {at} cannot be told any more: its log was cleaned up to "
        "version {first}, committed at {first_at}."
    )
    then = "name a later time, or a version; a longer delta.logRetentionDuration keeps more of the log."


class CommitTimeMissing(DataFault, frozen=True, kw_only=True):
    """A time around commits that do not say when they were made."""

    table: str
    at: str
    versions: tuple[str, ...]
    says = (
        "Which version of the table {table!r} was current at {at} cannot be told: the commits of these versions have "
        "no time: {versions}."
    )
    then = "name a version."


class AmbiguousTime(DataFault, frozen=True, kw_only=True):
    """A time that, by the commits, lies after a later version and before an earlier one: a writer's clock ran back."""

    table: str
    at: str
    later: int
    later_at: str
    earlier: int
    earlier_at: str
    says = (
        "Which version of the table {table!r} was current at {at} cannot be told: version {later} says it was "
        "committed at {later_at}, and version {earlier}, which was there before it, at {earlier_at}. "
        "A writer's clock ran back."
    )
    then = "name a version."


class ChangesUntold(CallerFault, frozen=True, kw_only=True):
    """Two versions between which no rows can be told to have changed."""

    table: str
    first: int
    last: int
    problem: str
    remedy: str
    says = "What changed in the table {table!r} after version {first}, up to version {last}, cannot be told: {problem}."
    then = "{remedy}."


REPLACE: Final = "mode='overwrite' with schema_mode='overwrite' gives the table the frame's columns"
ADAPT: Final = f"cast or rename the frame's columns; schema_mode='merge' adds new columns and fields, and {REPLACE}"
"""What to do about a frame that does not fit a table."""


class SchemaMismatch(CallerFault, frozen=True, kw_only=True):
    """A frame that does not fit the table it is written to."""

    table: str
    problem: str
    remedy: str = ADAPT
    says = "The frame does not fit the table {table!r}: {problem}. Nothing was written."
    then = "{remedy}."


class WriteFailed(WorldFault, frozen=True, kw_only=True):
    """A write that the file system or the table's other writers stopped."""

    table: str
    problem: str
    says = "Writing the table {table!r} failed: {problem}. The table is as it was before."
    then = "mend what stopped it, or call again if another writer was faster."


TableError = (
    TableMissing
    | OutOfReach
    | NotADeltaTable
    | BadTableName
    | UnfitPath
    | FileOutside
    | UnsupportedTable
    | ColumnUnsupported
    | PartitionTimeUnclear
    | UnknownTimeZone
    | TableUnreadable
    | FileDamaged
    | FooterDamaged
    | StatisticsContradict
    | EpochOutOfRange
    | DataFileGone
    | RowTooLarge
    | TextsTooLarge
    | ObjectStoreFailed
    | VersionMissing
    | BeforeFirstVersion
    | AfterLastVersion
    | HistoryCleaned
    | CommitTimeMissing
    | AmbiguousTime
    | ChangesUntold
    | ParquetError
)
"""Why a table cannot be observed or read."""

FileError = (
    ColumnUnsupported
    | OutOfReach
    | TableUnreadable
    | FileDamaged
    | FooterDamaged
    | StatisticsContradict
    | DataFileGone
    | RowTooLarge
    | TextsTooLarge
    | ObjectStoreFailed
    | FilesChanged
    | EpochOutOfRange
)
"""Why a table's files cannot be read."""

TableWriteError = TableError | SchemaMismatch | WriteFailed | InvalidSpec | WritingError
"""Why a table cannot be written."""
