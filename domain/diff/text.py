"""The parts of a difference of training sets in words."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from foreset.domain.diff.parts import (
    ByCommit,
    ByCommits,
    ByDefinition,
    ByReplacement,
    BySpec,
    Cause,
    Change,
    ColumnDiff,
    Example,
    Plain,
    Row,
    RowsMatched,
    Shift,
    Spread,
    TableVersions,
    ViewChange,
)
from foreset.domain.tables.commits import TableCommit

_WIDTH = 9
_FEW = 10
"""So many commits are told one by one."""


def item(name: str, *lines: str) -> str:
    """A named item, of one line or several."""
    indent = "\n" + " " * (_WIDTH + 1)
    return f"{name:<{_WIDTH}} " + indent.join(lines)


def told_change(change: Change) -> str:
    """A change in words."""
    return f"{change.what}: {change.old or 'none'} -> {change.new or 'none'}"


def moment(at: datetime | None) -> str:
    """A time to the second, in UTC."""
    return "at a time that is not told" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def counted(number: int, what: str) -> str:
    """A number of things."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def cells_of(number: int) -> str:
    """A number of cells."""
    return counted(number, "cell")


# === What they were made from ===


def told_view(view: ViewChange) -> Iterator[str]:
    """A view that is another, line by line."""
    if view.version_a is None or view.version_b is None:
        version, side = (view.version_b, "b") if view.version_a is None else (view.version_a, "a")
        yield f"{view.view} v{version} is only in {side}"
        return
    yield f"{view.view} v{view.version_a} -> v{view.version_b}"
    yield from (told_change(change) for change in view.changed)
    for event in view.events:
        done = "removed" if event.version is None else f"defined as v{event.version}"
        yield f"{done} {moment(event.at)} by {event.actor} (event {event.position})"


def told_table(table: TableVersions) -> Iterator[str]:
    """A table at another version, line by line."""
    if table.version_a is None or table.version_b is None:
        version, side = (table.version_b, "b") if table.version_a is None else (table.version_a, "a")
        yield f"{table.table}@{version} is only in {side}"
        return
    way = f"{table.table}@{table.version_a} -> @{table.version_b}"
    if table.replaced:
        yield f"{way}: another table of the same name"
        return
    gone = f", and {table.untold:,} that its log no longer has" if table.untold else ""
    yield f"{way}: {counted(len(table.commits), 'commit')}{gone}{_kinds(table.commits)}"
    yield from (f"{commit.version}  {_done(commit)}" for commit in table.commits[:_FEW])
    if len(table.commits) > _FEW:
        yield f"and {len(table.commits) - _FEW:,} more"


def _kinds(commits: Sequence[TableCommit]) -> str:
    kinds = Counter(commit.operation or "unknown" for commit in commits)
    return f" ({', '.join(f'{count:,} {kind}' for kind, count in kinds.most_common())})" if kinds else ""


def _done(commit: TableCommit) -> str:
    by = f" by {commit.author}" if commit.author else ""
    return f"{commit.operation or 'an unknown operation'} {moment(commit.at)}{by}"


def told_rows(rows: RowsMatched) -> Iterator[str]:
    """How rows are matched, and the first ones that are not, line by line."""
    how = "by their place" if rows.by_place else "by keys and time"
    yield f"{rows.both:,} in both, matched {how}; {rows.only_a:,} only in a, {rows.only_b:,} only in b"
    for side, first in (("a", rows.first_only_a), ("b", rows.first_only_b)):
        yield from (f"only in {side}: {_row(row)}" for row in first)


def _row(row: Row) -> str:
    keys = ", ".join(f"{name}={_value(value)}" for name, value in row.keys.items())
    return f"{keys} at {row.time}" if keys else f"at {row.time}"


# === Cells ===


def told_column(column: ColumnDiff) -> Iterator[str]:
    """What changed in a column, why, and examples, line by line."""
    types = f", {column.dtype_a} -> {column.dtype_b}" if column.dtype_a != column.dtype_b else ""
    parts = ((column.filled, "from null"), (column.emptied, "to null"), (column.replaced, "to another value"))
    how = ", ".join(f"{count:,} {what}" for count, what in parts if count)
    yield f"{column.name}{types}: {cells_of(column.changed)} changed" + (f" ({how})" if how else "")
    yield from (f"{part.cells:,} {_causes(part.causes)}" for part in column.causes)
    if column.shift is not None:
        yield _shift(column.shift)
    yield from map(_example, column.examples)


def _example(example: Example) -> str:
    return f"{_row(example.row)}: {_value(example.old)} -> {_value(example.new)}"


def _value(value: Plain) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _causes(causes: Sequence[Cause]) -> str:
    return " and ".join(map(cause, causes)) or "by nothing that is known"


def cause(found: Cause) -> str:
    """A cause in words."""
    match found:
        case ByCommit():
            lacks = _lacks(undone=found.undone)
            return f"by version {found.commit.version} of {found.table}{lacks} ({_done(found.commit)})"
        case ByCommits():
            lacks = _lacks(undone=found.undone)
            return f"by one of the versions {found.first} to {found.last} of {found.table}{lacks}"
        case ByReplacement():
            return f"by another table in the place of {found.table}"
        case ByDefinition():
            return f"by the definition of {found.view}: {'; '.join(map(told_change, found.changed))}{_event(found)}"
        case BySpec():
            return f"by the spec: {told_change(Change(found.field, found.old, found.new))}"
        case _:
            return "by the spine"


def _lacks(*, undone: bool) -> str:
    return ", which b has not" if undone else ""


def _event(found: ByDefinition) -> str:
    if found.position is None:
        return ""
    lacks = _lacks(undone=found.undone)
    return f" (event {found.position}, {moment(found.at)} by {found.actor}{lacks})"


def _shift(shift: Shift) -> str:
    a, b = shift.a, shift.b
    told = [f"nulls {a.nulls:.1%} -> {b.nulls:.1%}"]
    if a.mean is not None and b.mean is not None:
        told += [f"mean {a.mean:.6g} -> {b.mean:.6g}", f"std {a.std or 0:.6g} -> {b.std or 0:.6g}"]
    if a.quantiles and b.quantiles:
        middle = len(a.quantiles) // 2
        told.append(f"median {_rounded(a.quantiles[middle])} -> {_rounded(b.quantiles[middle])}")
    if a.top and b.top:
        told.append(f"most frequent {_top(a)} -> {_top(b)}")
    if shift.distance is not None:
        told.append(f"{shift.measure} {shift.distance:.3g}")
    return ", ".join(told)


def _rounded(value: Plain) -> str:
    return f"{value:.6g}" if isinstance(value, float) else _value(value)


def _top(spread: Spread) -> str:
    value, share = spread.top[0]
    return f"{value} ({share:.1%})"
