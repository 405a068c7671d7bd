"""A log whose file was deleted, moved or replaced while it was open takes nothing, and says so."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from foreset.adapters.sqlite import SqliteEventStore
from foreset.domain.errors.event_log import LogGone
from foreset.domain.event_log.receipts import TableWritten

AT = datetime(2024, 5, 1, tzinfo=UTC)
EVENT = TableWritten(table="rain", version=0, mode="append", rows=1)


def append(store: SqliteEventStore) -> object:
    return store.append("tables", (EVENT,), expected=None, at=AT, actor="ann")


def replaced(folder: Path) -> None:
    shutil.copy(folder / "events.db", folder / "copy")
    (folder / "copy").replace(folder / "events.db")


LOSSES: dict[str, Callable[[Path], object]] = {
    "deleted": lambda folder: (folder / "events.db").unlink(),
    "write-ahead log deleted": lambda folder: (folder / "events.db-wal").unlink(),
    "index deleted": lambda folder: (folder / "events.db-shm").unlink(),
    "replaced": replaced,
    "folder moved": lambda folder: folder.rename(folder.with_name("elsewhere")),
    "folder deleted": shutil.rmtree,
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_log_that_is_gone_takes_nothing(tmp_path: Path, loss: str) -> None:
    folder = tmp_path / "store"
    store = SqliteEventStore.open(folder).unwrap()
    store.append("tables", (EVENT,), expected=None, at=AT, actor="ann").unwrap()
    LOSSES[loss](folder)
    for result in (append(store), store.read(), store.stored()):
        error = result.failure()  # type: ignore[attr-defined]  # each is a result
        assert isinstance(error, LogGone)
        assert "Nothing was acknowledged" in error.message


def test_a_log_that_was_let_go_is_not_begun_again(tmp_path: Path) -> None:
    store = SqliteEventStore.open(tmp_path).unwrap()
    store.append("tables", (EVENT,), expected=None, at=AT, actor="ann").unwrap()
    store.close()
    (tmp_path / "events.db").unlink()
    assert isinstance(store.read().failure(), LogGone)
    assert not (tmp_path / "events.db").exists()


def test_a_log_that_was_put_back_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    store = SqliteEventStore.open(folder).unwrap()
    store.append("tables", (EVENT,), expected=None, at=AT, actor="ann").unwrap()
    folder.rename(tmp_path / "elsewhere")
    assert isinstance(store.read().failure(), LogGone)
    (tmp_path / "elsewhere").rename(folder)
    assert len(store.read().unwrap()) == 1
    store.close()
    assert len(store.read().unwrap()) == 1
