"""A plan in words, and what happened beside what was expected."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from foreset.domain.errors.problem import listed
from foreset.domain.planning.nodes import Assemble, Bounds, Gather, Match, Scan, Spine

_KEY_WIDTH = 9


def explain(
    spine: Spine, scans: Sequence[Scan], gathers: Sequence[tuple[Gather, Match, Scan]], result: Assemble
) -> str:
    """A plan as text: the spine, each table, each view, the result; continued lines are indented."""
    lines = [_item("spine", *_spine(spine))]
    lines += [_item("table", *_scan(scan)) for scan in scans]
    lines += [_item("view", *_view(gather, match, scan)) for gather, match, scan in gathers]
    lines.append(_item("result", *_result(spine.rows, result)))
    return "\n".join(lines)


def _item(name: str, *lines: str) -> str:
    indent = "\n" + " " * (_KEY_WIDTH + 1)
    return f"{name:<{_KEY_WIDTH}} {indent.join(lines)}"


def _spine(spine: Spine) -> Iterator[str]:
    when = "" if spine.time_range is None else f", {spine.time} from {instant(spine.time_range[0])}"
    if spine.time_range is not None and not spine.one_time:
        when += f" to {instant(spine.time_range[1])}"
    yield f"{spine.rows:,} rows{when.replace(' from ', ' all at ') if spine.one_time else when}"


def _scan(scan: Scan) -> Iterator[str]:
    yield f"{scan.table} version {scan.version}: {listed(scan.columns)}"
    if scan.how is None:
        yield amount(scan.files, scan.rows, scan.size_bytes)
    else:
        how = scan.how
        skipped = f"; skips {_files(scan.files - how.files)}, {size(scan.size_bytes - how.size_bytes)}"
        yield f"reads {amount(how.files, how.rows, how.size_bytes)}{skipped}"
        late = how.passes == "late"
        passes = "keys and times first, features late" if late else f"all columns in one pass, {size(how.memory_bytes)}"
        yield f"{passes}: {how.why}"
    for bounds in scan.bounds:
        yield f"only {_bounds(bounds)}"


def _bounds(bounds: Bounds) -> str:
    if bounds.values is not None:
        return f"{bounds.column} in {listed(bounds.values, 5)}"
    show = instant if bounds.is_time else "{:,}".format
    least = "" if bounds.least is None else f" from {show(bounds.least)}"
    greatest = "" if bounds.greatest is None else f" to {show(bounds.greatest)}"
    return f"{bounds.column}{least}{greatest}"


def _view(gather: Gather, match: Match, scan: Scan) -> Iterator[str]:
    keys = ", ".join(key.spine if key.spine == key.table else f"{key.spine} = {key.table}" for key in match.keys)
    on = f"on {keys}" if keys else "for every row"
    names = (c.source if c.source == c.name else f"{c.source} as {c.name}" for c in gather.columns)
    yield f"{match.view} v{match.view_version} of {scan.table} {on}{_limits(match)}: {listed(names)}"
    if keys:
        yield f"{match.distinct_keys:,} keys are asked for, the most frequent by {match.most_rows:,} rows"
    if match.how is not None:
        yield f"{match.how.strategy}: {match.how.why}{_pairs(match.how.pairs)}"


def _pairs(pairs: int | None) -> str:
    return "" if pairs is None else f"; a join would form about {pairs:,} pairs, this forms none"


def _limits(match: Match) -> str:
    age = timedelta(microseconds=match.ttl_us or 0)
    ttl = "" if match.ttl_us is None else f", not older than {str(age).removesuffix(', 0:00:00')}"
    closed = ", before its time and not at it" if match.closed == "left" else ""
    ends = "" if match.ends is None else f", while it is before {match.ends}"
    unit = "" if match.epoch_unit is None else f", times in {match.epoch_unit} since 1970"
    return f"{ttl}{closed}{ends}{unit}{_known(match)}"


def _known(match: Match) -> str:
    own = ["event_time"] if match.known_by_each_row else []
    if match.known_by_us is None:
        return f", known at {own[0]}" if own else ""
    by = " by the version alone, for it has no created time" if match.created_time is None else ""
    return f", known at {' and at '.join([instant(match.known_by_us), *own])}{by}"


def _result(rows: int, result: Assemble) -> Iterator[str]:
    yield f"{rows:,} rows: {listed(result.columns)}"
    how = result.how
    if how is None:
        return
    parts = how.parts(rows)
    yield f"about {size(how.result_bytes)}{'' if parts == 1 else f' in {parts:,} parts'}: {how.why}"
    yield f"about {size(how.peak_bytes)} of memory at the peak; the process may take {size(how.budget_bytes)}"


def amount(files: int, rows: int | None, size_bytes: int) -> str:
    """What is read, for people.

    >>> amount(1, 1200, 48_100), amount(2, None, 0)
    ('1 file, 1,200 rows, 48.1 kB', '2 files, rows not counted by the log, 0 B')
    """
    return f"{_files(files)}, {_rows(rows)}, {size(size_bytes)}"


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _rows(count: int | None) -> str:
    if count is None:
        return "rows not counted by the log"
    return "1 row" if count == 1 else f"{count:,} rows"


def size(count: int) -> str:
    """Bytes for people.

    >>> size(512), size(1_536_000)
    ('512 B', '1.5 MB')
    """
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:  # noqa: PLR2004  # a step of decimal units
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def instant(us: int) -> str:
    """Microseconds since the epoch as text, in UTC, for the years that Python knows.

    >>> instant(0)
    '1970-01-01T00:00:00Z'
    """
    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
    except OverflowError:
        return f"{us} us"
    return at.isoformat().replace("+00:00", "Z")
