"""Text of a spec file to plain values: YAML, TOML and JSON, with line and column of a mistake."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import yaml
from returns.result import Result, Success

from foreset.adapters.shared.files.bounded_yaml import (
    DEEPEST,
    LARGEST,
    TOO_DEEP,
    BoundedLoader,
    YamlUnfit,
    yaml_documents,
)
from foreset.adapters.shared.files.input_files import LARGEST_SPEC, input_bytes
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.specs import SpecUnreadable

EMPTY = "it is empty"
NOT_TEXT = "it is not UTF-8 text"

LARGEST_BITS = 128
"""How large a whole number may be."""

TOO_LARGE = f"it holds a whole number of more than {LARGEST_BITS} bits"

_HALF = re.compile("[\ud800-\udfff]")
_KEY = r"(?:[A-Za-z0-9_-]++|\"[^\"\n]*+\"|'[^'\n]*+')"
_DOTTED = re.compile(rf"(?<![A-Za-z0-9_-]){_KEY}(?:[ \t]*+\.[ \t]*+{_KEY}){{{DEEPEST + 1},}}")
"""A key of more parts than levels that are read."""
_TOML_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


class _Mistake(Exception):  # noqa: N818  # it is caught below and becomes a SpecUnreadable
    """What is wrong with the text, and where."""

    def __init__(self, problem: str, where: str = "") -> None:
        super().__init__(problem)
        self.problem, self.where = problem, where


def documents(path: Path) -> Result[tuple[object, ...], SpecUnreadable]:
    """The documents in a file, of mappings, lists, texts, numbers, times and nulls; one or more.

    The ending of its name tells the format; only YAML holds more than one document.
    """
    try:
        return Success(_parsed(path))
    except _Mistake as mistake:
        error = SpecUnreadable(path=str(path), where=mistake.where, problem=mistake.problem)
        return refuse(because(error, mistake.__cause__ or mistake))
    except RecursionError as fault:
        return refuse(because(SpecUnreadable(path=str(path), where="", problem=TOO_DEEP), fault))


def _parsed(path: Path) -> tuple[object, ...]:
    parse = _PARSERS.get(path.suffix.lower())
    if parse is None:
        problem = f"its name ends in none of {', '.join(_PARSERS)}"
        raise _Mistake(problem)
    found = [document for document in parse(_text(path)) if document is not None]
    if not any(found):
        raise _Mistake(EMPTY)
    return tuple(_Walk().plain(document, 0) for document in found)


def _text(path: Path) -> str:
    try:
        return input_bytes(path, LARGEST_SPEC).decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise _Mistake(NOT_TEXT, f", byte {fault.start + 1}") from fault
    except OSError as fault:
        raise _Mistake(_lower(told(fault))) from fault


def _place(line: int, column: int) -> str:
    """Line and column as editors show them, both counted from 1."""
    return f", line {line}, column {column}"


# === JSON ===


def _json(text: str) -> list[object]:
    if not text.strip():
        return []
    try:
        return [json.loads(text, object_pairs_hook=_distinct)]
    except json.JSONDecodeError as fault:
        raise _Mistake(_lower(fault.msg), _place(fault.lineno, fault.colno)) from fault
    except ValueError as fault:  # a number of more digits than Python reads
        raise _Mistake(TOO_LARGE) from fault


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        problem = f"the field {twice!r} is given twice in one object"
        raise _Mistake(problem)
    return fields


# === TOML ===


def _toml(text: str) -> list[object]:
    if deep := _DOTTED.search(text):  # tomllib takes time by the square of a key's parts
        line = text.count("\n", 0, deep.start()) + 1
        problem = f"{TOO_DEEP}: more than {DEEPEST} levels"
        raise _Mistake(problem, f", line {line}")
    try:
        return [tomllib.loads(text)]
    except tomllib.TOMLDecodeError as fault:
        problem = str(fault)
        place = _TOML_PLACE.search(problem)
        if place:
            raise _Mistake(_lower(problem[: place.start()]), _place(int(place[1]), int(place[2]))) from fault
        lines = text.splitlines() or [""]
        where = _place(len(lines), len(lines[-1]) + 1)
        raise _Mistake(_lower(problem.removesuffix(" (at end of document)")), where) from fault
    except ValueError as fault:  # a number of more digits than Python reads
        raise _Mistake(TOO_LARGE) from fault


# === YAML ===


class _Loader(BoundedLoader):
    """The safe loader, which takes no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # its signature
        """A mapping, or an error at the second of two equal keys."""
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            name = (key.tag, str(key.value))
            if name in seen and isinstance(key, yaml.ScalarNode):
                problem = f"the field {key.value!r} is given twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(name)
        self.flatten_mapping(node)
        mapping: dict[Any, Any] = yaml.constructor.BaseConstructor.construct_mapping(self, node, deep=deep)
        return mapping


def _yaml(text: str) -> list[object]:
    try:
        return yaml_documents(text, _Loader)
    except YamlUnfit as fault:
        where = _place(*fault.place) if fault.place else ""
        raise _Mistake(_lower(fault.problem), where) from fault.__cause__


def _lower(problem: str) -> str:
    """A parser's sentence as the second half of ours."""
    return (problem[:1].lower() + problem[1:]).rstrip(".")


_PARSERS: dict[str, Callable[[str], list[object]]] = {".yaml": _yaml, ".yml": _yaml, ".toml": _toml, ".json": _json}


class _Walk:
    """Copies values, dates as ISO 8601 texts, within the bounds."""

    def __init__(self) -> None:
        self._count = 0

    def plain(self, value: object, depth: int) -> object:
        self._count += 1
        if self._count > LARGEST:
            problem = f"it holds more than {LARGEST:,} values"
            raise _Mistake(problem)
        if depth > DEEPEST:
            problem = f"{TOO_DEEP}: more than {DEEPEST} levels"
            raise _Mistake(problem)
        if isinstance(value, dict):
            return {self._scalar(key): self.plain(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.plain(item, depth + 1) for item in value]
        return self._scalar(value)

    def _scalar(self, value: object) -> object:
        if isinstance(value, int) and value.bit_length() > LARGEST_BITS:
            raise _Mistake(TOO_LARGE)
        if isinstance(value, str) and not value.isascii() and _HALF.search(value):
            shown = value.encode("utf-8", "backslashreplace").decode()[:50]
            problem = f"the text {shown!r} holds half of a surrogate pair, which is not a character"
            raise _Mistake(problem)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if value is None or isinstance(value, (str, bool, int, float, datetime, time)):
            return value
        problem = f"it holds a value of the kind {type(value).__name__}, which no spec takes"
        raise _Mistake(problem)
