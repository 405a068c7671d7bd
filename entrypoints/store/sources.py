"""What views and training sets are read from, so that nothing is written over it unless that is asked."""

import os
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Final, NamedTuple

from returns.result import Result, Success

from foreset.adapters.shared.tables.by_format import parquet_path
from foreset.application.ports.tables import TableStore
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import OutputIsSource
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.domain.safe_text.addresses import is_address

_FILES: Final = (".parquet", ".csv")


class Source(NamedTuple):
    """A table or file by its real path, and who reads it."""

    place: str
    reader: str


def of_views(catalog: Catalog, tables: TableStore) -> Iterator[Source]:
    """The tables and files of the registered views."""
    for name, view in catalog.views.items():
        yield from of_table(view.spec.source.table, f"the feature view {name}", tables)


def of_spine(reference: SpineReference | None, tables: TableStore) -> Iterator[Source]:
    """The table or file of a spine."""
    if reference is None:
        return
    if Path(reference.path).suffix.lower() in _FILES:
        yield Source(os.path.realpath(reference.path), "the spine")
    else:
        yield from of_table(reference.path, "the spine", tables)


def of_receipt(receipt: TrainingSetRetrieved, tables: TableStore) -> Iterator[Source]:
    """The tables and files that a training set was made from, which its rebuild reads again."""
    for scan in receipt.plan.scans:
        yield from of_table(scan.table, f"the training set {receipt.id}", tables)
    yield from of_spine(receipt.spine.reference, tables)


def of_table(table: str, reader: str, tables: TableStore) -> Iterator[Source]:
    """The place of a table, where it has one on this machine."""
    path = parquet_path(table)
    place = tables.place(table) if path is None else os.path.realpath(path)
    if not is_address(path or place) and Path(place).is_absolute():
        yield Source(place, reader)


def spared(place: str | PathLike[str], sources: Iterator[Source], *, overwrite: bool) -> Result[None, OutputIsSource]:
    """Whether nothing of the sources is replaced, or that is asked."""
    if "\0" in os.fspath(place):  # nothing is there
        return Success(None)
    real = os.path.realpath(place)
    reader = None if overwrite else next((source.reader for source in sources if _covers(source.place, real)), None)
    return Success(None) if reader is None else refuse(OutputIsSource(path=str(place), reader=reader))


def _covers(source: str, place: str) -> bool:
    """Whether a place is a source, or in its folder."""
    return place == source or place.startswith(source + os.sep)
