"""What cannot be written is reported with the next step that the operating system's code asks for."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from foreset.adapters.sqlite.faults import log_error
from foreset.domain.errors.event_log import StoreUnwritable
from foreset.domain.errors.problem import Problem, told
from foreset.domain.errors.retrieval import OutputUnwritable
from foreset.domain.errors.system import by_code
from foreset.domain.errors.training import ModelUnwritable
from foreset.domain.system_codes import remedy_of

CODES = ("EMFILE", "ENFILE", "ENOMEM", "ENOSPC", "EDQUOT", "EACCES", "EPERM", "EROFS", "EIO", "ENXIO", "ESTALE")


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("error", [StoreUnwritable, OutputUnwritable, ModelUnwritable])
def test_the_next_step_is_that_of_the_code(error: type[StoreUnwritable], code: str) -> None:
    fault = OSError(getattr(errno, code), os.strerror(getattr(errno, code)), "/data/x")
    made = by_code(error(path="/data/x", problem=told(fault)), fault)
    assert made.message.endswith(f" Next: {remedy_of(fault)}.")
    assert made.remedy == remedy_of(fault) != ""
    assert made.cause is fault


@pytest.mark.parametrize("fault", [OSError(errno.EFBIG, "File too large"), OSError("no code"), ValueError("other")])
def test_without_such_a_code_the_next_step_is_the_error_s_own(fault: Exception) -> None:
    made: Problem = by_code(StoreUnwritable(path="/data/x", problem=told(fault)), fault)
    assert "Next: give a folder that you may write, or " in made.message


@pytest.mark.parametrize(("met", "code"), [(sqlite3.SQLITE_FULL, errno.ENOSPC), (sqlite3.SQLITE_IOERR, errno.EIO)])
def test_what_sqlite_met_is_said_as_the_operating_system_says_it(tmp_path: Path, met: int, code: int) -> None:
    fault = sqlite3.OperationalError("database or disk is full")
    fault.sqlite_errorcode = met
    error = log_error(tmp_path / "events.db", 1, fault)
    assert isinstance(error, StoreUnwritable)
    assert error.remedy == remedy_of(OSError(code, ""))


@pytest.mark.parametrize(("flag", "code"), [(os.ST_RDONLY, errno.EROFS), (0, errno.EACCES)])
def test_why_sqlite_may_not_write_is_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: int, code: int
) -> None:
    class Mounted:
        f_flag = flag

    monkeypatch.setattr(os, "statvfs", lambda _: Mounted)
    monkeypatch.setattr(os, "access", lambda *_: False)
    fault = sqlite3.OperationalError("attempt to write a readonly database")
    fault.sqlite_errorcode = sqlite3.SQLITE_READONLY
    error = log_error(tmp_path / "events.db", 1, fault)
    assert isinstance(error, StoreUnwritable)
    assert error.remedy == remedy_of(OSError(code, ""))
    assert "(attempt to write a readonly database)" in error.problem
