"""Plans that tell what a leak report counts: which values serve, and which would serve under other terms."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from foreset.domain.facts import TableFacts
from foreset.domain.planning.nodes import EVENT_TIME, POSITION, Assemble, Gather, Match, Node, Output, Scan, Spine
from foreset.domain.planning.plan import RetrievalPlan

AGELESS: Final = "at any age"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The columns that tell of the rows that serve under some terms; features in the order of the view's, or none.

    `position` is null where no row serves. `created_time` is None where the view has none.
    """

    position: str
    event_time: str
    created_time: str | None
    features: tuple[str, ...]


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A view of a training set, and the plans that tell of it.

    `plan` tells what serves `as_asked`; `at_any_age` without a ttl and ends of validity, None where there are none;
    `by_then` under `known_at="event_time"`, None where that was asked or there is no created time; and `later` where
    later writes are allowed, None where they are. The last is told by `newest`, of the table's newest version, where a
    time was asked.
    """

    gather: Gather
    match: Match
    scan: Scan
    plan: RetrievalPlan
    newest: RetrievalPlan | None
    newest_version: int | None
    as_asked: Told
    at_any_age: Told | None
    by_then: Told | None
    later: Told | None


def probes(plan: RetrievalPlan, tables: dict[str, TableFacts], newest: dict[str, TableFacts]) -> Iterator[Probe]:
    """A probe for each view of a plan. The tables are those at its versions, and at the newest where it has a time."""
    for gather, match, scan in plan.gathers:
        yield _probe(plan.spine, gather, match, scan, tables[scan.table], newest.get(scan.table))


def _probe(  # noqa: PLR0913, PLR0917  # a view, and its table then and now
    spine: Spine, gather: Gather, match: Match, scan: Scan, table: TableFacts, newest: TableFacts | None
) -> Probe:
    bare = replace(match, how=None)
    here: dict[str, Match] = {"as asked": bare}
    if match.ttl_us is not None or match.ends is not None:
        here[AGELESS] = replace(bare, ttl_us=None, valid_until=msgspec.UNSET)
    if match.created_time is not None and not match.known_by_each_row:
        own: int | str | tuple[int, str] = EVENT_TIME
        if match.known_by_us is not None:
            own = (match.known_by_us, EVENT_TIME)
        here["by then"] = replace(bare, known_at=own)
    later = replace(bare, known_at=None)
    if match.known_at is not None and match.known_by_us is None:
        here["later"] = later
    now = (
        newest if match.known_by_us is not None and newest is not None and _same_columns(scan, table, newest) else None
    )
    told = {terms: _told(terms, gather, match) for terms in ("as asked", AGELESS, "by then", "later")}
    return Probe(
        gather=gather,
        match=match,
        scan=scan,
        plan=_plan(spine, replace(scan, bounds=(), how=None), gather, here, table),
        newest=None if now is None else _plan(spine, _at(scan, now), gather, {"later": later}, now),
        newest_version=None if now is None else now.version,
        as_asked=told["as asked"],
        at_any_age=told[AGELESS] if AGELESS in here else None,
        by_then=told["by then"] if "by then" in here else None,
        later=told["later"] if now is not None or "later" in here else None,
    )


def _same_columns(scan: Scan, then: TableFacts, now: TableFacts) -> bool:
    """Whether it is the same table still, with the columns that are read, in the same types."""
    return then.table_id == now.table_id and all(then.dtype(name) == now.dtype(name) for name in scan.columns)


def _at(scan: Scan, table: TableFacts) -> Scan:
    return replace(
        scan,
        version=table.version,
        files=table.files,
        rows=table.rows,
        size_bytes=table.size_bytes,
        bounds=(),
        how=None,
    )


def _told(terms: str, gather: Gather, match: Match) -> Told:
    return Told(
        position=f"<{terms}> {POSITION}",
        event_time=f"<{terms}> <event time>",
        created_time=None if match.created_time is None else f"<{terms}> <created time>",
        features=() if terms == AGELESS else tuple(f"<{terms}, feature> {output.name}" for output in gather.columns),
    )


def _plan(spine: Spine, scan: Scan, gather: Gather, matches: dict[str, Match], table: TableFacts) -> RetrievalPlan:
    """The plan of one scan that tells of the rows that serve in each match."""
    nodes: list[Node] = [spine, scan]
    gathers: list[int] = []
    for terms, match in matches.items():
        told = _told(terms, gather, match)
        nodes += [
            replace(match, spine=0, scan=1),
            Gather(match=len(nodes), columns=_outputs(told, gather, match, table)),
        ]
        gathers.append(len(nodes) - 1)
    columns = (name for index in gathers for name in _names(nodes[index]))
    nodes.append(Assemble(spine=0, gathers=tuple(gathers), columns=tuple(columns)))
    return RetrievalPlan(tuple(nodes))


def _outputs(told: Told, gather: Gather, match: Match, table: TableFacts) -> tuple[Output, ...]:
    times = [(match.event_time, told.event_time), (match.created_time, told.created_time)]
    features = zip(gather.columns, told.features, strict=bool(told.features))
    return (
        Output(POSITION, told.position, "int64"),
        *(Output(source, name, table.dtype(source) or "") for source, name in times if source and name),
        *(replace(output, name=name) for output, name in features),
    )


def _names(node: Node) -> Iterable[str]:
    return (output.name for output in node.columns) if isinstance(node, Gather) else ()
