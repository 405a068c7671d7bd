"""What the operating system refuses, whatever a file holds, is not reported as damage or loss, and loses nothing."""

import errno
import os
import resource
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from returns.result import Result

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec, write_to_delta_lake
from foreset.adapters.delta.log.folders import LocalFolder
from foreset.adapters.shared.files.blobs import FolderBlobs
from foreset.domain.errors.event_log import StoreUnwritable
from foreset.domain.errors.problem import ForesetError, Problem, told
from foreset.domain.errors.retrieval import OutputUnwritable
from foreset.domain.errors.system import OutOfReach
from foreset.domain.system_codes import meaning_of

DAY = datetime(2024, 5, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2], "at": [DAY, DAY], "v": [1.0, 2.0]})
SPINE = pl.DataFrame({"k": [1], "event_timestamp": [datetime(2024, 5, 3, tzinfo=UTC)]})
CODES = {
    "too many files": errno.EMFILE,
    "too many files on the machine": errno.ENFILE,
    "no space": errno.ENOSPC,
    "no permission": errno.EACCES,
    "disk": errno.EIO,
    "network": errno.ESTALE,
    "memory": errno.ENOMEM,
}
DAMAGE = ("backup", "damaged", "lost", "gone", "missing")


class Made:
    """A store with a pinned training set of a table of several commits."""

    def __init__(self, place: Path) -> None:
        self.place, self.table = place / "store", str(place / "t")
        write_to_delta_lake(ROWS, self.table)
        write_to_delta_lake(ROWS, self.table)
        self.store = FeatureStore.open(self.place).unwrap()
        view = FeatureViewSpec("w", ["e"], DeltaSource(self.table, "at"), ["v"])
        self.store.register(EntitySpec("e", ["k"]), view).unwrap()
        made = self.store.training_set(TrainingSetSpec(["w:v"]), SPINE).unwrap()
        self.id, self.frame = made.id, made.frame
        self.store.training_sets.pin(made.id).unwrap()


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


CALLS: dict[str, Callable[[Made], Result[object, Problem]]] = {
    "open": lambda made: FeatureStore.open(made.place),
    "retrieve": lambda made: made.store.training_set(TrainingSetSpec(["w:v"]), SPINE),
    "rebuild": lambda made: made.store.rebuild(made.id),
    "rebuild from the pin": lambda made: made.store.rebuild(made.id, from_pin=True),
    "check": lambda made: made.store.tables.check(made.table, deep=True),
    "retention": lambda made: made.store.tables.retention(made.table),
    "vacuum": lambda made: made.store.tables.vacuum(made.table),
    "history": lambda made: made.store.tables.changes(made.table, 0, 1),
}


def refused(call: Callable[[Made], Result[object, Problem]], made: Made) -> Problem | None:
    """The error of a call, None where it succeeds."""
    try:
        done = call(made)
    except ForesetError as error:
        return error.error
    found = done.swap().value_or(None)  # type: ignore[arg-type]
    return found if isinstance(found, Problem) else None


@contextmanager
def files_left(count: int) -> Generator[None, None, None]:
    """Inside it this process can open so many files more."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = max(int(file.name) for file in Path("/proc/self/fd").iterdir()) + 40
    held: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, limits[1]))
    try:
        with suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        for file in held[len(held) - count :]:
            os.close(file)
        held = held[: len(held) - count]
        yield
    finally:
        for file in held:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.parametrize("call", CALLS)
def test_a_process_without_files_left_is_not_told_of_damage(made: Made, call: str) -> None:
    seen: list[Problem] = []
    for count in range(8):
        write_to_delta_lake(ROWS, made.table)  # so that nothing is known already
        with files_left(count):
            error = refused(CALLS[call], made)
        seen += [error] if error else []
    for error in seen:
        assert isinstance(error, OutOfReach | StoreUnwritable | OutputUnwritable), error
        assert not any(word in str(error) for word in DAMAGE), error
    assert refused(CALLS[call], made) is None
    assert made.store.rebuild(made.id).unwrap().frame.equals(made.frame)


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
@pytest.mark.parametrize("call", ["check", "retention", "vacuum"])
def test_a_log_out_of_reach_is_not_a_broken_one(
    made: Made, call: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_: LocalFolder, path: str) -> bytes:
        raise OSError(code, os.strerror(code), path)

    before = sorted(Path(made.table).rglob("*"))
    with monkeypatch.context() as patched:
        patched.setattr(LocalFolder, "read", read)
        error = refused(CALLS[call], made)
    assert isinstance(error, OutOfReach)
    assert not any(word in str(error) for word in DAMAGE)
    assert sorted(Path(made.table).rglob("*")) == before


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_kept_frame_out_of_reach_is_not_a_lost_one(made: Made, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: FolderBlobs, name: str) -> bytes:
        raise OSError(code, os.strerror(code), name)

    monkeypatch.setattr(FolderBlobs, "read", read)
    error = refused(CALLS["rebuild from the pin"], made)
    assert isinstance(error, OutOfReach)
    assert not any(word in str(error) for word in DAMAGE)


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_file_out_of_reach_is_reported_by_a_check_as_that(
    made: Made, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(_: LocalFolder, path: str) -> object:
        raise OSError(code, os.strerror(code), path)

    monkeypatch.setattr(LocalFolder, "open", opened)
    report = made.store.tables.check(made.table).unwrap()
    assert {type(found).__name__ for found in report.findings if found.severity == "error"} == {"FileOutOfReach"}
    assert not any(word in str(found) for found in report.findings for word in DAMAGE)


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_code_is_found_in_exceptions_causes_and_texts_of_vendors(code: int) -> None:
    plain = OSError(code, os.strerror(code))
    wrapped = ValueError("the file cannot be read")
    wrapped.__cause__ = plain
    texts = (ValueError(f"Generic error: {os.strerror(code)} (os error {code})"), OSError(f"[Errno {code}] no"))
    for fault in (plain, wrapped, *texts):
        assert meaning_of(fault) is not None
    assert "backup" not in told(plain)
    assert meaning_of(FileNotFoundError(errno.ENOENT, "No such file or directory")) is None
    assert meaning_of(ValueError("os error 24")) is None
