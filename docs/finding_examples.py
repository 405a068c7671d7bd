"""An example of each finding, with values as they come: what docs/findings.md shows of it.

The order does not matter. A finding without an example here fails the tests.
"""

from typing import Final

from foreset.domain.event_log import chain_findings
from foreset.domain.feast import findings as feast
from foreset.domain.finding import Finding
from foreset.domain.leakage import findings as leaks
from foreset.domain.table_health import data_findings, file_findings, log_findings

_COMMIT: Final = "00000000000000000007.json"
_CHECKPOINT: Final = "00000000000000000010.checkpoint.parquet"
_FILE: Final = "part-00000-8f2b0c1d.parquet"
_OTHER: Final = "part-00001-c7d93a50.parquet"
_VECTOR: Final = "deletion_vector_61d16c75-6994-46b7-a15b-8b538852e50e.bin"

EXAMPLES: Final[tuple[Finding, ...]] = (
    # The log
    log_findings.LogEmpty(found=("_last_checkpoint",)),
    log_findings.CommitEmpty(version=7, name=_COMMIT),
    log_findings.CommitBroken(version=7, name=_COMMIT, line=3, of=4, problem="Input data was truncated"),
    log_findings.CommitUnreadable(version=7, name=_COMMIT, problem="Permission denied"),
    log_findings.CommitCutShort(
        version=7,
        name=_COMMIT,
        operation="WRITE",
        metric="num_added_files",
        said=4,
        found=3,
        counted="files added",
    ),
    log_findings.CommitsMissing(versions="5 to 6", held=""),
    log_findings.ActionMissing(action="metaData", version=7),
    log_findings.CheckpointIncomplete(
        version=10,
        name=_CHECKPOINT,
        missing=("00000000000000000010.checkpoint.0000000002.0000000002.parquet",),
        instead=" (the commits since version 0 can be read instead)",
    ),
    log_findings.CheckpointUnreadable(
        version=10,
        name=_CHECKPOINT,
        problem="Parquet magic bytes not found in footer",
        instead=" (the checkpoint of version 5 can be read)",
    ),
    log_findings.CheckpointDiffers(version=10, name=_CHECKPOINT, missing=(_FILE,), beyond=()),
    log_findings.HintBroken(problem="names a checkpoint of version 12, which is not there"),
    log_findings.ChecksumDiffers(version=7, name="00000000000000000007.crc", measure="files", said=12, found=11),
    log_findings.RemovedTwice(
        first=5,
        first_operation="OPTIMIZE",
        second=6,
        second_operation="OPTIMIZE",
        files=(_FILE, _OTHER),
        effect="the rows of these files are there twice",
        until="",
        before=4,
    ),
    log_findings.LiveTwice(file=_FILE, vectors=("none", _VECTOR)),
    log_findings.AddedTwice(file="data.parquet", first=3, second=5),
    log_findings.OverwriteIncomplete(version=6, operation="WRITE", files=(_OTHER,)),
    log_findings.ClockRanBack(
        version=6, at="2025-10-01T11:00:00.000+00:00", before=5, before_at="2025-10-01T12:00:00.000+00:00", count=1
    ),
    log_findings.FeatureNotRead(feature="the table feature catalogManaged"),
    log_findings.ZonelessPartition(column="hour", value="2025-10-01 12:00:00"),
    log_findings.PartitionUnfit(column="day", wanted="date", value="'soon'", files=(_FILE,)),
    log_findings.SchemaUnreadable(problem="it lacks 'fields'"),
    # Files
    file_findings.FilesMissing(files=(_FILE, _OTHER), count=2, rows=" (1,200 rows, by the log)"),
    file_findings.SizeDiffers(file=_FILE, said=48_211, found=32_768),
    file_findings.FileOutOfReach(
        file=_FILE,
        problem="Permission denied",
        remedy="give this user the right to it, or call as a user who has it",
    ),
    file_findings.FileUnreadable(file=_FILE, problem="Parquet magic bytes not found in footer"),
    file_findings.RowsDiffer(file=_FILE, said=1_200, found=1_180),
    file_findings.ColumnUnfit(file=_FILE, column="mm", stored="string", wanted="float64"),
    file_findings.VectorMissing(file=_FILE, vector=_VECTOR),
    file_findings.VectorUnreadable(file=_FILE, vector=_VECTOR, problem="its checksum is wrong"),
    file_findings.VectorTooLarge(file=_FILE, cardinality=1_300, rows=1_200),
    file_findings.FolderUnreadable(problem="Permission denied"),
    file_findings.OrphanFiles(count=2, size_bytes=96_422, files=(_FILE, _OTHER)),
    file_findings.Leftovers(count=1, size_bytes=48_211, files=(f"{_FILE}#1",)),
    file_findings.SmallFiles(count=340, size_bytes=21_000_000),
    file_findings.CheckpointDue(commits=250, since="after the checkpoint of version 10"),
    # Data
    data_findings.PagesBroken(file=_FILE, column="mm", row_group=0, problem="the checksum of a page is wrong"),
    data_findings.StatisticsWrong(file=_FILE, column="at", measure="maximum", said="2025-10-01", found="2025-10-04"),
    data_findings.FooterWrong(file=_FILE, column="k", row_group=0, measure="minimum", said="3", found="1"),
    data_findings.StatisticsUnreadable(file=_FILE, problem="Expecting value: line 1 column 1"),
    # Feast repositories
    feast.RowsBroughtBack(table="driver_stats", views=("hourly_stats", "daily_stats"), files=3, rows=", rows: 12,040"),
    feast.DeletedRowsServed(table="driver_stats", views=("hourly_stats",), rows=17),
    feast.LogRead(
        table="driver_stats", views=("hourly_stats",), files=("_delta_log/00000000000000000010.checkpoint.parquet",)
    ),
    feast.RowsTwice(table="driver_stats", views=("hourly_stats",), files=8),
    feast.LogIgnored(views=("daily_stats", "hourly_stats")),
    feast.ExtensionNeeded(views=("daily_stats", "hourly_stats")),
    feast.JoinedOnNothing(view="totals"),
    feast.EntityUnknown(view="hourly_stats", entities=("driver",), columns=()),
    feast.TiesByChance(view="hourly_stats", table="driver_stats", count=12, looked=""),
    feast.SupersededServed(
        view="hourly_stats",
        table="driver_stats",
        count=1_430,
        looked=", among the first 2,000,000 rows, which alone were looked at",
    ),
    feast.NullTimesServed(view="hourly_stats", table="driver_stats", count=4, looked=""),
    feast.NullKeysMatch(view="hourly_stats", table="driver_stats", count=2, looked=""),
    feast.LateRowsMissed(
        view="hourly_stats", table="driver_stats", count=96, until="2025-10-01T12:00:00+00:00", looked=""
    ),
    feast.LateRowsWouldBeMissed(views=("hourly_stats",)),
    feast.NamesClash(features=("rate", "trips"), views=("daily_stats", "hourly_stats")),
    feast.FeatureNamedAsKey(view="customers", feature="driver_id"),
    feast.PathOfWorkingDirectory(views=("hourly_stats",)),
    feast.TimesWithoutZone(table="driver_stats", columns=("event_timestamp",), views=("hourly_stats",)),
    feast.RelativeDatabase(path="data/registry.sqlite"),
    feast.NotLookedAt(
        view="hourly_stats", problem="A data file of the table 'driver_stats' is not there any more: part-00000.parquet"
    ),
    # Training sets, and frames held against them
    leaks.FeatureWrittenLater(view="weather", table="weather", rows=1_200, of=10_000, changed=870, lead="5 h 12 min"),
    leaks.ValuesFromTheFuture(view="plane_history", rows=412, of=10_000, lead="14 h 20 min"),
    leaks.ValuesNotYetWritten(view="weather", rows=230, of=10_000, lead="51 min"),
    leaks.LabelInFeatures(column="is_late", target="late", rows=9_870),
    leaks.ComputedAfterTheFact(column="landed", why="its times are later than the row's own in 9,870 of 10,000 rows"),
    leaks.LabelNearlyDetermined(column="arrival_gate_wait", target="late", share="97 %", rows=10_000),
    leaks.NoCreatedTime(
        view="plane_facts",
        table="planes",
        means="what was known by then is told by the table's version alone",
    ),
    leaks.NothingServed(view="weather", rows=10_000),
    leaks.MostlyEnded(view="prices", rows=6_120, of=10_000, column="until"),
    leaks.MostlyExpired(view="weather", rows=6_120, of=10_000, ttl="3 h"),
    leaks.AllNull(column="wind_gust", rows=10_000),
    leaks.ConstantColumn(column="engines", rows=9_870),
    # The event log
    chain_findings.EventUndecodable(
        position=7, event="entity-registered.v1", problem="Expected `str`, got `int` - at `$.spec.name`"
    ),
    chain_findings.EventChanged(position=41, part="its stream, version, time, actor, type or digest"),
    chain_findings.EventsMissing(first=12, last=14),
    chain_findings.EventsCutOff(first=55, last=57),
    chain_findings.EventsMoved(first=12, last=57, was=13),
    chain_findings.EventAdded(position=12),
    chain_findings.HeadChanged(head=f"56:{'9c' * 32}", end=f"57:{'1d' * 32}"),
    chain_findings.HeadLost(end=f"57:{'1d' * 32}"),
    chain_findings.OtherThanNoted(noted=f"40:{'9c' * 32}", found=f"the hash {'1d' * 32}"),
)
