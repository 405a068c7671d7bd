"""What a check finds in a table, as values.

A finding says what is wrong, with the names and values at hand, and what to do next. Its severity says how bad it is.
The kinds are closed: `log` has those of the log, `files` those of sizes, footers and names, `data` those of the data.
"""

from foreset.domain.finding import SEVERITIES, Severity
from foreset.domain.table_health.data_findings import FooterWrong, PagesBroken, StatisticsUnreadable, StatisticsWrong
from foreset.domain.table_health.file_findings import (
    CheckpointDue,
    ColumnUnfit,
    FileOutOfReach,
    FilesMissing,
    FileUnreadable,
    FolderUnreadable,
    Leftovers,
    OrphanFiles,
    RowsDiffer,
    SizeDiffers,
    SmallFiles,
    VectorMissing,
    VectorTooLarge,
    VectorUnreadable,
)
from foreset.domain.table_health.log_findings import (
    ActionMissing,
    AddedTwice,
    CheckpointDiffers,
    CheckpointIncomplete,
    CheckpointUnreadable,
    ChecksumDiffers,
    ClockRanBack,
    CommitBroken,
    CommitCutShort,
    CommitEmpty,
    CommitsMissing,
    CommitUnreadable,
    FeatureNotRead,
    HintBroken,
    LiveTwice,
    LogEmpty,
    OverwriteIncomplete,
    PartitionUnfit,
    RemovedTwice,
    SchemaUnreadable,
    ZonelessPartition,
)

LogFinding = (
    LogEmpty
    | CommitEmpty
    | CommitBroken
    | CommitUnreadable
    | CommitCutShort
    | CommitsMissing
    | ActionMissing
    | CheckpointIncomplete
    | CheckpointUnreadable
    | CheckpointDiffers
    | HintBroken
    | ChecksumDiffers
    | RemovedTwice
    | LiveTwice
    | AddedTwice
    | OverwriteIncomplete
    | ClockRanBack
    | FeatureNotRead
    | ZonelessPartition
    | PartitionUnfit
    | SchemaUnreadable
)
"""What can be wrong with a log."""

FileFinding = (
    FilesMissing
    | SizeDiffers
    | FileOutOfReach
    | FileUnreadable
    | RowsDiffer
    | ColumnUnfit
    | VectorMissing
    | VectorUnreadable
    | VectorTooLarge
    | FolderUnreadable
    | OrphanFiles
    | Leftovers
    | SmallFiles
    | CheckpointDue
)
"""What can be wrong with files, and what could be better."""

DataFinding = PagesBroken | StatisticsWrong | FooterWrong | StatisticsUnreadable
"""What can be wrong with the data."""

TableFinding = LogFinding | FileFinding | DataFinding
"""Everything that a check finds."""

__all__ = ["SEVERITIES", "DataFinding", "FileFinding", "LogFinding", "Severity", "TableFinding"]
