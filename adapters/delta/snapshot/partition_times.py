"""Times of partitions, which a log holds as texts.

Delta protocol, "Partition Value Serialization": a timestamp is `2024-01-01 12:00:00.5`, in a zone that is not said
(Spark takes that of the session which writes), or ISO 8601 in UTC, `2024-01-01T12:00:00.5Z`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deltalake import DeltaTable

from foreset.adapters.delta.log.checkpoints import live_adds
from foreset.adapters.delta.snapshot.column_mapping import ColumnMapping


class InLog(str):
    """A time of a partition, as its text is in the log."""

    __slots__ = ()


def times_in_log(
    table: DeltaTable,
    mapping: ColumnMapping,
    partitions: Sequence[str],
    paths: Sequence[str],
    storage_options: Mapping[str, str],
) -> dict[str, list[object]]:
    """The values of partitions by time, for the files at `paths`: deltalake takes one that has no zone for UTC."""
    adds = live_adds(table.table_uri, table.version(), storage_options)
    texts = {name: [adds[path].partition_values.get(mapping.partition(name)) for path in paths] for name in partitions}
    return {name: [InLog(text) if text else None for text in of_files] for name, of_files in texts.items()}


def instant_text(text: str, zone: str | None) -> str:
    """The time as ISO 8601 in UTC where it is a single moment, else as it is.

    >>> instant_text("2021-09-08 11:11:11", "America/Los_Angeles"), instant_text("2021-09-08 11:11:11", None)
    ('2021-09-08T18:11:11.000000Z', '2021-09-08 11:11:11')
    """
    told = datetime.fromisoformat(text)
    if told.tzinfo is not None:
        return _utc(told)
    if zone is None:
        return text
    earlier, later = (_utc(told.replace(tzinfo=ZoneInfo(zone), fold=fold)) for fold in (0, 1))
    return earlier if earlier == later else text  # it is told twice, or never, where clocks are set back or forward


def is_zone(name: str) -> bool:
    """Whether the time zone database has a zone of this name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
