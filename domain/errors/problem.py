"""What every error is: a value that says whose fault it is, what is wrong, and what to do next."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, ClassVar, Literal, NoReturn, TypeVar

import msgspec
from returns.primitives.exceptions import UnwrapFailedError
from returns.result import Failure, Result

Fault = Literal["caller", "data", "world", "conflict"]


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


class Problem(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="error"):
    """An expected failure.

    `says` and `then` are the two halves of the message, with the fields by name in braces. `hint` names the
    field that may be misspelt and the field that lists the known names: `{hint}` then offers the closest.
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
        return f"{self.says} Next: {self.then}".format(**shown, hint=hint)

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
    """A `Problem`, raised. `error` holds the value; the text is its message."""

    def __init__(self, error: Problem) -> None:
        """Carry `error`."""
        super().__init__(error.message)
        self.error = error


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


class UnwrappedFailure(ForesetError, UnwrapFailedError):  # noqa: N818  # named as `returns` names its own
    """What `unwrap()` of a refusal raises: a `ForesetError` with the error's own message.

    It is also what `returns` raises, because `Result.do` catches that to stop early.
    """

    def __init__(self, container: "Refusal[Any]") -> None:
        """Carry the refusal and its error."""
        self.error = container.failure()
        self.args = (self.error.message,)
        self.halted_container = container


class Refusal(Failure[E]):  # type: ignore[misc]  # final in name only, and its `unwrap` is mute
    """A `Failure` whose `unwrap()` says what is wrong and what to do next."""

    __slots__ = ()

    def unwrap(self) -> NoReturn:
        """Raise the error."""
        raise UnwrappedFailure(self)


def refuse(error: E) -> Result[Any, E]:
    """The failed result that holds `error`."""
    return Refusal(error)
