"""Which offline store is to run plans: Foreset's own engine, or one of Feast's with its options."""

import os
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from returns.result import Result, Success

from foreset.adapters.shared.files.bounded_yaml import yaml_documents
from foreset.adapters.shared.files.input_files import LARGEST_SPEC, input_bytes
from foreset.domain.errors.feast import ChoiceError, OfflineStoreOptions, UnknownDefect
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.feast.engines import OUR_STORES, FeastStore, store_named

OFFLINE_STORE: Final = "FORESET_OFFLINE_STORE"
ACCEPT: Final = "FORESET_ACCEPT"
OfflineStore = str | Mapping[str, object]
"""A store by its name, or Feast's section `offline_store`: `type`, and what the store needs."""


class ChosenStore(msgspec.Struct, frozen=True):
    """A store of Feast's, None for Foreset's own engine; its options; the names of the defects that may show."""

    store: FeastStore | None
    options: dict[str, object]
    accept: tuple[str, ...]


def chosen_store(
    given: OfflineStore | None, accept: Iterable[str] = ()
) -> Result[ChosenStore, ChoiceError | OfflineStoreOptions]:
    """The store that was asked for, else the one that FORESET_OFFLINE_STORE names, unless it may not be chosen.

    A name that ends in .yaml is a file with the section. Nothing is loaded to tell.
    """
    names = tuple(accept) or tuple(name for name in os.environ.get(ACCEPT, "").split(",") if name)
    return Result.do(
        ChosenStore(store, options, names)
        for name, options in _section(given or os.environ.get(OFFLINE_STORE) or "delta")
        for store in _store(name, names)
    )


def _section(given: OfflineStore) -> Result[tuple[str, dict[str, object]], OfflineStoreOptions]:
    section: object = given
    if isinstance(given, str):
        if not given.endswith((".yaml", ".yml")):
            return Success((given, {}))
        try:
            documents = yaml_documents(input_bytes(given, LARGEST_SPEC).decode("utf-8-sig"))
            section = documents[0] if len(documents) == 1 else None
        except (OSError, ValueError) as fault:
            problem = f"the file cannot be read: {told(fault)}"
            return refuse(because(OfflineStoreOptions(store=given, problem=problem), fault))
    if not isinstance(section, Mapping) or not isinstance(section.get("type"), str):
        return refuse(OfflineStoreOptions(store=str(given), problem="there is no 'type', which names the store"))
    options = {str(name): value for name, value in section.items() if name != "type"}
    return Success((str(section["type"]), options))


def _store(name: str, accept: tuple[str, ...]) -> Result[FeastStore | None, ChoiceError]:
    if name not in OUR_STORES:
        return store_named(name, accept).map(lambda store: store)
    return refuse(UnknownDefect(store=name, defect=accept[0], known=())) if accept else Success(None)
