"""Who may read what a store keeps: its owner alone, or those whom FORESET_SHARED names.

`FORESET_SHARED=group` lets the group of each folder read and write; `FORESET_SHARED=umask` leaves it to the umask of
the process. What is there already keeps its modes.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SHARED: Final = "FORESET_SHARED"
_MODES: Final[dict[str, tuple[int, int] | None]] = {"": (0o700, 0o600), "group": (0o2770, 0o660), "umask": None}
_OTHERS: Final = {"": 0o077, "group": 0o007, "umask": 0}
_OF_STORE: Final = ("events.db", "events.db-wal", "events.db-shm", "spines", "pins", "spilled")


def _shared() -> str:
    asked = os.environ.get(SHARED, "").strip().lower()
    return asked if asked in _MODES else ""


def make_folder(folder: Path) -> None:
    """Make a folder of the store where it is missing; folders above it are made as the umask has it."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    modes = _MODES[_shared()]
    if modes is None:
        folder.mkdir(exist_ok=True)
        return
    try:
        folder.mkdir(mode=modes[0] & 0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        folder.chmod(modes[0])  # mkdir takes the umask away


def make_folders(folder: Path, top: Path) -> None:
    """Make the folders down from `top` to `folder`, each as `make_folder` does."""
    for place in (top, *(top.joinpath(*parts) for parts in _beginnings(folder.relative_to(top).parts))):
        make_folder(place)


def _beginnings(parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (parts[:number] for number in range(1, len(parts) + 1))


def make_file(path: Path) -> None:
    """Make an empty file of the store where it is missing; one that is there is not opened."""
    modes = _MODES[_shared()]
    if modes is None:
        return
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    try:
        os.fchmod(made, modes[1])
    finally:
        os.close(made)


def open_to_others(folder: Path) -> tuple[str, ...]:
    """What of a store others on the machine can read or replace, with its mode; nothing where they cannot reach it."""
    others = _OTHERS[_shared()]
    top = _mode(folder)
    if top is None or not top & others:
        return ()
    found = [(".", top)] if top & others & 0o022 else []
    found += [(name, mode) for name in _OF_STORE if (mode := _mode(folder / name)) is not None and mode & others]
    return tuple(f"{name} ({mode:04o})" for name, mode in found)


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None
