"""Feast's online store: written, read and compared through Feast's own interface to it, whichever it is.

A key without values is given nulls, for that interface has no way to remove one. What the store holds of a view it says
under a key of the view that no row has: it goes when the view's values do.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, TypeVar, cast

import msgspec
import pyarrow as pa
from feast import FeatureStore, FeatureView
from feast.feature_view import DUMMY_ENTITY_ID
from feast.infra.online_stores.helpers import get_online_store_from_config
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import RepoConfig
from returns.result import Result, Success

from foreset.adapters.feast.online.equality import is_value, python_value
from foreset.adapters.feast.online.messages import EPOCH, Message
from foreset.adapters.feast.online.redis_keys import own_keys
from foreset.adapters.feast.online.values import (
    column_values,
    entity_keys,
    features_of,
    keys_of,
    moments,
    of_feature,
    values_of,
)
from foreset.adapters.feast.repository.connections import close_online
from foreset.application.ports.feast import OnlineValues, Served, Written
from foreset.domain.errors.online import (
    NoOnlineStore,
    NotServedOnline,
    OnlineError,
    OnlineStoreFailed,
    OnlineValueUnfit,
)
from foreset.domain.errors.problem import ForesetError, because, raised, refuse, told
from foreset.domain.errors.tables import FileError, TableError
from foreset.domain.online.loading import Loaded, OnlineDifference

T = TypeVar("T")

_ROWS: Final = 5_000
"""How many rows go to the store at a time; SQLite takes few more keys in one question."""
_MARK: Final = "__foreset_loaded"
"""Of a view: the key, and the feature, under which the store says what it holds."""
_EXPECTED: Final = OnlineError | FileError
_AS_TOLD: Final = {"skip_dedup": True, "full_scan_for_deletion": True}
"""Options of Feast's Redis store, which else leaves a corrected value out if its event time is the same or earlier, and
keeps the values of a view that is cleared."""


class FeastOnlineStore:
    """The online store of a Feast repository."""

    def __init__(self, store: FeatureStore) -> None:
        """Serve what Feast's `store` serves."""
        self._store = store
        self._config = _as_told(store.config)

    @property
    def name(self) -> str:
        """Feast's name of its type."""
        return str(getattr(self._config.online_store, "type", None))

    @cached_property
    def _online(self) -> Any:  # Feast's stores are typed in part
        return get_online_store_from_config(self._config.online_store)

    def close(self) -> None:
        """Close the connection to a database. A later call opens it again."""
        close_online(vars(self).pop("_online", None))

    def __del__(self) -> None:
        """Close it: nobody else can."""
        if sys is not None and not sys.is_finalizing():  # modules are emptied when the interpreter ends
            self.close()

    # === What it holds of a view ===

    def loaded(self, view: str) -> Result[Loaded | None, OnlineError]:
        """What it says of a view, for which it is made ready."""
        return self._do(view, _Table.loaded)

    def mark(self, view: str, loaded: Loaded) -> Result[None, OnlineError]:
        """Have it say what it holds."""
        return self._do(view, lambda table: table.mark(loaded))

    def clear(self, view: str) -> Result[None, OnlineError]:
        """Take all out."""
        return self._do(view, _Table.clear)

    # === Values ===

    def write(self, view: str, served: Served) -> Result[Written, OnlineError | TableError]:
        """Write values, or nulls, part by part."""

        def written(table: _Table) -> Written:
            return sum((table.write(batch) for batch in _batches(served, table.view)), Written(0))

        return self._do(view, written)

    def compare(
        self, view: str, served: Served, limit: int
    ) -> Result[tuple[int, tuple[OnlineDifference, ...]], OnlineError | TableError]:
        """Compare what the store gives with the table's own values; only fractions of seconds are left out."""

        def compared(table: _Table) -> tuple[int, tuple[OnlineDifference, ...]]:
            count, first = 0, list[OnlineDifference]()
            for batch in _batches(served, table.view):
                found = list(table.differences(batch))
                count += len(found)
                first += found[: limit - len(first)]
            return count, tuple(first)

        return self._do(view, compared)

    def read(
        self, view: str, keys: Mapping[str, Sequence[object]], features: tuple[str, ...]
    ) -> Result[OnlineValues, OnlineError]:
        """Read values."""
        return self._do(view, lambda table: table.values(keys, features))

    def _do(self, view: str, act: "Callable[[_Table], T]") -> Result[T, Any]:
        """The result of an act on the store, or what went wrong: stores raise whatever their drivers do."""
        try:
            table = self._table(view)
            return Success(act(table)) if isinstance(table, _Table) else refuse(table)
        except ForesetError as fault:
            if isinstance(fault.error, _EXPECTED):
                return refuse(fault.error)
            raise
        except Exception as fault:  # noqa: BLE001  # of many vendors, who have no class in common
            error = OnlineStoreFailed(store=self.name, view=view, problem=told(fault))
            return refuse(because(error, fault))

    def _table(self, name: str) -> "_Table | NoOnlineStore | NotServedOnline":
        if self._config.online_store is None:
            return NoOnlineStore(path=str(self._store.repo_path))
        view = self._store.get_feature_view(name)
        return _Table(self._online, self._config, view) if view.online else NotServedOnline(view=name)


def _as_told(config: RepoConfig) -> RepoConfig:
    """The configuration, by which the store writes what it is told to write."""
    known: Any = config.online_store
    options = {name: value for name, value in _AS_TOLD.items() if hasattr(known, name)}
    if not options:
        return config
    changed: Any = config.model_copy()
    changed._online_store = known.model_copy(update=options)  # noqa: SLF001  # Feast makes it once, and keeps it there
    return cast("RepoConfig", changed)


class _Batch:
    """Some keys, and what serves them."""

    def __init__(self, rows: Any, served: Served, view: FeatureView) -> None:  # a pyarrow table
        self._rows, self._view, self._served = rows, view, served
        names = list(keys_of(view))
        self.plain_keys = [dict(zip(names, values, strict=True)) for values in _tuples(rows, names)]
        columns = {name: [key[name] for key in self.plain_keys] for name in names}
        self.keys = entity_keys(view, columns, rows.num_rows)

    def times(self) -> list[datetime | None]:
        """The event times of what serves the keys, None where nothing does."""
        return self._moments(self._served.event_time)

    def created(self) -> list[datetime | None]:
        """When that was written, where that is known."""
        column = self._served.created_time
        return [None] * len(self.keys) if column is None else self._moments(column)

    def _moments(self, column: str) -> list[datetime | None]:
        try:
            return moments(self._rows[column], self._served.time_unit)
        except OverflowError as fault:
            problem = "a time outside of the years 1 to 9999"
            error = OnlineValueUnfit(view=self._view.name, column=column.lstrip("_"), key="a row", problem=problem)
            raise raised(because(error, fault)) from fault

    def messages(self) -> tuple[list[dict[str, Message]], tuple[str, ...]]:
        """The values of each key as messages, and the features whose times lost fractions of seconds."""
        made = {
            name: of_feature(self._view.name, name, kind, self._rows[name], self.plain_keys)
            for name, kind in features_of(self._view).items()
        }
        rows = zip(*(feature.messages for feature in made.values()), strict=True)
        rounded = tuple(name for name, feature in made.items() if feature.rounded)
        return [dict(zip(made, row, strict=True)) for row in rows], rounded

    def values(self) -> dict[str, list[Any]]:
        """The table's own values of each feature."""
        names = features_of(self._view)
        return {name: values_of(self._view.name, name, self._rows[name], self.plain_keys) for name in names}


def _tuples(rows: Any, names: list[str]) -> list[tuple[Any, ...]]:
    if not names:
        return [()] * int(rows.num_rows)
    return list(zip(*(column_values(rows[name]) for name in names), strict=True))


def _batches(served: Served, view: FeatureView) -> Iterator[_Batch]:
    """The parts beside their keys, in batches that a store takes at a time."""
    spine = pa.table(served.spine)
    start = 0
    for part in served.parts:
        found = pa.table(part)
        for offset in range(0, found.num_rows, _ROWS):
            values = found.slice(offset, _ROWS)
            rows = spine.slice(start + offset, values.num_rows)
            for name in values.column_names:
                rows = rows.append_column(name, values[name])
            yield _Batch(rows, served, view)
        start += found.num_rows


class _Table:
    """What a store holds of a view."""

    def __init__(self, store: Any, config: RepoConfig, view: FeatureView) -> None:  # Feast's stores are typed in part
        self._store, self._config, self.view = store, config, view

    def _update(self, *, gone: list[FeatureView], kept: list[FeatureView]) -> None:
        self._store.update(self._config, gone, kept, [], [], partial=True)

    def clear(self) -> None:
        with own_keys(self._store, self._config):
            self._update(gone=[self.view], kept=[])
        self._update(gone=[], kept=[self.view])
        self._say("", EPOCH)  # Redis keeps it, where other views have the same keys

    def loaded(self) -> Loaded | None:
        self._update(gone=[], kept=[self.view])
        at, values = self._read([self._mark_key()], [_MARK])[0]
        if at is None or at <= EPOCH or not values or _MARK not in values:
            return None  # with no time, as Redis leaves it where Feast took the view out
        with suppress(msgspec.MsgspecError):
            return msgspec.json.decode(values[_MARK].string_val, type=Loaded)
        return None

    def mark(self, loaded: Loaded) -> None:
        self._say(msgspec.json.encode(loaded).decode(), EPOCH + timedelta(microseconds=loaded.at_us))

    def _say(self, text: str, at: datetime) -> None:
        self._write([(self._mark_key(), {_MARK: Value(string_val=text)}, at, None)])

    def _mark_key(self) -> Message:
        """A key whose parts are all of this text: where keys are numbers, no row can have it."""
        names = list(keys_of(self.view)) or [DUMMY_ENTITY_ID]
        return EntityKey(join_keys=names, entity_values=[Value(string_val=_MARK)] * len(names))

    def write(self, batch: _Batch) -> Written:
        times, (values, rounded) = batch.times(), batch.messages()
        rows = zip(batch.keys, values, times, batch.created(), strict=True)
        self._write([(key, row, at or EPOCH, created if at else None) for key, row, at, created in rows])
        return Written(sum(at is not None for at in times), rounded)

    def differences(self, batch: _Batch) -> Iterator[OnlineDifference]:
        """The keys that have other values than the table, each with the first feature that differs."""
        kinds, values = features_of(self.view), batch.values()
        found = self._read(batch.keys, list(kinds))
        for row, (key, (_, held)) in enumerate(zip(batch.plain_keys, found, strict=True)):
            for name, kind in kinds.items():
                online, value = python_value((held or {}).get(name, Value()), kind), values[name][row]
                if not is_value(online, value, kind):
                    yield OnlineDifference(key=key, feature=name, online=repr(online), offline=repr(value))
                    break

    def values(self, columns: Mapping[str, Sequence[object]], features: tuple[str, ...]) -> OnlineValues:
        kinds = features_of(self.view)
        count = len(next(iter(columns.values()), ()))
        keys = entity_keys(self.view, columns, count)
        asked = [key for key in keys if key is not None]
        found = iter(
            row
            for start in range(0, len(asked), _ROWS)
            for row in self._read(asked[start : start + _ROWS], list(features))
        )
        rows = [(None, None) if key is None else next(found) for key in keys]
        return OnlineValues(
            columns={
                name: [python_value((held or {}).get(name, Value()), kinds[name]) for _, held in rows]
                for name in features
            },
            seconds=[None if at is None or not held else _seconds(at) for at, held in rows],
        )

    def _write(self, rows: list[tuple[Message, dict[str, Message], datetime, datetime | None]]) -> None:
        self._store.online_write_batch(self._config, self.view, rows, None)

    def _read(
        self, keys: list[Message], features: list[str]
    ) -> list[tuple[datetime | None, dict[str, Message] | None]]:
        # a copy: Redis's reader adds to the names that it is given
        found: list[Any] = self._store.online_read(self._config, self.view, keys, [*features])
        return found


def _seconds(at: datetime) -> int:
    return int((at - EPOCH).total_seconds() // 1)
