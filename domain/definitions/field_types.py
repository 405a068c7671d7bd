"""What a field or an argument takes: values of its type, and what is plainly meant by it.

Values of other libraries are recognised by what they can do, never by their library: paths by `__fspath__`, numbers
and times of numpy by `dtype` and `item()`, zones by their `key`.
"""

import math
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from functools import cache
from operator import index
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec

from foreset.domain.definitions.durations import duration_of

PATH: Final = "path"
"""Marks a text for which a path is taken."""
ZONE: Final = "zone"
"""Marks a text for which a `ZoneInfo` is taken."""
DTYPE: Final = "dtype"
"""Marks a text that names a type of columns."""
NAMED: Final = "named"
"""Marks a text for which a spec with that name is taken."""

_SHOWN: Final = 120  # characters of a value in a message
_A_DTYPE: Final = "the name of a dtype, such as 'int64', 'float64', 'string', 'bool', 'date' or 'timestamp[us, UTC]'"
_INTEGERS: Final = range(-(2**63), 2**63)  # what JSON of every reader holds

Fitting = Callable[[Any], Any]


class Unfit(Exception):  # noqa: N818  # not an error that leaves this package
    """A value that a field does not take: where in the field it is, what it is, and what to give."""

    def __init__(self, problem: str, remedy: str, at: str = "") -> None:
        """Say what is wrong with the value at a place such as `['version']`."""
        super().__init__(problem)
        self.problem, self.remedy, self.at = problem, remedy, at

    def below(self, step: str) -> "Unfit":
        """The same, seen from what holds the value."""
        return Unfit(self.problem, self.remedy, step + self.at)


def shown(given: object) -> str:
    """A value for a message, whatever it is: it and its type.

    >>> shown(2), shown("2")
    ('2 (int)', "'2' (str)")
    """
    kind = type(given).__name__
    try:
        text = " ".join(repr(given).split())
    except Exception:  # noqa: BLE001  # somebody's object, which does not even say what it is
        return f"a {kind}"
    text = text.encode("utf-8", "backslashreplace").decode()
    return f"{text[:_SHOWN]}{' [...]' if len(text) > _SHOWN else ''} ({kind})"


def _unfit(given: object, wanted: str, remedy: str = "") -> Unfit:
    return Unfit(f"is {shown(given)}, which is not {wanted}", remedy or f"give {wanted}")


@cache
def fitting(kind: Any) -> Fitting:  # noqa: PLR0911  # one for each kind of type
    """What makes a value one of `kind`, a type as annotations have it, or raises `Unfit`."""
    marks: tuple[Any, ...] = ()
    if get_origin(kind) is Annotated:
        kind, *rest = get_args(kind)
        marks = tuple(rest)
    origin, options = get_origin(kind), get_args(kind)
    if kind in _PLAIN:
        return _texts(marks) if kind is str else _PLAIN[kind]
    if origin in {Union, UnionType}:
        return _one_of(options)
    if origin is Literal:
        return _literal(options)
    if hasattr(origin, "__fspath__"):
        return _texts((PATH,))
    if origin is Callable:
        return _callable
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(*map(fitting, options))
    if isinstance(origin, type) and issubclass(origin, Iterable):
        return _items(fitting(options[0]), ordered=origin is tuple)
    if not isinstance(kind, type) or origin is not None or getattr(kind, "_is_protocol", False):
        return _as_it_is
    return _path(kind) if hasattr(kind, "__fspath__") else _instance(kind)


def _as_it_is(given: Any) -> Any:
    return given


def _texts(marks: Sequence[str]) -> Fitting:
    def fit(given: Any) -> str:
        if type(given) is not str:
            given = _text_of(given, marks)
        if not given.isascii() and any("\ud800" <= sign <= "\udfff" for sign in given):
            problem = f"is {shown(given)}, which holds characters that cannot be written as UTF-8"
            raise Unfit(problem, "give a text without lone surrogates")
        return str(given)

    return fit


def _text_of(given: Any, marks: Sequence[str]) -> str:
    found: Any = None
    if isinstance(given, str):
        found = given
    elif PATH in marks and hasattr(type(given), "__fspath__"):
        found = given.__fspath__()
    elif ZONE in marks and hasattr(given, "utcoffset"):
        found = getattr(given, "key", None)
    elif NAMED in marks and isinstance(given, msgspec.Struct):
        found = getattr(given, "name", None)
    if not isinstance(found, str):
        wanted = {PATH: "a text or a path", ZONE: "a name of a time zone", NAMED: "a name", DTYPE: _A_DTYPE}
        raise _unfit(given, next((wanted[mark] for mark in marks if mark in wanted), "a text"))
    return str.__str__(found)


def _path(kind: type) -> Fitting:
    """Paths of every library as paths of one, also those whose names are not texts."""

    def fit(given: Any) -> Any:
        found = given.__fspath__() if hasattr(type(given), "__fspath__") else None
        if not isinstance(found, str):
            raise _unfit(given, "a text or a path")
        return given if isinstance(given, kind) else kind(found)

    return fit


def _flag(given: Any) -> bool:
    if type(given) is bool:
        return given
    item = _item(given, "b")
    if type(item) is not bool:
        raise _unfit(given, "True or False")
    return item


def _integer(given: Any) -> int:
    try:
        if isinstance(given, bool) or _item(given, "b") is not None:
            raise TypeError  # noqa: TRY301  # as what has no index
        found = index(given)
    except Exception:  # noqa: BLE001  # index() of somebody's object
        raise _unfit(given, "a whole number") from None
    if found not in _INTEGERS:
        raise _unfit(given, "a whole number of 64 bits")
    return int(found)


def _number(given: Any) -> float:
    item = _item(given, "iuf") if not isinstance(given, (int, float)) else given
    if isinstance(item, bool) or not isinstance(item, (int, float)):
        raise _unfit(given, "a number")
    try:
        found = float(item)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise _unfit(given, "a number that is finite")
    return found


def _length(given: Any) -> timedelta:
    try:
        found = _length_of(given)
    except (OverflowError, ValueError):
        raise _unfit(given, "a length of time that Python's timedelta holds") from None
    if found is not None:
        return found
    wanted = "a length of time"
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        wanted = "a length of time, for it has no unit"
    raise _unfit(given, wanted, "give timedelta(days=30), or a text with units such as '30d', '1d 12h' or 'PT6H'")


def _length_of(given: Any) -> timedelta | None:
    if isinstance(given, str):
        return duration_of(given)
    item = _time_item(given, "m") if not isinstance(given, timedelta) else given
    if not isinstance(item, timedelta):
        return None
    plain = timedelta(item.days, item.seconds, item.microseconds)
    if plain != item:  # nanoseconds of pandas
        raise _unfit(given, "a length of time in whole microseconds")
    return plain


def instant_of(given: Any) -> Any:
    """A time of numpy as a datetime, where it is one in whole microseconds; anything else as it is."""
    item = _time_item(given, "M")
    return datetime(item.year, item.month, item.day) if type(item) is date else item or given  # noqa: DTZ001  # as numpy has it


def plain_value(given: Any) -> Any:
    """A number, flag or time of numpy as Python has it; anything else as it is.

    A time that Python does not hold to its last digit stays as it is.
    """
    item = _item(given, "biuf")
    return instant_of(given) if item is None else item


def _time_item(given: Any, kind: str) -> Any:
    """A time of numpy as one of Python's; None where it is none, or its nanoseconds would be lost."""
    if _item(given, kind) is None:
        return None
    cut = given.astype(f"{kind}8[us]")
    return cut.item() if cut == given else None


def _item(given: Any, kinds: str) -> Any:
    """The value of a scalar of numpy of these kinds; None where it is something else."""
    kind, shape = getattr(getattr(given, "dtype", None), "kind", None), getattr(given, "shape", None)
    if not isinstance(kind, str) or kind not in kinds or not isinstance(shape, tuple) or shape:
        return None
    return given.item()


def _none(given: Any) -> None:
    if given is not None:
        raise _unfit(given, "None")


def _one_of(options: Sequence[Any]) -> Fitting:
    fits = tuple(fitting(option) for option in options if option is not NoneType)
    nothing = NoneType in options

    def fit(given: Any) -> Any:
        if given is None and nothing:
            return None
        refusals: list[Unfit] = []
        for attempt in fits:
            try:
                return attempt(given)
            except Unfit as unfit:
                refusals.append(unfit)
        deepest = max(refusals, key=lambda unfit: len(unfit.at))
        if deepest.at or len(refusals) == 1:
            raise deepest
        remedies = dict.fromkeys(unfit.remedy.removeprefix("give ") for unfit in refusals)
        raise _unfit(given, " or ".join(remedies))

    return fit


def _literal(options: Sequence[Any]) -> Fitting:
    text = _texts(())

    def fit(given: Any) -> Any:
        found = text(given)
        if found not in options:
            names = ", ".join(map(repr, options))
            problem = f"is {found!r}"
            raise Unfit(problem, f"give one of {names}")
        return found

    return fit


def _mapping(keys: Fitting, values: Fitting) -> Fitting:
    def fit(given: Any) -> dict[Any, Any]:
        if not isinstance(given, Mapping):
            raise _unfit(given, "a mapping", "give a dict")
        found: dict[Any, Any] = {}
        for key, value in given.items():
            try:
                name = keys(key)
            except Unfit as unfit:
                problem = f"has a name that {unfit.problem}"
                raise Unfit(problem, unfit.remedy) from None
            try:
                found[name] = values(value)
            except Unfit as unfit:
                step = f"[{name!r}]"
                raise unfit.below(step) from None
        return found

    return fit


def _items(item: Fitting, *, ordered: bool) -> Fitting:
    def fit(given: Any) -> tuple[Any, ...]:
        return tuple(_each(_listed(given, ordered=ordered), item))

    return fit


def _listed(given: Any, *, ordered: bool) -> list[Any]:
    """What a list has in it; a single text or spec is a list of it."""
    if isinstance(given, (str, msgspec.Struct)):
        return [given]
    wanted = "a list"
    if ordered and isinstance(given, AbstractSet) and not isinstance(given, KeysView):
        raise _unfit(given, "a list, for it has no order", "give a list")
    if isinstance(given, (bytes, bytearray, memoryview, Mapping)) or not hasattr(type(given), "__iter__"):
        raise _unfit(given, wanted)
    if isinstance(given, type):
        raise _unfit(given, wanted)
    try:
        return list(given)
    except TypeError:  # an array without dimensions
        raise _unfit(given, wanted) from None


def _each(given: list[Any], item: Fitting) -> Iterator[Any]:
    for number, value in enumerate(given):
        try:
            yield item(value)
        except Unfit as unfit:
            step = f"[{number}]"
            raise unfit.below(step) from None


def _callable(given: Any) -> Any:
    if not callable(given) or isinstance(given, type):
        raise _unfit(given, "a function")
    return given


def _instance(kind: type) -> Fitting:
    fields = msgspec.structs.fields(kind) if issubclass(kind, msgspec.Struct) else ()
    needed = ", ".join(f"{field.name}=..." for field in fields if field.required)
    wanted = f"a {kind.__name__}({needed})" if fields else f"a {kind.__name__}"

    def fit(given: Any) -> Any:
        given = instant_of(given) if kind is datetime else given
        if not isinstance(given, kind) or (kind is datetime and given != given):  # noqa: PLR0124  # NaT is a datetime
            raise _unfit(given, f"a {kind.__name__}", f"give {wanted}")
        return given

    return fit


def recordable(given: Any) -> Any:  # noqa: PLR0911  # one for each kind of value
    """A value that a record of JSON holds: texts, numbers, flags, None, and lists and mappings of them.

    Scalars of numpy become those of Python; numbers that are not finite are refused, for JSON has none.
    """
    if given is None or type(given) is bool:
        return given
    if isinstance(given, str):
        return _text(given)
    if isinstance(given, (list, tuple)):
        values = list(_each(list(given), recordable))
        return values if isinstance(given, list) else tuple(values)
    if isinstance(given, Mapping):
        return _mapping(_text, recordable)(given)
    item = _item(given, "biuf")
    item = given if item is None else item
    if type(item) is bool:
        return item
    if isinstance(item, int):
        return _integer(item)
    if isinstance(item, float):
        return _number(item)
    raise _unfit(given, "a plain value", "give texts, numbers, True, False, None, or lists and mappings of them")


_text: Final = _texts(())
_PLAIN: Final[dict[Any, Fitting]] = {
    str: _text,
    bool: _flag,
    int: _integer,
    float: _number,
    timedelta: _length,
    NoneType: _none,
    Any: _as_it_is,
    object: _as_it_is,
}
