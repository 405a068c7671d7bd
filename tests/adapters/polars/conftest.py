from pathlib import Path

import pytest

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.polars.frames.spines import PolarsSpines


@pytest.fixture
def tables(tmp_path: Path) -> DeltaTables:
    return DeltaTables(tmp_path / "lake")


@pytest.fixture
def spines(tables: DeltaTables) -> PolarsSpines:
    return PolarsSpines(tables)
