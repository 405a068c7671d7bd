"""What is wrong with the values of partition columns, which stand in the log alone, as texts.

Delta protocol, "Partition Value Serialization". A text of no character is null for every type but string.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from foreset.domain.table_health.findings import TableFinding
from foreset.domain.table_health.log_findings import PartitionUnfit, ZonelessPartition
from foreset.domain.tables.delta_log import LogState, key_of
from foreset.domain.tables.delta_schema import Leaf

_FRACTION: Final = re.compile(r"(\.\d{6})\d+")
_PARSED: Final[dict[str, Callable[[str], object]]] = {
    **dict.fromkeys(("byte", "short", "integer", "long"), int),
    **dict.fromkeys(("float", "double"), float),
    "boolean": lambda text: {"true": True, "false": False}[text.lower()],
    "date": date.fromisoformat,
    **dict.fromkeys(("timestamp", "timestamp_ntz"), lambda text: datetime.fromisoformat(_FRACTION.sub(r"\1", text))),
}


def audit_partitions(state: LogState, leaves: tuple[Leaf, ...]) -> Iterator[TableFinding]:
    """What is wrong with the partition values of a table's files."""
    columns = state.metadata.partition_columns if state.metadata else ()
    for leaf in leaves:
        if leaf.name in columns:
            yield from _column(state, leaf)


def _column(state: LogState, leaf: Leaf) -> Iterator[TableFinding]:
    unfit: dict[str, list[str]] = {}
    zoneless: str | None = None
    for add in state.files.values():
        [physical] = leaf.recorded
        text = add.partition_values.get(physical)
        if physical not in add.partition_values:
            unfit.setdefault("no value", []).append(key_of(add)[0])
        elif text and not _fits(text, leaf.dtype):
            unfit.setdefault(repr(text), []).append(key_of(add)[0])
        elif text and leaf.dtype == "timestamp" and datetime.fromisoformat(_FRACTION.sub(r"\1", text)).tzinfo is None:
            zoneless = text
    for value, files in unfit.items():
        yield PartitionUnfit(column=leaf.name, wanted=leaf.dtype, value=value, files=tuple(sorted(files)))
    if zoneless is not None:
        yield ZonelessPartition(column=leaf.name, value=zoneless)


def _fits(text: str, dtype: str) -> bool:
    parsed = Decimal if dtype.startswith("decimal") else _PARSED.get(dtype, str)
    try:
        parsed(text)
    except (ValueError, KeyError, InvalidOperation):
        return False
    return True
