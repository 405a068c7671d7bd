"""What can be wrong with a table's log, and with what its commits say of one another."""

from foreset.domain.finding import Finding, Severity


class LogEmpty(Finding, frozen=True, kw_only=True):
    """A log folder without a commit or a checkpoint."""

    severity: Severity = "error"
    found: tuple[str, ...]
    says = "The log holds no commit and no checkpoint, only: {found}."
    then = "restore the folder _delta_log from a backup; without it nobody can tell which files are the table's."


class CommitEmpty(Finding, frozen=True, kw_only=True):
    """A commit without a byte, or of zero bytes only: what a power cut leaves. Many readers take it for no change."""

    severity: Severity = "error"
    version: int
    name: str
    says = "The commit {name} is empty: whatever version {version} added or removed is lost to every reader."
    then = (
        "restore {name} from a backup or a copy of the table. If there is none and it is the newest commit, delete it: "
        "the table is then at the version before, and that write is to be done again."
    )


class CommitBroken(Finding, frozen=True, kw_only=True):
    """A commit with a line that is no action."""

    severity: Severity = "error"
    version: int
    name: str
    line: int
    of: int
    problem: str
    says = "The commit {name} cannot be read at line {line} of {of}: {problem}."
    then = (
        "restore {name} from a backup or a copy of the table. If there is none and it is the newest commit, delete it "
        "and do that write again."
    )


class CommitUnreadable(Finding, frozen=True, kw_only=True):
    """A commit whose file cannot be opened."""

    severity: Severity = "error"
    version: int
    name: str
    problem: str
    says = "The commit {name} cannot be read: {problem}."
    then = "mend the file's permissions, the disk or the connection, and check again."


class CommitCutShort(Finding, frozen=True, kw_only=True):
    """A commit that has fewer actions than its writer counted: it lost lines at its end."""

    severity: Severity = "error"
    version: int
    name: str
    operation: str
    metric: str
    said: int
    found: int
    counted: str
    says = "The commit {name} has lost lines: {operation} counted {said:,} ({metric}), and it has {found:,} {counted}."
    then = (
        "restore {name} from a backup or a copy of the table; without it restore the table to the version before "
        "{version} and do that write again."
    )


class CommitsMissing(Finding, frozen=True, kw_only=True):
    """Versions between those of the log that have no commit."""

    severity: Severity = "error"
    versions: str
    held: str
    says = "The commits of version {versions} are missing from the log{held}."
    then = "restore their files from a backup or a copy of the table."


class ActionMissing(Finding, frozen=True, kw_only=True):
    """A log without a protocol or without metadata."""

    severity: Severity = "error"
    action: str
    version: int
    says = "The log up to version {version} has no {action} action, which every table must have."
    then = "restore the oldest commits or the checkpoint from a backup; a table without it cannot be read."


class CheckpointIncomplete(Finding, frozen=True, kw_only=True):
    """A checkpoint of several files that are not all there."""

    severity: Severity = "error"
    version: int
    name: str
    missing: tuple[str, ...]
    instead: str
    says = "The checkpoint {name} of version {version} lacks {missing}{instead}."
    then = "restore the missing files, or write a new checkpoint: DeltaTable(...).create_checkpoint()."


class CheckpointUnreadable(Finding, frozen=True, kw_only=True):
    """A checkpoint whose files cannot be read."""

    severity: Severity = "error"
    version: int
    name: str
    problem: str
    instead: str
    says = "The checkpoint {name} of version {version} cannot be read: {problem}{instead}."
    then = "restore it from a backup, or delete it and write a new one: DeltaTable(...).create_checkpoint()."


class CheckpointDiffers(Finding, frozen=True, kw_only=True):
    """A checkpoint that holds other files than the commits up to it."""

    severity: Severity = "error"
    version: int
    name: str
    missing: tuple[str, ...]
    beyond: tuple[str, ...]
    says = (
        "The checkpoint {name} and the commits up to version {version} tell of different files. "
        "Only in the commits: {missing}. Only in the checkpoint: {beyond}."
    )
    then = (
        "find out which is right (the rows of those files tell); if it is the commits, delete the checkpoint and "
        "_last_checkpoint and write a new one: DeltaTable(...).create_checkpoint()."
    )


class HintBroken(Finding, frozen=True, kw_only=True):
    """A `_last_checkpoint` that cannot be read, or that names a checkpoint that is not there."""

    severity: Severity = "warning"
    problem: str
    says = "_delta_log/_last_checkpoint {problem}; some readers refuse the table over it, others list the log instead."
    then = "write a new checkpoint, which writes this file too: DeltaTable(...).create_checkpoint()."


class ChecksumDiffers(Finding, frozen=True, kw_only=True):
    """A version's checksum file that counts other files than the log names."""

    severity: Severity = "error"
    version: int
    name: str
    measure: str
    said: int
    found: int
    says = "{name} counts {said:,} {measure} at version {version}, and the log {found:,}."
    then = (
        "compare the commits up to {version} with a backup: one of them has lost or gained lines. "
        "If the log is right, delete {name}; readers do not need it."
    )


class RemovedTwice(Finding, frozen=True, kw_only=True):
    """Files that two commits removed with no add between: both rewrote the same rows, or one missed the other's.

    Two optimize runs at once do this: deltalake lets both pass, and every row is then there twice.
    """

    severity: Severity = "error"
    first: int
    first_operation: str
    second: int
    second_operation: str
    files: tuple[str, ...]
    effect: str
    until: str
    before: int
    says = (
        "Version {first} ({first_operation}) and version {second} ({second_operation}) removed the same files, "
        "so they ran at once and neither saw the other: {effect}{until}. Files: {files}."
    )
    then = (
        "read version {before}, or go back to it with DeltaTable(...).restore({before}) and do again what came after; "
        "run one rewrite of the table (optimize, overwrite, delete) at a time."
    )


class LiveTwice(Finding, frozen=True, kw_only=True):
    """A data file that the table has more than once, with different deletion vectors: its rows count twice."""

    severity: Severity = "error"
    file: str
    vectors: tuple[str, ...]
    says = "The file {file} is in the table more than once, with the deletion vectors {vectors}: its rows are doubled."
    then = "restore the table to a version before the second add, and do again what came after."


class AddedTwice(Finding, frozen=True, kw_only=True):
    """A path that two commits added as new data, with no remove between: the first content is gone."""

    severity: Severity = "warning"
    file: str
    first: int
    second: int
    says = "Versions {first} and {second} both added {file} as new data, with different sizes: it was overwritten."
    then = "see that no writer names its files itself; the rows that version {first} wrote there are lost."


class OverwriteIncomplete(Finding, frozen=True, kw_only=True):
    """An overwrite or a delete of everything after which older rows are still there."""

    severity: Severity = "warning"
    version: int
    operation: str
    files: tuple[str, ...]
    says = (
        "Version {version} ({operation} of the whole table) left files of earlier versions in place, which it did not "
        "see because its writer held an older version: {files}."
    )
    then = "if those rows were to go too, overwrite or delete again, with a table opened afresh; else leave it."


class ClockRanBack(Finding, frozen=True, kw_only=True):
    """A commit whose time is before that of the one before it."""

    severity: Severity = "warning"
    version: int
    at: str
    before: int
    before_at: str
    count: int
    says = (
        "Commit times run backwards ({count:,} in all), the most at version {version}: committed at {at}, after "
        "version {before} at {before_at}. Which version was current in between is ambiguous."
    )
    then = "name versions instead of times in that span, and let the writers' machines keep their clocks right."


class FeatureNotRead(Finding, frozen=True, kw_only=True):
    """Something in the protocol that Foreset does not read in full."""

    severity: Severity = "warning"
    feature: str
    says = "The table uses {feature}, which Foreset does not read in full, so that it refuses the table."
    then = "write a copy without it with an engine that supports it (for example Spark), and use the copy."


class ZonelessPartition(Finding, frozen=True, kw_only=True):
    """A partition column of instants, whose texts in the log have no time zone."""

    severity: Severity = "warning"
    column: str
    value: str
    says = (
        "The partition column {column!r} is of type timestamp, and its values in the log have no time zone, such as "
        "{value!r}: Spark reads them in the zone of the session, other engines in UTC."
    )
    then = (
        "tell Foreset the writer's zone with DeltaSource(..., partition_time_zone=...); for others, partition a new "
        "table by a date."
    )


class PartitionUnfit(Finding, frozen=True, kw_only=True):
    """Files whose value of a partition column is none of its type, or is not told."""

    severity: Severity = "error"
    column: str
    wanted: str
    value: str
    files: tuple[str, ...]
    says = "The log has {value} for the partition column {column!r} ({wanted}) of these files: {files}."
    then = "restore the commits that added them from a backup, or write their rows again."


class SchemaUnreadable(Finding, frozen=True, kw_only=True):
    """A schema in the metadata that is no Delta schema."""

    severity: Severity = "error"
    problem: str
    says = "The schema in the log cannot be read: {problem}."
    then = "restore the commit that wrote the metadata from a backup; the newest metaData action holds it."
