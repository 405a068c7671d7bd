"""Which types of columns no frame of ours has: what libraries may hold, and no table and no label frame can keep.

A type is looked at with all that is inside it: a list of durations is a list, and a list of Python objects is none.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import polars as pl
from polars.datatypes import DataTypeClass

from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_dtype

WIDEST: Final = 38
"""How many digits a decimal has at most: Delta protocol, "Primitive Types"; polars has no wider ones either."""
LEAVE_OUT: Final = "or leave the column out"


class Unfit(NamedTuple):
    """Why a frame is not taken, and what to do about the column; no remedy where it is not a frame at all."""

    problem: str
    remedy: str | None = None
    cause: BaseException | None = None


def unfit_dtype(dtype: pl.DataType | DataTypeClass) -> str | None:
    """What of a polars type has no place in a table or a label frame; None where all has one."""
    match dtype:
        case pl.BaseExtension():
            return f"the extension type {dtype.ext_name()}"
        case pl.List(inner=inner) | pl.Array(inner=inner):
            return unfit_dtype(inner)
        case pl.Map(key=key, value=value):
            return unfit_dtype(key) or unfit_dtype(value)
        case pl.Struct(fields=[_, *_] as fields):
            return next(filter(None, (unfit_dtype(field.dtype) for field in fields)), None)
        case _:
            return None if _has_name(dtype) else dtype_name(dtype() if isinstance(dtype, DataTypeClass) else dtype)


def _has_name(dtype: pl.DataType | DataTypeClass) -> bool:
    """Whether the grammar of types has a name for it. A struct without fields has one, but no file holds it."""
    name = dtype_name(dtype() if isinstance(dtype, DataTypeClass) else dtype)
    try:
        polars_dtype(name)
    except ValueError:
        return False
    return name != "struct<>"


def unfit_column(frame: pl.DataFrame) -> Unfit | None:
    """The first column of a type that no frame of ours has; None where there is none."""
    for name, dtype in frame.schema.items():
        strange = unfit_dtype(dtype)
        if strange is not None:
            inside = "" if strange == dtype_name(dtype) or "extension" in strange else f" (it holds {strange})"
            problem = f"its column {name!r} is {strange if not inside else dtype_name(dtype)}{inside}"
            return Unfit(f"{problem}, which no table holds", remedy_for(name, strange))
    return None


def remedy_for(name: str, strange: str) -> str:
    """What to do about a column of a type that is not taken."""
    if strange == "object":
        return f"give the column {name!r} a type, such as text: frame[{name!r}].map_elements(str), {LEAVE_OUT}"
    if "extension" in strange:
        return f"give the plain values of {name!r} (in pyarrow its storage; in pandas astype(str)), {LEAVE_OUT}"
    return f"cast the column {name!r} to a plain type, such as numbers or text, {LEAVE_OUT}"


def repeated_name(names: Sequence[str]) -> Unfit | None:
    """That two columns have one name; None where no two have."""
    name, count = next(iter(Counter(names).most_common(1)), ("", 0))
    if count < 2:  # noqa: PLR2004  # it is there twice
        return None
    places = [str(place) for place, known in enumerate(names) if known == name]
    problem = f"it has {count} columns of the name {name!r}, at the places {', '.join(places)}"
    return Unfit(problem, f"rename or drop all but one of the columns {name!r}")
