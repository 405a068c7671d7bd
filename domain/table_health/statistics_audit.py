"""Whether statistics of a column contradict its data."""

import json
import math
import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from foreset.domain.facts import bound
from foreset.domain.table_health.data_findings import FooterWrong, StatisticsWrong
from foreset.domain.table_health.findings import Severity
from foreset.domain.tables.delta_log import Add
from foreset.domain.tables.delta_schema import Leaf, Path

Value = bool | int | float | Decimal | str | bytes
"""A value as it is compared: dates as days since the epoch, timestamps as microseconds since the epoch."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = 1_000  # the log's times are cut to milliseconds
_ROUNDING: Final = 1e-12  # deltalake writes decimals into the log as floats
_CUT_AT: Final = 16  # characters: no writer cuts texts shorter than that
_LONGEST: Final = 60  # characters of a value in a message


class ColumnSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a column: `nan` says that there are some, which `least` and `greatest` leave out."""

    dtype: str
    nulls: int = 0
    least: Value | None = None
    greatest: Value | None = None
    nan: bool = False


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What statistics say of a column; None where they say nothing.

    `slack` is how far times may be off, in microseconds. `tight` says that bounds are values of the column.
    """

    nulls: int | None = None
    least: Value | None = None
    greatest: Value | None = None
    slack: int = 0
    tight: bool = True


class Contradiction(NamedTuple):
    """A number or bound that the data contradicts."""

    severity: Severity
    measure: str
    said: str
    found: str


def together(first: ColumnSeen, second: ColumnSeen) -> ColumnSeen:
    """What is in two parts of a column."""
    least = [v for v in (first.least, second.least) if v is not None]
    greatest = [v for v in (first.greatest, second.greatest) if v is not None]
    return ColumnSeen(
        dtype=first.dtype,
        nulls=first.nulls + second.nulls,
        least=min(least, key=_ordered) if least else None,
        greatest=max(greatest, key=_ordered) if greatest else None,
        nan=first.nan or second.nan,
    )


def footer_contradictions(
    file: str, column: str, row_group: int, claim: Claim, seen: ColumnSeen
) -> Iterator[FooterWrong]:
    """Where a footer's statistics of a column in a row group are wrong."""
    for severity, measure, said, found in contradictions(claim, seen):
        yield FooterWrong(
            severity=severity, file=file, column=column, row_group=row_group, measure=measure, said=said, found=found
        )


def log_contradictions(
    file: str, add: Add, leaves: tuple[Leaf, ...], columns: Mapping[Path, ColumnSeen]
) -> Iterator[StatisticsWrong]:
    """Where the log's statistics of a file are wrong.

    Those of a file with a deletion vector are left alone: they may be of all rows or of those that are not deleted.
    """
    told = _object(add.stats)
    if not told or add.deletion_vector is not None:
        return
    for leaf in leaves:
        seen = columns.get(leaf.stored)
        if seen is None:
            continue
        for severity, measure, said, found in contradictions(_claim(told, leaf, seen.dtype), seen):
            yield StatisticsWrong(
                severity=severity, file=file, column=leaf.name, measure=measure, said=said, found=found
            )


def contradictions(claim: Claim, seen: ColumnSeen) -> Iterator[Contradiction]:
    """What is wrong with what is claimed: an error where rows would be skipped for it, else a warning."""
    if claim.tight and claim.nulls is not None and claim.nulls != seen.nulls:
        yield Contradiction("error", "number of nulls", f"{claim.nulls:,}", f"{seen.nulls:,}")
    for measure, said, found, sign in (
        ("least value", claim.least, seen.least, 1),
        ("greatest value", claim.greatest, seen.greatest, -1),
    ):
        if said is None or not _comparable(said, found) or (seen.nan and sign < 0):
            continue
        severity = _wrong(said, found, sign, claim)
        if severity is not None:
            yield Contradiction(severity, measure, _shown(said, seen.dtype), _shown(found, seen.dtype))


def _comparable(said: Value, found: Value | None) -> bool:
    if isinstance(said, float) and math.isnan(said):
        return False
    return found is None or (isinstance(said, (str, bytes)) == isinstance(found, (str, bytes)))


def _wrong(said: Value, found: Value | None, sign: int, claim: Claim) -> Severity | None:
    """How bad a bound is: one inside the data is an error, one outside a warning where it should be of the data."""
    if found is None:
        return "warning" if claim.tight else None
    if isinstance(said, (str, bytes)) and isinstance(found, (str, bytes)):
        return _wrong_text(_bytes(said), _bytes(found), sign, claim)
    if said == found:
        return None
    inside = _number(said) - _number(found) if sign > 0 else _number(found) - _number(said)
    if abs(inside) <= claim.slack or _rounded(said, found):
        return None
    if inside > 0:
        return "error"
    return "warning" if claim.tight else None


def _wrong_text(said: bytes, found: bytes, sign: int, claim: Claim) -> Severity | None:
    """Texts may be cut: a least value to a beginning of it, a greatest to one whose last character is raised."""
    if (said > found) if sign > 0 else (said < found):
        return "error"
    common = next((n for n, (a, b) in enumerate(zip(said, found, strict=False)) if a != b), min(len(said), len(found)))
    cut = common >= _CUT_AT if sign < 0 else common == len(said)
    return None if said == found or cut or not claim.tight else "warning"


def _rounded(said: Value, found: Value) -> bool:
    if not isinstance(said, Decimal) or not isinstance(found, Decimal):
        return False
    return math.isclose(float(said), float(found), rel_tol=_ROUNDING)


def _number(value: Value) -> Any:
    return value if isinstance(value, Decimal) else float(value) if isinstance(value, float) else int(value)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _ordered(value: Value) -> Any:
    """Texts in the order of their bytes in UTF-8, which is that of Parquet and Delta."""
    return _bytes(value) if isinstance(value, (str, bytes)) else value


# === The log's statistics ===


def _object(stats: str | None) -> dict[str, Any]:
    try:
        told = json.loads(stats or "{}", parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _claim(told: dict[str, Any], leaf: Leaf, dtype: str) -> Claim:
    nulls = _at(told.get("nullCount"), leaf.recorded)
    return Claim(
        nulls=nulls if isinstance(nulls, int) else None,
        least=_value(_at(told.get("minValues"), leaf.recorded), dtype),
        greatest=_value(_at(told.get("maxValues"), leaf.recorded), dtype),
        slack=_MILLISECOND if dtype.startswith("timestamp") else 0,
        tight=told.get("tightBounds") is not False,
    )


def _at(values: Any, path: Path) -> Any:
    for step in path:
        values = values.get(step) if isinstance(values, dict) else None
    return values


def _value(told: Any, dtype: str) -> Value | None:
    """A value of the log's JSON; None where it is none of the column's type."""
    try:
        return _read(told, dtype)
    except (TypeError, ValueError, ArithmeticError):
        return None


def _read(told: Any, dtype: str) -> Value | None:  # noqa: PLR0911  # a type a line
    if told is None:
        return None
    match dtype:
        case "float64":
            return float(told)
        case "float32":
            return float(struct.unpack("f", struct.pack("f", float(told)))[0])
        case "date":
            return bound(date.fromisoformat(told))
        case "string":
            return told if isinstance(told, str) else None
        case "bool":
            return told if isinstance(told, bool) else None
        case _ if dtype.startswith("timestamp"):
            return bound(datetime.fromisoformat(told))
        case _ if dtype.startswith("decimal"):
            return Decimal(told)
        case _:
            return told if isinstance(told, int) and not isinstance(told, bool) else None


def _shown(value: Value | None, dtype: str) -> str:
    if value is None:
        return "none"
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            if dtype == "date":
                return (_EPOCH + timedelta(days=value)).date().isoformat()
            if dtype.startswith("timestamp"):
                return (_EPOCH + timedelta(microseconds=value)).isoformat()
        except OverflowError:
            pass
    text = repr(value) if isinstance(value, (str, bytes)) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
