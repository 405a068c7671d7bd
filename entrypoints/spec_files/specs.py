"""Spec files: definitions, training sets and workflows from YAML, TOML or JSON."""

from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TypeVar

from returns.result import Result, Success

from foreset.domain.definitions.specs import EntitySpec, FeatureViewSpec, TrainingSetSpec
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import InvalidSpec, SpecUnreadable, UnknownField
from foreset.entrypoints.spec_files.documents import documents
from foreset.entrypoints.spec_files.durations import duration
from foreset.entrypoints.spec_files.fields import as_spec, unknown_field, wrong_kind

T = TypeVar("T")

SpecFileError = SpecUnreadable | UnknownField | InvalidSpec
"""Why a spec file gives no spec."""

Registration = EntitySpec | FeatureViewSpec
"""What a file of definitions holds."""

_SECTIONS: dict[str, type[EntitySpec] | type[FeatureViewSpec]] = {"entities": EntitySpec, "views": FeatureViewSpec}


def read_registrations(path: str | PathLike[str]) -> Result[tuple[Registration, ...], SpecFileError]:
    """The entities and views of a file, in its order.

    The file has lists named `entities` and `views`; a YAML file may have several documents of this form.
    """
    read = documents(Path(path))
    if not isinstance(read, Success):
        return refuse(read.failure())
    found: list[Registration] = []
    for document in read.unwrap():
        fields = _mapping(document, tuple(_SECTIONS), at=str(path))
        if not isinstance(fields, Success):
            return refuse(fields.failure())
        for item in _items(fields.unwrap(), str(path)):
            if not isinstance(item, Success):
                return refuse(item.failure())
            found.append(item.unwrap())
    return Success(tuple(found))


def with_files_read(specs_or_files: Sequence[object]) -> Result[tuple[object, ...], SpecFileError]:
    """Specs as they are, and for each path of a file the specs in it; lists of either are looked into.

    The first mistake in any file is the error.
    """
    found: list[object] = []
    for given in specs_or_files:
        read: Result[tuple[object, ...], SpecFileError] = (
            read_registrations(given)
            if isinstance(given, (str, PathLike))
            else with_files_read(given)
            if isinstance(given, (list, tuple))
            else Success((given,))
        )
        if not isinstance(read, Success):
            return refuse(read.failure())
        found.extend(read.unwrap())
    return Success(tuple(found))


def _items(fields: dict[str, object], path: str) -> Iterator[Result[Registration, SpecFileError]]:
    for section, values in fields.items():
        if not isinstance(values, list):
            yield refuse(wrong_kind(values, "a list", at=f"{path}, {section}"))
            return
        for index, value in enumerate(values):
            at = f"{path}, {section}[{index}]"
            yield _item(value, _SECTIONS[section], at)


def _item(
    value: object, spec: type[EntitySpec] | type[FeatureViewSpec], at: str
) -> Result[Registration, SpecFileError]:
    return Result.do(item for timed in _timed(value, at) for item in as_spec(timed, spec, at=at))


def _timed(value: object, at: str) -> Result[object, SpecFileError]:
    """The fields of a view, its ttl as a timedelta where it is written in the short way."""
    if not isinstance(value, dict) or "ttl" not in value:
        return Success(value)
    try:
        return Success({**value, "ttl": duration(value["ttl"])})
    except (OverflowError, ValueError):
        problem = f"{value['ttl']} is longer than can be told"
        return refuse(InvalidSpec(spec=f"{at}.ttl", problem=problem, remedy="leave ttl out for no limit"))


def read_training_set(path: str | PathLike[str]) -> Result[TrainingSetSpec, SpecFileError]:
    """The training set of a file, whose fields are those of `TrainingSetSpec`."""
    return Result.do(spec for value in _single(Path(path)) for spec in as_spec(value, TrainingSetSpec, at=str(path)))


def _single(path: Path) -> Result[object, SpecFileError]:
    read = documents(path)
    if not isinstance(read, Success):
        return refuse(read.failure())
    found = list(read.unwrap())
    if len(found) > 1:
        problem = f"it holds {len(found)} documents, and one is wanted"
        return refuse(SpecUnreadable(path=str(path), where="", problem=problem))
    return Success(found[0])


def _mapping(value: object, known: tuple[str, ...], *, at: str) -> Result[dict[str, object], SpecFileError]:
    if not isinstance(value, dict):
        return refuse(wrong_kind(value, f"a mapping with {' and '.join(known)}", at=at))
    wrong = unknown_field(value, known, at=at)
    return Success(value) if wrong is None else refuse(wrong)
