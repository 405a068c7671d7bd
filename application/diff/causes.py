"""Find what caused cells of a training set to change: by looking them up as another definition, or version, has them.

The way from `a` to `b` leads first over what decides the lookup (definitions in the order of the log, then the spec),
on the table versions of `a`, and then over the table's commits. In each of the two a cell has the cause of the last
step that made it another, so the way is walked from its end, and only for the cells whose cause is not found yet.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace
from returns.result import Result, Success

from foreset.application.diff.commit_walk import CommitWalk
from foreset.application.diff.lookup import Look, look
from foreset.application.ports.diff import Cells, Found
from foreset.application.ports.engine import Adapters
from foreset.domain.diff.lookups import Lookup, lookups
from foreset.domain.diff.parts import ByCommits, ByReplacement, Cause
from foreset.domain.diff.steps import Definition, Step, steps
from foreset.domain.errors.problem import Problem
from foreset.domain.event_log.receipts import OURSELVES, TrainingSetRetrieved
from foreset.domain.planning.nodes import Scan
from foreset.domain.tables.commits import TableCommit

Stages = tuple[list[Found], list[Found]]
"""What definitions and the spec caused, and what commits did."""


class Sides(NamedTuple):
    """Both receipts, and what is known of the way between them: definitions of a view, commits of a table."""

    a: TrainingSetRetrieved
    b: TrainingSetRetrieved
    history: Callable[[str], Sequence[Definition]]
    commits: Callable[[str, int, int], tuple[TableCommit, ...]]


class _Group(NamedTuple):
    """Columns that are looked up alike, on both sides, but for their sources; and the steps between."""

    a: Mapping[str, Lookup]
    b: Mapping[str, Lookup]
    steps: tuple[Step, ...]

    @property
    def like(self) -> Lookup:
        """One of b's lookups."""
        return next(iter(self.b.values()))

    def states(self) -> list[Mapping[str, Lookup]]:
        """The lookups before the first step, and after each."""
        found = [self.a]
        for step in self.steps:
            found.append({name: step.taken(lookup, self.b[name]) for name, lookup in found[-1].items()})
        return found


def causes_of(changed: Cells, sides: Sides, adapters: Adapters) -> Stages:
    """What caused these cells to change."""
    found: Stages = ([], [])
    for group in _groups(changed.columns, sides):
        for stage, part in zip(found, _causes(changed.of(group.b), group, sides, adapters), strict=True):
            stage.extend((causes, cells) for causes, cells in part if cells.count)
    return found


def _groups(columns: Sequence[str], sides: Sides) -> list[_Group]:
    old, new = lookups(sides.a), lookups(sides.b)
    views_a, views_b = ({m.view: m.view_version for _, m, _ in side.plan.gathers} for side in (sides.a, sides.b))
    alike: dict[tuple[object, ...], list[str]] = {}
    ways: dict[str, tuple[Step, ...]] = {}
    for name in columns:
        a, b = old[name], new[name]
        versions = (views_a.get(b.view, 0), views_b[b.view])
        ways[name] = steps(a, b, versions, sides.history(b.view))
        bare = tuple(replace(lookup, feature="", source="") for lookup in (a, b))
        alike.setdefault((*bare, ways[name]), []).append(name)
    return [_Group({n: old[n] for n in names}, {n: new[n] for n in names}, ways[names[0]]) for names in alike.values()]


def _causes(cells: Cells, group: _Group, sides: Sides, adapters: Adapters) -> Stages:
    table = group.like.table
    last = sides.b.versions[table]
    first = sides.a.versions.get(table, last)
    if not group.steps:
        return [], _by_commits(cells, group, sides, adapters)
    as_defined = look(group.b, first, cells, adapters) if _one_log(table, sides, adapters) else None
    if as_defined is None or not isinstance(as_defined, Success):
        rest: tuple[Cause, ...] = () if first == last else (_all_commits(table, first, last),)
        return [((*(step.cause for step in group.steps), *rest), cells)], []
    values = as_defined.unwrap().parts
    by_definition = cells.against(values).differing([cells.before()])
    return (
        _by_steps(by_definition, group, sides, adapters),
        _by_commits(cells.differing(values), group, sides, adapters),
    )


# === Definitions and the spec ===


def _by_steps(cells: Cells, group: _Group, sides: Sides, adapters: Adapters) -> list[Found]:
    """By which step the values came about that `cells` are held against. What cannot be looked up joins two steps."""
    found: list[Found] = []
    states = group.states()
    held: tuple[Cause, ...] = ()
    for place in reversed(range(len(group.steps))):
        held = (group.steps[place].cause, *held)
        if place == 0:
            found.append((held, cells))
            break
        seen = _seen(states[place], sides, cells, adapters)
        if seen is None:
            continue
        changed = cells.differing(seen.parts)
        found.append((held, changed))
        cells, held = cells.without(changed), ()
        if not cells.count:
            break
    return found


def _seen(asked: Mapping[str, Lookup], sides: Sides, cells: Cells, adapters: Adapters) -> Look | None:
    """The values as some lookups have them; None where they cannot be looked up."""
    table = next(iter(asked.values())).table
    version = sides.a.versions.get(table, sides.b.versions.get(table, 0))
    seen: Result[Look, Problem] = look(asked, version, cells, adapters)
    return seen.unwrap() if isinstance(seen, Success) and seen.unwrap().parts is not None else None


# === Commits ===


def _by_commits(cells: Cells, group: _Group, sides: Sides, adapters: Adapters) -> list[Found]:
    table = group.like.table
    last = sides.b.versions[table]
    first = sides.a.versions.get(table, last)
    if not cells.count:
        return []
    if not _one_log(table, sides, adapters):
        return [((ByReplacement(table),), cells)]
    commits = {commit.version: commit for commit in sides.commits(table, *sorted((first, last)))}
    ties = sides.b.executed_by != OURSELVES or bool(sides.b.ties.get(group.like.view, 1))
    return CommitWalk(group.b, commits, adapters, ties=ties).found(cells, first, last)


def _all_commits(table: str, first: int, last: int) -> ByCommits:
    low, high = sorted((first, last))
    return ByCommits(table=table, first=low + 1, last=high, undone=first > last)


def _one_log(table: str, sides: Sides, adapters: Adapters) -> bool:
    """Whether both sides read the same table, or one that was made anew within the same log."""
    scans = [scan for side in (sides.a, sides.b) for scan in side.plan.scans if scan.table == table]
    if len({scan.table_id for scan in scans}) == 1:
        return True
    return all(_is_of(scan, adapters) for scan in scans)


def _is_of(scan: Scan, adapters: Adapters) -> bool:
    """Whether the table that stands there has the version that was read."""
    seen = adapters.tables.observe(scan.table, scan.version, partition_time_zone=scan.partition_time_zone)
    return isinstance(seen, Success) and seen.unwrap().facts.table_id == scan.table_id
