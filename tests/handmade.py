"""Delta tables written by hand: what deltalake cannot write, such as column mapping, deletion vectors and INT96."""

import json
import struct
import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import Schema

DAY_MS = 1_704_067_200_000
"""2024-01-01T00:00:00Z in milliseconds: the first commit's time, and the first file's."""


def handmade(
    path: Path,
    files: Sequence[pl.DataFrame],
    *,
    mapping: Literal["id", "name"] | None = None,
    deletion_vectors: Mapping[int, Collection[int]] | None = None,
    vectors_in: Literal["log", "file"] = "log",
    partition_by: Sequence[str] = (),
    features: Sequence[str] = (),
    int96: bool = False,
    group_rows: int | None = None,
    configuration: Mapping[str, str] | None = None,
) -> Path:
    """A table of one commit, a Parquet file per frame, in their order; gives `path`.

    A mapped table is a legacy one (reader version 2) unless `features` names some, such as `columnMapping`. Names in
    its Parquet files are physical by name, and meaningless by id. `deletion_vectors` has the deleted rows by file.
    A partitioned file has one value of each partition column. `group_rows` is the size of its row groups.
    """
    (path / "_delta_log").mkdir(parents=True)
    fields = json.loads(Schema.from_arrow(files[0].to_arrow().schema).to_json())["fields"]
    if mapping:
        _map(fields, mapping, [0])
    vectors = deletion_vectors or {}
    settings = {**({"delta.columnMapping.mode": mapping} if mapping else {}), **(configuration or {})}
    adds = [
        _add(path, number, frame, fields, partition_by, int96=int96, group_rows=group_rows)
        | ({"deletionVector": _vector(path, vectors[number], vectors_in)} if number in vectors else {})
        for number, frame in enumerate(files)
    ]
    metadata = {
        "id": str(uuid4()),
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": [_public(field) for field in fields]}),
        "partitionColumns": list(partition_by),
        "configuration": settings,
        "createdTime": DAY_MS,
    }
    protocol = _protocol(json.dumps(fields), features, mapped=mapping is not None, vectors=bool(vectors))
    commit(path, {"protocol": protocol}, {"metaData": metadata}, *({"add": add} for add in adds))
    return path


def commit(path: Path, *actions: Mapping[str, Any], at: int | None = None) -> int:
    """Add a commit of these actions, a day after the one before or `at` (milliseconds); gives its version."""
    version = len(list((path / "_delta_log").glob("*.json")))
    at = DAY_MS + version * 86_400_000 if at is None else at
    info = {"commitInfo": {"timestamp": at, "operation": "WRITE", "operationParameters": {}}}
    log = path / "_delta_log" / f"{version:020}.json"
    log.write_text("".join(json.dumps(action) + "\n" for action in (info, *actions)))
    return version


def actions(path: Path, version: int, kind: str) -> list[dict[str, Any]]:
    """The actions of a kind (`add`, `remove`, `metaData`) in a commit."""
    lines = (path / "_delta_log" / f"{version:020}.json").read_text().splitlines()
    return [action[kind] for action in map(json.loads, lines) if kind in action]


def _protocol(schema: str, features: Sequence[str], *, mapped: bool, vectors: bool) -> dict[str, Any]:
    asked = {*features, *(["deletionVectors"] if vectors else []), *(["timestampNtz"] if "_ntz" in schema else [])}
    if not asked:
        return {"minReaderVersion": 2 if mapped else 1, "minWriterVersion": 5 if mapped else 2}
    names = sorted(asked | ({"columnMapping"} if mapped else set()))
    return {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": names, "writerFeatures": names}


# === Files ===


def _add(
    path: Path,
    number: int,
    frame: pl.DataFrame,
    fields: list[Any],
    partition_by: Sequence[str],
    *,
    int96: bool,
    group_rows: int | None,
) -> dict[str, Any]:
    name = f"part-{number:05}.parquet"
    stored = [field for field in fields if field["name"] not in partition_by]
    options: Any = {"use_deprecated_int96_timestamps": int96, "row_group_size": group_rows}
    pq.write_table(_stored(frame, stored), path / name, store_schema=False, **options)
    partitions = [field for field in fields if field["name"] in partition_by]
    return {
        "path": name,
        "partitionValues": {_physical(field): _text(frame[field["name"]][0]) for field in partitions},
        "size": (path / name).stat().st_size,
        "modificationTime": DAY_MS + number,
        "dataChange": True,
        "stats": json.dumps(_stats(frame, stored)),
    }


def _stored(frame: pl.DataFrame, fields: list[Any]) -> pa.Table:
    """The columns of a file, under the names and ids that it holds."""
    table = frame.select(field["name"] for field in fields).to_arrow(compat_level=pl.CompatLevel.oldest())
    if not any(field["metadata"] for field in fields):
        return table
    kept = [pa.field(field["name"], table.schema.field(field["name"]).type) for field in fields]
    schema = pa.schema([_in_file(field, known.type) for field, known in zip(fields, kept, strict=True)])
    rows = [_renamed(row, {"fields": fields}) for row in table.to_pylist()]
    return pa.Table.from_pylist(rows, schema=schema)


def _in_file(field: Any, dtype: Any) -> Any:
    metadata = {"PARQUET:field_id": str(field["metadata"]["delta.columnMapping.id"])}
    return pa.field(field["file_name"], _type_in_file(field["type"], dtype), metadata=metadata)


def _type_in_file(delta: Any, dtype: Any) -> Any:
    match delta:
        case {"type": "struct", "fields": fields}:
            return pa.struct([_in_file(field, dtype.field(field["name"]).type) for field in fields])
        case {"type": "array", "elementType": element}:
            return pa.list_(_type_in_file(element, dtype.value_type))
        case _:
            return dtype


def _renamed(value: Any, delta: Any) -> Any:
    match delta:
        case {"fields": fields} if value is not None:
            return {field["file_name"]: _renamed(value[field["name"]], field["type"]) for field in fields}
        case {"elementType": element} if value is not None:
            return [_renamed(item, element) for item in value]
        case _:
            return value


def _stats(frame: pl.DataFrame, fields: list[Any]) -> dict[str, Any]:
    plain = {_physical(field): frame[field["name"]] for field in fields if not frame[field["name"]].dtype.is_nested()}
    known = {name: column for name, column in plain.items() if _bound(column.drop_nulls().min()) is not None}
    return {
        "numRecords": frame.height,
        "minValues": {name: _bound(column.drop_nulls().min()) for name, column in known.items()},
        "maxValues": {name: _bound(column.drop_nulls().max()) for name, column in known.items()},
        "nullCount": {name: column.null_count() for name, column in plain.items()},
    }


def _bound(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if value != value:  # noqa: PLR0124  # JSON has no NaN
        return None
    return value if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool) else str(value).removesuffix("+00:00")


# === Column mapping ===


def _map(fields: list[Any], mode: str, last: list[int]) -> None:
    """Give fields, also inner ones, ids and physical names."""
    for field in fields:
        last[0] += 1
        physical = f"col-{last[0]:04x}"
        field["metadata"] = {"delta.columnMapping.id": last[0], "delta.columnMapping.physicalName": physical}
        field["file_name"] = physical if mode == "name" else f"file-{last[0]}"
        inner = field["type"]
        while isinstance(inner, dict) and "elementType" in inner:
            inner = inner["elementType"]
        if isinstance(inner, dict) and "fields" in inner:
            _map(inner["fields"], mode, last)


def _physical(field: Any) -> str:
    return str(field["metadata"].get("delta.columnMapping.physicalName", field["name"]))


def _public(delta: Any) -> Any:
    """The schema without the names in files, which the log does not hold."""
    if isinstance(delta, dict):
        return {name: _public(value) for name, value in delta.items() if name != "file_name"}
    return [_public(item) for item in delta] if isinstance(delta, list) else delta


# === Deletion vectors ===


def _vector(path: Path, rows: Collection[int], place: Literal["log", "file"]) -> dict[str, Any]:
    """A deletion vector's descriptor, with its bytes in the log or in a file of its own."""
    content = _bitmap(rows)
    told = {"sizeInBytes": len(content), "cardinality": len(set(rows))}
    if place == "log":
        return {"storageType": "i", "pathOrInlineDv": _z85(content), **told}
    name = uuid4()
    sized = struct.pack(">i", len(content)) + content + struct.pack(">I", zlib.crc32(content))
    (path / f"deletion_vector_{name}.bin").write_bytes(b"\x01" + sized)
    return {"storageType": "u", "pathOrInlineDv": _z85(name.bytes), "offset": 1, **told}


def _bitmap(rows: Collection[int]) -> bytes:
    """Row numbers below 2**32 as Delta's 64-bit roaring bitmap, which here holds one of 32 bits without runs."""
    highs = sorted({row >> 16 for row in rows})
    blocks = [sorted({row & 0xFFFF for row in rows if row >> 16 == high}) for high in highs]
    stored = [_block(block) for block in blocks]
    start = 8 + 8 * len(blocks)
    offsets = [start + sum(map(len, stored[:n])) for n in range(len(blocks))]
    header = struct.pack("<iqiII", 1681511377, 1, 0, 12346, len(blocks))
    counts = b"".join(struct.pack("<HH", high, len(block) - 1) for high, block in zip(highs, blocks, strict=True))
    return header + counts + struct.pack(f"<{len(offsets)}I", *offsets) + b"".join(stored)


def _block(values: Sequence[int]) -> bytes:
    """Values below 2**16: up to 4096 as an array, more as a bit each."""
    if len(values) <= 4096:
        return struct.pack(f"<{len(values)}H", *values)
    return sum(1 << value for value in values).to_bytes(8192, "little")


_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


def _z85(content: bytes) -> str:
    padded = content + bytes(-len(content) % 4)
    numbers = struct.unpack(f">{len(padded) // 4}I", padded)
    return "".join(_ALPHABET[number // 85**power % 85] for number in numbers for power in (4, 3, 2, 1, 0))
