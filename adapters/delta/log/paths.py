"""Where a table is, by its dataset name, path or URL."""

import re
from pathlib import Path
from urllib.parse import unquote

from returns.result import Result, Success

from foreset.adapters.shared.files.places import is_not_a_place
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.tables import AddressMisspelt, BadTableName, FileOfAHost
from foreset.domain.safe_text.addresses import file_host, without_secrets
from foreset.domain.tables.delta_log import place_of

_MISREAD = re.compile(r"%[0-9A-Fa-f]{2}|[\\\x00-\x1f\x7f]")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def dataset_path(name: str, data_dir: Path) -> Result[Path, BadTableName]:
    """The folder of a dataset: `data_dir/NAME`. The name must not be a path or leave the folder."""
    if not _NAME.fullmatch(name):
        return refuse(BadTableName(name=name))
    return Success(data_dir / name)


def misread_in(path: str) -> str | None:
    r"""Characters of a local path by which deltalake would list one place and read another, or none.

    >>> misread_in("/data/a%20b"), misread_in("/data/50% off"), misread_in(r"/data/a\b")
    ('%20', None, '\\')
    """
    found = _MISREAD.search(path)
    return found.group() if found else None


def is_url(table: str) -> bool:
    """Whether a table is in an object store (or named by a file URL)."""
    return "://" in table


def table_uri(table: str, data_dir: Path) -> Result[str, BadTableName]:
    """Where a table is: a URL or path as given, a dataset name in the data folder."""
    if is_not_a_place(table):
        return refuse(AddressMisspelt(name=without_secrets(table)))
    if file_host(table):
        return refuse(FileOfAHost(name=without_secrets(table)))
    if is_url(table):
        return Success(table)
    if "/" in table or "\\" in table or table.startswith("."):
        return refuse(BadTableName(name=table)) if _climbs(table) else Success(str(Path(table).absolute()))
    return dataset_path(table, data_dir).map(str)


def _climbs(table: str) -> bool:
    """A relative path that leaves the working directory names no dataset and hides where it points."""
    return not Path(table).is_absolute() and ".." in Path(table).parts


def decoded(uri: str) -> str:
    """A file's URL as a path, where it is local."""
    return unquote(uri.removeprefix("file://")) if uri.startswith("file://") else uri


def location(root: str, path: str) -> str:
    """Where a file of a table is: the log holds it URL-encoded, relative to the table's URL or absolute."""
    place = place_of(path)
    return place if place.startswith("/") or is_url(place) else f"{decoded(root).rstrip('/')}/{place}"
