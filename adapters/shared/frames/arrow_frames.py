"""Arrow types that polars does not take, or takes for something else."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pyarrow as pa

from foreset.adapters.shared.frames.frame_types import LEAVE_OUT, WIDEST, Unfit, remedy_for, repeated_name

_EXTENSION: Final = b"ARROW:extension:name"
"""Where the fields of a library that pyarrow does not know name their type."""
_STRANGE: Final[tuple[Callable[[Any], bool], ...]] = (
    pa.types.is_union,
    pa.types.is_run_end_encoded,
    pa.types.is_interval,
    pa.types.is_decimal256,
    pa.types.is_list_view,  # polars does not read them, and pyarrow's cast to lists leaves offsets out
    pa.types.is_large_list_view,
)


def unfit_schema(schema: Any) -> Unfit | None:  # pyarrow's, without stubs
    """Why a frame of this Arrow schema is not taken; None where its types are."""
    repeated = repeated_name(schema.names)
    if repeated is not None:
        return repeated
    for field in schema:
        strange = _unfit_field(field)
        if strange is not None:
            inside = "" if strange.type == field.type else f"{field.type}, and in it is "
            problem = f"its column {field.name!r} is {inside}{_shown(strange)}, which no table holds"
            return Unfit(problem, _remedy(field.name, strange))
    return None


def _unfit_field(field: Any) -> Any | None:
    """The field that is not taken, of a field and those inside it; None where all are."""
    dtype = field.type
    if isinstance(dtype, pa.BaseExtensionType):
        return None if isinstance(dtype, pa.UuidType) else field
    if _EXTENSION in (field.metadata or {}) or any(is_it(dtype) for is_it in _STRANGE):
        return field
    if pa.types.is_struct(dtype) and len({inner.name for inner in dtype}) != dtype.num_fields:
        return field
    return next(filter(None, map(_unfit_field, _inside(field))), None)


def _inside(field: Any) -> Iterator[Any]:
    dtype = field.type
    if pa.types.is_dictionary(dtype):
        yield field.with_type(dtype.value_type)
    elif pa.types.is_nested(dtype):
        yield from (dtype.field(index) for index in range(dtype.num_fields))


def _extension_of(field: Any) -> str | None:
    if isinstance(field.type, pa.BaseExtensionType):
        return str(field.type.extension_name)
    name = (field.metadata or {}).get(_EXTENSION)
    return None if name is None else name.decode(errors="replace")


def _shown(field: Any) -> str:
    extension = _extension_of(field)
    if extension is not None:
        return f"the extension type {extension}"
    return str(field.type).replace("decimal256", "decimal")


def _remedy(name: str, strange: Any) -> str:
    if _extension_of(strange) is not None:
        return remedy_for(name, "extension")
    if pa.types.is_decimal256(strange.type):
        return f"cast {name!r} to decimal128({WIDEST}, ...) where its values allow, or to text, {LEAVE_OUT}"
    if pa.types.is_struct(strange.type):
        return f"give the fields of the struct {name!r} a name each, {LEAVE_OUT}"
    return f"cast the column {name!r} to a plain type, such as numbers or text, {LEAVE_OUT}"


def plain(dtype: Any) -> Any:
    """The Arrow type in which polars takes a column as what it is: dates count days, decimals have no scale below 0."""
    match dtype:
        case pa.ListType() | pa.LargeListType() | pa.FixedSizeListType():
            return _list_of(dtype)
        case pa.StructType():
            return pa.struct([_plain_field(field) for field in dtype])
        case pa.MapType():
            return pa.map_(_plain_field(dtype.key_field), _plain_field(dtype.item_field), dtype.keys_sorted)
        case _ if pa.types.is_date64(dtype):
            return pa.date32()
        case _ if pa.types.is_decimal(dtype) and dtype.scale < 0 and dtype.precision - dtype.scale <= WIDEST:
            return pa.decimal128(dtype.precision - dtype.scale, 0)
        case _:
            return dtype


def _list_of(dtype: Any) -> Any:
    element = _plain_field(dtype.value_field)
    if isinstance(dtype, pa.FixedSizeListType):
        return pa.list_(element, dtype.list_size)
    return pa.large_list(element) if isinstance(dtype, pa.LargeListType) else pa.list_(element)


def _plain_field(field: Any) -> Any:
    return field.with_type(plain(field.type))
