"""Where Parquet files lie: on a local disk or in an object store, listed and read alike."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from deltalake.exceptions import DeltaError
from deltalake.fs import DeltaStorageHandler
from pyarrow import fs

PLACE_FAULTS: Final = (OSError, ValueError, DeltaError)
"""What looking at a place raises: no permission, no connection, no such store."""
SUFFIXES: Final = (".parquet", ".parq", ".pq")
"""How names of Parquet files end, as dask and so Feast has it."""
_LOG: Final = "_delta_log"


class Found(NamedTuple):
    """A file: what opens it, its path in the folder, its size, and when it was written."""

    path: str
    name: str
    size_bytes: int
    modified_ns: int


class Place(Protocol):
    """A file or a folder."""

    @property
    def is_file(self) -> bool:
        """Whether it is a single file, or would be one if it were written."""
        ...

    def files(self) -> list[Found]:
        """Its Parquet files by their paths; none where it is missing.

        Those whose name, or a folder's in their path, begins with a point or an underscore are left out: by custom they
        are not data. Folders named `column=value` are.
        """
        ...

    def is_delta(self) -> bool:
        """Whether it is the folder of a Delta table, which only its log can tell the rows of."""
        ...

    def open(self, path: str) -> Any:
        """A file of it, as pyarrow reads from it."""
        ...


class LocalPlace:
    """A path on a local disk."""

    def __init__(self, path: str) -> None:
        """Look at `path`."""
        self.path = Path(path)

    @property
    def is_file(self) -> bool:
        """Whether it is a file."""
        return self.path.is_file() or (not self.path.exists() and named_as_file(self.path.name))

    def files(self) -> list[Found]:
        """Its Parquet files."""
        if self.path.is_file():
            return [_local(self.path, self.path.name)]
        found: list[Found] = []
        for folder, inside, names in os.walk(self.path, onerror=_raise):
            inside[:] = [name for name in inside if _is_data(name)]
            places = [Path(folder, name) for name in names if _is_data(name) and named_as_file(name)]
            found += [_local(place, place.relative_to(self.path).as_posix()) for place in places]
        return sorted(found, key=lambda file: file.name)

    def is_delta(self) -> bool:
        """Whether there is a log."""
        return (self.path / _LOG).is_dir()

    def open(self, path: str) -> Any:
        """A file of it."""
        return path


def _local(place: Path, name: str) -> Found:
    told = place.stat()
    return Found(str(place), name, told.st_size, told.st_mtime_ns)


def _raise(fault: OSError) -> None:
    if not isinstance(fault, FileNotFoundError):
        raise fault


class RemotePlace:
    """A URL in an object store, through deltalake's own stores."""

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        """Look at `url`; `options` are the store's."""
        self.url = url.rstrip("/")
        self.options = dict(options)
        self.is_file = named_as_file(self.url)
        self._root = self.url.rpartition("/")[0] if self.is_file else self.url
        self.system = fs.PyFileSystem(DeltaStorageHandler(self._root, self.options))

    def files(self) -> list[Found]:
        """Its Parquet files."""
        if self.is_file:
            entries = [self.system.get_file_info(self.url.rpartition("/")[2])]
        else:
            entries = self.system.get_file_info(fs.FileSelector("", recursive=True, allow_not_found=True))
        found = [
            Found(f"{self._root}/{entry.path}", str(entry.path), int(entry.size), int(entry.mtime_ns or 0))
            for entry in entries
            if entry.type == fs.FileType.File and all(map(_is_data, str(entry.path).split("/")))
        ]
        return sorted((file for file in found if named_as_file(file.name)), key=lambda file: file.name)

    def is_delta(self) -> bool:
        """Whether there is a log."""
        if self.is_file:
            return False
        return bool(self.system.get_file_info(fs.FileSelector(_LOG, allow_not_found=True)))

    def open(self, path: str) -> Any:
        """A file of it."""
        return self.system.open_input_file(path.removeprefix(f"{self._root}/"))

    def remove(self, names: list[str]) -> None:
        """Remove files."""
        for name in names:
            self.system.delete_file(name)


def place_at(path: str, options: Mapping[str, str] | None = None) -> LocalPlace | RemotePlace:
    """The place of a local path or URL. Raises `PLACE_FAULTS` for a store that is not known."""
    return RemotePlace(path, options or {}) if "://" in path else LocalPlace(path)


def named_as_file(name: str) -> bool:
    """Whether a name is that of a Parquet file."""
    return name.lower().endswith(SUFFIXES)


def _is_data(name: str) -> bool:
    return not name.startswith(".") and ("=" in name or not name.startswith("_"))
