"""The types of fields of specs: what a field holds once it is constructed, and what else a call may give for it.

Type checkers see both: a field of `Taken[Held, Given]` is read as `Held`, and given as `Given`. When the code runs it
is a field of the type that it holds, to which `field_types` fits what is given.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from foreset.domain.definitions.field_types import DTYPE, PATH, ZONE

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path
    from typing import Generic, Protocol, SupportsIndex, TypeAlias, TypeVar
    from zoneinfo import ZoneInfo

    Held = TypeVar("Held")
    Given_contra = TypeVar("Given_contra", contravariant=True)

    class Taken(Generic[Held, Given_contra]):
        """A field that holds the one, and is given the other."""

        def __get__(self, spec: object, kind: object = None) -> Held:
            """What it holds."""
            ...

        def __set__(self, spec: object, value: Given_contra) -> None:
            """What it is given."""
            ...

    class Scalar(Protocol):
        """A number, flag or time of numpy."""

        @property
        def shape(self) -> tuple[()]:
            """No dimensions."""
            ...

        @property
        def dtype(self) -> object:
            """Its type."""
            ...

    IntegerGiven: TypeAlias = SupportsIndex
    Moment: TypeAlias = datetime | Literal["event_time"]
    PathLikeText: TypeAlias = str | PathLike[str]
    Length: TypeAlias = timedelta | str | Scalar
    Instant: TypeAlias = datetime | str | Scalar
    InstantsGiven: TypeAlias = Instant | Sequence[Instant] | None
    VersionsGiven: TypeAlias = (
        Mapping[str, SupportsIndex] | Mapping[Path, SupportsIndex] | Mapping[str | Path, SupportsIndex]
    )

    Flag = Taken[bool, bool | Scalar]
    Integer = Taken[int, SupportsIndex]
    MaybeInteger = Taken[int | None, SupportsIndex | None]
    Number = Taken[float, float | Scalar]
    Texts = Taken[dict[str, str], Mapping[str, str]]
    Plain = Taken[dict[str, Any], Mapping[str, Any]]
    Names = Taken[tuple[str, ...], Iterable[str]]
    PathText = Taken[str, PathLikeText]
    MaybePath = Taken[str | None, PathLikeText | None]
    MaybeZone = Taken[str | None, str | ZoneInfo | None]
    MaybeDtype = str | None
    MaybeLength = Taken[timedelta | None, Length | None]
    MaybeInstant = Taken[datetime | None, Instant | None]
    MaybeIntegers = Taken[tuple[int, ...] | None, Iterable[SupportsIndex] | None]
    KnownAt = Taken[Moment | tuple[datetime, Literal["event_time"]] | None, InstantsGiven]
    Versions = Taken[dict[str, int], VersionsGiven]
else:  # what msgspec decodes; __post_init__ validates what is Any here
    IntegerGiven = int
    Flag = bool
    Integer = int
    MaybeInteger = int | None
    Number = float
    Texts = dict[str, str]
    Plain = dict[str, Any]
    Names = tuple[str, ...]
    PathText = Annotated[str, PATH]
    MaybePath = PathText | None
    MaybeZone = Annotated[str, ZONE] | None
    MaybeDtype = Annotated[str, DTYPE] | None
    MaybeLength = timedelta | None
    MaybeInstant = MaybeIntegers = KnownAt = Any
    Versions = dict[PathText, int]


def taken(*, default: object) -> Any:  # checkers compare it with no type
    """The default of a field that is given more than it holds."""
    return default
