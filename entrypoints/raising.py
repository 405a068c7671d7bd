"""From Results to exceptions, for the surfaces that raise."""

from typing import NoReturn, TypeVar

from returns.result import Result, Success

from foreset.domain.errors.problem import Problem, raised
from foreset.domain.errors.specs import InvalidSpec

T = TypeVar("T")


def given(result: Result[T, Problem]) -> T:
    """The value of a result; of a refusal, the exception of the class for its fault."""
    if isinstance(result, Success):
        value: T = result.unwrap()
        return value
    raise raised(result.failure())


def reject(spec: str, problem: str, remedy: str) -> NoReturn:
    """Raise `InvalidSpec`: a call that contradicts itself."""
    raise raised(InvalidSpec(spec=spec, problem=problem, remedy=remedy))
