"""How many rows hold a key: of frames, and of tables, batch by batch."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import or_
from typing import Final

from returns.result import Result

from foreset.adapters.polars.matching.source import Reader, open_source
from foreset.adapters.polars.table_rows.key_columns import is_category, rows_with
from foreset.application.ports.tables import ArrowStream, Snapshot
from foreset.domain.erasure.key import as_dtype
from foreset.domain.errors.problem import ForesetError, refuse
from foreset.domain.errors.tables import FileError, TableError
from foreset.domain.facts import TableFacts, bound
from foreset.domain.planning.nodes import Bounds, Scan, scan_of
from foreset.domain.planning.rules.choose_passes import LATE

_BATCH: Final = 2_000_000


class PolarsKeySearch:
    """Finds keys by polars."""

    def __init__(self, threads: int = 2) -> None:
        """Decode files with so many threads."""
        self._threads = threads

    def in_frame(self, frame: ArrowStream, forms: Sequence[Mapping[str, object]]) -> int:
        """How many rows of a frame hold the key in one of its forms, in columns or fields of their names."""
        return int(reduce(or_, (rows_with(frame, form) for form in forms)).sum()) if forms else 0

    def in_categories(self, frame: ArrowStream, forms: Sequence[Mapping[str, object]]) -> bool:
        """Whether the types of a frame name the key in one of its forms, though its rows do not."""
        return any(is_category(frame, form) for form in forms)

    def in_table(self, snapshot: Snapshot, form: Mapping[str, object]) -> Result[int, TableError]:
        """How many rows of a table, which has these columns, hold it. Files are skipped that cannot, by the log."""
        try:
            with ThreadPoolExecutor(self._threads) as workers:
                return open_source(snapshot, _scan(snapshot.facts, form), Reader(workers, LATE // self._threads)).map(
                    lambda source: sum(self.in_frame(frame, [form]) for _, frame in source.batches([*form], _BATCH))
                )
        except ForesetError as fault:
            if isinstance(fault.error, FileError):
                return refuse(fault.error)
            raise


def _scan(facts: TableFacts, form: Mapping[str, object]) -> Scan:
    columns = (column.name for column in facts.columns if column.name in form)
    return scan_of(facts, columns, tuple(_bounds(facts, form)))


def _bounds(facts: TableFacts, form: Mapping[str, object]) -> Iterator[Bounds]:
    """What rows of the key meet, where files are told apart by it: whole numbers, dates, partitions of texts."""
    for name, value in form.items():
        dtype = facts.dtype(name) or ""
        wanted = as_dtype(value, dtype)
        if dtype == "string" and name in facts.partition_columns:
            yield Bounds(column=name, values=(str(wanted),))
        elif (at := bound(wanted)) is not None and ("int" in dtype or dtype == "date"):
            yield Bounds(column=name, least=at, greatest=at)
        elif at is not None and dtype.startswith("timestamp"):
            yield Bounds(column=name, is_time=True, least=at, greatest=at)
