from pathlib import Path

import pytest


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh working directory, with the data folder under it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORESET_DATA_DIR", raising=False)
    return tmp_path
