"""A table's folder as files to list and read, wherever it is, without a look at its log."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import pyarrow as pa
from deltalake.exceptions import DeltaError
from deltalake.fs import DeltaStorageHandler
from pyarrow import fs

from foreset.adapters.delta.log.paths import is_url
from foreset.adapters.shared.files.input_files import LARGEST_READ, input_bytes, require_file
from foreset.domain.tables.delta_log import relative_to

FOLDER_FAULTS = (OSError, ValueError, DeltaError)
"""What a folder raises: no such file, no permission, no connection, no such store."""


class Folder(Protocol):
    """Files by their path relative to the folder."""

    root: str

    def listing(self, under: str = "") -> dict[str, int]:
        """The size of every file in the folder, or in one within it, and in those inside; empty where it is missing.

        Links to folders are not followed.
        """
        ...

    def size(self, path: str) -> int | None:
        """A file's size, None where it is missing."""
        ...

    def modified_ms(self, path: str) -> int | None:
        """When a file was last modified, in milliseconds since the epoch; None where it is missing."""
        ...

    def remove(self, path: str) -> bool:
        """Delete a file; whether it was there."""
        ...

    def read(self, path: str) -> bytes:
        """A file's content."""
        ...

    def open(self, path: str) -> Any:
        """The open file, as pyarrow reads from it."""
        ...


class LocalFolder:
    """A folder on a local disk."""

    def __init__(self, root: str) -> None:
        """Look at `root`."""
        self.root = root

    def listing(self, under: str = "") -> dict[str, int]:
        """The size of every file."""
        start = os.path.join(self.root, under) if under else self.root  # noqa: PTH118  # a Path for each file is slow
        cut = len(self.root.rstrip("/")) + 1
        return {place[cut:]: size for place, size in _walk(start)}

    def size(self, path: str) -> int | None:
        """A file's size, None where it is missing."""
        try:
            return Path(self.root, path).stat().st_size
        except FileNotFoundError:
            return None

    def modified_ms(self, path: str) -> int | None:
        """When a file was last modified."""
        try:
            return Path(self.root, path).stat().st_mtime_ns // 1_000_000
        except FileNotFoundError:
            return None

    def remove(self, path: str) -> bool:
        """Delete a file."""
        try:
            Path(self.root, path).unlink()
        except FileNotFoundError:
            return False
        return True

    def read(self, path: str) -> bytes:
        """A file's content."""
        return input_bytes(Path(self.root, path), LARGEST_READ)

    def open(self, path: str) -> Any:
        """The open file."""
        return pa.OSFile(require_file(Path(self.root, path)))


class RemoteFolder:
    """A folder in an object store, through deltalake's own stores."""

    def __init__(self, root: str, options: Mapping[str, str] | None) -> None:
        """Look at the URL `root`; `options` are the store's."""
        self.root = root
        self._files = fs.PyFileSystem(DeltaStorageHandler(root, dict(options) if options else None))

    def listing(self, under: str = "") -> dict[str, int]:
        """The size of every file."""
        entries = self._files.get_file_info(fs.FileSelector(under, recursive=True, allow_not_found=True))
        return {str(entry.path): int(entry.size) for entry in entries if entry.type == fs.FileType.File}

    def size(self, path: str) -> int | None:
        """A file's size, None where it is missing."""
        entry = self._files.get_file_info(path)
        return int(entry.size) if entry.type == fs.FileType.File else None

    def modified_ms(self, path: str) -> int | None:
        """When a file was last modified."""
        entry = self._files.get_file_info(path)
        return int(entry.mtime_ns) // 1_000_000 if entry.type == fs.FileType.File else None

    def remove(self, path: str) -> bool:
        """Delete a file."""
        if self.size(path) is None:
            return False
        self._files.delete_file(path)
        return True

    def read(self, path: str) -> bytes:
        """A file's content."""
        with self._files.open_input_file(path) as file:
            return bytes(file.read())

    def open(self, path: str) -> Any:
        """The open file."""
        return self._files.open_input_file(path)


def folder(uri: str, options: Mapping[str, str] | None = None) -> Folder:
    """The folder at a local path or URL. Raises `FOLDER_FAULTS` for a store that is not known."""
    return RemoteFolder(uri, options) if is_url(uri) else LocalFolder(uri)


def is_outside(path: str) -> bool:
    """Whether a file is not under the table's root."""
    return path.startswith("/") or "://" in path


def holding(place: Folder, path: str, options: Mapping[str, str] | None) -> tuple[Folder, str]:
    """The folder that holds a file of the table in `place`, and its path there: a file may be outside the table."""
    inside = relative_to(path, place.root)
    if not is_outside(inside):
        return place, inside
    if is_url(inside):
        parent, _, name = inside.rpartition("/")
        return folder(parent, options), name
    found = PurePosixPath(inside)
    return folder(str(found.parent)), found.name


def _walk(start: str) -> Iterator[tuple[str, int]]:
    """Files below a folder, with their sizes."""
    waiting = [start]
    while waiting:
        try:
            entries = os.scandir(waiting.pop())
        except FileNotFoundError:
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry.path, _size(entry)


def _size(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat().st_size
    except OSError:  # a link to nothing, or a file that went while the folder was listed
        return 0
