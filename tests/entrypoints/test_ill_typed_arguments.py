"""Every argument of every public call that is of another type is refused by name, and never by a raw TypeError."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import foreset
from foreset import EntitySpec, FeatureStore, ForesetError, write_to_delta_lake
from foreset.domain.errors.problem import CallerError

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1], "at": [DAY], "x": [1.0]})
VALUES: tuple[Any, ...] = (object(), 1.5, b"b", {"a": object()}, [None], np.array([[1.5]]), len, 1j)
CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "read_delta_table": (foreset.read_delta_table, {"name_or_path": "t"}),
    "write_to_delta_lake": (write_to_delta_lake, {"frame": ROWS, "name_or_path": "t"}),
    "optimize_table": (foreset.optimize_table, {"name_or_path": "t"}),
    "get_table_info": (foreset.get_table_info, {"name_or_path": "t"}),
    "load_data": (foreset.load_data, {"name": "t"}),
}
ARGUMENTS = [(call, name) for call, (function, _) in CALLS.items() for name in inspect.signature(function).parameters]


@pytest.mark.parametrize(("call", "argument"), ARGUMENTS)
def test_an_argument_of_another_type_is_refused_by_name(workspace: Path, call: str, argument: str) -> None:
    write_to_delta_lake(ROWS, str(workspace / "data" / "delta_lake" / "t"))
    function, given = CALLS[call]
    for value in VALUES:
        try:
            function(**{**given, argument: value})
        except ForesetError as refused:
            assert " Next: " in str(refused)  # noqa: PT017  # of many values


def test_a_message_names_the_call_as_it_was_written() -> None:
    store = FeatureStore.in_memory({"t": ROWS})
    store.register(EntitySpec("k", ["k"])).unwrap()
    refused = store.keys.erase("k", 9, reason=7).failure()  # type: ignore[arg-type]  # refused
    assert str(refused).startswith("store.keys.erase: reason is 7 (int), which is not a text.")
    past = store.at(1).unwrap()
    assert str(past.receipt(7).failure()).startswith("PastStore.receipt: id is 7 (int)")  # type: ignore[arg-type]  # refused
    with pytest.raises(CallerError, match="name_or_path is 7"):
        foreset.get_table_info(7)  # type: ignore[arg-type]  # refused
