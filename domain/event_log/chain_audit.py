"""Proves the chain of hashes over an event log, and names what breaks it."""

from collections.abc import Collection, Iterator
from itertools import groupby
from typing import Final

import msgspec

from foreset.domain.event_log.chain_findings import (
    EventAdded,
    EventChanged,
    EventLogFinding,
    EventsCutOff,
    EventsMissing,
    EventsMoved,
    EventUndecodable,
    HeadChanged,
    HeadLost,
    OtherThanNoted,
)
from foreset.domain.event_log.chain_walk import Step, walk
from foreset.domain.event_log.decoding import timed
from foreset.domain.event_log.erasures import EventsRedacted
from foreset.domain.event_log.hash_chain import EMPTY, Head, Row, StoredLog, digest_of, head_of
from foreset.domain.unreadable import UnreadableEvent

BODY: Final = "what it says, or the salt of that,"
DIGEST: Final = "its digest"
HASH: Final = "its hash"
ENVELOPE: Final = "its stream, version, time, actor, type or digest"

_REDACTED: Final = msgspec.json.Decoder(EventsRedacted)
_REDACTED_TAG: Final = str(EventsRedacted.__struct_config__.tag)


class LogReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of the event log found: it is whole where there are no findings.

    `head` is where the log ends, to be noted elsewhere; `redacted` are the positions of events that were redacted, as
    events after them say.
    """

    events: int
    head: Head
    redacted: tuple[int, ...]
    findings: tuple[EventLogFinding, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def breaks(self) -> tuple[EventLogFinding, ...]:
        """What is wrong with the chain. An event that cannot be decoded, and was not changed, is not part of this."""
        return tuple(finding for finding in self.findings if not isinstance(finding, EventUndecodable))


def audit(log: StoredLog, noted: Head | None = None) -> LogReport:
    """What is wrong with a log: by itself, and held against a head that was noted earlier."""
    steps = walk(log)
    lost = _lost_at_breaks(log, steps)
    depths = _depths(steps, lost)
    redacted, rewritten = _bodies(log.rows, steps, depths)
    found = [
        *_at_the_end(log, steps, depths),
        *_at_the_steps(log.rows, steps, depths, lost),
        *_out_of_order(log.rows, steps, depths),
        *rewritten,
        *_held_against(log.rows, noted),
    ]
    changed = {finding.position for finding in found if isinstance(finding, EventChanged | EventAdded)}
    found += _undecodable(log.rows, changed)
    head = head_of(log.rows)
    return LogReport(events=len(log.rows), head=head, redacted=redacted, findings=tuple(sorted(found, key=_place)))


def _place(finding: EventLogFinding) -> float:
    match finding:
        case EventChanged() | EventAdded() | EventUndecodable():
            return finding.position
        case EventsMissing() | EventsMoved() | EventsCutOff():
            return finding.first
        case HeadChanged() | HeadLost() | OtherThanNoted():
            return float("inf")


# === Along the chain ===


def _lost_at_breaks(log: StoredLog, steps: tuple[Step, ...]) -> dict[int, int]:
    """How many events are missing before each step, by its number.

    Where positions were written anew, only the head tells how many: then they are missing at the first break.
    """
    lost = {n: step.missing for n, step in enumerate(steps) if step.how == "gap"}
    broken = next((n for n, step in enumerate(steps) if step.how == "broken"), None)
    if log.head is None or broken is None or log.rows[steps[-1].index].hash != log.head.hash:
        return lost
    more = log.head.position - len(steps) - sum(lost.values())
    return {**lost, broken: more} if more > 0 else lost


def _depths(steps: tuple[Step, ...], lost: dict[int, int]) -> list[int]:
    """The position at which the event of each step was written."""
    depths: list[int] = []
    for n in range(len(steps)):
        depths.append((depths[-1] if depths else 0) + 1 + lost.get(n, 0))
    return depths


def _at_the_steps(
    rows: tuple[Row, ...], steps: tuple[Step, ...], depths: list[int], lost: dict[int, int]
) -> Iterator[EventLogFinding]:
    """Events that are missing, that were changed outside of what they say, or put in."""
    for n, (step, depth) in enumerate(zip(steps, depths, strict=True)):
        position = rows[step.index].position
        if missing := lost.get(n, 0):
            yield EventsMissing(first=depth - missing, last=depth - 1)
        elif step.how == "broken":
            yield EventChanged(position=position, part=ENVELOPE)
        if step.how == "digest changed":
            yield EventChanged(position=position, part=DIGEST)
        if step.hash_changed:
            yield EventChanged(position=position, part=HASH)
    followed = {step.index for step in steps}
    yield from (EventAdded(position=row.position) for i, row in enumerate(rows) if i not in followed)


def _out_of_order(rows: tuple[Row, ...], steps: tuple[Step, ...], depths: list[int]) -> Iterator[EventsMoved]:
    """Events that stand elsewhere than they were written, those side by side together."""
    places = [(rows[step.index].position, depth) for step, depth in zip(steps, depths, strict=True)]
    for offset, group in groupby(places, key=lambda place: place[0] - place[1]):
        if offset:
            moved = list(group)
            yield EventsMoved(first=moved[0][0], last=moved[-1][0], was=moved[0][1])


def _bodies(
    rows: tuple[Row, ...], steps: tuple[Step, ...], depths: list[int]
) -> tuple[tuple[int, ...], list[EventChanged]]:
    """Where events were redacted, as later ones say; and events that say something else than they did."""
    followed = [(depth, rows[step.index], step) for step, depth in zip(steps, depths, strict=True)]
    found = {depth: digest_of(row.salt, row.body) for depth, row, _ in followed}
    named: dict[int, str] = {}
    for depth, row, _ in followed:
        if row.type == _REDACTED_TAG and found[depth] == row.digest:
            named |= {position: digest for position, digest in _named(row).items() if position < depth}
    proper = {depth: named.get(depth, row.digest) for depth, row, _ in followed}
    changed = [
        EventChanged(position=row.position, part=BODY)
        for depth, row, step in followed
        if found[depth] != proper[depth] and step.how != "digest changed"
    ]
    redacted = (depth for depth in proper if depth in named and found[depth] == proper[depth])
    return tuple(redacted), changed


def _named(row: Row) -> dict[int, str]:
    try:
        return _REDACTED.decode(row.body).digests
    except msgspec.MsgspecError:
        return {}


def _undecodable(rows: tuple[Row, ...], changed: Collection[int]) -> Iterator[EventUndecodable]:
    """Events that cannot be decoded, but for those that were changed, of which that is said."""
    for row in rows:
        _, event = timed(row.position, row.stream, row.at, row.type, row.body)
        if isinstance(event, UnreadableEvent) and row.position not in changed:
            yield EventUndecodable(position=row.position, event=event.kind, problem=event.problem)


# === At the end ===


def _at_the_end(log: StoredLog, steps: tuple[Step, ...], depths: list[int]) -> Iterator[EventLogFinding]:
    """What is wrong with the head, or after the last event."""
    end = head_of(log.rows)
    if log.head is None:
        yield HeadLost(end=str(end))
    elif log.head == end:
        return
    elif steps and (log.head.hash in {row.hash for row in log.rows} or steps[-1].hash_changed):
        if log.head.position != depths[-1]:
            yield HeadChanged(head=str(log.head), end=str(end))
    elif log.head.position > end.position:
        yield EventsCutOff(first=end.position + 1, last=log.head.position)
    else:
        yield HeadChanged(head=str(log.head), end=str(end))


def _held_against(rows: tuple[Row, ...], noted: Head | None) -> Iterator[OtherThanNoted]:
    there = {EMPTY.position: EMPTY.hash} | {row.position: row.hash for row in rows}
    if noted is not None and there.get(noted.position) != noted.hash:
        found = f"the hash {there[noted.position]}" if noted.position in there else "no event"
        yield OtherThanNoted(noted=str(noted), found=found)
