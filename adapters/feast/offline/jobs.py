"""What Feast is given for a retrieval: a job that runs when its result is asked for, once."""

import threading
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from feast import OnDemandFeatureView
from feast.errors import SavedDatasetLocationAlreadyExists
from feast.infra.offline_stores.file_source import SavedDatasetFileStorage
from feast.infra.offline_stores.offline_store import RetrievalJob, RetrievalMetadata
from feast.saved_dataset import SavedDatasetStorage, ValidationReference

from foreset.adapters.feast.offline.options import ArrowTable, Options
from foreset.adapters.feast.offline.sources import source_of
from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.domain.definitions.specs import DeltaSource
from foreset.domain.errors.feast import DatasetThere, FeastNotSupported, RetrievalLate
from foreset.domain.errors.problem import CallerError, raised
from foreset.domain.tables.write_options import WriteOptions


class DatasetThereError(CallerError, SavedDatasetLocationAlreadyExists):
    """A saved dataset whose place is taken: Foreset's error, and the one of Feast's that is expected here."""


@all_need_threads(but=("full_feature_names", "metadata", "on_demand_feature_views", "supports_remote_storage_export"))
class DeltaRetrievalJob(RetrievalJob):
    """A retrieval that runs when its result is asked for, once."""

    def __init__(
        self,
        run: Callable[[], ArrowTable],
        options: Options,
        metadata: RetrievalMetadata | None = None,
        on_demand: list[OnDemandFeatureView] | None = None,
        *,
        full_feature_names: bool = False,
    ) -> None:
        """Keep what is to be run, by `run`."""
        self._retrieval = _Retrieval(run)
        self._options = options
        self._metadata = metadata
        self._on_demand = on_demand or []
        self._full_feature_names = full_feature_names

    def _to_arrow_internal(self, timeout: int | None = None) -> ArrowTable:
        return self._retrieval.result(timeout)

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        return _frame_of(self._to_arrow_internal(timeout))

    def to_df(
        self, validation_reference: ValidationReference | None = None, timeout: int | None = None
    ) -> pd.DataFrame:
        """The result as a pandas frame with a plain index, as `TrainingSet.to_pandas` gives it.

        The columns of the entity frame have the types that they had there; whole numbers and booleans with nulls are
        nullable, where Feast's own conversion rounds the former in float64.
        """
        return _frame_of(self.to_arrow(validation_reference=validation_reference, timeout=timeout))

    @property
    def full_feature_names(self) -> bool:
        """Whether features are named view__feature."""
        return self._full_feature_names

    @property
    def on_demand_feature_views(self) -> list[OnDemandFeatureView]:
        """The on-demand views that Feast computes on the result."""
        return self._on_demand

    @property
    def metadata(self) -> RetrievalMetadata | None:
        """What was asked; None where rows of a source were asked for as they are."""
        return self._metadata

    def persist(
        self,
        storage: SavedDatasetStorage,
        allow_overwrite: bool | None = False,  # noqa: FBT001, FBT002  # Feast's own signature
        timeout: int | None = None,
    ) -> None:
        """Write the result, on-demand views included, to Parquet files or a Delta table.

        Raises `DatasetThereError` where something is there that may not be replaced.
        """
        if not isinstance(storage, SavedDatasetFileStorage):
            operation = f"saved datasets in {type(storage).__name__}"
            remedy = "use SavedDatasetFileStorage(path, file_format=DeltaFormat()), or with ParquetFormat()"
            raise raised(FeastNotSupported(operation=operation, remedy=remedy))
        place = source_of("saved dataset", storage.to_data_source(), self._options)
        if not allow_overwrite and self._is_taken(place):
            raise DatasetThereError(DatasetThere(path=storage.file_options.uri))
        renewed = WriteOptions(schema_mode="overwrite")
        self._options.engine.write(place, self.to_arrow(timeout=timeout), "overwrite", renewed)

    def _is_taken(self, place: DeltaSource) -> bool:
        """Whether a table is there, or on a local disk anything at all."""
        path = Path(place.table.partition("parquet:")[2] or place.table)
        if "://" not in place.table and path.exists():
            return path.is_file() or any(path.iterdir())
        return self._options.engine.is_there(place)

    def supports_remote_storage_export(self) -> bool:
        """No: results come to this process."""
        return False


def _frame_of(table: ArrowTable) -> pd.DataFrame:
    import polars as pl  # noqa: PLC0415  # kept off the import of the store, as what loads it

    from foreset.adapters.shared.frames.pandas_rows import NOTES, decoded, noted  # noqa: PLC0415  # as above
    from foreset.adapters.shared.interchange.to_pandas import pandas_frame  # noqa: PLC0415  # as above

    notes = (table.schema.metadata or {}).get(NOTES.encode())
    return pandas_frame(noted(pl.DataFrame(table), decoded(notes) if notes else {}))


class _Retrieval:
    """Something that is done once, in this thread or, where there is a limit of time, beside it."""

    def __init__(self, run: Callable[[], ArrowTable]) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._done: list[ArrowTable | BaseException] = []

    def result(self, timeout: float | None) -> ArrowTable:
        with self._lock:
            thread = self._thread
            if thread is None and not self._is_done():
                if timeout is None:
                    self._work()
                else:
                    thread = self._thread = threading.Thread(target=self._work, daemon=True)
                    thread.start()
        if thread is not None:
            thread.join(timeout)
            if thread.is_alive():
                raise raised(RetrievalLate(seconds=f"{timeout:g}"))
        return self._given()

    def _is_done(self) -> bool:
        return bool(self._done)

    def _work(self) -> None:
        try:
            self._done.append(self._run())
        except BaseException as fault:  # noqa: BLE001  # it is raised where the result is asked for
            self._done.append(fault)

    def _given(self) -> ArrowTable:
        """The result; a failure is raised, and the next call tries again."""
        [found] = self._done
        if isinstance(found, BaseException):
            self._done.clear()
            self._thread = None
            raise found
        return found
