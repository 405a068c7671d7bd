"""Which rules a training set is built by: a version of the laws, which a receipt names.

The laws of `point_in_time` may change in a later Foreset, for what was asked anew; a receipt is rebuilt by those that
it was made by. So each version stays in this table, with what runs by it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class Semantics(msgspec.Struct, frozen=True):
    """A version of the laws, and what it says where it differs from the one before."""

    version: int
    says: str


KNOWN: Final[Mapping[int, Semantics]] = MappingProxyType(
    {
        1: Semantics(1, "the laws of rows, future, age, ties, nulls and knowledge as `point_in_time` has them"),
        2: Semantics(2, "also: events at the label's own instant left out, ends of validity, times as whole numbers"),
    }
)
"""The versions by which this Foreset builds, by their number."""


def semantics_of(version: int) -> Semantics | None:
    """The laws of a version; None for one that this Foreset does not know."""
    return KNOWN.get(version)
