"""Which rows of a spine may rest on files of a table that are gone."""

from collections.abc import Iterable

import msgspec

from foreset.domain.dtypes import NANOSECONDS, column_unit, time_unit
from foreset.domain.facts import DataFile, TableFacts
from foreset.domain.planning.nodes import KeyPair, Match


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A condition on a column of the spine: from `least` to `greatest` (None is open), or equal to `text`.

    Times (`is_time`) are in microseconds UTC, dates in days since the epoch.
    """

    column: str
    is_time: bool = False
    least: int | None = None
    greatest: int | None = None
    text: str | None = None


class Box(msgspec.Struct, frozen=True):
    """Rows of a spine that meet all these conditions, and whose keys `known` are not null."""

    limits: tuple[Limit, ...]
    known: tuple[str, ...]


def boxes(match: Match, files: Iterable[DataFile], table: TableFacts, time: str) -> tuple[Box, ...]:
    """Where the rows of a spine are that some files may serve, by the log's statistics; a box for each file.

    `time` is the spine's time column. What the log does not know excludes nothing.
    """
    known = tuple(key.spine for key in match.keys)
    return tuple(
        Box((*_key_limits(match.keys, file), *_time_limits(match, file, table, time)), known) for file in files
    )


def _key_limits(keys: Iterable[KeyPair], file: DataFile) -> Iterable[Limit]:
    for key in keys:
        text = file.partition.get(key.table)
        if key.dtype == "string" and text is not None:
            yield Limit(column=key.spine, text=text)
        elif (known := file.range_of(key.table)) is not None and not key.dtype.startswith(
            "decimal"
        ):  # the spine's may count in fractions
            least, greatest = known
            yield Limit(column=key.spine, is_time=key.dtype.startswith("timestamp"), least=least, greatest=greatest)


def _time_limits(match: Match, file: DataFile, table: TableFacts, time: str) -> Iterable[Limit]:
    """Laws 2 and 3: a row serves from its event time on, and until it is older than the ttl."""
    known = file.range_of(match.event_time)
    if known is None:
        return
    dtype = table.dtype(match.event_time) or ""
    least, greatest = known
    if time_unit(dtype) in {None, "day"}:  # whole numbers of their own unit; ranges of timestamps are in microseconds
        step, us = NANOSECONDS[column_unit(dtype, match.epoch_unit) or "us"], NANOSECONDS["us"]
        least, greatest = least * step // us, -(-greatest * step // us)
    last = None if match.ttl_us is None else greatest + match.ttl_us
    yield Limit(column=time, is_time=True, least=least, greatest=last)
