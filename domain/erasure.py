"""Erasing a key: what is recorded of it, and what is told of where the key is.

Neither the key nor a hash of it is recorded. Keys are few and can be guessed one after another, so to whoever has a
list of them a hash of one is the key.
"""

from typing import Final, Literal

import msgspec

ERASURES: Final = "erasures"
"""The stream of the event log that holds all erasures."""

ERASED: Final = "<erased>"
"""What stands in events in place of a text that named a key."""

SpineKind = Literal["kept", "table", "pinned", "named"]
"""Where the rows of a training set hold a key: in the spine that the store keeps, in the version of the table that its
spine is read from, in its pin, or in its receipt alone."""


class KeyErased(msgspec.Struct, frozen=True, kw_only=True, tag="key-erased.v1"):
    """A key of an entity was erased from what the store keeps. Which key is not recorded.

    `training_sets` can be rebuilt no more. `spines` and `pins` are the names of the kept frames that are to be gone,
    `redacted` the positions of events that are to be without what named the key, `models` those that were trained on
    the training sets.
    """

    entity: str
    requested_by: str | None
    reason: str | None
    training_sets: tuple[str, ...] = ()
    spines: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    redacted: tuple[int, ...] = ()

    @property
    def frames(self) -> tuple[str, ...]:
        """The names of all frames that are to be gone."""
        return (*self.spines, *self.pins)


# === Where a key is ===


class TableHolding(msgspec.Struct, frozen=True, kw_only=True):
    """A table that holds the key: so many `rows` at `version`, the newest that has it.

    `columns` are the table's columns of the key, each with its value as SQL has it. `newest` is the table's newest
    version; where that is another, older versions hold the key until they are vacuumed. `views` read the table, which
    lies at `place`; whether it is opened by `storage_options` is told, and not by which.
    """

    table: str
    place: str
    views: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    version: int
    newest: int
    rows: int
    storage_options: bool = False

    @property
    def is_current(self) -> bool:
        """Whether the newest version holds the key."""
        return self.version == self.newest


class SetHolding(msgspec.Struct, frozen=True, kw_only=True):
    """A training set whose rows hold the key. `marked`: it was marked as erased before."""

    id: str
    rows: int
    where: SpineKind
    marked: bool = False


class ModelHolding(msgspec.Struct, frozen=True, kw_only=True):
    """A model that was trained on such a training set, and the file that it was saved to."""

    name: str
    training_set: str
    saved_to: str | None


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A place that could not be looked at, and why. `kept`: the store keeps it, so the key may be left there."""

    place: str
    why: str
    kept: bool


class KeyReport(msgspec.Struct, frozen=True, kw_only=True):
    """Where a key is. `pins` are names of kept frames, `online` views and the online stores that they were loaded into.

    `redactable` are the positions of events that name the key.
    """

    entity: str
    tables: tuple[TableHolding, ...] = ()
    training_sets: tuple[SetHolding, ...] = ()
    spines: tuple[str, ...] = ()
    pins: tuple[str, ...] = ()
    models: tuple[ModelHolding, ...] = ()
    online: tuple[tuple[str, str], ...] = ()
    redactable: tuple[int, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def is_nowhere(self) -> bool:
        """Whether the key was found in no place."""
        return not (self.tables or self.training_sets or self.spines or self.pins or self.redactable)

    @property
    def is_whole(self) -> bool:
        """Whether all was looked at that the store keeps."""
        return not any(unread.kept for unread in self.unread)


def asked_by(erased: KeyErased) -> str:
    """Who asked for an erasure and why, for a sentence.

    >>> asked_by(KeyErased(entity="city", requested_by="ann", reason="#7"))
    'as ann asked (#7)'
    """
    who = "without saying who asked" if erased.requested_by is None else f"as {erased.requested_by} asked"
    return who if erased.reason is None else f"{who} ({erased.reason})"
