"""Rows as files and tables of the user's."""

import os
from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from foreset.adapters.shared.files.places import is_not_a_place
from foreset.domain.errors.problem import raised, told
from foreset.domain.errors.retrieval import OutputUnwritable
from foreset.domain.errors.system import by_code
from foreset.domain.safe_text.addresses import is_address, without_secrets
from foreset.domain.tables.write_options import WriteOptions

if TYPE_CHECKING:
    import polars as pl


_RANDOM: Final = 16
"""How many random signs the name of an unfinished file ends with."""


class Rows(Protocol):
    """Rows that can be written, part by part where they are many.

    What they were made from is replaced with `overwrite` only.
    """

    def batches(self) -> "Iterator[pl.DataFrame]":
        """The rows as polars frames."""
        ...

    def write_parquet(self, path: str | PathLike[str], *, overwrite: bool = False) -> Path:
        """Write a Parquet file, whole or not at all."""
        ...

    def write_delta(self, path: str | PathLike[str], *, overwrite: bool = False) -> Path:
        """Write a Delta table, or a new version of one that replaces its rows."""
        ...


def unwritable(place: Path) -> str | None:
    """Why nothing can be written in a place, as it looks before the work; None where it may be.

    Missing folders on the way to it are made later, so the first one that exists counts.
    """
    try:
        _is_there(place.with_name(f"{_unfinished(place)}{'0' * _RANDOM}"))  # its name may be too long
        parent = next(folder for folder in place.absolute().parents if _is_there(folder))
    except (OSError, ValueError) as fault:
        return told(fault)
    if not parent.is_dir():
        return f"{parent} is a file, and not a folder"
    return None if os.access(parent, os.W_OK | os.X_OK) else f"the folder {parent} may not be written"


def _is_there(place: Path) -> bool:
    """Whether there is something; raises where that cannot be found out, which `exists` on new Pythons does not."""
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _unfinished(place: Path) -> str:
    return f".{place.name}.unfinished-"


def whole_file(path: str | PathLike[str], write: Callable[[Path], object]) -> Path:
    """What `write` puts into a file, in this place, or nothing; gives the place. Raises `OutputUnwritable`."""
    from polars.exceptions import PolarsError  # kept off the import of foreset

    from foreset.adapters.shared.files.claims import claimed, sweep

    _check_place(path)
    place = Path(path)
    prefix = _unfinished(place)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        sweep(place.parent, prefix)
        with claimed(place.parent, prefix) as folder:
            partial = folder / place.name
            write(partial)
            partial.replace(place)
    except (OSError, PolarsError) as fault:
        raise raised(by_code(OutputUnwritable(path=str(place), problem=told(fault)), fault)) from fault
    return place


def _check_place(path: str | PathLike[str]) -> None:
    """That a place is a path, and not an address, of which a folder would be made. Raises `OutputUnwritable`."""
    if "\0" in os.fspath(path):
        raise raised(OutputUnwritable(path=repr(os.fspath(path)), problem="no path holds a null character"))
    if is_address(str(path)) or is_not_a_place(str(path)):
        problem = "it is meant as an address, and files are written to folders"
        raise raised(OutputUnwritable(path=without_secrets(str(path)), problem=problem))


def delta_table(path: str | PathLike[str], frame: "pl.DataFrame") -> Path:
    """The frame as a Delta table in this folder, or as a new version of the one there; gives the folder."""
    from foreset.adapters.delta.tables import DeltaTables

    _check_place(path)
    place = Path(path).absolute()
    options = WriteOptions(schema_mode="overwrite")
    DeltaTables(place.parent).write(str(place), frame, "overwrite", options).unwrap()
    return place
