"""Where the files of a table may be: below its folder, or in a place that the user allows (shallow clones need one).

A log is written by whoever may write to the table, and a path in it may name any file or address. What it names is
read with the rights of whoever reads the table, so a file elsewhere is not opened unless its place is allowed.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from foreset.adapters.delta.log.folders import is_outside
from foreset.adapters.delta.log.paths import decoded, is_url
from foreset.domain.tables.delta_log import place_of, relative_to


class Access(NamedTuple):
    """How the files of a table are reached: options of its store, and where they may be beyond its folder."""

    options: Mapping[str, str]
    allowed: tuple[str, ...] = ()


class OutsideFileError(ValueError):
    """A log names a file outside of its table's folder, in a place that is not allowed."""

    def __init__(self, path: str) -> None:
        """Name it."""
        super().__init__(f"the log names {path}, which is outside of the table's folder and not in an allowed place")
        self.path = path


def check_inside(root: str, paths: Iterable[str], allowed: Iterable[str]) -> None:
    """Raise `OutsideFileError` for the first path of a log that leaves the table at `root` and the places `allowed`."""
    places = (root, *(place if is_url(place) else str(Path(place).absolute()) for place in allowed))
    for path in paths:
        place = place_of(path)
        if not _may_leave(place):
            continue
        found = relative_to(place, root)
        if is_outside(found) and not any(_is_in(found, at) for at in places):
            raise OutsideFileError(found)


def _is_in(place: str, folder: str) -> bool:
    """Whether an absolute place is below a folder or URL, or below another name of the same folder of a disk."""
    if not is_outside(relative_to(place, folder)):
        return True
    local = decoded(folder)
    return not is_url(place) and not is_url(local) and Path(place).resolve().is_relative_to(Path(local).resolve())


def _may_leave(place: str) -> bool:
    return place.startswith("/") or ":" in place or ".." in place
