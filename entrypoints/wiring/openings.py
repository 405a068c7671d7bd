"""How a store was opened, so that another process can open it again: by its place, and without any secret."""

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import msgspec

from foreset.domain.errors.problem import raised
from foreset.domain.errors.system import NotPickled
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.domain.safe_text.addresses import has_secrets, is_address, without_secrets
from foreset.entrypoints.wiring.build import data_directory, files_from
from foreset.entrypoints.wiring.engines import OfflineStore

if TYPE_CHECKING:
    from returns.result import Result


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What `FeatureStore.open` was given, with absolute paths; what holds or may hold a secret is left out.

    `withheld` says what that is: then another process cannot open the store by this.
    """

    place: str
    data_dir: str
    memory: int | str | None
    threads: int | None
    offline_store: str | None
    accept: tuple[str, ...]
    files_from: tuple[str, ...]
    verify: bool | None = None
    withheld: str | None = None


class Rebuilder(Protocol):
    """The store of a training set."""

    @property
    def opened(self) -> Opening | None:
        """How it was opened; None for one in memory."""
        ...

    def rebuild(self, id: str) -> "Result[Any, Any]":  # noqa: A002  # the contract's name
        """The training set again."""
        ...


def opening(  # noqa: PLR0913  # what a store is opened with
    place: str | PathLike[str],
    *,
    data_dir: str | PathLike[str] | None,
    memory: int | str | None,
    threads: int | None,
    offline_store: OfflineStore | None,
    accept: Iterable[str],
    places: Iterable[str | PathLike[str]],
    verify: bool | None,
) -> Opening:
    """What a store is opened with, as of now: a later change of the working directory does not count."""
    url, outside = str(place), files_from(places)
    store, has_options = _named(offline_store)
    withheld = {
        "a credential in its address": has_secrets(url),
        "the options of its offline store, which may be credentials": has_options,
        "a credential in files_from": any(has_secrets(name) for name in outside),
    }
    return Opening(
        place=_public(url),
        data_dir=str(data_directory(data_dir)),
        memory=memory,
        threads=threads,
        offline_store=store,
        accept=tuple(accept),
        files_from=tuple(_public(name) for name in outside),
        verify=verify,
        withheld=" and ".join(what for what, there in withheld.items() if there) or None,
    )


def _public(place: str) -> str:
    return without_secrets(place) if is_address(place) else str(Path(place).absolute())


def _named(offline_store: OfflineStore | None) -> tuple[str | None, bool]:
    """The name of an offline store, or the absolute path of the file of its options; whether it has others."""
    if isinstance(offline_store, Mapping):
        return str(offline_store.get("type")), len(offline_store) > 1
    if offline_store is not None and offline_store.endswith((".yaml", ".yml")):
        return str(Path(offline_store).absolute()), False
    return offline_store, False


def checked(known: Opening | None) -> Opening:
    """The opening by which a store is pickled. Raises `CallerError` (`NotPickled`) where it cannot be."""
    if known is None:
        remedy = "make it in the process that uses it, or use a store in a folder or a database: FeatureStore.open(...)"
        not_pickled("A store in memory", "it is nowhere that another process could open it", remedy)
    if known.withheld is not None:
        remedy = (
            "open it in the process that uses it, by FeatureStore.open(...). A password can be in ~/.pgpass or "
            "PGPASSWORD instead, and the options of an offline store in a file: offline_store='store.yaml'"
        )
        not_pickled(f"The store {known.place}", f"it was opened with {known.withheld}", remedy)
    return known


def checked_store(store: Rebuilder | None, receipt: TrainingSetRetrieved) -> Rebuilder:
    """The store by which a training set is pickled. Raises `CallerError` (`NotPickled`) where it cannot be."""
    what = f"The training set {receipt.id}"
    if store is None or store.opened is None:
        remedy = "send its rows: to_arrow(), to_pandas(), or write_parquet(path)"
        not_pickled(what, "its store is in memory, so no other process could rebuild it", remedy)
    if not receipt.spine.kept and receipt.spine.reference is None:
        remedy = "retrieve it without keep_spine=False, or send its rows: to_arrow(), or write_parquet(path)"
        not_pickled(what, "its spine was not kept, and it is rebuilt from that", remedy)
    return store


def not_pickled(what: str, problem: str, remedy: str) -> NoReturn:
    """Raise `NotPickled`."""
    raise raised(NotPickled(what=what, problem=problem, remedy=remedy))
