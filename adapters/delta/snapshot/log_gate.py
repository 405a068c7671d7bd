"""What deltalake is not to open: it waits for pipes, and reads commits and checkpoints without a bound."""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from foreset.adapters.delta.log.checkpoints import require_fit
from foreset.adapters.delta.log.folders import folder
from foreset.adapters.delta.log.log import LAST_CHECKPOINT, LOG
from foreset.adapters.delta.log.paths import is_url
from foreset.adapters.shared.files.input_files import LARGEST_READ, MIB, require_regular

_Size = Callable[[], int]


def require_fit_log(
    uri: str, storage_options: Mapping[str, str], last: int | None = None, *, after: int | None = None
) -> None:
    """Raise `OSError` for a file of a log that deltalake is not to open.

    That is what is not a file, which it would wait for, a commit that is too large, and a commit without a byte, which
    a power cut leaves and deltalake takes for a commit of nothing. `ValueError` for a checkpoint that would take too
    much memory.

    Looks at the commits up to `last`, and at the newest checkpoint up to it; by default at the commits that no
    checkpoint holds. With `after`, at the commits and the checkpoint after that version alone.
    """
    commits: dict[int, tuple[str, _Size]] = {}
    checkpoints: list[str] = []
    held = -1 if after is None else after
    place = folder(uri, storage_options)
    for name, size in _files(uri, storage_options):
        if name == LAST_CHECKPOINT:
            _refuse_larger(name, size(), MIB)
        stem, _, kind = name.partition(".")
        if not stem.isdecimal():
            continue
        if kind == "json":
            commits[int(stem)] = (name, size)
        elif kind.startswith("checkpoint.") and (after is None or int(stem) > after):
            checkpoints.append(name)
            if kind == "checkpoint.parquet":
                held = max(held, int(stem))
    first = held + 1 if last is None else 0
    for version, (name, size) in commits.items():
        if first <= version and (last is None or version <= last):
            _refuse_if_unfit(name, size())
    require_fit(place, checkpoints, last)


def _files(uri: str, storage_options: Mapping[str, str]) -> Iterator[tuple[str, _Size]]:
    """The names of a log's files, and how their sizes are found."""
    if is_url(uri):
        for path, size in folder(uri, storage_options).listing(LOG).items():
            yield path.removeprefix(f"{LOG}/"), partial(int, size)
        return
    with os.scandir(Path(uri) / LOG) as entries:
        for entry in entries:
            require_regular(entry)
            yield entry.name, partial(_size, entry)


def _size(entry: "os.DirEntry[str]") -> int:
    return entry.stat().st_size


def _refuse_if_unfit(name: str, size: int) -> None:
    _refuse_larger(name, size, LARGEST_READ)
    if size == 0:
        problem = f"the commit {name} of its log is empty"
        raise OSError(problem)


def _refuse_larger(name: str, size: int, largest: int) -> None:
    if size > largest:
        raise OSError(errno.EFBIG, f"it is larger than {largest:,} bytes, the most that is read", name)
