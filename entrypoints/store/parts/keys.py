"""Keys of entities, found and erased: `store.keys`."""

from returns.result import Result

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.application.erasure.erase import Erased, EraseError, Request, erase
from foreset.application.erasure.find_key import FindError, find_key
from foreset.domain.erasure.key_report import KeyReport
from foreset.domain.errors.problem import legible
from foreset.entrypoints.store.parts.part import StorePart
from foreset.entrypoints.wiring.arguments import fitted_arguments
from foreset.entrypoints.wiring.build import key_search
from foreset.entrypoints.wiring.unread import results_must_be_read


@results_must_be_read
@all_need_threads()
class StoreKeys(StorePart):
    """Where a key of an entity is, and its erasure."""

    _called = "store.keys"

    @fitted_arguments
    def find(self, entity: str, key: object) -> "Result[KeyReport, FindError]":
        """Where a key of an entity is: tables, training sets, spines, pins, models, online stores, events.

        `key` is the value of its join key, or a mapping of values by the names of several; texts are read as the types
        of the columns. `report.steps` says what to do where Foreset does nothing.
        """
        return find_key(entity, key, self._adapters, key_search()).map(lambda found: found.report)

    @fitted_arguments
    def erase(
        self, entity: str, key: object, *, requested_by: str | None = None, reason: str | None = None
    ) -> "Result[Erased, EraseError]":
        """Erase a key of an entity from all that the store keeps, and record that, though not which key it was.

        Spines and pins that hold it are removed as a whole, conditions and bounds in events that name it are redacted,
        and the training sets that hold it can be rebuilt no more. Tables, models and online stores are left as they
        are: `report.steps` says what to do there. Cut short, it is brought to an end by the next one.
        """
        request = Request(
            entity=entity,
            key=key,
            requested_by=legible(requested_by or "") or None,
            reason=legible(reason or "") or None,
        )
        return erase(request, self._adapters, key_search())
