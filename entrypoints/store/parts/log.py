"""The event log of a store: `store.log`."""

from contextlib import closing
from typing import Unpack

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.event_log.history import lineage_around, selected_events, send_lineage
from foreset.application.event_log.move import Moved, MoveError, move_log
from foreset.application.event_log.verify import VerifyError, verify_log
from foreset.application.ports.engine import Adapters
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.history import SendError, UnknownName
from foreset.domain.event_log.chain_audit import LogReport
from foreset.domain.event_log.history import EventFilter, Wanted
from foreset.domain.event_log.lineage import Lineage, LineageSent
from foreset.domain.event_log.receipts import Recorded
from foreset.entrypoints.store.parts.part import StorePart
from foreset.entrypoints.wiring.arguments import Place, fitted_arguments
from foreset.entrypoints.wiring.build import lineage_sink
from foreset.entrypoints.wiring.locations import Location, location
from foreset.entrypoints.wiring.unread import results_must_be_read


@results_must_be_read
@all_need_threads(but=("events", "lineage", "verify"))
class StoreLog(StorePart):
    """The events of a store: what happened, what was made from what, the proof that nothing was changed."""

    _called = "store.log"

    @fitted_arguments
    def events(self, **wanted: Unpack[Wanted]) -> "Result[tuple[Recorded, ...], StoreError]":
        """The events, in their order: all, or those that meet everything that is given.

        `actor`, `view`, `table`, `model` and `training_set` (an id or a beginning of one) are names; `since` and
        `until` are times, inclusive, UTC where they have no zone. What was made from a view or table is of it too.
        """
        return selected_events(EventFilter.of(wanted), self._adapters.events).map(lambda selection: selection.events)

    @fitted_arguments
    def lineage(self, name: str | None = None) -> "Result[Lineage, UnknownName | StoreError]":
        """What a view, table, entity, model or training set was made from, and what was made from it.

        `name` is its name or id; `view:NAME` or `table:NAME@VERSION` distinguish what has the same name. Without one it
        is the whole graph of the log. `as_text` and `as_mermaid` of `foreset.domain.event_log.lineage_text` draw it.
        """
        return Result.do(
            around for recorded in self._adapters.events.read() for around in lineage_around(name, recorded)
        )

    @fitted_arguments
    def send_lineage(
        self, target: Place, *, after: int = 0, namespace: str = "foreset"
    ) -> "Result[LineageSent, SendError | StoreError]":
        """Send what was done after a position of the log as OpenLineage events, to a file or the URL of a service.

        One event for each retrieval, rebuild, training, load and write, with its tables at their versions; to a file
        they are added, one JSON document a line. `namespace` is that of the jobs, and of training sets and models.
        What is sent twice is the same run. A key for the service is taken from OPENLINEAGE_API_KEY. Needs the extra
        `lineage`.
        """
        return Result.do(
            sent
            for sink in lineage_sink(str(target), namespace, self._store.data_dir)
            for sent in send_lineage(self._adapters.events, sink, after)
        )

    @fitted_arguments
    def verify(self, expect: str | None = None) -> "Result[LogReport, VerifyError]":
        """Follow the chain of hashes over all events, and name what was changed; the report is `whole` or not.

        `expect` is the `head` of an earlier report, as text `position:hash`. It also finds what the log alone cannot
        show: that it was cut off together with its head, or written again from the beginning.
        """
        return verify_log(self._adapters.events, expect)

    @fitted_arguments
    def move(self, to: Place) -> "Result[Moved, MoveError]":
        """Move all events, exactly, and the kept frames to a folder or a database; then no more events are taken here.

        There must be no log in that place, or one that is the beginning of this. What is recorded meanwhile moves too.
        A move that was cut short is completed by the next call. The old log stays, to be read.
        """
        adapters = self._adapters
        return Result.do(moved for place in location(to) for moved in _moved(adapters, place))


def _moved(adapters: Adapters, to: Location) -> "Result[Moved, MoveError]":
    with closing(to.events):
        return move_log(adapters.events, adapters.kept, to.events, to.kept)
