"""The part of the facade that erases keys."""

from returns.result import Result

from foreset.application.erasure.erase import Erased, EraseError, Request, erase
from foreset.application.erasure.find_key import FindError, find_key
from foreset.application.ports.engine import Adapters
from foreset.domain.erasure.key_report import KeyReport
from foreset.domain.errors.problem import legible
from foreset.entrypoints.wiring.arguments import fitted_arguments
from foreset.entrypoints.wiring.build import key_search


class ErasesKeys:
    """What a store does so that it keeps no row of somebody."""

    _adapters: Adapters

    @fitted_arguments
    def find_key(self, entity: str, key: object) -> "Result[KeyReport, FindError]":
        """Where a key of an entity is: tables, training sets, spines, pins, models, online stores, events.

        `key` is the value of its join key, or a mapping of values by the names of several; texts are read as the types
        of the columns. `report.steps` tells what to do where Foreset does nothing.
        """
        return find_key(entity, key, self._adapters, key_search()).map(lambda found: found.report)

    @fitted_arguments
    def erase(
        self, entity: str, key: object, *, requested_by: str | None = None, reason: str | None = None
    ) -> "Result[Erased, EraseError]":
        """Erase a key of an entity from all that the store keeps, and record that, though not which key it was.

        Spines and pins that hold it are removed as a whole, conditions and bounds in events that name it are redacted,
        and the training sets that hold it can be rebuilt no more. Tables, models and online stores are left as they
        are: `report.steps` tells what to do there. Cut short, it is brought to an end by the next one.
        """
        told = legible(requested_by or "") or None, legible(reason or "") or None
        request = Request(entity=entity, key=key, requested_by=told[0], reason=told[1])
        return erase(request, self._adapters, key_search())
