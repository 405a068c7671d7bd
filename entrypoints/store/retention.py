"""The part of the facade that keeps training sets rebuildable: pins, retention, vacuum."""

from collections.abc import Iterable
from os import PathLike, fspath

from returns.result import Result

from foreset.application.definitions.catalog import CatalogAt
from foreset.application.ports.engine import Adapters
from foreset.application.retention.impact import RetentionError, retention
from foreset.application.retention.pin import PinError, Pinned, UnpinError, pin, pins, unpin
from foreset.application.retention.vacuum import Vacuumed, VacuumError, VacuumTask, vacuum
from foreset.domain.errors.event_log import StoreError
from foreset.domain.event_log.pins import TrainingSetPinned, TrainingSetUnpinned
from foreset.domain.retention.vacuum_rule import Retention
from foreset.entrypoints.wiring.arguments import fitted_arguments


class KeepsTrainingSets:
    """What a store does so that its training sets can be rebuilt."""

    _adapters: Adapters

    def _catalog(self) -> "Result[CatalogAt, StoreError]":
        raise NotImplementedError

    @fitted_arguments
    def pin(self, id: str, *, spine: object | None = None) -> "Result[Pinned, PinError]":  # noqa: A002  # the contract's name
        """Keep the rows and columns that served a training set, so that it can be rebuilt without its tables.

        It is proved before it is recorded. A set that has a whole pin keeps it. `spine` is needed only where the spine
        was not kept. What is kept is held in memory once.
        """
        return Result.do(
            pinned for known in self._catalog() for pinned in pin(id, self._adapters, known.catalog, spine)
        )

    @fitted_arguments
    def unpin(self, id: str, *, force: bool = False) -> "Result[TrainingSetUnpinned, UnpinError]":  # noqa: A002  # as above
        """Give up the pin of a training set, and delete what it keeps.

        Refused where the set could not be rebuilt without it, as far as the logs of its tables tell, unless `force`.
        """
        return Result.do(
            done for known in self._catalog() for done in unpin(id, self._adapters, known.catalog, force=force)
        )

    def pins(self) -> "Result[tuple[TrainingSetPinned, ...], StoreError]":
        """The pins that there are: which frames they keep, of how many rows and bytes."""
        return pins(self._adapters)

    @fitted_arguments
    def retention(
        self, table: str | PathLike[str], *, hours: float | None = None
    ) -> "Result[Retention, RetentionError]":
        """Which training sets could not be rebuilt any more if a table were vacuumed now.

        The vacuum would keep what was removed from the table within `hours`, by default what the table asks for.
        """
        return Result.do(
            told for known in self._catalog() for told in retention(fspath(table), hours, self._adapters, known.catalog)
        )

    @fitted_arguments
    def vacuum(  # noqa: PLR0913  # what a vacuum may ask
        self,
        table: str | PathLike[str],
        *,
        hours: float | None = None,
        pin_first: bool = False,
        lose: Iterable[str] = (),
        force: bool = False,
        dry_run: bool = False,
    ) -> "Result[Vacuumed, VacuumError]":
        """Delete the files of a table that are no part of it since `hours` or longer: those that `retention` tells.

        It is refused where training sets would be lost that have no pin, unless they are in `lose`, or pinned before
        (`pin_first`). Less `hours` than the table asks for need `force`. With `dry_run` nothing is deleted.
        """
        task = VacuumTask(
            table=fspath(table), hours=hours, lose=tuple(lose), pin_first=pin_first, force=force, dry_run=dry_run
        )
        return Result.do(done for known in self._catalog() for done in vacuum(task, self._adapters, known.catalog))
