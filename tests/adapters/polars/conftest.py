from pathlib import Path

import pytest

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.polars.spines import FolderSpines


@pytest.fixture
def tables(tmp_path: Path) -> DeltaTables:
    return DeltaTables(tmp_path / "lake")


@pytest.fixture
def spines(tables: DeltaTables, tmp_path: Path) -> FolderSpines:
    return FolderSpines(tables, tmp_path / "spines")
