"""An event that this Foreset cannot decode: its place stays in the log, and what can be learned of it."""

from typing import Any, Final

import msgspec

ENTITIES: Final = frozenset({"entity-registered", "entity-removed"})
VIEWS: Final = frozenset({"feature-view-registered", "feature-view-removed"})
_OF_SET: Final = "training-set/"


class UnreadableEvent(msgspec.Struct, frozen=True, kw_only=True, tag="unreadable"):
    """An event that cannot be decoded, and why. `kind` is its type as the log has it, such as `table-written.v1`.

    `names` are the definitions that it may be of, as far as it says: `entity/NAME`, `view/NAME`; none where it does not
    say. `training_sets` are the ids of the sets that it is of.
    """

    position: int
    kind: str
    problem: str
    names: tuple[str, ...] = ()
    training_sets: tuple[str, ...] = ()

    @property
    def root(self) -> str:
        """The kind without its version, such as `table-written`."""
        return self.kind.rpartition(".v")[0] or self.kind

    def may_be(self, *roots: str) -> bool:
        """Whether it is of one of these kinds, or of one that is not known."""
        return self.root in roots or self.root not in KINDS


KINDS: Final = (
    ENTITIES
    | VIEWS
    | {
        "training-set-retrieved",
        "training-set-rebuilt",
        "training-set-pinned",
        "training-set-unpinned",
        "model-trained",
        "table-written",
        "table-vacuumed",
        "view-materialized",
        "events-redacted",
        "key-erased",
    }
)
"""The kinds of event that there are, in any version."""


def unreadable(position: int, stream: str, kind: str, body: object, problem: str) -> UnreadableEvent:
    """What is known of an event that cannot be decoded."""
    said = _said(body)
    own = (stream.removeprefix(_OF_SET),) if stream.startswith(_OF_SET) else ()
    event = UnreadableEvent(position=position, kind=str(kind), problem=problem)
    return msgspec.structs.replace(event, names=_names(event, said), training_sets=(*own, *_sets(said)))


def _said(body: object) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body) if isinstance(body, str) else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _names(event: UnreadableEvent, said: dict[str, Any]) -> tuple[str, ...]:
    spec = said.get("spec")
    name = spec.get("name") if isinstance(spec, dict) else said.get("name")
    if not isinstance(name, (str, int, float)):
        return ()
    kinds = [kind for kind, roots in (("entity", ENTITIES), ("view", VIEWS)) if event.may_be(*roots)]
    return tuple(f"{kind}/{name}" for kind in kinds)


def _sets(said: dict[str, Any]) -> tuple[str, ...]:
    named = said.get("training_sets")
    return tuple(name for name in named if isinstance(name, str)) if isinstance(named, list) else ()
