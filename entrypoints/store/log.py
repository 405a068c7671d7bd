"""The part of the facade that looks after the event log: prove that it is whole, move it, close it."""

from contextlib import closing
from types import TracebackType
from typing import Self

from returns.result import Result

from foreset.application.event_log.move import Moved, MoveError, move_log
from foreset.application.event_log.verify import VerifyError, verify_log
from foreset.application.ports.engine import Adapters
from foreset.domain.event_log.chain_audit import LogReport
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.locations import Location, location


class LooksAfterItsLog:
    """What a store does so that its log can be trusted, and shared."""

    _adapters: Adapters

    @fitted_arguments
    def verify_log(self, expect: str | None = None) -> "Result[LogReport, VerifyError]":
        """Follow the chain of hashes over all events, and name what was changed; the report is `whole` or not.

        `expect` is the `head` of an earlier report, as text `position:hash`. It also finds what the log alone cannot
        show: that it was cut off together with its head, or written anew from the beginning.
        """
        return verify_log(self._adapters.events, expect)

    @fitted_arguments
    def move_log(self, to: Place) -> "Result[Moved, MoveError]":
        """Move all events, exactly, and the kept frames to a folder or a database; then no more events are taken here.

        There must be no log in that place, or one that is the beginning of this. What is recorded meanwhile moves too.
        A move that was cut short is completed by the next call. The old log stays, to be read.
        """
        adapters = self._adapters
        return Result.do(moved for place in location(to) for moved in _moved(adapters, place))

    def close(self) -> None:
        """Close the connection to the event log. A later call opens it again.

        A store that nobody uses any more closes it by itself; `with FeatureStore.open(...).unwrap() as store:` does so
        at the end of the block.
        """
        self._adapters.events.close()

    def __enter__(self) -> Self:
        """Begin a block that ends with `close()`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


def _moved(adapters: Adapters, to: Location) -> "Result[Moved, MoveError]":
    with closing(to.events):
        return move_log(adapters.events, adapters.kept, to.events, to.kept)
