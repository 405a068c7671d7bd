"""The query that a warehouse is given as a view's source: of its table, one row for each key and time, chosen by law 4.

What serves is told by rows alone, as in `prepared_rows`: a row stands at the time from which it holds, and is left out
where a better one holds already. Only the snapshot's order is not known; how many rows are tied without it is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from foreset.adapters.feast.engines.prepared_rows import FROM
from foreset.domain.dtypes import time_unit
from foreset.domain.feast.engines import FeastStore
from foreset.domain.planning.nodes import Match, Output

EVENT: Final = "event_time"
TIED: Final = "tied"
"""How many rows with other values have the key, event time and created time of a row, itself included."""
TOTAL: Final = "total"
"""How many rows the table has."""
_INTEGERS: Final = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
_NATIVE: Final = (*_INTEGERS, "float32", "float64", "string", "bool", "date")


@dataclass(frozen=True)
class WarehouseQuery:
    """A query, and the features that it has: those asked for, `feature_0` and so on, then what tells more of a row."""

    text: str
    features: tuple[str, ...]


class UnfitColumnError(ValueError):
    """A column that cannot be told to a warehouse without changing what it means."""


def warehouse_query(
    store: FeastStore, table: str, match: Match, outputs: Sequence[Output], dtypes: Mapping[str, str]
) -> WarehouseQuery:
    """The query for a match with a warehouse's table, whose columns have these types. Raises `UnfitColumnError`."""
    return _Query(store, table, match, outputs, dtypes).whole()


@dataclass(frozen=True)
class _Query:
    store: FeastStore
    table: str
    match: Match
    outputs: Sequence[Output]
    dtypes: Mapping[str, str]

    def whole(self) -> WarehouseQuery:
        keys = [f"key_{index}" for index in range(max(len(self.match.keys), 1))]
        values = [f"feature_{index}" for index in range(len(self.outputs))]
        by_key = ", ".join(keys)
        # A null is older than any time in every dialect, whatever it does with nulls that it sorts.
        created = "CASE WHEN created IS NULL THEN 1 ELSE 0 END"
        # Planners guess that a computed column hardly ever equals something, and is less than it in a third of the
        # rows. By the first guess PostgreSQL takes the source for empty and joins it row by row: hence inequalities.
        text = f"""
SELECT {by_key}, {FROM}, {EVENT}, {TIED}, {", ".join(values)}, (SELECT COUNT(*) FROM {self.table}) AS {TOTAL}
FROM (
  SELECT ranked.*,
    MAX(standing) OVER (
      PARTITION BY {by_key} ORDER BY {FROM}, standing ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS best,
    ROW_NUMBER() OVER (PARTITION BY {by_key}, {FROM} ORDER BY {", ".join(["standing DESC", *values])}) AS place
  FROM (
    SELECT known.*,
      DENSE_RANK() OVER (PARTITION BY {by_key} ORDER BY {EVENT}, {created} DESC, created) AS standing,
      COUNT(*) OVER (PARTITION BY {by_key}, {EVENT}, created) AS {TIED}
    FROM ({self._known(keys, values)}) known
  ) ranked
) served
WHERE place < 2 AND standing >= best"""  # noqa: S608  # names are quoted, and the table's is the caller's
        return WarehouseQuery(text.strip(), (*values, EVENT, TIED, TOTAL))

    def _known(self, keys: Sequence[str], values: Sequence[str]) -> str:
        """The rows that may serve some spine row, each once."""
        event = self._time(self.match.event_time)
        created = "CAST(NULL AS TIMESTAMP)" if self.match.created_time is None else self._time(self.match.created_time)
        late = self.match.known_by_each_row
        columns = [f"{expression} AS {key}" for expression, key in zip(self._keys(), keys, strict=True)]
        columns += [
            f"{self._value(output.source)} AS {name}" for output, name in zip(self.outputs, values, strict=True)
        ]
        columns += [f"{event} AS {EVENT}", f"{created} AS created"]
        columns += [f"{f'CASE WHEN {created} > {event} THEN {created} ELSE {event} END' if late else event} AS {FROM}"]
        wanted = [f"{self._name(key.table)} IS NOT NULL" for key in self.match.keys]
        wanted += [f"{self._name(self.match.event_time)} IS NOT NULL"]
        if self.match.known_by_us is not None and self.match.created_time is not None:
            wanted += [f"({created} IS NULL OR {created} <= {self._instant(self.match.known_by_us)})"]
        return f"SELECT DISTINCT {', '.join(columns)} FROM {self.table} WHERE {' AND '.join(wanted)}"  # noqa: S608  # as above

    def _name(self, column: str) -> str:
        quotes = self.store.quotes
        return f"{quotes}{column.replace(quotes, quotes * 2)}{quotes}"

    def _keys(self) -> list[str]:
        if not self.match.keys:
            return ["0"]
        return [self._key(key.table, key.dtype) for key in self.match.keys]

    def _key(self, column: str, dtype: str) -> str:
        if dtype in _INTEGERS:
            return f"CAST({self._name(column)} AS {self.store.integer})"
        if dtype == "string":
            return f"CAST({self._name(column)} AS {self.store.text})"
        message = f"its join key {column!r} is {dtype}, and only whole numbers and texts are compared alike everywhere"
        raise UnfitColumnError(message)

    def _value(self, column: str) -> str:
        dtype = self.dtypes[column]
        if dtype.startswith("decimal"):
            return f"CAST({self._name(column)} AS {self.store.text})"
        if dtype in _NATIVE or time_unit(dtype) is not None:
            return self._name(column)
        message = f"the values of {column!r} are {dtype}, which warehouses give back as something else"
        raise UnfitColumnError(message)

    def _time(self, column: str) -> str:
        """A time as an instant: without a zone it is UTC."""
        dtype = self.dtypes[column]
        if "," in dtype:
            return self._name(column)
        if self.store.as_utc is None:
            message = f"its time {column!r} is {dtype}, without a time zone, and how it is read there is not known"
            raise UnfitColumnError(message)
        return self.store.as_utc.format(self._name(column))

    def _instant(self, at_us: int) -> str:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)
        return self.store.instant.format(at.isoformat(sep=" ", timespec="microseconds"))
