"""Delta tables that Spark wrote, with the rows that Spark read back; not part of this repository."""

import os
import subprocess
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def golden_tables(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The folders of the tables. FORESET_GOLDEN names the archive or a folder of unpacked tables."""
    place = Path(os.environ.get("FORESET_GOLDEN") or _ROOT.parent / "shared" / "golden" / "tables.tar.zst")
    if not place.exists():
        pytest.skip(f"no golden tables at {place}; FORESET_GOLDEN names tables.tar.zst or a folder of tables")
    folder = place
    if not place.is_dir():
        folder = tmp_path_factory.mktemp("golden")
        subprocess.run(["tar", "--zstd", "-xf", str(place), "-C", str(folder)], check=True)
    return sorted(path.parent for path in folder.rglob("delta") if (path.parent / "expected").is_dir())
