"""The key that is looked for: as it was given, and as columns of several types have it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from types import NoneType
from typing import Final
from uuid import UUID

import msgspec
from returns.result import Result, Success

from foreset.domain.definitions.field_types import plain_value, shown
from foreset.domain.errors.erasure import KeyUnfit
from foreset.domain.errors.problem import refuse

Value = str | int | float | bool | bytes | date | Decimal
"""A value as a column has it."""
_VALUES: Final = str | int | float | bytes | date | Decimal | UUID
Given = Mapping[str, object]
"""Values by the names of columns; texts are read by the columns' types."""

_BITS: Final = re.compile(r"u?int(\d+)")
_FINER: Final = re.compile(r"[.,]\d{6}0*[1-9]")  # than microseconds, which Python would cut off
_DIGITS: Final = 38  # that a decimal has at most
_TRUE, _FALSE = ("true", "1"), ("false", "0")


class SoughtKey(msgspec.Struct, frozen=True):
    """A key by each set of join keys that its entity ever had and that the key fits: values by the names of columns.

    `dtypes` are the types of the columns that have it, by the names of the join keys.
    """

    forms: tuple[dict[str, object], ...]
    dtypes: dict[str, frozenset[str]] = {}

    def in_columns(self, columns: Iterable[str]) -> tuple[dict[str, object], ...]:
        """The forms whose columns are all among these."""
        there = set(columns)
        return tuple(form for form in self.forms if form.keys() <= there)

    def is_named(self, text: str) -> bool:
        """Whether a text names the key: each value of it, as given or as columns have it, in no longer word.

        >>> SoughtKey(({"k": 7},)).is_named("k = 7"), SoughtKey(({"k": 7},)).is_named("k = 17")
        (True, False)
        >>> SoughtKey(({"k": "007"},), {"k": frozenset({"int64"})}).is_named("k = 7")
        True
        """
        return any(
            all(any(_stands(way, text) for way in self._ways(*part)) for part in form.items()) for form in self.forms
        )

    def _ways(self, name: str, value: object) -> Iterator[object]:
        """The ways in which a value may be written."""
        yield value
        read = (as_dtype(value, dtype) for dtype in self.dtypes.get(name, ()))
        yield from (known for known in read if known is not None)


def sought_key(entity: str, given: object, join_keys: Iterable[tuple[str, ...]]) -> Result[SoughtKey, KeyUnfit]:
    """The key, by the sets of join keys that the entity has had, the newest first.

    A mapping names the columns; anything else is the value of a single join key.
    """
    known = tuple(dict.fromkeys(join_keys))
    names = tuple(dict.fromkeys(name for keys in known for name in keys))
    if isinstance(given, Mapping):
        values = {name: plain_value(value) for name, value in given.items()}
        forms = tuple(dict(values) for keys in known if set(keys) == set(values))[:1]
        problem = f"it names {', '.join(map(str, given)) or 'no column'}"
    else:
        forms = tuple({keys[0]: plain_value(given)} for keys in known if len(keys) == 1)
        problem = "it is a single value"
    if not forms:
        return refuse(KeyUnfit(entity=entity, problem=problem, keys=names))
    strange = next(((n, v) for form in forms for n, v in form.items() if not isinstance(v, _VALUES | NoneType)), None)
    if strange is not None:
        problem = f"what is given for {strange[0]!r} is {shown(strange[1])}, which is not a text, number, date or time"
        return refuse(KeyUnfit(entity=entity, problem=problem, keys=names))
    empty = next((name for form in forms for name, value in form.items() if value is None), None)
    if empty is not None:
        problem = f"{empty!r} has no value, and a null key is nobody's"
        return refuse(KeyUnfit(entity=entity, problem=problem, keys=names))
    return Success(SoughtKey(forms))


def as_dtype(value: object, dtype: str) -> Value | None:
    """A value as a column of a type has it; None where such a column cannot have it.

    Texts are read: whole numbers, ISO 8601 dates and times, true and false, bytes as hexadecimal digits. A time
    is given in UTC; without a zone it is UTC.

    >>> as_dtype("7", "int8"), as_dtype("700", "int8"), as_dtype(7, "string"), as_dtype("x", "int64")
    (7, None, '7', None)
    """
    try:
        return _read(value, dtype)
    except (ValueError, InvalidOperation):
        return None


def _read(value: object, dtype: str) -> Value | None:
    bits = _BITS.fullmatch(dtype)
    if bits is not None:
        return _whole(value, int(bits[1]), signed=not dtype.startswith("u"))
    read = _READERS.get(re.split(r"[(\[]", dtype)[0])
    return None if read is None else read(value)


def _whole(value: object, bits: int, *, signed: bool) -> int | None:
    number = int(str(value)) if not isinstance(value, bool) else None
    least, most = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    return number if number is not None and least <= number <= most else None


def _float(value: object) -> float | None:
    number = float(str(value))
    too_small = number == 0 and Decimal(str(value)) != 0
    return number if isfinite(number) and not too_small else None


def _decimal(value: object) -> Decimal | None:
    number = Decimal(str(value))
    fits = number.is_finite() and number.adjusted() < _DIGITS and -int(number.as_tuple().exponent) <= _DIGITS
    return number if fits else None


def _instant(value: object) -> datetime | None:
    """A time in UTC; a date is none, for dates and times are not compared. Nanoseconds are not taken."""
    given = value if isinstance(value, datetime) else str(value)
    if getattr(value, "nanosecond", 0):  # of a pandas time
        return None
    if isinstance(given, str):
        if len(given) <= len("2024-01-01") or _FINER.search(given):
            return None
        given = datetime.fromisoformat(given)
    return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)


def _bytes(value: object) -> bytes:
    return value.bytes if isinstance(value, UUID) else bytes.fromhex(str(value))


def _truth(text: str) -> bool | None:
    return True if text in _TRUE else False if text in _FALSE else None


def _text(value: object) -> str:
    """A value as text, as conditions have it."""
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, date) else str(value)


def _stands(value: object, text: str) -> bool:
    """Whether a value stands in a text; in SQL a quote is written twice."""
    written = _text(value)
    if not written:
        return False
    forms = {written, written.replace("'", "''")}
    return any(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", text, re.IGNORECASE) for form in forms)


_READERS: Final[Mapping[str, Callable[[object], Value | None]]] = {
    "string": lambda value: None if isinstance(value, bytes) else _text(value),
    "binary": lambda value: value if isinstance(value, bytes) else _bytes(value),
    "date": lambda value: date.fromisoformat(str(value)),  # not with a time of day
    "bool": lambda value: _truth(str(value).lower()),
    "float32": _float,
    "float64": _float,
    "decimal": _decimal,
    "timestamp": _instant,
}
