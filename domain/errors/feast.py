"""What can be wrong between Foreset and Feast: objects, repositories, stores, and Feast's calls of Foreset."""

from foreset.domain.errors.problem import CallerFault, DataFault, WorldFault
from foreset.domain.errors.system import OutOfReach
from foreset.domain.errors.tables import TableError


class OfflineStoreRefused(CallerFault, frozen=True, kw_only=True):
    """An offline store that this version does not run on."""

    store: str
    reason: str
    known: tuple[str, ...] = ("delta", "file")
    says = "offline_store_type={store!r} is refused: {reason}."
    then = "{hint}Use offline_store_type='delta', which reads Delta tables through their logs."
    hint = ("store", "known")


class SourceRefused(CallerFault, frozen=True, kw_only=True):
    """A Feast data source that is not a Delta table."""

    view: str
    source: str
    problem: str
    says = "The feature view {view!r} takes its features from {source}, {problem}."
    then = (
        "write the data with write_to_delta_lake(...), and name that table: "
        "create_file_source(path=get_delta_path(...), timestamp_field=...)."
    )


class FeastObjectRefused(CallerFault, frozen=True, kw_only=True):
    """A Feast entity or view that cannot be taken as it is."""

    object: str
    problem: str
    remedy: str
    says = "The Feast {object} cannot be used: {problem}."
    then = "{remedy}."


class RepositoryDiffers(CallerFault, frozen=True, kw_only=True):
    """A Feast repository that says something else than the call."""

    path: str
    setting: str
    found: str
    asked: str
    says = "{path} has {setting}: {found}, and the call asks for {asked}. The file was left as it is."
    then = "ask for what the file has, change the file, or give another repo_path."


class RepositoryMissing(CallerFault, frozen=True, kw_only=True):
    """A folder that is no Feast repository."""

    path: str
    says = "{path} is no Feast repository: it has no feature_store.yaml."
    then = "give the folder that holds feature_store.yaml."


class RepositoryUnreadable(CallerFault, frozen=True, kw_only=True):
    """A feature_store.yaml that is no Feast configuration, or that Feast cannot use here."""

    path: str
    problem: str
    says = "The Feast repository cannot be opened by {path}: {problem}."
    then = "mend the file, or install what it names."


class RegistryMissing(CallerFault, frozen=True, kw_only=True):
    """A Feast repository without a registry."""

    registry: str
    says = "The Feast registry {registry} is not there, so the repository has no definitions yet."
    then = "run `feast apply` in the repository, or mend `registry` in its feature_store.yaml."


class RegistryNotRead(CallerFault, frozen=True, kw_only=True):
    """A kind of registry that cannot be read here."""

    registry_type: str
    says = "A Feast registry of the type {registry_type!r} is not read here: those in files and SQL databases are."
    then = "apply the definitions to a repository with a registry of the type 'file' or 'sql', and give that."


class Unpublishable(CallerFault, frozen=True, kw_only=True):
    """A definition for which Feast has no place."""

    object: str
    problem: str
    remedy: str
    says = "The {object} cannot be published to Feast: {problem}. Feast's registry was left as it was."
    then = "{remedy}."


class RegistryDamaged(WorldFault, frozen=True, kw_only=True):
    """A registry file that Feast cannot read, or would read as empty, in a repository that Foreset did not make."""

    registry: str
    says = "The Feast registry {registry} is damaged or empty. It was left as it is."
    then = "restore it from a backup, or delete it and run `feast apply` with the repository's own definitions."


class RegistryUnreadable(WorldFault, frozen=True, kw_only=True):
    """A registry that cannot be read or written: a database that is away, a driver that is not installed."""

    registry: str
    problem: str
    says = "The Feast registry {registry} cannot be used: {problem}."
    then = "mend what stopped it, such as the database, its address or its driver, and call again."


class FeastNotSupported(CallerFault, frozen=True, kw_only=True):
    """Something that Feast asks of its offline store and that Foreset does not do."""

    operation: str
    remedy: str
    says = "Foreset's offline store does not support {operation}."
    then = "{remedy}."


FeastError = OfflineStoreRefused | SourceRefused | FeastObjectRefused | RepositoryDiffers | FeastNotSupported
"""Why something cannot be done with Feast."""

RepositoryReadError = (
    RepositoryMissing
    | RepositoryUnreadable
    | RegistryMissing
    | RegistryNotRead
    | RegistryDamaged
    | RegistryUnreadable
    | OutOfReach
)
"""Why a Feast repository cannot be read."""

PublishError = Unpublishable | RegistryDamaged | RegistryUnreadable | OutOfReach
"""Why nothing could be published to Feast."""


class InvalidRange(CallerFault, frozen=True, kw_only=True):
    """A range of times, in place of an entity frame, that is not one."""

    problem: str
    remedy: str
    says = "The range of the retrieval cannot be used: {problem}."
    then = "{remedy}."


class TimeNotRead(CallerFault, frozen=True, kw_only=True):
    """A time in an entity frame that is no time, or a text that is not in ISO 8601."""

    column: str
    row: int
    value: str
    why: str = ""
    says = (
        "The time {value} in the column {column!r} of the entity frame, row {row} (counted from 0), cannot be "
        "read{why}."
    )
    then = (
        "write times in ISO 8601, such as '2025-10-01T12:00:00Z', or convert the column with pandas.to_datetime(...)."
    )


class NoTimeColumn(CallerFault, frozen=True, kw_only=True):
    """An entity frame that does not say which column is the time."""

    times: int
    columns: tuple[str, ...]
    says = (
        "The entity frame has no column 'event_timestamp', and {times} columns of times, so its time cannot be told. "
        "It has: {columns}."
    )
    then = "name the column of its times 'event_timestamp'."


class UnknownPin(CallerFault, frozen=True, kw_only=True):
    """A version in feature_store.yaml for a table that no view reads."""

    table: str
    known: tuple[str, ...]
    says = "offline_store.versions in feature_store.yaml names {table!r}, which is no source of the project's views."
    then = "{hint}Name a source or its path: {known}."
    hint = ("table", "known")


class RetrievalLate(WorldFault, frozen=True, kw_only=True):
    """A retrieval that is not done within its timeout."""

    seconds: str
    says = "The retrieval was not done after {seconds} seconds. It goes on."
    then = "call again, which waits for the same retrieval, with a longer timeout or none."


class DatasetThere(CallerFault, frozen=True, kw_only=True):
    """A saved dataset whose place is taken."""

    path: str
    says = "{path} is there already, and it was not said that it may be replaced. Nothing was written."
    then = "name another place, or set allow_overwrite=True."


class NotRecorded(WorldFault, frozen=True, kw_only=True):
    """A store folder that cannot be written, so that nothing can be recorded there."""

    path: str
    problem: str
    says = "What is retrieved cannot be recorded in {path}: {problem}. Nothing was retrieved."
    then = (
        "under offline_store in feature_store.yaml, name a folder that you may write (`store`), or have nothing "
        "recorded (`record: false`)."
    )


class ResultNotHeld(CallerFault, frozen=True, kw_only=True):
    """A result that does not fit in memory, in which Feast asks for it."""

    needs: str
    budget: str
    says = "The result takes about {needs} in memory, in which Feast asks for it, and the process may take {budget}."
    then = (
        "ask for fewer rows or features at a time, or allow more under offline_store in feature_store.yaml, such as "
        "`memory: 64GB`."
    )


FeastStoreError = TimeNotRead | NoTimeColumn | UnknownPin | RetrievalLate | DatasetThere | NotRecorded | ResultNotHeld
"""Why Foreset does not do as an offline store what Feast asks."""


class DefectNotAccepted(CallerFault, frozen=True, kw_only=True):
    """An offline store that breaks a law, which cannot be mended from outside."""

    store: str
    defect: str
    law: str
    shows: str
    says = "The offline store {store!r} breaks the law {law}: {shows}. It cannot be mended from outside."
    then = "accept it by its name, accept=({defect!r},) or --accept {defect}, or use offline_store_type='delta'."


class UnknownDefect(CallerFault, frozen=True, kw_only=True):
    """A defect that was accepted and that the store is not known to have."""

    store: str
    defect: str
    known: tuple[str, ...]
    says = "accept names {defect!r}, which is no defect of the offline store {store!r} that can be accepted: {known}."
    then = "{hint}Leave it out."
    hint = ("defect", "known")


class OfflineStoreNotInstalled(WorldFault, frozen=True, kw_only=True):
    """An offline store whose packages are not installed."""

    store: str
    package: str
    problem: str
    says = "The offline store {store!r} cannot be loaded: {problem}."
    then = "install what it needs: pip install '{package}'."


class OfflineStoreOptions(CallerFault, frozen=True, kw_only=True):
    """Options that Feast does not take for a store."""

    store: str
    problem: str
    says = "Feast does not take these options of the offline store {store!r}: {problem}."
    then = "give the fields of its section in feature_store.yaml: offline_store={{'type': {store!r}, ...}}."


class BeyondStore(CallerFault, frozen=True, kw_only=True):
    """A plan that a store cannot run without breaking a law."""

    store: str
    view: str
    problem: str
    remedy: str = "Use offline_store_type='delta'"
    says = "The offline store {store!r} cannot serve the view {view!r}: {problem}."
    then = "{remedy}."


class TiesUndecided(DataFault, frozen=True, kw_only=True):
    """Rows of a warehouse between which only the order of the snapshot decides, which the warehouse does not know."""

    store: str
    view: str
    rows: int
    says = (
        "{rows} rows of the spine would be served by chance in the view {view!r}: several rows of the table have their "
        "key, event time and created time, with other values, and the offline store {store!r} does not know which was "
        "written last."
    )
    then = (
        "name a created_timestamp_field that tells them apart; or accept that the order of their values decides, "
        "accept=('ties',); or use offline_store_type='delta'."
    )


class WarehouseDiffers(DataFault, frozen=True, kw_only=True):
    """A table in a warehouse that is not the snapshot that was planned with."""

    view: str
    warehouse_table: str
    found: int
    table: str
    version: int
    rows: int
    says = (
        "The view {view!r} is read from {warehouse_table}, which has {found} rows; the table {table!r} has {rows} rows "
        "at version {version}, which the plan reads."
    )
    then = "bring the warehouse's table up to date, or name the version that it has: versions={{{table!r}: ...}}."


class OfflineStoreFailed(WorldFault, frozen=True, kw_only=True):
    """An offline store that failed: a server that is away, a table or a right that is missing."""

    store: str
    view: str
    problem: str
    says = "The offline store {store!r} failed to serve the view {view!r}: {problem}."
    then = (
        "mend what stopped it, such as the connection, its options or warehouse_table, or use "
        "offline_store_type='delta'."
    )


class OfflineStoreWrong(WorldFault, frozen=True, kw_only=True):
    """An answer of an offline store that was checked and found to break a law."""

    store: str
    view: str
    problem: str
    says = "The offline store {store!r} answered wrongly for the view {view!r}: {problem}. Nothing of it was used."
    then = "use offline_store_type='delta', and report the case: it is a defect that is not known yet."


ChoiceError = OfflineStoreRefused | UnknownDefect | DefectNotAccepted
"""Why a store is not chosen."""

LoadError = OfflineStoreNotInstalled | OfflineStoreOptions
"""Why a store that was chosen cannot be loaded."""

RunError = BeyondStore | TiesUndecided | WarehouseDiffers | OfflineStoreFailed | OfflineStoreWrong
"""Why a store did not run a plan."""

ExecutionError = TableError | RunError
"""Why a plan cannot be executed."""
