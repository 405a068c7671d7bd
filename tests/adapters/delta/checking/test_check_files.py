"""Damage to the files of a table is found and named."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from foreset.adapters.delta.log.folders import LocalFolder
from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.table_health.findings import TableFinding
from foreset.domain.tables.write_options import WriteOptions
from tests.handmade import handmade

Found = Callable[..., list[TableFinding]]
Files = Callable[[str], list[Path]]
Edited = Callable[[str, int, Callable[[dict[str, Any]], None]], None]
Replaced = Callable[[pl.DataFrame, bytes | pl.DataFrame], str]
ROWS = pl.DataFrame({"k": [1, 2], "x": [0.5, None]})


def in_adds(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], None]:
    """A change to the add actions of a commit."""

    def changed(action: dict[str, Any]) -> None:
        if "add" in action:
            change(action["add"])

    return changed


def sized(path: Path) -> Callable[[dict[str, Any]], None]:
    """The log's word on a file's size, so that only its content is wrong."""
    return in_adds(lambda add: add.update(size=path.stat().st_size) if add["path"] == path.name else None)


@pytest.fixture
def replaced(tables: DeltaTables, data_files: Files, edited: Edited) -> Replaced:
    """A table of one file, and another content in its place, of which the log has the size; gives the file's name."""

    def replace(frame: pl.DataFrame, content: bytes | pl.DataFrame) -> str:
        tables.write("t", frame).unwrap()
        [path] = data_files("t")
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            content.write_parquet(path)
        edited("t", 0, sized(path))
        return path.name

    return replace


@pytest.mark.parametrize("deep", [False, True])
def test_missing_files_are_counted_with_their_rows(
    found: Found, tables: DeltaTables, data_files: Files, *, deep: bool
) -> None:
    for _ in range(3):
        tables.write("t", ROWS).unwrap()
    first, second, _ = data_files("t")
    first.unlink()
    second.unlink()
    [missing] = found("t", deep=deep)
    assert missing.severity == "error"
    assert missing.what == (
        f"Data files of the table are missing, 2 in all (4 rows, by the log): {first.name}, {second.name}."
    )
    assert "restore them from a backup" in missing.next


def test_repair_takes_missing_files_out_as_the_advice_says(
    found: Found, tables: DeltaTables, data_files: Files, tmp_path: Path
) -> None:
    for _ in range(2):
        tables.write("t", ROWS).unwrap()
    data_files("t")[0].unlink()
    DeltaTable(str(tmp_path / "t")).repair()
    assert found("t", deep=True) == []


def test_a_file_of_another_size(found: Found, tables: DeltaTables, data_files: Files) -> None:
    tables.write("t", ROWS).unwrap()
    [path] = data_files("t")
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-20])
    for deep in (False, True):
        [differs] = found("t", deep=deep)
        assert differs.severity == "error"
        assert differs.what == (
            f"The file {path.name} has {size - 20:,} bytes, and the log says {size:,}: "
            "it was cut, or another stands in its place."
        )


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "Parquet file size is 0 bytes"), (b"PAR1" + b"\0" * 100, "Parquet magic bytes not found in footer")],
)
def test_a_file_that_is_no_parquet(found: Found, replaced: Replaced, content: bytes, problem: str) -> None:
    name = replaced(ROWS, content)
    for deep in (False, True):
        [unreadable] = found("t", deep=deep)
        assert unreadable.severity == "error"
        assert unreadable.what.startswith(f"The file {name} cannot be opened as Parquet: {problem}")


def test_a_file_of_other_rows(found: Found, replaced: Replaced) -> None:
    name = replaced(ROWS, ROWS.head(1))
    [rows] = found("t")
    assert rows.severity == "error"
    assert rows.what == f"The file {name} has 1 rows, and the log says 2."


@pytest.mark.parametrize(
    ("column", "stored"),
    [
        (pl.Series(["a", "b"]), "string"),
        (pl.Series([0.5, 1.5]), "float64"),
        (pl.Series([[1], [2]]), "nested"),
        (pl.Series([1, 2], dtype=pl.UInt64), "uint64"),
    ],
)
def test_a_column_of_a_type_that_the_table_does_not_take(
    found: Found, replaced: Replaced, column: pl.Series, stored: str
) -> None:
    name = replaced(ROWS, ROWS.with_columns(k=column))
    [unfit] = found("t")
    assert unfit.severity == "error"
    assert unfit.what == f"The column 'k' is {stored} in the file {name}, which the table's long does not take."


def test_a_column_deep_in_others_is_told_by_its_whole_name(found: Found, replaced: Replaced) -> None:
    replaced(pl.DataFrame({"s": [{"a": [{"b": 1}]}]}), pl.DataFrame({"s": [{"a": [{"b": "text"}]}]}))
    assert found("t")[0].what.startswith("The column 's.a.b' is string in the file ")


def test_numbers_without_a_sign_are_taken_where_they_fit(found: Found, replaced: Replaced) -> None:
    large = pl.DataFrame({"k": [1, 3_000_000_000]})
    replaced(large, large.cast(pl.UInt32))
    assert found("t", deep=True) == []


@pytest.mark.parametrize("unit", ["ms", "ns"])
def test_times_of_other_units_are_taken(found: Found, replaced: Replaced, unit: Any) -> None:
    times = pl.DataFrame({"t": [datetime(2024, 1, 1, 1, 1, 1, 123_000, tzinfo=UTC)]})
    replaced(times.cast(pl.Datetime("us", "UTC")), times.cast(pl.Datetime(unit, "UTC")))
    assert found("t", deep=True) == []


@pytest.mark.parametrize("mapping", ["id", "name"])
def test_mapped_columns_are_held_against_their_own(found: Found, tmp_path: Path, mapping: Any) -> None:
    frame = ROWS.with_columns(s=pl.Series([{"a": 1, "l": [1]}, None]))
    place = handmade(tmp_path / "t", [frame, frame], mapping=mapping)
    assert found("t", deep=True) == []
    other = handmade(tmp_path / "other", [frame.with_columns(x=pl.lit("text"))], mapping=mapping)
    file = place / "part-00000.parquet"
    file.write_bytes((other / file.name).read_bytes())
    lines = (place / "_delta_log" / f"{0:020}.json").read_text().splitlines()
    actions = [json.loads(line) for line in lines]
    for action in actions:
        sized(file)(action)
    (place / "_delta_log" / f"{0:020}.json").write_text("\n".join(map(json.dumps, actions)))
    assert found("t")[0].what == (
        f"The column 'x' is string in the file {file.name}, which the table's double does not take."
    )


def test_a_column_that_came_or_went_is_no_fault(found: Found, tables: DeltaTables, tmp_path: Path) -> None:
    tables.write("t", ROWS).unwrap()
    write_deltalake(str(tmp_path / "t"), ROWS.with_columns(y=pl.lit("new")), mode="append", schema_mode="merge")
    assert found("t", deep=True) == []


def test_a_folder_that_cannot_be_listed(tables: DeltaTables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables.write("t", ROWS).unwrap()
    listing = LocalFolder.listing

    def refused(folder: LocalFolder, under: str = "") -> dict[str, int]:
        if not under:
            raise PermissionError(13, "Permission denied", str(tmp_path))
        return listing(folder, under)

    monkeypatch.setattr(LocalFolder, "listing", refused)  # root may list every folder
    report = tables.check("t").unwrap()
    assert report.findings[0].what == "The table's files cannot be listed: Permission denied."


# === Partitions ===


def test_times_of_partitions_without_a_zone_are_told(found: Found, tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [1], "p": [datetime(2024, 1, 1, tzinfo=UTC)]})
    write_deltalake(str(tmp_path / "t"), frame, partition_by=["p"])
    [zoneless] = found("t")
    assert zoneless.severity == "warning"
    assert zoneless.what.startswith("The partition column 'p' is of type timestamp, and its values in the log have no")
    assert "such as '2024-01-01 00:00:00.000000'" in zoneless.what
    assert "partition_time_zone=" in zoneless.next


@pytest.mark.parametrize("value", ["2024-01-01T00:00:00.000000Z", "2024-01-01 00:00:00.1234567+02:00", "", None])
def test_times_of_partitions_with_a_zone_are_whole(
    found: Found, tmp_path: Path, edited: Edited, value: str | None
) -> None:
    frame = pl.DataFrame({"x": [1], "p": [datetime(2024, 1, 1, tzinfo=UTC)]})
    write_deltalake(str(tmp_path / "t"), frame, partition_by=["p"])
    edited("t", 0, in_adds(lambda add: add.update(partitionValues={"p": value})))
    assert found("t") == []


@pytest.mark.parametrize(
    ("values", "told"),
    [({"p": "one"}, "'one'"), ({"p": "1.5"}, "'1.5'"), ({}, "no value")],
)
def test_a_value_of_a_partition_that_is_none_of_its_type(
    found: Found, tables: DeltaTables, edited: Edited, values: dict[str, str], told: str
) -> None:
    tables.write("t", ROWS.with_columns(p=1), options=WriteOptions(partition_by=("p",))).unwrap()
    edited("t", 0, in_adds(lambda add: add.update(partitionValues=values)))
    [unfit] = found("t")
    assert unfit.severity == "error"
    assert unfit.what.startswith(f"The log has {told} for the partition column 'p' (integer) of these files: p=1/part-")


# === Deletion vectors ===


@pytest.mark.parametrize("place", ["log", "file"])
def test_deletion_vectors_that_are_whole(found: Found, tables: DeltaTables, tmp_path: Path, place: Any) -> None:
    handmade(tmp_path / "t", [ROWS, ROWS], deletion_vectors={0: [0], 1: [0, 1]}, vectors_in=place)
    assert found("t", deep=True) == []
    assert tables.check("t").unwrap().rows == 1


def test_statistics_of_a_file_with_a_deletion_vector_may_be_of_the_rows_that_are_left(
    found: Found, tmp_path: Path, edited: Edited
) -> None:
    handmade(tmp_path / "t", [ROWS], deletion_vectors={0: [0]})
    left = {"numRecords": 2, "minValues": {"k": 2}, "maxValues": {"k": 2}, "nullCount": {"x": 1}, "tightBounds": True}
    edited("t", 0, in_adds(lambda add: add.update(stats=json.dumps(left))))
    assert found("t", deep=True) == []


def test_deletion_vectors_that_are_not(found: Found, tmp_path: Path) -> None:
    place = handmade(tmp_path / "t", [ROWS], deletion_vectors={0: [0]}, vectors_in="file")
    [vector] = place.glob("*.bin")
    content = vector.read_bytes()
    vector.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert found("t") == []
    [broken] = found("t", deep=True)
    assert broken.severity == "error"
    assert broken.what.startswith("The deletion vector u")
    assert broken.what.endswith("of the file part-00000.parquet is damaged: its checksum does not fit.")
    vector.write_bytes(content[:1] + b"\0\0\0\1" + content[5:])
    assert found("t", deep=True)[0].what.endswith(f"its file says that it has 1 bytes, and the log {len(content) - 9}.")
    vector.write_bytes(content[:-5])
    assert found("t")[0].what.endswith(f"is damaged: its file has {len(content) - 5} bytes of {len(content)}.")
    vector.unlink()
    [missing] = found("t")
    assert missing.severity == "error"
    assert missing.what.endswith(
        "of the file part-00000.parquet is missing: nobody can tell which of its rows are deleted."
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"cardinality": 3}, "The deletion vector of the file part-00000.parquet deletes 3 rows, and the file has 2."),
        ({"storageType": "x"}, "is damaged: its storage type 'x' is unknown."),
        ({"storageType": "u", "pathOrInlineDv": "no id"}, "is damaged: 'no id' is no id in Z85."),
    ],
)
def test_descriptors_of_deletion_vectors_that_cannot_be(
    found: Found, tmp_path: Path, edited: Edited, change: dict[str, Any], told: str
) -> None:
    handmade(tmp_path / "t", [ROWS], deletion_vectors={0: [0]})
    edited("t", 0, in_adds(lambda add: add["deletionVector"].update(change)))
    [impossible] = found("t")
    assert impossible.severity == "error"
    assert impossible.what.endswith(told)
