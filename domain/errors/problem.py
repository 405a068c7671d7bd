"""What every error is: a value that says whose fault it is, what is wrong, and what to do next."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, ClassVar, Final, Literal, NoReturn, TypeVar

import msgspec
from returns.primitives.exceptions import UnwrapFailedError
from returns.result import Failure, Result

from foreset.domain.safe_text.addresses import redacted
from foreset.domain.safe_text.escaping import escaped
from foreset.domain.system_codes import reason_of

Fault = Literal["caller", "data", "world", "conflict"]
_RESULTS: Final = ("Result[", "returns.result.Result[")
"""How the annotation of a call begins that gives a result: as it is written, or as it is resolved."""
_LONGEST: Final = 300  # characters: some vendors' texts hold a dump of what they looked at


def listed(names: Iterable[object], limit: int = 30) -> str:
    """Names for a message, the first `limit` of them.

    >>> listed(["b", "a"]), listed([])
    ('b, a', 'none')
    """
    shown = [str(name) for name in names]
    more = f" and {len(shown) - limit} more" if len(shown) > limit else ""
    return ", ".join(shown[:limit]) + more if shown else "none"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question that offers the known name closest to `name`, or nothing.

    >>> did_you_mean("wether", ["weather", "planes"])
    'Did you mean weather? '
    """
    close = get_close_matches(name, list(known), n=1)
    return f"Did you mean {close[0]}? " if close else ""


def legible(name: str) -> str:
    r"""A name as a text that can be kept: its bytes that are no UTF-8 are told by their numbers.

    >>> legible("caf\udce9")
    'caf\\udce9'
    """
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def told(fault: BaseException, *, place: bool = False) -> str:
    """What an exception says, for a message: its first line without the full stop, or its class if it says nothing.

    Of an `OSError` it is the reason alone; with `place` also the file.

    >>> told(ValueError("No such column.")), told(KeyError())
    ('No such column', 'KeyError')
    """
    text = str(fault)
    if isinstance(fault, OSError) and fault.strerror:
        reason = reason_of(fault.errno) or fault.strerror
        text = f"{reason}: {fault.filename}" if place and fault.filename else reason
    line = next((line.strip() for line in text.splitlines() if line.strip()), type(fault).__name__).rstrip(". ")
    line = "".join(
        sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in line
    )  # bytes of a broken file
    line = redacted(line)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} [...]"


class Problem(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="error", dict=True):
    """An expected failure.

    `says` and `then` are the two halves of the message, with the fields by name in braces. `hint` names the
    field that may be misspelt and the field that lists the known names: `{hint}` then offers the closest.
    An error is its fields: what it was made of goes along as `cause`, and is no part of it.
    """

    fault: ClassVar[Fault]
    says: ClassVar[str]
    then: ClassVar[str]
    hint: ClassVar[tuple[str, str] | None] = None

    @property
    def message(self) -> str:
        """What is wrong, and what to do next."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        hint = did_you_mean(values[self.hint[0]], values[self.hint[1]]) if self.hint else ""
        shown = {name: listed(v) if isinstance(v, tuple) else v for name, v in values.items()}
        shown = {name: redacted(v) if isinstance(v, str) else v for name, v in shown.items()}
        return escaped(f"{self.says} Next: {self.then}".format(**shown, hint=redacted(hint)))

    def __repr__(self) -> str:
        """Its fields, without the credentials in them."""
        return redacted(super().__repr__())

    @property
    def cause(self) -> BaseException | None:
        """The vendor's exception that the error was made of (see `because`); a copy of the error has none."""
        return self.__dict__.get("cause")

    def __str__(self) -> str:
        """The message."""
        return self.message


class CallerFault(Problem, frozen=True, kw_only=True):
    """The call asks for what cannot be: change the call."""

    fault = "caller"


class DataFault(Problem, frozen=True, kw_only=True):
    """The data is not what it must be: mend the data."""

    fault = "data"


class WorldFault(Problem, frozen=True, kw_only=True):
    """A file, a disk or a service is not as it must be: mend that."""

    fault = "world"


class Conflict(Problem, frozen=True, kw_only=True):
    """Somebody else wrote first: try again."""

    fault = "conflict"


class ForesetError(Exception):
    """A `Problem`, raised. `error` holds the value; the text is its message; `__cause__` is the error's cause."""

    def __init__(self, error: Problem) -> None:
        """Carry `error`."""
        super().__init__(error.message)
        self.error = error
        _chain(self, error)

    def __reduce__(self) -> tuple[Callable[[Problem], "ForesetError"], tuple[Problem]]:
        """How it is pickled, as on its way out of another process: without its cause."""
        return type(self), (self.error,)


class CallerError(ForesetError, ValueError):
    """The call asks for what cannot be."""


class DataError(ForesetError):
    """The data is not what it must be."""


class WorldError(ForesetError):
    """A file, a disk or a service is not as it must be."""


class ConflictError(ForesetError):
    """Somebody else wrote first."""


_RAISED: dict[Fault, type[ForesetError]] = {
    "caller": CallerError,
    "data": DataError,
    "world": WorldError,
    "conflict": ConflictError,
}


def raised(error: Problem) -> ForesetError:
    """The exception that carries `error`, of the class for its fault."""
    return _RAISED[error.fault](error)


E = TypeVar("E", bound=Problem)


def because(error: E, fault: BaseException) -> E:
    """The error, with the exception that it is made of as its `cause`.

    The exception loses its traceback, which would keep the frames of the stack, and so data frames, in memory for as
    long as somebody keeps the error, and its context, which may be an exception of the caller's. Where a credential is
    in what it says, a `RedactedCause` stands in its place.
    """
    chain: list[BaseException] = []
    link: BaseException | None = fault
    while link is not None and link not in chain:
        link.__traceback__ = link.__context__ = None
        chain.append(link)
        link = link.__cause__
    vars(error)["cause"] = _public(chain)
    return error


class RedactedCause(Exception):  # noqa: N818  # it stands for an exception of any kind
    """An exception of a vendor whose text held a credential: its class and its text without that."""


def _public(chain: list[BaseException]) -> BaseException:
    """An exception with its causes, or what stands for them where the text of one holds a credential."""
    if not any(_leaks(link) for link in chain):
        return chain[0]
    said = [RedactedCause(f"{type(link).__name__}: {redacted(str(link))}") for link in chain]
    for effect, cause in pairwise(said):
        effect.__cause__ = cause
    return said[0]


def _leaks(fault: BaseException) -> bool:
    said = f"{fault} {fault.args!r} {getattr(fault, 'filename', None) or ''}"
    return redacted(said) != said


def _chain(exception: BaseException, error: Problem) -> None:
    if error.cause is not None:  # setting None would hide the context
        exception.__cause__ = error.cause


class UnwrappedFailure(ForesetError, UnwrapFailedError):  # noqa: N818  # named as `returns` names its own
    """What `unwrap()` of a refusal raises: a `ForesetError` of the class for its fault, with the error's own message.

    It is also what `returns` raises, because `Result.do` catches that to stop early.
    """

    def __init__(self, container: "Refusal[Any]") -> None:
        """Carry the refusal and its error."""
        self.error = container.failure()
        self.args = (self.error.message,)
        self.halted_container = container
        _chain(self, self.error)

    def __reduce__(self) -> Any:  # what `returns` gives makes this class again
        """How it is pickled: as the exception of the class for its fault."""
        return raised, (self.error,)


def _unwrapped(kind: type[ForesetError]) -> type[UnwrappedFailure]:
    """The class of what `unwrap()` raises for a fault, shown under the public name of the fault's own class."""
    return type(kind.__name__, (UnwrappedFailure, kind), {"__module__": "foreset"})


_UNWRAPPED: Final = {fault: _unwrapped(kind) for fault, kind in _RAISED.items()}


class Refusal(Failure[E]):  # type: ignore[misc]  # final in name only, and its `unwrap` is mute
    """A `Failure` whose `unwrap()` says what is wrong and what to do next."""

    __slots__ = ()

    def unwrap(self) -> NoReturn:
        """Raise the error."""
        raise _UNWRAPPED[self.failure().fault](self)


def refuse(error: E) -> Result[Any, E]:
    """The failed result that holds `error`."""
    return Refusal(error)


def gives_result(call: Callable[..., object]) -> bool:
    """Whether a call gives a `Result`, by its annotation."""
    return str(call.__annotations__.get("return", "")).startswith(_RESULTS)


def refuse_or_raise(call: Callable[..., object], error: Problem) -> Any:
    """The failed result that holds `error` where a call gives results; else `error` is raised."""
    if gives_result(call):
        return refuse(error)
    raise raised(error) from error.cause
