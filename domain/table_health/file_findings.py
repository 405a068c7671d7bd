"""What can be wrong with the files of a table, from their sizes, footers and names."""

from foreset.domain.finding import Finding, Severity


class FilesMissing(Finding, frozen=True, kw_only=True):
    """Files that the log names and that are not there."""

    severity: Severity = "error"
    files: tuple[str, ...]
    count: int
    rows: str
    says = "Data files of the table are missing, {count:,} in all{rows}: {files}."
    then = (
        "restore them from a backup. What stays lost can be taken out of the log with DeltaTable(...).repair(), after "
        "which the table is readable without those rows; if a vacuum took them, keep a longer retention."
    )


class SizeDiffers(Finding, frozen=True, kw_only=True):
    """A file of another size than the log says: cut, grown, or another file in its place."""

    severity: Severity = "error"
    file: str
    said: int
    found: int
    says = "The file {file} has {found:,} bytes, and the log says {said:,}: it was cut, or another stands in its place."
    then = "restore it from a backup, or restore the table to a version without it."


class FileUnreadable(Finding, frozen=True, kw_only=True):
    """A file that is no Parquet, or whose footer is damaged."""

    severity: Severity = "error"
    file: str
    problem: str
    says = "The file {file} cannot be opened as Parquet: {problem}."
    then = "restore it from a backup, or restore the table to a version without it."


class FileOutOfReach(Finding, frozen=True, kw_only=True):
    """A file that the operating system does not open or read, so that nothing is known about what it holds."""

    severity: Severity = "error"
    file: str
    problem: str
    remedy: str
    says = "The file {file} cannot be read now: {problem}. Nothing was found to be wrong with what it holds."
    then = "{remedy}."


class RowsDiffer(Finding, frozen=True, kw_only=True):
    """A file with another number of rows than the log says."""

    severity: Severity = "error"
    file: str
    said: int
    found: int
    says = "The file {file} has {found:,} rows, and the log says {said:,}."
    then = "restore it from a backup: another file stands in its place, or the log's statistics are wrong."


class ColumnUnfit(Finding, frozen=True, kw_only=True):
    """A column of a file whose type the table's schema does not take."""

    severity: Severity = "error"
    file: str
    column: str
    stored: str
    wanted: str
    says = "The column {column!r} is {stored} in the file {file}, which the table's {wanted} does not take."
    then = "write the file's rows again with the table's type; readers fail on it or give wrong values."


class VectorMissing(Finding, frozen=True, kw_only=True):
    """A deletion vector whose file is missing."""

    severity: Severity = "error"
    file: str
    vector: str
    says = "The deletion vector {vector} of the file {file} is missing: nobody can tell which of its rows are deleted."
    then = "restore it from a backup, or restore the table to a version without it; do not read the file without it."


class VectorUnreadable(Finding, frozen=True, kw_only=True):
    """A deletion vector that is damaged."""

    severity: Severity = "error"
    file: str
    vector: str
    problem: str
    says = "The deletion vector {vector} of the file {file} is damaged: {problem}."
    then = "restore it from a backup, or restore the table to a version without it."


class VectorTooLarge(Finding, frozen=True, kw_only=True):
    """A deletion vector that deletes more rows than its file has."""

    severity: Severity = "error"
    file: str
    cardinality: int
    rows: int
    says = "The deletion vector of the file {file} deletes {cardinality:,} rows, and the file has {rows:,}."
    then = "restore the file and its deletion vector from a backup: one of them is another's."


class FolderUnreadable(Finding, frozen=True, kw_only=True):
    """A folder of the table that cannot be listed."""

    severity: Severity = "error"
    problem: str
    says = "The table's files cannot be listed: {problem}."
    then = "mend permissions, the disk or the connection, and check again."


class OrphanFiles(Finding, frozen=True, kw_only=True):
    """Data files that no action in the log names: of writes that failed, or removed long ago."""

    severity: Severity = "advice"
    count: int
    size_bytes: int
    files: tuple[str, ...]
    says = "Data files are in the folder that no commit names, {count:,} in all ({size_bytes:,} bytes): {files}."
    then = "free the space with `foreset vacuum`, which spares what is being written and what training sets rest on."


class Leftovers(Finding, frozen=True, kw_only=True):
    """Temporary files of writes that were killed."""

    severity: Severity = "advice"
    count: int
    size_bytes: int
    files: tuple[str, ...]
    says = "Temporary files of killed writes are in the folder, {count:,} in all ({size_bytes:,} bytes): {files}."
    then = "delete them by hand while nobody writes; vacuum does not see them."


class SmallFiles(Finding, frozen=True, kw_only=True):
    """Many files that a compaction would put together."""

    severity: Severity = "advice"
    count: int
    size_bytes: int
    says = "{count:,} small files ({size_bytes:,} bytes together) could be fewer, which reads faster."
    then = "put them together: `foreset optimize TABLE`, or optimize_table(...); rows, order and older versions stay."


class CheckpointDue(Finding, frozen=True, kw_only=True):
    """A long log that every reader replays because no checkpoint is near its end."""

    severity: Severity = "advice"
    commits: int
    since: str
    says = "{commits:,} commits stand in the log {since}, and all are replayed whenever the table is opened."
    then = "write a checkpoint: DeltaTable(...).create_checkpoint()."
