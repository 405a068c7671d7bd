"""Prove that the event log is whole, and that it is the one of which a head was noted."""

from returns.result import Result

from foreset.application.ports.event_log import EventStore
from foreset.domain.errors.event_log import StoreError, UnfitHead
from foreset.domain.errors.problem import refuse
from foreset.domain.event_log.chain_audit import LogReport, audit
from foreset.domain.event_log.hash_chain import head_from

VerifyError = UnfitHead | StoreError
"""Why a log cannot be looked at."""


def verify_log(events: EventStore, expect: str | None = None) -> Result[LogReport, VerifyError]:
    """What is wrong with the log, by itself and held against a head that was noted earlier, as `position:hash`."""
    noted = None if expect is None else head_from(expect)
    if expect is not None and noted is None:
        return refuse(UnfitHead(head=expect))
    return events.stored().map(lambda log: audit(log, noted))
