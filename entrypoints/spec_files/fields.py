"""Plain values to specs, with mistakes told in the words of the file."""

import re
from typing import TypeVar

import msgspec
from msgspec import inspect
from returns.result import Result, Success

from foreset.domain.errors.problem import CallerError, because, refuse
from foreset.domain.errors.specs import InvalidSpec, UnknownField

T = TypeVar("T")

FieldError = UnknownField | InvalidSpec
"""Why a value is not the spec that it should be."""

_AT = re.compile(r" - at (?:key in )?`\$?([^`]*)`$")
_WORDS = {
    "array": "a list",
    "object": "a mapping of names to values",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
    "duration": "a length of time",
    "datetime": "a time",
}


def as_spec(value: object, spec: type[T], *, at: str) -> Result[T, FieldError]:
    """The value as a `spec`. `at` names its place for messages: the file, then a path such as `views[0]`."""
    try:
        return Success(msgspec.convert(value, spec))
    except msgspec.ValidationError as fault:
        if isinstance(fault.__cause__, CallerError):  # the spec contradicts itself, and says how
            return refuse(because(_own(fault.__cause__, at), fault))
        return refuse(because(_told(str(fault), spec, at), fault))


def unknown_field(fields: dict[str, object], known: tuple[str, ...], *, at: str) -> UnknownField | None:
    """The first field that is not among the known ones."""
    wrong = next((name for name in fields if name not in known), None)
    return None if wrong is None else UnknownField(spec=at, field=str(wrong), known=known)


def wrong_kind(given: object, wanted: str, *, at: str) -> InvalidSpec:
    """The error for a value of another kind than `wanted`."""
    problem = f"it is {_word(_kind(given))}, and {wanted} is wanted"
    return InvalidSpec(spec=at, problem=problem, remedy=f"write {wanted} there")


def _own(cause: CallerError, at: str) -> FieldError:
    error = cause.error
    if isinstance(error, InvalidSpec):
        return InvalidSpec(spec=f"{at}: {error.spec}", problem=error.problem, remedy=error.remedy)
    assert isinstance(error, UnknownField)  # noqa: S101  # specs raise no other
    return error


def _told(text: str, spec: type, at: str) -> FieldError:
    """The sentence of msgspec as an error of ours."""
    place = _AT.search(text)
    path, problem = (place[1], text[: place.start()]) if place else ("", text)
    here = f"{at}{path}" if at.endswith("]") or not path else f"{at}, {path.lstrip('.')}"
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", problem):
        struct = _struct_at(spec, path)
        known = tuple(field.encode_name for field in struct.fields) if struct else ()
        return UnknownField(spec=here, field=unknown[1], known=known)
    if missing := re.fullmatch(r"Object missing required field `(.*)`", problem):
        return InvalidSpec(spec=here, problem=f"the field {missing[1]!r} is missing", remedy=f"add {missing[1]!r}")
    if kinds := re.fullmatch(r"Expected `(.*)`, got `(.*)`", problem):
        wanted = " or ".join(_word(kind.strip()) for kind in kinds[1].split("|"))
        remedy = f"write {wanted} there" + _example(kinds[1])
        return InvalidSpec(spec=here, problem=f"it is {_word(kinds[2])}, and {wanted} is wanted", remedy=remedy)
    if problem == "Invalid ISO8601 duration":
        remedy = "write it as 30d, 12h, 15m, 45s, in ISO 8601 (P30D, PT6H), or as a number of seconds"
        return InvalidSpec(spec=here, problem="it is no length of time", remedy=remedy)
    choices = _choices(spec, path)
    if choices and problem.startswith("Invalid enum value"):
        given = problem.removeprefix("Invalid enum value ")
        return InvalidSpec(spec=here, problem=f"it is {given}", remedy=f"write one of {', '.join(choices)}")
    return InvalidSpec(spec=here, problem=problem[:1].lower() + problem[1:], remedy="mend the value")


def _example(wanted: str) -> str:
    return ", such as [one, another]" if wanted.startswith("array") else ""


def _word(kind: str) -> str:
    return _WORDS.get(kind, kind)


def _kind(value: object) -> str:
    name = type(value).__name__
    return {"dict": "object", "list": "array", "NoneType": "null"}.get(name, name)


def _choices(spec: type, path: str) -> tuple[str, ...]:
    """The texts that may stand at a path."""
    found = inspect.type_info(spec)
    for step in re.findall(r"\.(\w+)|\[", path):
        found = _inside(found, step)
    return tuple(
        str(value) for option in _options(found) if isinstance(option, inspect.LiteralType) for value in option.values
    )


def _struct_at(spec: type, path: str) -> inspect.StructType | None:
    """The struct at a path such as `.source` or `.features[1]`."""
    found = inspect.type_info(spec)
    for step in re.findall(r"\.(\w+)|\[", path):
        found = _inside(found, step)
    return _struct(found)


def _inside(kind: inspect.Type, step: str) -> inspect.Type:
    """The type of a field, or where `step` is empty that of an item."""
    if step:
        struct = _struct(kind)
        fields = struct.fields if struct else ()
        return next((field.type for field in fields if field.encode_name == step), kind)
    for option in _options(kind):
        if isinstance(option, (inspect.ListType, inspect.VarTupleType)):
            return option.item_type
        if isinstance(option, inspect.DictType):
            return option.value_type
    return kind


def _options(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def _struct(kind: inspect.Type) -> inspect.StructType | None:
    return next((option for option in _options(kind) if isinstance(option, inspect.StructType)), None)
