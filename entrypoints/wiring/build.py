"""The one place that chooses adapters."""

import getpass
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from returns.result import Result, Success

from foreset.adapters.shared.files.places import is_not_a_place
from foreset.application.erasure.key_search import KeySearch
from foreset.application.feast.import_repository import Looks
from foreset.application.leakage.report import Looks as ReportLooks
from foreset.application.ports.diff import Comparer
from foreset.application.ports.engine import Adapters, ModelTrainer, PlanExecutor, ResultStore
from foreset.application.ports.event_log import EventStore, KeptFrames, LineageSink
from foreset.application.ports.feast import RepositoryReader, TableKeys
from foreset.application.ports.leakage import Information, OutsideFrames
from foreset.application.ports.tables import ArrowStream, TableStore
from foreset.domain.errors.event_log import DataFolderUnfit, StoreError, UnfitLimit
from foreset.domain.errors.feast import LoadError, RepositoryMissing
from foreset.domain.errors.history import ClientMissing
from foreset.domain.errors.problem import because, legible, refuse
from foreset.domain.event_log.receipts import ExecutedBy
from foreset.domain.safe_text.addresses import is_address, without_secrets
from foreset.entrypoints.wiring.engines import ChosenStore
from foreset.entrypoints.wiring.limits import limits, verifies
from foreset.entrypoints.wiring.locations import location, spill_folder
from foreset.entrypoints.wiring.logging import logger

if TYPE_CHECKING:
    from foreset.adapters.feast.online.store import FeastOnlineStore
    from foreset.adapters.feast.repository.registry import FeastRegistry
    from foreset.adapters.feast.repository.settings import RepositoryError
    from foreset.adapters.sklearn.description import ModelDescriber
    from foreset.domain.errors.feast import RegistryUnreadable

DATA_DIR = "FORESET_DATA_DIR"
ACTOR = "FORESET_ACTOR"
FILES_FROM = "FORESET_FILES_FROM"


def data_directory(given: str | PathLike[str] | None = None) -> Path:
    """The data folder as `data_folder` gives it. Raises `ForesetError` for an address."""
    return data_folder(given).unwrap()


def data_folder(given: str | PathLike[str] | None = None) -> Result[Path, DataFolderUnfit]:
    """The data folder: the one given, else FORESET_DATA_DIR, else `data/delta_lake` under the working directory."""
    place = os.fspath(given or os.environ.get(DATA_DIR) or Path("data") / "delta_lake")
    if is_address(place) or is_not_a_place(place):
        return refuse(DataFolderUnfit(place=without_secrets(place)))
    return Success(Path(place).absolute())


def files_from(given: Iterable[str | PathLike[str]] = ()) -> tuple[str, ...]:
    """Where files of tables may be beyond their folders: as given, else as FORESET_FILES_FROM lists them by commas."""
    places = (given,) if isinstance(given, (str, Path)) else tuple(given)
    named = os.environ.get(FILES_FROM, "").split(",")
    return tuple(str(place) for place in places) or tuple(place for name in named if (place := name.strip()))


def table_name(place: str, data_dir: str | PathLike[str] | None = None) -> str:
    """A table as logs name it: by its dataset name where it lies in the data folder, so that logs travel."""
    path = Path(place)
    return path.name if path.is_absolute() and path.parent == data_directory(data_dir) else place


@cache
def libraries() -> Mapping[str, str]:
    """The versions of what computes a training set, for receipts."""
    names = ("foreset", "polars", "deltalake")
    return MappingProxyType({name: version(name) for name in names})


def actor() -> str:
    """Who acts: FORESET_ACTOR, else the user of this process."""
    try:
        return legible(os.environ.get(ACTOR) or getpass.getuser())
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def table_store(data_dir: str | PathLike[str] | None = None, places: Iterable[str | PathLike[str]] = ()) -> TableStore:
    """Delta tables by name, path or URL, and Parquet files by the names that they have in receipts.

    `places` are where files of tables may be beyond the tables' folders.
    """
    from foreset.adapters.delta.tables import DeltaTables
    from foreset.adapters.parquet.tables import ParquetTables
    from foreset.adapters.shared.tables.by_format import TablesByFormat

    return TablesByFormat(DeltaTables(data_directory(data_dir), files_from(places)), ParquetTables())


def local_store(  # noqa: PLR0913  # where, and within what
    path: str | PathLike[str],
    data_dir: str | PathLike[str] | None = None,
    memory: int | str | None = None,
    threads: int | None = None,
    *,
    tables: TableStore | None = None,
    places: Iterable[str | PathLike[str]] = (),
    verify: bool | None = None,
    create: bool = True,
) -> Result[Adapters, StoreError]:
    """Tables, polars, and an event log in the folder or database `path`, made where it is missing if to `create`.

    `places` are where files of tables may be beyond the tables' folders. `verify`: whether retrievals look at the
    checksums of the files that they read.
    """
    limited = _limited(memory, threads, verify)
    if not isinstance(limited, Success):
        return refuse(limited.failure())
    from foreset.adapters.polars.frames.results import PolarsResults  # vendors stay off the import of foreset

    known = tables or table_store(data_dir, places)
    return location(path, create=create).map(
        lambda found: _on_polars(
            known,
            limited.unwrap(),
            events=found.events,
            kept=found.kept,
            results=PolarsResults(found.spilled),
        )
    )


class _Limited(NamedTuple):
    """What retrievals may use, and whether they verify checksums."""

    memory: int | None
    threads: int | None
    verify: bool


def _limited(memory: int | str | None, threads: int | None, verify: bool | None = None) -> Result[_Limited, UnfitLimit]:  # noqa: FBT001  # as it was given
    return Result.do(
        _Limited(size, count, looked_at) for size, count in limits(memory, threads) for looked_at in verifies(verify)
    )


def as_of(adapters: Adapters, at: datetime) -> Adapters:
    """The adapters, for which tables and the spines that lie in them are as they were at a time that has passed."""
    from foreset.adapters.polars.frames.spines import PolarsSpines
    from foreset.adapters.shared.tables.as_of import PastTables

    tables = PastTables(adapters.tables, at)
    return replace(adapters, tables=tables, spines=PolarsSpines(tables))


def unrecorded(
    memory: int | str | None = None, threads: int | None = None, *, tables: TableStore | None = None
) -> Result[Adapters, StoreError]:
    """Tables and polars, with a log in memory: for retrievals that somebody else asks for and keeps."""
    from foreset.adapters.memory.events import MemoryEventStore
    from foreset.adapters.memory.kept import MemoryFrames
    from foreset.adapters.polars.frames.results import PolarsResults

    known = tables or table_store()
    return _limited(memory, threads).map(
        lambda limited: _on_polars(
            known,
            limited,
            events=MemoryEventStore(),
            kept=MemoryFrames(),
            results=PolarsResults(spill_folder()),
        )
    )


def _on_polars(
    tables: TableStore,
    limited: _Limited,
    *,
    events: EventStore,
    kept: KeptFrames,
    results: ResultStore,
) -> Adapters:
    """Plans over these tables run by polars, within limits of memory and threads."""
    from foreset.adapters.memory.tables import MemoryTables
    from foreset.adapters.polars.frames.pinned_rows import PolarsPinnedRows
    from foreset.adapters.polars.frames.spines import PolarsSpines
    from foreset.adapters.polars.matching.executor import PolarsExecutor
    from foreset.adapters.shared.machine import LocalMachine, SystemClock
    from foreset.adapters.shared.tables.unversioned import SteadyExecutor

    machine, clock = LocalMachine(limited.memory, limited.threads), SystemClock()
    threads = machine.observe().threads
    engine = SteadyExecutor(PolarsExecutor(tables, threads, verify=limited.verify), tables)

    def over_frames(frames: Mapping[str, ArrowStream]) -> tuple[TableStore, PlanExecutor]:
        kept_rows = MemoryTables(frames, clock=clock)
        return kept_rows, PolarsExecutor(kept_rows, threads)

    return Adapters(
        tables=tables,
        executor=engine,
        engine=engine,
        spines=PolarsSpines(tables),
        kept=kept,
        pins=PolarsPinnedRows(over_frames),
        results=results,
        machine=machine,
        events=events,
        clock=clock,
        log=logger(),
        actor=actor(),
        libraries=libraries(),
    )


def in_memory(tables: Mapping[str, ArrowStream]) -> Adapters:
    """Everything in memory: for tests. The executor is the reference semantics."""
    from foreset.adapters.memory.events import MemoryEventStore
    from foreset.adapters.memory.executor import MemoryExecutor
    from foreset.adapters.memory.kept import MemoryFrames
    from foreset.adapters.memory.tables import MemoryTables
    from foreset.adapters.polars.frames.pinned_rows import PolarsPinnedRows
    from foreset.adapters.polars.frames.results import PolarsResults
    from foreset.adapters.polars.frames.spines import PolarsSpines
    from foreset.adapters.shared.machine import LocalMachine, SystemClock

    clock = SystemClock()
    store = MemoryTables(tables, clock=clock)
    engine = MemoryExecutor(store)

    def over_frames(frames: Mapping[str, ArrowStream]) -> tuple[TableStore, PlanExecutor]:
        kept_rows = MemoryTables(frames, clock=clock)
        return kept_rows, MemoryExecutor(kept_rows)

    return Adapters(
        tables=store,
        executor=engine,
        engine=engine,
        spines=PolarsSpines(store),
        kept=MemoryFrames(),
        pins=PolarsPinnedRows(over_frames),
        results=PolarsResults(spill_folder()),
        machine=LocalMachine(),
        events=MemoryEventStore(),
        clock=clock,
        log=logger(),
        actor=actor(),
        libraries=libraries(),
    )


def run_on(adapters: Adapters, chosen: ChosenStore) -> Result[Adapters, LoadError]:
    """The adapters, with plans run on the chosen store. Loading a store of Feast's loads Feast, which takes seconds."""
    if chosen.store is None:
        return Success(adapters)
    from foreset.adapters.feast.engines.executor import FeastExecutor
    from foreset.adapters.shared.tables.unversioned import SteadyExecutor

    ran_by = ExecutedBy(chosen.store.name, chosen.accept)
    known = {**adapters.libraries, "feast": version("feast")}
    tables = adapters.tables
    return FeastExecutor.open(tables, chosen.store, chosen.options, chosen.accept).map(
        lambda found: replace(adapters, executor=SteadyExecutor(found, tables), executed_by=ran_by, libraries=known)
    )


def trainer() -> ModelTrainer:
    """What fits models: scikit-learn."""
    from foreset.adapters.sklearn.trainer import SklearnTrainer

    return SklearnTrainer()


def model_describer() -> "ModelDescriber":
    """What describes fitted models of any library."""
    from foreset.adapters.sklearn.description import ModelDescriber

    return ModelDescriber()


def lineage_sink(
    target: str, namespace: str, data_dir: str | PathLike[str] | None = None
) -> Result[LineageSink, ClientMissing]:
    """What sends lineage to a file or a service, if its package is there."""
    from foreset.adapters.delta.log.paths import table_uri

    try:
        from foreset.adapters.openlineage.sink import OpenLineageSink
    except ModuleNotFoundError as fault:
        if not (fault.name or "").startswith("openlineage"):
            raise
        return refuse(because(ClientMissing(package="openlineage-python", extra="lineage"), fault))
    data = data_directory(data_dir)
    return Success(
        OpenLineageSink(target, namespace, lambda table: table_uri(table, data).value_or(table), version("foreset"))
    )


def comparer() -> Comparer:
    """What compares training sets: polars."""
    from foreset.adapters.polars.diff.comparer import PolarsComparer

    return PolarsComparer()


def feast_registry(
    path: str | PathLike[str],
    project: str | None,
    provider: str | None = None,
    data_dir: str | PathLike[str] | None = None,
    *,
    any_offline_store: bool = False,
) -> "Result[FeastRegistry, RepositoryError | RegistryUnreadable]":
    """Feast's registry in the repository `path`. The first call in a process loads Feast, which takes seconds.

    What is None may be anything in a repository that is there; so may the offline store, where that is said.
    """
    from foreset.adapters.delta.log.paths import table_uri
    from foreset.adapters.feast.repository.registry import FeastRegistry
    from foreset.adapters.feast.repository.settings import OFFLINE_STORE

    data = data_directory(data_dir)
    return FeastRegistry.open(
        Path(path).absolute(),
        project,
        provider,
        lambda table: table_uri(table, data).value_or(table),
        None if any_offline_store else OFFLINE_STORE,
    )


def feast_repository(
    path: str | PathLike[str], data_dir: str | PathLike[str] | None = None
) -> "Result[RepositoryReader, RepositoryMissing]":
    """The reader of somebody's Feast repository. The first call in a process loads Feast, which takes seconds."""
    place = os.fspath(path)
    if is_address(place) or is_not_a_place(place):
        return refuse(RepositoryMissing(path=without_secrets(place)))
    from foreset.adapters.feast.repository.from_proto import Places
    from foreset.adapters.feast.repository.reader import FeastRepositoryReader

    return Success(FeastRepositoryReader(Places(Path(place).absolute(), lambda table: table_name(table, data_dir))))


def looks(rows: int, data_dir: str | PathLike[str] | None = None) -> Looks:
    """What looks at tables beyond their logs, at `rows` rows of each view at most."""
    from foreset.adapters.delta.checking.folder_scan import DeltaFolders
    from foreset.adapters.polars.table_rows.row_checks import PolarsRows

    return Looks(DeltaFolders(data_directory(data_dir)), PolarsRows(), rows)


def outside_frames() -> OutsideFrames:
    """What looks at frames that were made without Foreset."""
    from foreset.adapters.polars.leakage.outside_frames import PolarsFrames

    return PolarsFrames()


def report_looks() -> ReportLooks:
    """What looks at the rows of training sets for reports."""
    from foreset.adapters.polars.leakage.report_rows import PolarsReports

    return ReportLooks(PolarsReports(), information)


def information() -> Information:
    """What tells how much of a target is in a column: scikit-learn."""
    from foreset.adapters.sklearn.information import MutualInformation

    return MutualInformation()


def feast_online(registry: "FeastRegistry") -> "FeastOnlineStore":
    """The online store of the Feast repository that a registry is of."""
    from foreset.adapters.feast.online.store import FeastOnlineStore

    return FeastOnlineStore(registry.store)


def table_keys() -> TableKeys:
    """What finds the keys of tables."""
    from foreset.adapters.polars.table_rows.changed_keys import PolarsKeys

    return PolarsKeys()


def key_search() -> KeySearch:
    """What finds a key in frames and tables."""
    from foreset.adapters.polars.table_rows.key_search import PolarsKeySearch

    return PolarsKeySearch()
