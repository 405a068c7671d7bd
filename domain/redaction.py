"""The event of a redaction: what other events said was replaced, and the log goes on to be provable."""

import msgspec

REDACTIONS = "redactions"
"""The stream that holds all redactions; who decides on one expects a version of it."""


class EventsRedacted(msgspec.Struct, frozen=True, kw_only=True, tag="events-redacted.v1"):
    """What events say was replaced. `digests` has, by their position, the digest of what stands there since.

    The digests of what stood there before are left in the log, and so is the chain of hashes over them.
    """

    digests: dict[int, str]
    reason: str = ""
