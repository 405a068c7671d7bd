"""Events for the contract suites."""

from collections.abc import Callable

import pytest

from foreset.domain.definitions.registry import EntityRegistered
from foreset.domain.definitions.specs import EntitySpec
from foreset.domain.event_log.receipts import Event, TableWritten


@pytest.fixture
def written() -> Callable[[int], Event]:
    return lambda number: TableWritten(table="weather", version=number, mode="append", rows=1)


@pytest.fixture
def registered() -> Event:
    return EntityRegistered(EntitySpec("plane", ["tailnum"]), 1)
