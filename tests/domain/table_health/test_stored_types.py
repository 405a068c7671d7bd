"""Which stored types a Delta type takes."""

import pytest

from foreset.domain.table_health.file_audit import takes


@pytest.mark.parametrize(
    ("delta", "taken", "refused"),
    [
        ("boolean", ["bool"], ["int8", "string"]),
        ("byte", ["int8", "int32"], ["int64", "float32"]),
        ("integer", ["int8", "int16", "int32"], ["int64", "uint32"]),
        ("long", ["int32", "int64", "uint32"], ["uint64", "float64", "date", "timestamp[us]"]),
        ("float", ["float32"], ["float64", "int32"]),
        ("double", ["float32", "float64", "int32"], ["int64", "decimal(5,2)"]),
        ("string", ["string", "binary"], ["int64", "date"]),
        ("binary", ["binary", "string"], ["int32"]),
        ("date", ["date"], ["int32", "timestamp[us]"]),
        ("timestamp", ["timestamp[ns]", "timestamp[ms, UTC]"], ["date", "int64", "string"]),
        ("timestamp_ntz", ["timestamp[us]", "date"], ["int64"]),
        ("decimal(10,2)", ["decimal(10,2)", "decimal(8,2)", "decimal(9,1)"], ["decimal(11,2)", "float64"]),
        ("decimal(10, 2)", ["decimal(8,0)", "int16"], ["decimal(9,0)", "decimal(10,3)", "decimal(4,3)", "int32"]),
        ("decimal(12,2)", ["int32"], ["int64"]),
        ("variant", ["nested", "binary"], []),
        ("void", ["string"], []),
    ],
)
def test_a_delta_type_takes(delta: str, taken: list[str], refused: list[str]) -> None:
    assert [stored for stored in taken if not takes(delta, stored)] == []
    assert [stored for stored in refused if takes(delta, stored)] == []
    assert takes(delta, "null")
