"""What is wrong with the files of a table: what the log says of each, compared with what is there."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from foreset.domain.table_health.data_findings import StatisticsUnreadable
from foreset.domain.table_health.file_findings import (
    ColumnUnfit,
    FileOutOfReach,
    FilesMissing,
    FileUnreadable,
    RowsDiffer,
    SizeDiffers,
    VectorMissing,
    VectorTooLarge,
    VectorUnreadable,
)
from foreset.domain.table_health.findings import TableFinding
from foreset.domain.tables.delta_log import Add, DeletionVector, LogState, key_of, recorded_rows
from foreset.domain.tables.delta_schema import Leaf, Path


@dataclass(frozen=True)
class FileSeen:
    """A data file as it is: its size in bytes (None where it cannot be told), and what its footer says.

    `columns` has the type of each leaf by its path. `problem` is why the file cannot be read; `remedy` is
    what to do about it where the operating system did not open it, whatever it holds.
    """

    missing: bool = False
    size: int | None = None
    rows: int | None = None
    columns: Mapping[Path, str] = field(default_factory=dict)
    problem: str | None = None
    remedy: str = ""


@dataclass(frozen=True)
class VectorSeen:
    """A deletion vector as it is: whether its file is there, and what is wrong with its content."""

    missing: bool = False
    problem: str | None = None
    remedy: str = ""


def audit_files(
    state: LogState, leaves: tuple[Leaf, ...], files: Mapping[str, FileSeen], vectors: Mapping[str, VectorSeen]
) -> list[TableFinding]:
    """What is wrong with the files of a table; `files` are by their place, `vectors` by their ids."""
    found: list[TableFinding] = list(_missing(state, files))
    for key, add in state.files.items():
        seen = files.get(key[0])
        if seen is not None and not seen.missing:
            found.extend(_file(key[0], add, seen, leaves))
        if add.deletion_vector is not None:
            found.extend(_vector(key[0], add.deletion_vector, vectors, seen))
    return found


def _missing(state: LogState, files: Mapping[str, FileSeen]) -> Iterator[TableFinding]:
    lost = [add for (path, _), add in state.files.items() if path in files and files[path].missing]
    if lost:
        rows = [recorded_rows(add) for add in lost]
        told = "" if None in rows else f" ({sum(r for r in rows if r is not None):,} rows, by the log)"
        yield FilesMissing(files=tuple(sorted(key_of(add)[0] for add in lost)), count=len(lost), rows=told)


def _file(path: str, add: Add, seen: FileSeen, leaves: Iterable[Leaf]) -> Iterator[TableFinding]:
    """What is wrong with one file: the first thing that explains the others."""
    if add.size is not None and seen.size is not None and add.size != seen.size:
        yield SizeDiffers(file=path, said=add.size, found=seen.size)
        return
    if seen.problem is not None and seen.remedy:
        yield FileOutOfReach(file=path, problem=seen.problem, remedy=seen.remedy)
        return
    if seen.problem is not None:
        yield FileUnreadable(file=path, problem=seen.problem)
        return
    said = recorded_rows(add)
    if said is not None and seen.rows is not None and said != seen.rows:
        yield RowsDiffer(file=path, said=said, found=seen.rows)
    if (problem := _no_statistics(add)) is not None:
        yield StatisticsUnreadable(file=path, problem=problem)
    for leaf in leaves:
        stored = _stored(leaf, seen.columns)
        if stored is not None and not takes(leaf.dtype, stored):
            yield ColumnUnfit(file=path, column=leaf.name, stored=stored, wanted=leaf.dtype)


def _stored(leaf: Leaf, columns: Mapping[Path, str]) -> str | None:
    """The type in which a file stores a leaf; None where it has none, or where fields of a struct came or went."""
    if leaf.stored in columns or leaf.dtype == "variant":
        return columns.get(leaf.stored)
    top = leaf.stored[:1]
    if top in columns:
        return columns[top]
    return "nested" if len(leaf.stored) == 1 and any(path[:1] == top for path in columns) else None


def _no_statistics(add: Add) -> str | None:
    try:
        msgspec.json.decode(add.stats or "{}", type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as fault:
        return str(fault)
    return None


def _vector(
    path: str, vector: DeletionVector, vectors: Mapping[str, VectorSeen], file: FileSeen | None
) -> Iterator[TableFinding]:
    seen = vectors.get(vector.id, VectorSeen())
    if seen.missing:
        yield VectorMissing(file=path, vector=vector.id)
    elif seen.problem is not None and seen.remedy:
        yield FileOutOfReach(file=f"of deletion vector {vector.id}", problem=seen.problem, remedy=seen.remedy)
    elif seen.problem is not None:
        yield VectorUnreadable(file=path, vector=vector.id, problem=seen.problem)
    if file is not None and file.rows is not None and vector.cardinality > file.rows:
        yield VectorTooLarge(file=path, cardinality=vector.cardinality, rows=file.rows)


_DECIMAL: Final = re.compile(r"decimal\((\d+), ?(-?\d+)\)")
_SMALL: Final = frozenset({"int8", "int16", "int32", "uint8", "uint16"})
_TAKEN: Final[dict[str, frozenset[str]]] = {
    "boolean": frozenset({"bool"}),
    "byte": _SMALL,  # Parquet holds every small number in 32 bits, and old writers did not say which it was
    "short": _SMALL,
    "integer": _SMALL,
    "long": _SMALL | {"int64", "uint32"},
    "float": frozenset({"float32", "float16"}),
    "double": _SMALL | {"float32", "float64", "float16"},
    "string": frozenset({"string", "binary"}),
    "binary": frozenset({"binary", "string"}),
    "date": frozenset({"date"}),
}
_DIGITS: Final = {"int8": 3, "uint8": 3, "int16": 5, "uint16": 5, "int32": 10, "uint32": 10, "int64": 19}


def takes(delta: str, stored: str) -> bool:
    """Whether a column of a Delta type may be stored as `stored`, a dtype.

    Types that are not known here are taken, for nothing is known against them.

    >>> takes("long", "int32"), takes("integer", "int64"), takes("decimal(10,2)", "decimal(8,2)")
    (True, False, True)
    """
    if stored == "null":
        return True
    if delta in _TAKEN:
        return stored in _TAKEN[delta]
    if delta in {"timestamp", "timestamp_ntz"}:
        return stored.startswith("timestamp") or (delta == "timestamp_ntz" and stored == "date")
    if (wanted := _DECIMAL.fullmatch(delta)) is not None:
        return _decimal(int(wanted[1]), int(wanted[2]), stored)
    return True


def _decimal(precision: int, scale: int, stored: str) -> bool:
    """A decimal takes others with no more digits on either side of the point, and whole numbers that fit."""
    if (held := _DECIMAL.fullmatch(stored)) is not None:
        return int(held[2]) <= scale and int(held[1]) - int(held[2]) <= precision - scale
    return stored in _DIGITS and _DIGITS[stored] <= precision - scale
