"""Results that cannot fail in silence: what the store gives, in place of the plain classes of `returns`.

A failure that nobody looks at warns with its message and the line of the call, as Python does for a coroutine that was
never awaited. Where warnings are errors, the process also ends with exit code 1: an exception in a finalizer alone
would be printed and forgotten.
"""

import atexit
import inspect
import os
import sys
import warnings
import weakref
from collections.abc import Callable
from functools import cached_property, wraps
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn, TypeVar

from returns.primitives.container import BaseContainer
from returns.result import Failure, Result, Success

import foreset
from foreset.domain.errors.problem import Problem, Refusal, gives_result

K = TypeVar("K", bound=type)
V = TypeVar("V")

_OURS: Final = str(Path(foreset.__file__).parent) + os.sep
_VALUE: Final = inspect.getattr_static(BaseContainer, "_inner_value")


class UnreadFailure(RuntimeWarning):
    """A call failed, and its result was dropped without a look at it."""


class Answer(Success[V]):  # type: ignore[misc]  # final in name only, and true even of a failure
    """A `Success` that is not taken for a truth value."""

    __slots__ = ()

    def __bool__(self) -> NoReturn:
        """Raise TypeError: a failure would be as true."""
        raise TypeError(_NO_TRUTH)

    def __eq__(self, other: object) -> bool:
        """Whether the other is a success with an equal value."""
        return isinstance(other, Success) and bool(self._inner_value == other._inner_value)

    def __hash__(self) -> int:
        """That of its value."""
        return hash(self._inner_value)

    def __repr__(self) -> str:
        """As that of a `Success`."""
        return f"<Success: {self._inner_value}>"

    def __reduce__(self) -> tuple[Callable[[V], Success[V]], tuple[V]]:
        """How it is pickled: as a `Success`."""
        return Success, (self._inner_value,)


class UnreadRefusal(Refusal[Problem]):  # type: ignore[misc]  # as Answer
    """A `Refusal` that warns when it is dropped and nobody has looked at its error."""

    __slots__ = ("__weakref__", "_line", "_read")

    _line: tuple[str, int]
    _read: bool

    def __init__(self, error: Problem, line: tuple[str, int]) -> None:
        """Hold the error of the call in this line of this file."""
        _VALUE.__set__(self, error)
        object.__setattr__(self, "_line", line)
        object.__setattr__(self, "_read", False)
        _UNREAD[id(self)] = self

    @property
    def _inner_value(self) -> Problem:  # type: ignore[override]  # `returns` writes it to its slot, as is done here
        object.__setattr__(self, "_read", True)
        return _VALUE.__get__(self)  # type: ignore[no-any-return]  # what `returns` keeps there

    def value_or(self, default_value: V) -> V:
        """The default, which whoever gives one wants in place of the failure."""
        object.__setattr__(self, "_read", True)
        return default_value

    def __bool__(self) -> NoReturn:
        """Raise TypeError: who asks would take the failure for a success."""
        raise TypeError(_NO_TRUTH)

    def __eq__(self, other: object) -> bool:
        """Whether the other is a failure with an equal error."""
        return isinstance(other, Failure) and bool(self._inner_value == other._inner_value)

    def __repr__(self) -> str:
        """As that of a `Failure`."""
        return f"<Failure: {self._inner_value}>"

    def __hash__(self) -> int:
        """That of its error."""
        return hash(self._inner_value)

    def __reduce__(self) -> tuple[Callable[[Problem], Failure[Problem]], tuple[Problem]]:
        """How it is pickled: as a `Refusal`."""
        return Refusal, (self._inner_value,)

    def __del__(self) -> None:
        """Warn if nobody has looked at it."""
        self.warn()

    def warn(self) -> None:
        """Warn once, if nobody has looked at it. Raises `UnreadFailure` where warnings are errors."""
        if self._read:
            return
        file, line = self._line
        message = f"A call failed, and nobody looked at its result: {self._inner_value} {_LOOK}"
        try:
            warnings.warn_explicit(message, UnreadFailure, file, line)
        except UnreadFailure:
            _EXIT.append(1)
            raise


_NO_TRUTH: Final = (
    "A Result is neither true nor false: a failure would be as true as a success. "
    "Next: use .unwrap(), which raises the error, or isinstance(result, Success), or a match statement."
)
_LOOK: Final = "(Look at it by .unwrap(), which raises the error, or .failure().)"
_UNREAD: Final[weakref.WeakValueDictionary[int, UnreadRefusal]] = weakref.WeakValueDictionary()
_EXIT: Final[list[int]] = []
"""The exit codes of failures that were warned of where warnings are errors."""


def results_must_be_read(kind: K) -> K:
    """The class, whose calls that give a `Result` give one that cannot fail in silence."""
    for name in dir(kind):
        member = inspect.getattr_static(kind, name)
        call = member.__func__ if isinstance(member, classmethod) else member
        if name.startswith("_") or isinstance(member, (property, cached_property)) or not inspect.isfunction(call):
            continue
        if gives_result(call):
            setattr(kind, name, classmethod(_loud(call)) if isinstance(member, classmethod) else _loud(call))
    return kind


def _loud(call: Callable[..., Result[Any, Any]]) -> Callable[..., Result[Any, Any]]:
    @wraps(call)
    def answered(*args: Any, **kwargs: Any) -> Result[Any, Any]:
        result = call(*args, **kwargs)
        if isinstance(result, Success):
            return Answer(result.unwrap())
        return UnreadRefusal(result.failure(), _line_of_caller(inspect.currentframe()))

    return answered


def _line_of_caller(frame: FrameType | None) -> tuple[str, int]:
    """The file and the line outside this package that made a call."""
    while frame is not None and frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    return ("<unknown>", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)


def _at_exit() -> None:
    """Warn of what is still unread, and fail the process where such a warning was an error."""
    for refusal in list(_UNREAD.values()):
        try:
            refusal.warn()
        except UnreadFailure as warning:
            print(f"UnreadFailure: {warning}", file=sys.stderr)  # noqa: T201  # as the interpreter does at its end
    if _EXIT:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)  # an exception in a finalizer or at exit does not change the exit code


atexit.register(_at_exit)
