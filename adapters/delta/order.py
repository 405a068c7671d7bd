"""Where a file that takes another's place stands in the snapshot's order: by modification time, then by path."""

from collections.abc import Iterable
from uuid import uuid4

from foreset.domain.facts import DataFile

_BEGIN = "part-"


def path_in_place(file: DataFile, others: Iterable[DataFile], root: str) -> str | None:
    """A new path, relative to the folder `root`, that sorts as the file's does among `others` of its time.

    It begins as the file's path does, as far as that is needed to tell it from the others. None for a file that is not
    under the root.

    >>> files = [DataFile(path=f"/t/part-0000{n}-a.parquet", rows=1, size_bytes=1, modified_ms=7) for n in range(3)]
    >>> path_in_place(files[1], files, "/t").partition("1-")[0]
    'part-0000'
    """
    folder = f"{root.rstrip('/')}/"
    if not file.path.startswith(folder):
        return None
    beside = [other.path for other in others if other.modified_ms == file.modified_ms and other.path != file.path]
    name = file.path.rindex("/") + 1
    least = name + len(_BEGIN) if file.path.startswith(_BEGIN, name) else name
    shared = max((_shared(file.path, other) for other in beside), default=0)
    begin = file.path[len(folder) : max(least, min(shared + 1, len(file.path)))]
    return f"{begin}{'' if begin.endswith('-') else '-'}{uuid4()}.parquet"


def _shared(one: str, other: str) -> int:
    """How many signs two texts begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
