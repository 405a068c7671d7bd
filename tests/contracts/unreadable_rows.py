"""Rows that this Foreset cannot decode: as older versions wrote them, newer ones, or nobody should."""

import json
from typing import Final

from foreset.application.ports.event_log import EventStore
from foreset.domain.event_log.hash_chain import Row, chained, head_of

_ENTITY: Final = "entity-registered.v1"


def _said(tag: str, **fields: object) -> tuple[str, str]:
    return tag, json.dumps({"type": tag, **fields})


BODIES: Final = {
    "a field of another type": _said(_ENTITY, spec={"name": "plane", "join_keys": ["k"], "description": 1}, version=1),
    "a newer version": _said("entity-registered.v9", spec={"name": "plane", "keys": ["k"]}, version=1),
    "a newer kind": _said("feature-set-registered.v1", name="plane"),
    "no JSON": (_ENTITY, '{"type":"entity-reg'),
    "no text": (_ENTITY, ""),
    "nothing left": (_ENTITY, "{}"),
    "another kind": ("table-written.v1", _said("entity-removed.v1", name="plane")[1]),
    "a spec that is refused": _said(_ENTITY, spec={"name": "plane", "join_keys": []}, version=1),
    "too deep": (_ENTITY, "[" * 5000),
}
"""Tags and bodies, by what is wrong with them."""


TIMES: Final = ("noon", "", "7", "2024-13-01T00:00:00+00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
"""Times that no event has, or that are beyond the calendar in UTC."""


def put(store: EventStore, stream: str, tag: str, body: str, at: str = "2024-05-02T12:00:00.000000+00:00") -> int:
    """Append a row as it is, chained; gives its position."""
    log = store.stored().unwrap()
    version = sum(row.stream == stream for row in log.rows) + 1
    position, head = len(log.rows) + 1, head_of(log.rows)
    bare = Row(position, stream, version, at, "ann", tag, body, "salt", "", "")
    store.extend(tuple(chained([bare], head.hash)), head).unwrap()
    return position
