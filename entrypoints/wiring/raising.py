"""From Results to exceptions, for the surfaces that raise."""

from typing import NoReturn, TypeVar

from returns.result import Result, Success

from foreset.domain.errors.problem import Problem, because, raised
from foreset.domain.errors.specs import InvalidSpec

T = TypeVar("T")


def given(result: Result[T, Problem]) -> T:
    """The value of a result; of a refusal, the exception of the class for its fault."""
    if isinstance(result, Success):
        value: T = result.unwrap()
        return value
    raise raised(result.failure())


def reject(spec: str, problem: str, remedy: str, fault: BaseException | None = None) -> NoReturn:
    """Raise `InvalidSpec`: a call that contradicts itself, or whose values a library does not take (`fault`)."""
    error = InvalidSpec(spec=spec, problem=problem, remedy=remedy)
    raise raised(because(error, fault) if fault else error)
