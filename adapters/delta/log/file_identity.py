"""Which of the files that a folder lists the paths of a log name, by what a path is rather than how it is written.

A log may write the path of a file as `./x`, `../t/x`, `/dir//x`, encoded or not, in another case, or absolute by
another name of the same folder (a link, a mount). Whoever compares texts takes such a file for one that nobody needs.
"""

import os
import unicodedata
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from foreset.adapters.delta.log.folders import Folder, LocalFolder, is_outside
from foreset.domain.tables.delta_log import relative_to, spellings

_Inode = tuple[int, int]


def named_files(place: Folder, listing: Collection[str], paths: Iterable[str]) -> dict[str, frozenset[str]]:
    """The listed files that some paths of a log name, each with those paths as the log writes them.

    A file is named by a path that means it, or, on a disk, that leads to the same inode; also by one whose characters
    are the same in another form of Unicode, for some file systems and copies change it. A path that leads to no file at
    all may be one of this folder by a name that is gone (a mount that moved), so it names the listed files of its
    last name, too: in doubt a file is named.
    """
    found: dict[str, set[str]] = {}
    elsewhere: list[str] = []
    every = tuple(dict.fromkeys(paths))
    for path in every:
        meant = [spelled for spelled in spellings(path, place.root) if spelled in listing]
        for listed in meant:
            found.setdefault(listed, set()).add(path)
        if not meant:
            elsewhere.append(path)
    left = [listed for listed in listing if listed not in found]
    if left:
        _by_inode(place, left, every, found)
        _by_form(place, left, every, found)
        _by_last_name(left, [path for path in elsewhere if _inode(place, path) is None], found)
    return {listed: frozenset(names) for listed, names in found.items()}


def _by_inode(place: Folder, left: Iterable[str], paths: Iterable[str], found: dict[str, set[str]]) -> None:
    if not isinstance(place, LocalFolder):
        return
    leads: dict[_Inode, list[str]] = {}
    for path in paths:
        inode = _inode(place, path)
        if inode is not None:
            leads.setdefault(inode, []).append(path)
    for listed in left:
        inode = _stat(os.path.join(place.root, listed))  # noqa: PTH118  # a Path for each file is slow
        if inode in leads:
            found.setdefault(listed, set()).update(leads[inode])


def _by_form(place: Folder, left: Iterable[str], paths: Iterable[str], found: dict[str, set[str]]) -> None:
    """Paths in the composed form and in the other, where the folder's or a file's name has characters of two forms."""
    root = _composed(place.root)
    ambiguous = {listed: _composed(listed) for listed in left if not (listed.isascii() and root.isascii())}
    if not ambiguous:
        return
    names: dict[str, list[str]] = {}
    for path in paths:
        for spelled in spellings(path, place.root):
            names.setdefault(relative_to(_composed(spelled), root), []).append(path)
    for listed, composed in ambiguous.items():
        if composed in names:
            found.setdefault(listed, set()).update(names[composed])


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _by_last_name(left: Iterable[str], missing: Iterable[str], found: dict[str, set[str]]) -> None:
    names: dict[str, list[str]] = {}
    for path in missing:
        for spelled in spellings(path, "/"):
            names.setdefault(_last_name(spelled), []).append(path)
    for listed in left if names else ():
        if (paths := names.get(_last_name(listed))) is not None:
            found.setdefault(listed, set()).update(paths)


def _last_name(path: str) -> str:
    """The last name of a path in the one form of all that it may be written in, however often it was encoded."""
    name = PurePosixPath(path).name
    while (decoded := unquote(name)) != name:
        name = decoded
    return _composed(name).casefold().strip(" .")


def _inode(place: Folder, path: str) -> _Inode | None:
    """The inode to which a path of a log leads, None where there is no such file on this disk."""
    if not isinstance(place, LocalFolder):
        return None
    for spelled in spellings(path, place.root):
        if "://" not in spelled:
            inode = _stat(spelled if is_outside(spelled) else os.path.join(place.root, spelled))  # noqa: PTH118
            if inode is not None:
                return inode
    return None


def _stat(path: str) -> _Inode | None:
    try:
        seen = os.stat(path)  # noqa: PTH116  # a Path for each file is slow
    except (OSError, ValueError):  # not there, or no name that a file can have
        return None
    return seen.st_dev, seen.st_ino


_TABLES: Final = frozenset({"_delta_log", ".hoodie", "_spark_metadata"})
"""Folders that make the folder which they are in a table of its own."""
_STORE: Final = "events.db"
_OF_A_STORE: Final = frozenset({"spines", "pins", "spilled"})


def foreign_folders(listing: Iterable[str]) -> frozenset[str]:
    """The folders below a table's that are not the table's, by relative path: other tables, and stores of Foreset."""
    found: set[str] = set()
    for path in listing:
        *parents, name = path.split("/")
        for depth, parent in enumerate(parents):
            if parent in _TABLES and depth:
                found.add("/".join(parents[:depth]))
        if name == _STORE:
            found |= {"/".join(parents)} if parents else _OF_A_STORE
        elif name.endswith(".metadata.json") and parents[1:] and parents[-1] == "metadata":  # Apache Iceberg
            found.add("/".join(parents[:-1]))
    return frozenset(found)


def is_within(path: str, folders: Collection[str]) -> bool:
    """Whether a file is below one of some folders.

    >>> is_within("a/b/x.parquet", {"a"}), is_within("ab/x.parquet", {"a"})
    (True, False)
    """
    return any(str(parent) in folders for parent in PurePosixPath(path).parents) if folders else False
