"""Bytes by name, whole and durable: in a folder. Names have slashes, as paths have."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from foreset.adapters.shared.files.claims import claimed, sweep
from foreset.adapters.shared.files.privacy import make_file, make_folder, make_folders


class Blobs(Protocol):
    """Where bytes are kept. Faults are `OSError`; of a name that is not there, `FileNotFoundError`."""

    def place(self, name: str) -> str:
        """Where the bytes of a name are, for messages."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Keep bytes under a name that is not there yet, whole and durably or not at all. What is there stays."""
        ...

    def size(self, name: str) -> int | None:
        """How many bytes a name has; None where it is not there."""
        ...

    def read(self, name: str) -> bytes:
        """The bytes of a name."""
        ...

    def names(self, prefix: str) -> tuple[str, ...]:
        """The names that begin so, in order."""
        ...

    def remove(self, name: str) -> bool:
        """Forget a name; whether it was there."""
        ...

    def sweep(self) -> None:
        """Delete what processes left that were killed while they wrote."""
        ...


class InvalidNameError(OSError):
    """A name that no bytes are kept under, such as one that leaves the folder. Names come from logs of others, too."""

    def __init__(self, name: str) -> None:
        """Name it."""
        super().__init__(f"{name!r} is not a name that the store gives")


_UNFINISHED = ".unfinished-"
_PART = r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*"
_NAME = re.compile(rf"{_PART}(/{_PART})*")
_PREFIX = re.compile(rf"({_PART}/)*({_PART})?")


class FolderBlobs:
    """Each name is a file in a folder, which is made when it is needed."""

    def __init__(self, folder: Path, suffix: str) -> None:
        """Keep bytes in `folder`, in files whose names end in `suffix`."""
        self._folder = folder
        self._suffix = suffix

    def place(self, name: str) -> str:
        """The file's path."""
        return f"{self._folder}/{name}{self._suffix}"

    def _path(self, name: str) -> Path:
        return self._within(name, _NAME) / f"{name.rpartition('/')[2]}{self._suffix}"

    def _within(self, name: str, grammar: re.Pattern[str]) -> Path:
        """The folder of a name, which is within this one, also by its links. Raises `InvalidNameError` for another."""
        parent = self._folder / name.rpartition("/")[0]
        if not grammar.fullmatch(name) or not parent.resolve().is_relative_to(self._folder.resolve()):
            raise InvalidNameError(name)
        return parent

    def write(self, name: str, content: bytes) -> None:
        """Write a file under another name, and give it its own once it is on the disk."""
        path = self._path(name)
        if path.exists():
            return
        make_folder(self._folder)
        with claimed(self._folder, _UNFINISHED) as folder:
            partial = folder / "content"
            make_file(partial)
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            make_folders(path.parent, self._folder)
            partial.replace(path)
            sync(path.parent)

    def size(self, name: str) -> int | None:
        """The file's size."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, name: str) -> bytes:
        """The file's content."""
        return self._path(name).read_bytes()

    def names(self, prefix: str) -> tuple[str, ...]:
        """The names of the files."""
        near = self._within(prefix, _PREFIX)
        found = (path.relative_to(self._folder).as_posix() for path in _files(near) if path.name.endswith(self._suffix))
        return tuple(sorted(name for file in found if (name := file.removesuffix(self._suffix)).startswith(prefix)))

    def remove(self, name: str) -> bool:
        """Delete the file."""
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return False
        return True

    def sweep(self) -> None:
        """Delete the unfinished files of processes that have ended."""
        for left in _files(self._folder):
            if left.suffix == ".partial":  # as earlier versions named them
                left.unlink(missing_ok=True)
        sweep(self._folder, _UNFINISHED)


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, also while others make and delete some; hidden folders are of unfinished ones."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in names)


def sync(place: Path) -> None:
    """Make a file's content, or what a folder lists, durable."""
    opened = os.open(place, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
