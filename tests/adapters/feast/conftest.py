"""What the tests of the online store begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.feast.online_views import ENTITY, Views, opened, rows, view


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    """Three keys, registered and not loaded."""
    made = opened(tmp_path)
    made.store.tables.write(rows((1, 9, 1.0), (2, 9, 2.0), (3, 9, None)), "things").unwrap()
    made.store.register(ENTITY, view()).unwrap()
    yield made
    made.online.close()
    made.registry.close()
