"""Tell others what came of what."""

from returns.result import Result

from foreset.application.log_ports import EventStore, LineageSink
from foreset.domain.errors.history import SendError
from foreset.domain.errors.store import StoreError
from foreset.domain.lineage import LineageSent


def send_lineage(events: EventStore, sink: LineageSink, after: int = 0) -> Result[LineageSent, SendError | StoreError]:
    """Send what was done after a position of the log.

    What was sent before a failure stays sent; the error says from where to go on. What is sent twice is the same run.
    """
    return Result.do(sent for log in events.read() for sent in sink.send(log, after))
