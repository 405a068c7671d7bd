"""Pattern matching over results, so that type checkers see every case."""

from typing import TypeVar, cast

from returns.result import Failure, Result, Success

T = TypeVar("T")
E = TypeVar("E")


def sealed(result: Result[T, E]) -> Success[T] | Failure[E]:
    """The same value, typed so that a `match` over it is exhaustive."""
    return cast("Success[T] | Failure[E]", result)
