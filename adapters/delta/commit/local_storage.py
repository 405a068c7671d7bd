"""Where a table is written: its data files, and its commits by compare-and-set.

On a local disk the commit's file is written whole and durably under another name, and then linked to its own, which
fails where that is taken: so no reader meets half a commit, not even after a power cut.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import version as version_of
from pathlib import Path
from time import time_ns
from typing import Final, Protocol
from uuid import uuid4

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from foreset.adapters.delta.log.folders import folder
from foreset.adapters.delta.log.log import LAST_CHECKPOINT, LOG, commit_of
from foreset.adapters.shared.files.blobs import sync
from foreset.adapters.shared.parquet.writer import ParquetFileWriter
from foreset.domain.tables.delta_commit import TRANSACTION_ID, TableChange

_CHECKPOINT_EVERY: Final = 100
"""Commits, where the table does not say: as deltalake does."""
_DIGITS: Final = 18
"""How many digits such a number may have."""
_TRIES: Final = 5
ENGINE: Final = f"Foreset {version_of('foreset')}"


class Raced(Exception):  # noqa: N818  # no error: another attempt follows
    """Another writer has committed this version."""


class Extended(Raced):
    """The columns that the commit needs were added by a commit of their own: the table is one version further."""


class Unfit(Exception):  # noqa: N818  # as above
    """The storage cannot make such a commit; the text is what it cannot do."""


class Storage(Protocol):
    """A table's folder, to write to. What fails raises an `OSError`, or what deltalake raises."""

    def create(self, path: str) -> ParquetFileWriter:
        """A new file at a path relative to the folder."""
        ...

    def settle(self, paths: Iterable[str]) -> None:
        """Make sure that these files, which are written and closed, stay where they are."""
        ...

    def remove(self, paths: Iterable[str]) -> None:
        """Remove these files, as far as possible."""
        ...

    def commit(self, version: int, change: TableChange, transaction_id: str) -> None:
        """Make the change version `version` of the table, if that is not there yet.

        `transaction_id` tells it from all other commits. Raises `Raced`, `Unfit`, or what stopped it.
        """
        ...

    def tend(self, version: int, configuration: Mapping[str, str]) -> None:
        """Keep the log short after a commit, as the table's configuration asks; what fails there is no matter."""
        ...


def commit_path(version: int) -> str:
    """Where a commit is, relative to the table's folder."""
    return f"{LOG}/{version:020}.json"


def transaction_of(uri: str, options: Mapping[str, str], version: int) -> str | None:
    """What tells the commit of a version from others; None where there is no such commit."""
    try:
        content = folder(uri, options).read(commit_path(version))
    except FileNotFoundError:
        return None
    return str(commit_of(version, "", content).info.get(TRANSACTION_ID, ""))


class LocalStorage:
    """A folder on a local disk."""

    def __init__(self, root: str) -> None:
        """Write below `root`."""
        self._root = Path(root)
        self._made: list[Path] = []

    def create(self, path: str) -> ParquetFileWriter:
        """A new file, in a folder that is made where it is missing."""
        place = self._root / path
        for _ in range(_TRIES):
            self._made += make_folders(place.parent)
            with suppress(FileNotFoundError):  # another write took back the folder, which it had made
                return ParquetFileWriter(place)
        return ParquetFileWriter(place)

    def settle(self, paths: Iterable[str]) -> None:
        """Make the entries of files durable; the files themselves are."""
        for place in {(self._root / path).parent for path in paths}:
            sync(place)

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and folders that were made for them and are left empty."""
        for path in paths:
            with suppress(OSError):
                (self._root / path).unlink(missing_ok=True)
        for place in reversed(self._made):
            with suppress(OSError):
                place.rmdir()

    def commit(self, version: int, change: TableChange, transaction_id: str) -> None:
        """Link a whole and durable file to the commit's name."""
        log = self._root / LOG
        self._made += make_folders(log)
        staged = log / f"_commit_{uuid4()}.json.tmp"
        read_version = version - 1 if version else None
        try:
            _write(staged, change.lines(transaction_id, ENGINE, time_ns() // 1_000_000, read_version))
            os.link(staged, self._root / commit_path(version))
        except FileExistsError as fault:
            raise Raced from fault
        finally:
            with suppress(OSError):
                staged.unlink(missing_ok=True)
        sync(log)

    def tend(self, version: int, configuration: Mapping[str, str]) -> None:
        """Write a checkpoint where one is due. Old commits stay: training sets may rest on them."""
        if (version + 1) % _interval(configuration.get("delta.checkpointInterval")):
            return
        log = self._root / LOG
        with suppress(DeltaError, OSError, ValueError):
            DeltaTable(self._root, version=version).create_checkpoint()
            for place in (*log.glob(f"{version:020}.checkpoint*"), log / LAST_CHECKPOINT, log):
                sync(place)


def _interval(told: str | None) -> int:
    """Commits between checkpoints, as a table's configuration has it; the default where it has no such number."""
    text = told or ""
    fits = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    return (int(text) if fits else 0) or _CHECKPOINT_EVERY


def is_free(place: Path) -> bool:
    """Whether a folder holds nothing, or only what a first write left that was killed: data without a commit."""
    try:
        return all(_is_left(entry) for entry in place.iterdir())
    except OSError:
        return False


def _is_left(entry: Path) -> bool:
    if entry.is_dir():
        return entry.name == LOG or ("=" in entry.name and is_free(entry))
    return entry.name.startswith("part-")


def make_folders(place: Path) -> list[Path]:
    """Make a folder and those above it, durably; gives those that were not there, the outer first."""
    missing = [place, *place.parents]
    missing = missing[: next(number for number, above in enumerate(missing) if above.exists())]
    for made in reversed(missing):
        made.mkdir(exist_ok=True)
        sync(made.parent)
    return missing[::-1]


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
