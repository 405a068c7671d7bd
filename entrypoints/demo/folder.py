"""The demo's folder: made, marked as the demo's, and emptied of an earlier demo, finished or not."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from returns.result import Result, Success

from foreset.domain.errors.problem import WorldError, refuse, told
from foreset.domain.errors.system import by_code
from foreset.entrypoints.demo.faults import DemoFolderTaken, DemoFolderUnwritable

if TYPE_CHECKING:
    from foreset.entrypoints.store.training_set import TrainingSet

MARKER = ".foreset-demo"
DATA = "data"
STORE = "store"
TRAINING_SET = "training_set.parquet"
_OURS = (DATA, STORE, TRAINING_SET)


def prepare(folder: Path) -> Result[Path, DemoFolderTaken | DemoFolderUnwritable]:
    """An empty folder for the demo. Of an earlier demo only what the demo made is removed; other folders are refused.

    The marker is written first and never removed, so that a demo killed at any moment leaves a folder that the next
    one knows for its own.
    """
    try:
        if folder.exists() and not _may_use(folder):
            return refuse(DemoFolderTaken(folder=str(folder)))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARKER).write_text("The folder of `foreset demo`, which replaces what it made here.\n", "utf-8")
        for name in _OURS:
            _remove(folder / name)
    except OSError as fault:
        return refuse(by_code(DemoFolderUnwritable(folder=str(folder), problem=told(fault)), fault))
    return Success(folder)


def save(folder: Path, training_set: "TrainingSet") -> Result[Path, DemoFolderUnwritable]:
    """Write the training set to the folder, as Parquet."""
    try:
        return Success(training_set.write_parquet(folder / TRAINING_SET))
    except WorldError as fault:
        cause = fault.__cause__ or fault
        return refuse(by_code(DemoFolderUnwritable(folder=str(folder), problem=told(cause)), cause))


def _may_use(folder: Path) -> bool:
    return folder.is_dir() and ((folder / MARKER).is_file() or not any(folder.iterdir()))


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
