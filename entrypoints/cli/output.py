"""Answers on standard output, problems on standard error; for people, or one JSON document each.

Values are put into the form in which they may be shown.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec

from foreset.domain.errors.problem import Problem
from foreset.domain.safe_text.addresses import redacted
from foreset.domain.safe_text.escaping import escaped
from foreset.domain.safe_text.secret_names import HIDDEN
from foreset.entrypoints.cli.streams import document


@dataclass(frozen=True)
class Table:
    """Rows of texts under headings, which may all be empty; columns named in `numbers` are aligned to the right."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Answer:
    """What a command gives: `data` for programs, `blocks` for people, and the problems that it met on the way.

    `code` is the exit code where it met no problem.
    """

    data: object
    blocks: Sequence[str | Table]
    problems: tuple[Problem, ...] = field(default=())
    code: int = 0


def show(answer: Answer, *, json: bool) -> None:
    """Print an answer."""
    if json:
        sys.stdout.write(as_json(answer.data, sys.stdout))
        return
    for block in answer.blocks:
        if isinstance(block, str):
            sys.stdout.write(shown_lines(block) + "\n")
        elif sys.stdout.isatty():
            _rich(block)
        else:
            sys.stdout.write(aligned(block) + "\n")


def show_problem(problem: Problem, *, json: bool) -> None:
    """Print a problem: what is wrong, and on a line of its own what to do next."""
    if json:
        fields = msgspec.to_builtins(problem)
        head = {"error": fields.pop("error"), "fault": problem.fault, "message": problem.message}
        sys.stderr.write(as_json({**head, **{k: v for k, v in fields.items() if k not in head}}, sys.stderr))
        return
    says, separator, then = problem.message.rpartition(" Next: ")
    sys.stderr.write(f"error: {says}\nNext: {then}\n" if separator else f"error: {then}\n")


def show_warning(problem: str, then: str, *, json: bool) -> None:
    """Print a warning on standard error."""
    if json:
        sys.stderr.write(as_json({"warning": problem, "next": then}, sys.stderr))
    else:
        sys.stderr.write(shown_lines(f"warning: {problem}\nNext: {then}") + "\n")


def as_json(data: object, stream: TextIO) -> str:
    """A JSON document for a stream, without credentials, and with nothing in it that a terminal acts on."""
    encoded = msgspec.json.encode(public(data, _plain))
    return document(msgspec.json.format(encoded, indent=2).decode(), stream) + "\n"


def shown_lines(text: str) -> str:
    """Lines for people, without credentials, and with nothing in them that a terminal acts on."""
    return escaped(redacted(text), lines=True)


def _cell(cell: object) -> str:
    return escaped(redacted(str(cell)))


def aligned(table: Table) -> str:
    """A table as plain text, two spaces between columns.

    >>> print(aligned(Table(("name", "rows"), [("a", "5"), ("flights", "12")], frozenset({"rows"}))))
    name     rows
    a           5
    flights    12
    """
    heading = [[_cell(name) for name in table.columns]] if any(table.columns) else []
    lines = [*heading, *([_cell(cell) for cell in row] for row in table.rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(table.columns))]
    return "\n".join(_line(line, widths, table) for line in lines)


def _line(cells: Sequence[str], widths: list[int], table: Table) -> str:
    parts = (
        cell.rjust(width) if name in table.numbers else cell.ljust(width)
        for cell, width, name in zip(cells, widths, table.columns, strict=True)
    )
    return "  ".join(parts).rstrip()


def _rich(table: Table) -> None:
    from rich.console import Console  # only where there is a terminal
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=None, pad_edge=False, header_style="bold", show_header=any(table.columns))
    for name in table.columns:
        drawn.add_column(Text(_cell(name)), justify="right" if name in table.numbers else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*(Text(_cell(cell)) for cell in row))
    Console(file=sys.stdout).print(drawn)


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    message = f"{type(value).__name__} has no JSON form"
    raise NotImplementedError(message)


_OPTIONS: Final = ("storage_options", "foreset.storage_options")


def public(value: object, plain: Callable[[object], object] | None = None) -> Any:  # whatever the value's JSON form is
    """A value's JSON form, without credentials; of storage options only the names. `plain` is for types of others."""
    return _hidden(msgspec.to_builtins(value, str_keys=True, enc_hook=plain))


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {redacted(key): _options(item) if key in _OPTIONS else _hidden(item) for key, item in value.items()}
    return [_hidden(item) for item in value] if isinstance(value, (list, tuple)) else value


def _options(value: Any) -> Any:
    return dict.fromkeys(value, HIDDEN) if isinstance(value, dict) else HIDDEN if isinstance(value, str) else value
