"""Looks at the folders of Delta tables as readers see them that do not look at the log."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq
from returns.result import Result, Success

from foreset.adapters.delta.checking.footer_scan import PARQUET_FAULTS
from foreset.adapters.delta.log.checkpoints import newest_state
from foreset.adapters.delta.log.faults import missing, opening
from foreset.adapters.delta.log.file_identity import foreign_folders, is_within, named_files
from foreset.adapters.delta.log.folders import FOLDER_FAULTS, Folder, folder
from foreset.adapters.delta.log.log import open_log, state_at
from foreset.adapters.delta.log.paths import table_uri
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import TableError
from foreset.domain.feast.folder_facts import FolderFacts, folder_facts, with_rows
from foreset.domain.safe_text.secret_names import filled
from foreset.domain.tables.delta_log import LogState

_COUNTED: Final = 1_000
"""How many files that are no part of a table are opened to count their rows."""
_AT_ONCE: Final = 8


class DeltaFolders:
    """Folders of Delta tables by dataset name (in `data_dir`), path or URL."""

    def __init__(self, data_dir: Path) -> None:
        """Look up dataset names in `data_dir`."""
        self._data_dir = data_dir

    def look(self, table: str, storage_options: Mapping[str, str] | None = None) -> Result[FolderFacts, TableError]:
        """What lies in the table's folder beside the files of its newest version."""
        options = filled(storage_options or {}, {})
        return Result.do(facts for uri in table_uri(table, self._data_dir) for facts in _look(table, uri, options))


def _look(table: str, uri: str, options: Mapping[str, str] | None) -> Result[FolderFacts, TableError]:
    try:
        place = folder(uri, options)
        log = open_log(place)
        if log.is_empty:
            return refuse(missing(table, uri))
        checkpoint, _ = newest_state(log)
        facts = _facts(table, place, state_at(log, checkpoint), checkpoint)
    except FOLDER_FAULTS as fault:
        return refuse(opening(table, uri, fault))
    return Success(with_rows(facts, _rows(place, facts.brought_back)))


def _facts(table: str, place: Folder, state: LogState, checkpoint: LogState | None) -> FolderFacts:
    listing = place.listing()
    foreign = foreign_folders(listing)
    own = [path for path in listing if not is_within(path, foreign)]
    return folder_facts(table, state, checkpoint, own, named_files(place, own, state.named))


def _rows(place: Folder, files: tuple[str, ...]) -> dict[str, int | None]:
    """How many rows each file has by its footer: None where that cannot be read, nothing where they are too many."""
    if len(files) > _COUNTED:
        return {}
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        return dict(zip(files, workers.map(partial(_count, place), files), strict=True))


def _count(place: Folder, path: str) -> int | None:
    try:
        with place.open(path) as source:
            return int(pq.ParquetFile(source).metadata.num_rows)
    except PARQUET_FAULTS:
        return None
