"""Files with wrong bytes anywhere: what reads them gives what is there, or says what is wrong."""

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from returns.result import Result

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureViewSpec,
    ForesetError,
    TrainingSet,
    TrainingSetSpec,
    get_table_info,
    load_data,
    read_delta_table,
)
from foreset.domain.errors.tables import TableUnreadable
from foreset.entrypoints.cli import main
from tests.handmade import commit, handmade

DAY = datetime(2024, 1, 1, tzinfo=UTC)
HOURS = [DAY + timedelta(hours=hour) for hour in range(60)]
FRAME = pl.DataFrame(
    {
        "k": [hour % 5 for hour in range(60)],
        "at": HOURS,
        "x": [None if hour % 7 == 0 else hour / 2 for hour in range(60)],
        "s": [f"s{hour % 3}" for hour in range(60)],
    }
)
SPINE = pl.DataFrame({"k": [0, 1, 2] * 5, "event_timestamp": HOURS[::4]})
SPEC = TrainingSetSpec(["rain:x", "rain:s"])
PARTS = {
    "a data file": "rain/*.parquet",
    "a commit": "rain/_delta_log/*.json",
    "a checkpoint": "rain/_delta_log/*.checkpoint.parquet",
    "a deletion vector": "rain/*.bin",
    "the event log": "store/events.db",
    "the spine": "store/spines/*.parquet",
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, and a store with a training set made from it."""
    folder = tmp_path_factory.mktemp("whole")
    table = handmade(folder / "rain", [FRAME.head(30), FRAME.tail(30)], deletion_vectors={0: [3, 4]}, vectors_in="file")
    commit(table)
    DeltaTable(table).create_checkpoint()
    commit(table)
    store = FeatureStore.open(folder / "store", data_dir=folder).unwrap()
    view = FeatureViewSpec("rain", ["k"], DeltaSource("rain", "at"), ["x", "s"])
    store.register(EntitySpec("k", ["k"]), view).unwrap()
    (folder / "id").write_text(store.training_set(SPEC, SPINE).unwrap().id)
    return folder


@pytest.fixture
def damaged(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FORESET_DATA_DIR", str(tmp_path / "copy"))
    monkeypatch.setenv("FORESET_STORE", str(tmp_path / "copy" / "store"))
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def rows(folder: Path, made: Callable[[FeatureStore], Result[TrainingSet, Any]]) -> TrainingSet:
    return FeatureStore.open(folder / "store", data_dir=folder).bind(made).unwrap()


CALLS: dict[str, Callable[[Path], object]] = {
    "read": lambda _: read_delta_table("rain"),
    "read a version": lambda _: read_delta_table("rain", version=0, columns=["x"]),
    "read at a time": lambda _: read_delta_table("rain", timestamp=DAY + timedelta(hours=30)),
    "info": lambda _: get_table_info("rain"),
    "load": lambda _: load_data("rain", target="x"),
    "training set": lambda folder: rows(folder, lambda store: store.training_set(SPEC, SPINE)),
    "rebuild": lambda folder: rows(folder, lambda store: store.rebuild((folder / "id").read_text())),
    "check": lambda _: main(["check", "rain", "--deep"]),
    "list": lambda _: main(["tables"]),
    "log": lambda _: main(["log"]),
}


def damage(path: Path, chance: random.Random) -> None:
    """Other bytes at a random place, or fewer, or more."""
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content))
    match chance.choice(["flip", "flip", "byte", "byte", "zeros", "cut", "insert"]):
        case "flip":
            content[place] ^= 1 << chance.randrange(8)
        case "byte":
            content[place] = chance.randrange(256)
        case "zeros":
            content[place : place + 512] = bytes(len(content[place : place + 512]))
        case "cut":
            del content[place:]
        case _:
            content[place:place] = chance.randbytes(9)
    path.write_bytes(content)


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("part", PARTS)
def test_nothing_but_an_error_of_foreset_is_raised(damaged: Path, part: str, number: int) -> None:
    chance = random.Random(f"{part} {number}")  # noqa: S311  # no secret
    damage(chance.choice(sorted(damaged.glob(PARTS[part]))), chance)
    for call in CALLS.values():
        with suppress(ForesetError):
            call(damaged)
    if part == "a data file":
        with suppress(ForesetError):
            assert read_delta_table("rain").equals(by_another_library(damaged))


def by_another_library(folder: Path) -> pl.DataFrame:
    """The rows of the data files as pyarrow reads them, without those that are deleted."""
    files = [pl.DataFrame(pq.read_table(file)) for file in sorted((folder / "rain").glob("*.parquet"))]
    return pl.concat([files[0].with_row_index().filter(~pl.col("index").is_in([3, 4])).drop("index"), files[1]])


# === Cases that were met ===


def test_the_broken_one_of_many_files_is_named(damaged: Path) -> None:
    second = damaged / "rain" / "part-00001.parquet"
    second.write_bytes(second.read_bytes()[:-20])
    calls: list[Callable[[], object]] = [lambda: read_delta_table("rain"), lambda: CALLS["training set"](damaged)]
    for call in calls:
        with pytest.raises(ForesetError, match="The table 'rain' cannot be read: ") as caught:
            call()
        assert str(second) in str(caught.value)


def test_a_commit_that_is_no_text_is_told_by_a_check(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (damaged / "rain" / "_delta_log" / f"{2:020}.json").open("ab") as log:
        log.write(b'{"add":{"path":"\xff"}}')
    assert main(["check", "rain"]) == 2
    assert f"The commit {2:020}.json cannot be read" in capsys.readouterr().out


def test_a_commit_time_that_no_calendar_has_is_none(damaged: Path) -> None:
    for log in damaged.glob("rain/_delta_log/*.json"):
        log.write_text(log.read_text().replace('"timestamp": ', '"timestamp": 999999999999'))
    assert get_table_info("rain").modified is None
    with pytest.raises(ForesetError, match="have no time: 0, 1, 2"):
        read_delta_table("rain", timestamp=DAY)


def test_a_column_that_a_version_lost_is_told_when_a_training_set_is_built_again(damaged: Path) -> None:
    for log in damaged.glob("rain/_delta_log/*"):
        if log.suffix == ".json":
            log.write_text(log.read_text().replace('\\"name\\": \\"x\\"', '\\"name\\": \\"y\\"'))
        else:
            log.unlink()  # the checkpoint says it too
    with pytest.raises(ForesetError, match="its version 2 has no column 'x' any more") as caught:
        CALLS["rebuild"](damaged)
    assert isinstance(caught.value.error, TableUnreadable)


def test_a_panic_of_deltalake_is_an_error(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """Its name is all that tells deltalake's, which has no home to be imported from."""

    def panic(*_: object, **__: object) -> None:
        message = "TokioMultiThreadExecutor has crashed"
        raise PanicException(message)

    monkeypatch.setattr("foreset.adapters.delta.snapshot.open_tables.DeltaTable", panic)
    with pytest.raises(ForesetError, match="cannot be read: TokioMultiThreadExecutor has crashed"):
        read_delta_table(damaged / "rain")
