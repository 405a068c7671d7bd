"""What is recorded of an erased key, and of events whose contents were redacted: the log can still be verified."""

from typing import Final

import msgspec

ERASURES: Final = "erasures"
"""The stream of the event log that holds all erasures."""

ERASED: Final = "<erased>"
"""What stands in events in place of a text that named a key."""


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


def asked_by(erased: KeyErased) -> str:
    """Who asked for an erasure and why, for a sentence.

    >>> asked_by(KeyErased(entity="city", requested_by="ann", reason="#7"))
    'as ann asked (#7)'
    """
    who = "without saying who asked" if erased.requested_by is None else f"as {erased.requested_by} asked"
    return who if erased.reason is None else f"{who} ({erased.reason})"


REDACTIONS = "redactions"
"""The stream that holds all redactions; who decides on one expects a version of it."""


class EventsRedacted(msgspec.Struct, frozen=True, kw_only=True, tag="events-redacted.v1"):
    """What events say was replaced. `digests` has, by their position, the digest of what stands there since.

    The digests of what stood there before are left in the log, and so is the chain of hashes over them.
    """

    digests: dict[int, str]
    reason: str = ""
