"""Rows of a source as they are, for Feast: what it materialises, saved datasets, logs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import pyarrow as pa
from feast.data_source import DataSource
from feast.feature_view import DUMMY_ENTITY_ID, DUMMY_ENTITY_VAL

from foreset.adapters.feast.offline.jobs import DeltaRetrievalJob
from foreset.adapters.feast.offline.options import ArrowTable, Options
from foreset.adapters.feast.offline.sources import pinned_version, source_of
from foreset.domain.definitions.specs import DeltaSource
from foreset.domain.errors.feast import FeastObjectRefused
from foreset.domain.errors.problem import raised
from foreset.domain.facts import TableFacts
from foreset.domain.planning.row_query import Pull

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Wanted:
    """The columns that Feast asks for, as the source has them, and the first and last event time."""

    keys: Sequence[str]
    features: Sequence[str]
    event_time: str
    created_time: str | None
    since: datetime | None
    until: datetime | None


def pull_job(options: Options, source: DataSource, wanted: Wanted, *, latest: bool) -> DeltaRetrievalJob:
    """A job that gives the rows; the newest of each key alone with `latest`.

    A source that names its event time is one of a view; Feast names none for saved datasets and logs. Of a view's rows
    Feast keeps the first of each key, and the last of all where the view has no key.
    """
    table = source_of(source.name, source, options)
    if table.valid_until_field is not None and (latest or source.timestamp_field):
        problem = "its rows end (valid_until_field), and Feast loads the newest of each key whether it has ended or not"
        remedy = "load it by store.online.materialize, which serves what is valid"
        raise raised(FeastObjectRefused(object=f"source {source.name!r}", problem=problem, remedy=remedy))
    times = [wanted.event_time, *([wanted.created_time] if wanted.created_time else [])]
    pull = Pull(
        of=source.name,
        table=table.table,
        version=pinned_version(cast("Any", source), options),
        columns=tuple(dict.fromkeys((*wanted.keys, *wanted.features, *times))) if wanted.features else (),
        keys=tuple(wanted.keys),
        event_time=wanted.event_time,
        created_time=wanted.created_time or None,
        time_unit=table.timestamp_unit,
        since_us=None if wanted.since is None else microseconds(wanted.since),
        until_us=None if wanted.until is None else microseconds(wanted.until),
        latest=latest,
        order="stored" if not source.timestamp_field else "newest first" if wanted.keys else "newest last",
    )
    return DeltaRetrievalJob(lambda: _rows(options, pull, table), options)


def _rows(options: Options, pull: Pull, source: DeltaSource) -> ArrowTable:
    """The rows; those of a view without entities with the key that Feast gives such."""
    table = options.engine.pull(pull, source)
    if pull.keys or pull.order == "stored" or DUMMY_ENTITY_ID in table.column_names:
        return table
    return table.append_column(DUMMY_ENTITY_ID, pa.array([DUMMY_ENTITY_VAL] * table.num_rows, pa.string()))


def microseconds(moment: datetime) -> int:
    """A time in microseconds since the epoch; without a zone it is UTC."""
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)


def times_of(source: DeltaSource, owner: str, facts: TableFacts) -> Pull:
    """What is needed of a source's table: its times, under the names that they have there."""
    created = source.created_timestamp_field
    return Pull(
        of=owner,
        table=source.table,
        event_time=_held(source.timestamp_field, source, facts),
        created_time=None if created is None else _held(created, source, facts),
        time_unit=source.timestamp_unit,
    )


def _held(name: str, source: DeltaSource, facts: TableFacts) -> str:
    column = source.column(name)
    return name if facts.dtype(column) is None else column
