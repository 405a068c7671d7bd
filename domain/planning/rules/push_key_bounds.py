"""Read only the rows whose key some spine row may have."""

from collections.abc import Sequence

from msgspec.structs import replace

from foreset.domain.facts import Facts, Range
from foreset.domain.planning.nodes import Bounds, Match, Scan
from foreset.domain.planning.plan import RetrievalPlan


def push_key_bounds(plan: RetrievalPlan, facts: Facts) -> RetrievalPlan:
    """Bound each scan by the spine's keys: law 5, seen from the table's side.

    Keys that are whole numbers, dates or timestamps are bounded by the spine's least and greatest, keys that are texts
    by their values where they are few. A scan that is shared is bounded by what all its matches need together.

    Cost: in a table that is sorted or partitioned by key, files and row groups of other keys are skipped unopened.
    """
    return RetrievalPlan(
        tuple(
            replace(node, bounds=_merged(node, _bounds(plan.matches(index), facts))) if isinstance(node, Scan) else node
            for index, node in enumerate(plan.nodes)
        )
    )


def _merged(scan: Scan, keys: tuple[Bounds, ...]) -> tuple[Bounds, ...]:
    columns = {bounds.column for bounds in keys}
    return (*(bounds for bounds in scan.bounds if bounds.column not in columns), *keys)


def _bounds(matches: Sequence[Match], facts: Facts) -> tuple[Bounds, ...]:
    """The bounds of the columns that are a key in every match, and known in every one."""
    found = [_of_match(match, facts) for match in matches]
    shared = [column for column in (found[0] if found else {}) if all(column in other for other in found)]
    times = {key.table for match in matches for key in match.keys if key.dtype.startswith("timestamp")}
    bounds = (_together(column, [other[column] for other in found], is_time=column in times) for column in shared)
    return tuple(b for b in bounds if b is not None)


def _of_match(match: Match, facts: Facts) -> dict[str, Range | tuple[str, ...]]:
    """The range or the values of each key by the table's column; a time column is left to the time bounds."""
    known = facts.spine.key_facts(tuple(key.spine for key in match.keys))
    if known is None:
        return {}
    ranges = known.ranges or (None,) * len(match.keys)
    texts = known.texts or (None,) * len(match.keys)
    limits = {
        key.table: r or v
        for key, r, v in zip(match.keys, ranges, texts, strict=True)
        if not key.dtype.startswith("decimal")  # statistics of decimals are not read
    }
    return {column: limit for column, limit in limits.items() if limit is not None and column != match.event_time}


def _together(column: str, limits: Sequence[Range | tuple[str, ...]], *, is_time: bool) -> Bounds | None:
    """Bounds that hold for all of some ranges or values."""
    ranges = [limit for limit in limits if limit and isinstance(limit[0], int)]  # of texts there may be none
    if len(ranges) == len(limits):
        least, greatest = min(int(r[0]) for r in ranges), max(int(r[1]) for r in ranges)
        return Bounds(column=column, is_time=is_time, least=least, greatest=greatest)
    if ranges:
        return None
    return Bounds(column=column, values=tuple(sorted({str(value) for limit in limits for value in limit})))
