from pathlib import Path

import pytest


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh working directory, with the data folder under it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORESET_DATA_DIR", raising=False)
    return tmp_path


@pytest.fixture(params=["folder", "postgres"])
def place(request: pytest.FixtureRequest, workspace: Path) -> str:
    """Where a store may be."""
    if request.param == "folder":
        return str(workspace / "store")
    return f"postgresql://{request.getfixturevalue('postgres_database')}"


@pytest.fixture
def other(place: str, workspace: Path, request: pytest.FixtureRequest) -> str:
    """A place of the other kind."""
    if "://" in place:
        return str(workspace / "b")
    return f"postgresql://{request.getfixturevalue('postgres_database')}"
