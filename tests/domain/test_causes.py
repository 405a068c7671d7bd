"""An error keeps the exception that it was made of, and is the same error with it or without."""

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import NoReturn

import msgspec
import pytest
from msgspec.structs import replace
from returns.result import Result, Success

from foreset.domain.errors.problem import CallerError, DataError, ForesetError, Problem, because, raised, refuse, told
from foreset.domain.errors.tables import TableUnreadable
from foreset.entrypoints.wiring.raising import given

ERROR = TableUnreadable(table="weather", problem="it is broken")


def made_of(fault: BaseException) -> TableUnreadable:
    return because(TableUnreadable(table="weather", problem="it is broken"), fault)


def fail(fault: BaseException) -> NoReturn:
    raise fault


@pytest.mark.parametrize("surface", [lambda error: given(refuse(error)), lambda error: refuse(error).unwrap()])
def test_it_is_raised_from_its_cause(surface: Callable[[Problem], object]) -> None:
    fault = OSError("disk gone")
    with pytest.raises(ForesetError, match="it is broken") as caught:
        surface(made_of(fault))
    assert caught.value.__cause__ is fault
    assert caught.value.error.cause is fault


def test_without_a_cause_the_context_shows() -> None:
    error = raised(ERROR)
    assert error.__cause__ is None
    assert not error.__suppress_context__


def test_it_is_equal_and_written_as_without() -> None:
    error = made_of(OSError("disk gone"))
    assert error == ERROR
    assert hash(error) == hash(ERROR)
    assert repr(error) == repr(ERROR)
    assert str(error) == str(ERROR)
    assert msgspec.json.encode(error) == msgspec.json.encode(ERROR)
    assert msgspec.to_builtins(error) == msgspec.to_builtins(ERROR)
    copies: list[Problem] = [copy.copy(error), copy.deepcopy(error), replace(error), pickle.loads(pickle.dumps(error))]  # noqa: S301  # our own
    assert all(other == error and other.cause is None for other in copies)


@pytest.mark.parametrize("surface", [lambda error: given(refuse(error)), lambda error: refuse(error).unwrap()])
def test_it_comes_out_of_another_process_as_the_same_error(surface: Callable[[Problem], object]) -> None:
    with pytest.raises(ForesetError) as caught:
        surface(made_of(OSError("disk gone")))
    copied = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  # our own
    assert isinstance(copied, DataError)
    assert copied.error == ERROR
    assert str(copied) == str(caught.value)


def test_the_steps_of_do_stop_at_it() -> None:
    fault = OSError("disk gone")
    done: Result[int, TableUnreadable] = Result.do(a + b for a in Success(1) for b in refuse(made_of(fault)))
    assert done.failure().cause is fault


def test_no_frame_of_the_stack_stays_in_memory() -> None:
    class Rows:
        pass

    def read() -> "tuple[Problem, weakref.ref[Rows]]":
        rows = Rows()
        try:
            try:
                fail(KeyError())
            except KeyError as inner:
                raise OSError from inner
        except OSError as fault:
            return made_of(fault), weakref.ref(rows)

    gc.disable()
    try:
        error, rows = read()
        assert rows() is None
    finally:
        gc.enable()
    assert isinstance(error.cause, OSError)
    assert isinstance(error.cause.__cause__, KeyError)


def test_an_exception_of_the_caller_is_left_as_it_is() -> None:
    theirs = LookupError()
    try:
        fail(theirs)
    except LookupError:
        try:
            fail(OSError())
        except OSError as fault:
            error = made_of(fault)
    assert theirs.__traceback__ is not None
    assert error.cause is not None
    assert error.cause.__context__ is None


def test_a_cause_that_causes_itself_is_kept() -> None:
    fault = OSError("disk gone")
    fault.__cause__ = fault
    assert made_of(fault).cause is fault


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (ValueError("one.\ntwo"), "one"),
        (ValueError("\n  one:\n"), "one:"),
        (ValueError(), "ValueError"),
        (ValueError("a" * 400), "a" * 300 + " [...]"),
        (ValueError("got \x00\x1b[31m"), "got \ufffd\ufffd[31m"),
        (OSError(2, "No such file", "/x"), "No such file"),
        (OSError("No such file: /x"), "No such file: /x"),
    ],
)
def test_what_an_exception_says(fault: Exception, text: str) -> None:
    assert told(fault) == text


def test_where_an_exception_was() -> None:
    assert told(OSError(2, "No such file", "/x"), place=True) == "No such file: /x"


def test_it_is_of_the_class_for_its_fault() -> None:
    assert isinstance(raised(made_of(OSError())), ForesetError)
    assert not isinstance(raised(ERROR), CallerError)
