"""What can be wrong with Feast's offline stores that run plans."""

from foreset.domain.errors.feast import OfflineStoreRefused
from foreset.domain.errors.problem import CallerFault, DataFault, WorldFault
from foreset.domain.errors.tables import TableError


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
