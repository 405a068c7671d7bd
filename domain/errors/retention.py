"""What can be wrong with pins and vacuums, and with what training sets rest on."""

from typing import Final

import msgspec

from foreset.domain.errors.problem import CallerFault, DataFault, WorldFault, listed

_SHOWN: Final = 5


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """The commit that removed a file from a table; `at` is its time in ISO 8601, None where it does not say."""

    version: int
    operation: str
    at: str | None = None

    def __str__(self) -> str:
        """The commit, for a message."""
        when = "" if self.at is None else f" at {self.at}"
        return f"version {self.version} ({self.operation or 'a commit that does not say what it did'}{when})"


class Affected(msgspec.Struct, frozen=True):
    """How many rows of a spine there are in some boxes, of how many, and the first of them, counted from 0."""

    rows: int
    of: int
    first: tuple[int, ...]

    def __str__(self) -> str:
        """The rows, for a message."""
        if self.rows == self.of:
            return f"All {self.of:,} rows of the spine may rest on that."
        if not self.rows:
            return f"By the log's statistics none of the {self.of:,} rows of the spine rests on that."
        first = ", ".join(map(str, self.first))
        return f"{self.rows:,} of the {self.of:,} rows of the spine may rest on that, the first: {first}."


class LostVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a table that cannot be read any more: the files that are gone, or why its log does not tell.

    `removals` are the commits that removed the files from the table, before they were deleted.
    """

    table: str
    version: int
    files: tuple[str, ...] = ()
    problem: str | None = None
    removals: tuple[Removal, ...] = ()
    affected: Affected | None = None

    def __str__(self) -> str:
        """What is lost, for a message."""
        rows = "" if self.affected is None else f" {self.affected}"
        if self.problem is not None:
            return f"Version {self.version} of the table {self.table!r} cannot be opened: {self.problem}.{rows}"
        names = listed((path.rpartition("/")[2] for path in self.files), _SHOWN)
        many = f"{len(self.files)} of its files are" if len(self.files) > 1 else "a file of it is"
        since = f"; removed from the table by {listed(self.removals, _SHOWN)}" if self.removals else ""
        return f"Version {self.version} of the table {self.table!r} cannot be read: {many} gone ({names}){since}.{rows}"


class SemanticsTooNew(WorldFault, frozen=True, kw_only=True):
    """A training set built by laws of a newer Foreset."""

    id: str
    found: int
    known: tuple[str, ...]
    says = "{id} was built by version {found} of the semantics, and this Foreset knows: {known}."
    then = "upgrade foreset on this machine, and rebuild it then."


class NotRebuildable(DataFault, frozen=True, kw_only=True):
    """A training set whose tables have lost what it was built from; `told` says what `lost` holds."""

    id: str
    told: str
    lost: tuple[LostVersion, ...]
    says = "{id} cannot be rebuilt. {told}"
    then = (
        "restore the files from a backup and rebuild it then; for other training sets, `foreset retention TABLE` tells "
        "before a vacuum what it costs, and `foreset pin ID` keeps what a rebuild needs."
    )


class NotPinned(CallerFault, frozen=True, kw_only=True):
    """A training set that has no pin."""

    id: str
    says = "{id} has no pin."
    then = "pin it with `foreset pin {id}`, as long as its tables can serve it, or rebuild it from them."


class OnlyPin(CallerFault, frozen=True, kw_only=True):
    """A pin that is to be given up, and without which the training set could not be rebuilt."""

    id: str
    problem: str
    says = "Without its pin {id} could not be rebuilt any more: {problem}"
    then = "keep the pin, or say that the training set may be lost: `foreset unpin {id} --force` (force=True)."


class PinBroken(DataFault, frozen=True, kw_only=True):
    """A pin whose frames are not those that were kept, or that do not give the training set."""

    id: str
    problem: str
    says = "The pin of {id} does not serve: {problem}."
    then = (
        "restore the store's folder from a backup; or, as long as the tables can serve it, give the pin up with "
        "`foreset unpin {id}` and make it anew with `foreset pin {id}`."
    )


class WouldLose(CallerFault, frozen=True, kw_only=True):
    """A vacuum after which training sets could not be rebuilt."""

    table: str
    hours: str
    sets: tuple[str, ...]
    says = (
        "After a vacuum of the table {table!r} that keeps {hours} hours, these training sets could not be rebuilt any "
        "more: {sets}. Nothing was deleted."
    )
    then = (
        "keep the rows that they need (--pin-first, or `foreset pin ID`), keep more hours, or say that they are to be "
        "lost: --lose ID; `foreset retention {table} --hours {hours}` shows each."
    )


class RetentionTooShort(CallerFault, frozen=True, kw_only=True):
    """A vacuum that keeps less than the table asks for."""

    table: str
    hours: str
    asked: str
    says = (
        "The table {table!r} asks to keep removed files for {asked} hours, and this vacuum would keep {hours}: who "
        "reads an older version, or is writing, may lose files. Nothing was deleted."
    )
    then = "keep {asked} hours or more, or say --force (force=True) where nobody else uses the table now."


class NothingToVacuum(CallerFault, frozen=True, kw_only=True):
    """A table of a format that has no versions, or of a newer protocol, or hours that are no duration."""

    table: str
    problem: str
    remedy: str
    says = "The table {table!r} cannot be vacuumed so: {problem}. Nothing was deleted."
    then = "{remedy}."


class NoStore(CallerFault, frozen=True, kw_only=True):
    """A place without a store, where one must tell which training sets there are."""

    place: str
    table: str
    says = "No store is at {place}, so it cannot be told which training sets rest on the table {table!r}."
    then = "name the store: --store DIR, or FORESET_STORE."


class VacuumFailed(WorldFault, frozen=True, kw_only=True):
    """Files that could not be deleted. Those that were are gone; no file of the newest version is."""

    table: str
    deleted: int
    of: int
    problem: str
    says = "Of {of} files of the table {table!r} that were to be deleted {deleted} were: {problem}."
    then = "mend what stopped it and call again: the others are deleted then."
