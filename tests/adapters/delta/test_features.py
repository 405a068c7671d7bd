"""Features of the Delta protocol that few readers have: read in full, in the snapshot's order, by every way."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pytest
from deltalake import DeltaTable
from returns.result import Success

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.shared.parquet.scan import deleted_rows
from foreset.domain.errors.problem import Problem
from foreset.domain.errors.tables import PartitionTimeUnclear, UnfitPath, UnknownTimeZone, UnsupportedTable
from foreset.domain.facts import DataFile
from tests.handmade import actions, commit, handmade

Read = Callable[..., pl.DataFrame]
Refused = Callable[..., Problem]


def at(day: int) -> datetime:
    return datetime(2024, 1, day, tzinfo=UTC)


def rows(*keys: int) -> pl.DataFrame:
    times = pl.Series([at(key) for key in keys], dtype=pl.Datetime("us", "UTC"))
    return pl.DataFrame({"k": list(keys), "t": times, "x": [key / 2 for key in keys]})


def served(folder: Path, feature: str = "x", **source: Any) -> list[Any]:
    """The feature of the last row of key 1 to 9, by a retrieval."""
    store = FeatureStore.open(folder / "store", data_dir=folder).unwrap()
    view = FeatureViewSpec("v", ["e"], DeltaSource("t", "t", **source), [feature])
    store.register(EntitySpec("e", ["k"]), view).unwrap()
    spine = pl.DataFrame({"k": range(1, 10), "event_timestamp": [at(31)] * 9})
    return store.training_set(TrainingSetSpec([f"v:{feature}"]), spine).unwrap().frame[feature].to_list()


# === Deletion vectors ===


@pytest.mark.parametrize("vectors_in", ["log", "file"])
def test_deleted_rows_are_not_read(read: Read, tmp_path: Path, vectors_in: Any) -> None:
    handmade(tmp_path / "t", [rows(1, 2, 3), rows(4, 5)], deletion_vectors={0: [0, 2]}, vectors_in=vectors_in)
    assert read("t").equals(pl.concat([rows(2), rows(4, 5)]))
    facts = DeltaTables(tmp_path).observe("t").unwrap().facts
    assert (facts.rows, [file.rows for file in facts.data_files]) == (3, [1, 2])
    assert served(tmp_path) == [None, 1.0, None, 2.0, 2.5, None, None, None, None]


def test_deleted_rows_of_partitions_are_not_read(read: Read, tmp_path: Path) -> None:
    files = [rows(1, 2).with_columns(p=pl.lit("a b/%41ü")), rows(3, 4).with_columns(p=pl.lit(None, pl.String))]
    handmade(tmp_path / "t", files, deletion_vectors={0: [1], 1: [0, 1]}, partition_by=("p",))
    assert read("t").equals(files[0].head(1))


def test_many_deleted_rows_of_a_large_file(read: Read, tmp_path: Path) -> None:
    large = pl.DataFrame({"k": range(200_000)}).with_columns(x=pl.col("k") * 2)
    gone = [*range(0, 200_000, 3), *range(70_000, 140_000)]
    handmade(tmp_path / "t", [large], deletion_vectors={0: gone}, vectors_in="file")
    assert read("t").equals(large.filter(~pl.col("k").is_in(gone)))


def test_a_newer_deletion_vector_takes_the_place_of_the_older(read: Read, tmp_path: Path) -> None:
    path = handmade(tmp_path / "t", [rows(1, 2, 3)], deletion_vectors={0: [0]})
    other = handmade(tmp_path / "other", [rows(1, 2, 3)], deletion_vectors={0: [0, 1]})
    [old], [new] = actions(path, 0, "add"), actions(other, 0, "add")
    gone = {"path": old["path"], "deletionVector": old["deletionVector"], "dataChange": True, "deletionTimestamp": 0}
    assert commit(path, {"remove": gone}, {"add": new}) == 1
    assert read("t").equals(rows(3))
    assert read("t", 0).equals(rows(2, 3))


def test_a_part_of_a_file_has_its_deleted_rows() -> None:
    gone = {0, 7, 8, 9, 30, 31}
    vector = sum(1 << row for row in gone).to_bytes(4, "little")
    file = DataFile(path="f", rows=26, size_bytes=0, modified_ms=0, deleted=vector)
    assert deleted_rows(file).tolist() == sorted(gone)
    for start in range(32):
        for count in range(1, 33 - start):
            asked = [row - start for row in sorted(gone) if start <= row < start + count]
            assert deleted_rows(file, start, count).tolist() == asked


# === Column mapping ===

NESTED = pl.DataFrame(
    {
        "k": [1, 2],
        "s": [{"a": 1, "in": {"b": "x"}}, None],
        "l": [[{"c": 1.5}, {"c": None}], []],
    }
)


@pytest.mark.parametrize("features", [(), ("columnMapping",)])
@pytest.mark.parametrize("mapping", ["id", "name"])
def test_mapped_columns_have_their_values(
    read: Read, tmp_path: Path, mapping: Literal["id", "name"], features: tuple[str, ...]
) -> None:
    handmade(tmp_path / "t", [rows(1, 2), rows(3)], mapping=mapping, features=features)
    assert read("t").equals(rows(1, 2, 3))
    assert read("t")["x"].to_list() == [0.5, 1.0, 1.5]
    assert served(tmp_path)[:4] == [0.5, 1.0, 1.5, None]


@pytest.mark.parametrize("mapping", ["id", "name"])
def test_fields_inside_mapped_columns_have_their_values(read: Read, tmp_path: Path, mapping: Any) -> None:
    handmade(tmp_path / "t", [NESTED, NESTED], mapping=mapping)
    assert read("t").equals(pl.concat([NESTED, NESTED]))


@pytest.mark.parametrize("mapping", ["id", "name"])
def test_mapped_partition_columns_have_their_values(read: Read, tmp_path: Path, mapping: Any) -> None:
    files = [
        rows(1, 2).with_columns(p=pl.lit("a"), q=pl.lit(1)),
        rows(3).with_columns(p=pl.lit("b"), q=pl.lit(None, pl.Int32)),
    ]
    handmade(tmp_path / "t", files, mapping=mapping, partition_by=("p", "q"))
    assert read("t").equals(pl.concat(files))


@pytest.mark.parametrize("mapping", ["id", "name"])
def test_a_renamed_a_swapped_and_a_dropped_column(read: Read, tmp_path: Path, mapping: Any) -> None:
    path = handmade(tmp_path / "t", [rows(1, 2)], mapping=mapping)
    change_schema(path, lambda fields: swap_names(fields, 0, 2)[::2])
    assert read("t").equals(rows(1, 2).select(x=pl.col("k"), k=pl.col("x")))
    change_schema(path, lambda fields: [{**fields[0], "name": "new name"}])
    assert read("t").equals(rows(1, 2).select(pl.col("k").alias("new name")))
    assert read("t", 0).equals(rows(1, 2))


@pytest.mark.parametrize("mapping", ["id", "name"])
def test_a_column_that_was_dropped_and_made_anew_is_null_in_old_files(read: Read, tmp_path: Path, mapping: Any) -> None:
    path = handmade(tmp_path / "t", [rows(1, 2)], mapping=mapping)
    fresh = {"delta.columnMapping.id": 77, "delta.columnMapping.physicalName": "col-new"}
    change_schema(path, lambda fields: [*fields[:2], {**fields[2], "metadata": fresh}])
    assert read("t")["x"].to_list() == [None, None]
    assert read("t", 0)["x"].to_list() == [0.5, 1.0]


def test_a_column_of_no_id_is_not_found_by_its_name(read: Read, tmp_path: Path) -> None:
    """In the mode `id` names in files mean nothing, even where one is that of another column."""
    path = handmade(tmp_path / "t", [rows(1, 2)], mapping="id")
    stranger = {"delta.columnMapping.id": 77, "delta.columnMapping.physicalName": "file-3"}
    change_schema(path, lambda fields: [fields[0], {**fields[2], "metadata": stranger}])
    assert read("t")["x"].to_list() == [None, None]


def test_files_without_field_ids_are_refused_by_id(refused: Refused, tmp_path: Path) -> None:
    path = handmade(tmp_path / "t", [rows(1)], mapping="id")
    rows(1).write_parquet(path / "part-00000.parquet")
    error = refused("t")
    assert isinstance(error, UnsupportedTable)
    assert f"column mapping by id, and its file {path / 'part-00000.parquet'} has no field ids" in str(error)


def test_an_unknown_mapping_is_refused(refused: Refused, tmp_path: Path) -> None:
    handmade(tmp_path / "t", [rows(1)], configuration={"delta.columnMapping.mode": "guess"})
    assert "guess" in str(refused("t"))


def test_files_are_skipped_by_the_statistics_of_mapped_columns(tmp_path: Path) -> None:
    handmade(tmp_path / "t", [rows(1), rows(20)], mapping="name")
    ranges = [file.ranges for file in DeltaTables(tmp_path).observe("t").unwrap().facts.data_files]
    assert [known["k"] for known in ranges] == [(1, 1), (20, 20)]
    assert set(ranges[0]) == {"k", "t"}


def change_schema(path: Path, change: Callable[[list[Any]], list[Any]]) -> None:
    """Commit other fields for those of the first commit."""
    [metadata] = actions(path, 0, "metaData")
    fields = change(json.loads(metadata["schemaString"])["fields"])
    commit(path, {"metaData": {**metadata, "schemaString": json.dumps({"type": "struct", "fields": fields})}})


def swap_names(fields: list[Any], one: int, other: int) -> list[Any]:
    swapped = list(fields)
    swapped[one] = {**fields[one], "name": fields[other]["name"]}
    swapped[other] = {**fields[other], "name": fields[one]["name"]}
    return swapped


# === Type widening ===

WIDENED: dict[str, tuple[list[Any], pl.DataType, pl.DataType]] = {
    "byte to long": ([-128, 127, None], pl.Int8(), pl.Int64()),
    "int to long": ([-(2**31), 5, None], pl.Int32(), pl.Int64()),
    "int to double": ([2**31 - 1, 5, None], pl.Int32(), pl.Float64()),
    "float to double": ([0.1, -1.5, None], pl.Float32(), pl.Float64()),
    "long to decimal": ([2**63 - 1, 5, None], pl.Int64(), pl.Decimal(21, 1)),
    "decimal to wider decimal": ([Decimal("1.25"), Decimal("-0.01"), None], pl.Decimal(10, 2), pl.Decimal(20, 5)),
    "date to timestamp": ([date(1, 1, 1), date(9999, 12, 31), None], pl.Date(), pl.Datetime("us")),
    "inside a list": ([[1], [], None], pl.List(pl.Int32), pl.List(pl.Int64)),
    "inside a struct": ([{"a": 1}, {"a": None}, None], pl.Struct({"a": pl.Int8}), pl.Struct({"a": pl.Int64})),
}


@pytest.mark.parametrize("case", WIDENED)
@pytest.mark.parametrize("mapping", [None, "name"])
def test_a_widened_column_has_its_old_values(
    read: Read, tmp_path: Path, case: str, mapping: Literal["name"] | None
) -> None:
    values, old, new = WIDENED[case]
    before = pl.DataFrame({"k": [1, 2, 3], "x": pl.Series(values, dtype=old)})
    after = before.cast({"x": new})
    path = handmade(tmp_path / "t", [after, after], features=("typeWidening",), mapping=mapping)
    older = handmade(tmp_path / "older", [before], mapping=mapping)
    (older / "part-00000.parquet").replace(path / "part-00000.parquet")
    changed = {"delta.typeChanges": [{"fromType": "old", "toType": "new"}]}
    change_schema(path, lambda fields: [fields[0], {**fields[1], "metadata": {**fields[1]["metadata"], **changed}}])
    assert read("t").equals(pl.concat([after, after]))


# === Times ===

LONG_AGO_AND_FAR_AHEAD = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), None]


@pytest.mark.parametrize("nested", [False, True])
def test_int96_times_beyond_nanoseconds_are_right(read: Read, tmp_path: Path, *, nested: bool) -> None:
    times = pl.Series(LONG_AGO_AND_FAR_AHEAD, dtype=pl.Datetime("us", "UTC"))
    frame = pl.DataFrame({"k": [1, 2, 3], "t": times})
    if nested:
        frame = frame.select("k", t=pl.concat_list("t"))
    handmade(tmp_path / "t", [frame], int96=True)
    assert read("t").equals(frame)


PARIS = {
    "2024-07-01 12:00:00": 10,
    "2024-01-01 12:00:00": 11,
    "2024-01-01T12:00:00.5Z": 12,
    "1969-12-31 23:59:59.25": 22,
}


def partitioned_by_time(path: Path, text: str | None) -> Path:
    frame = rows(1).with_columns(p=pl.lit(at(1)).cast(pl.Datetime("us", "UTC")))
    handmade(path, [frame], partition_by=("p",))
    log = path / "_delta_log" / f"{0:020}.json"
    log.write_text(log.read_text().replace('"p": "2024-01-01 00:00:00"', f'"p": {json.dumps(text)}'))
    return path


@pytest.mark.parametrize("text", PARIS)
def test_a_time_of_a_partition_is_read_in_the_zone_named(tmp_path: Path, text: str) -> None:
    partitioned_by_time(tmp_path / "t", text)
    seen = DeltaTables(tmp_path).observe("t", partition_time_zone="Europe/Paris").unwrap()
    [moment] = pl.DataFrame(seen.read(("p",)).unwrap())["p"].to_list()
    assert (moment.tzinfo is not None, moment.hour) == (True, PARIS[text])


def test_a_time_of_a_partition_that_has_a_zone_needs_none(read: Read, tmp_path: Path) -> None:
    partitioned_by_time(tmp_path / "t", "2024-01-01T12:00:00.500000Z")
    assert read("t")["p"].to_list() == [datetime(2024, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)]


@pytest.mark.parametrize("text", ["2024-10-27 02:30:00", "2024-03-31 02:30:00"])
def test_a_time_of_a_partition_that_a_zone_has_twice_or_never_is_refused(tmp_path: Path, text: str) -> None:
    partitioned_by_time(tmp_path / "t", text)
    seen = DeltaTables(tmp_path).observe("t", partition_time_zone="Europe/Paris").unwrap()
    error = seen.read(("p",)).failure()
    assert isinstance(error, PartitionTimeUnclear)
    assert f"such as {text!r}, without a time zone, and in Europe/Paris that is no single moment" in str(error)


def test_a_partition_of_no_time_needs_no_zone(read: Read, tmp_path: Path) -> None:
    partitioned_by_time(tmp_path / "t", None)
    assert read("t")["p"].to_list() == [None]


@pytest.mark.parametrize("form", ["{0}", "file:{0}", "file://{0}"])
def test_a_time_of_a_partition_is_found_for_a_file_named_by_an_absolute_path(
    read: Read, tmp_path: Path, form: str
) -> None:
    path = partitioned_by_time(tmp_path / "t", "2024-01-01T12:00:00Z")
    log = path / "_delta_log" / f"{0:020}.json"
    place = form.format(path / "part-00000.parquet")
    log.write_text(log.read_text().replace('"part-00000.parquet"', json.dumps(place)))
    assert read("t")["p"].to_list() == [datetime(2024, 1, 1, 12, tzinfo=UTC)]


def test_a_zone_that_is_none_is_refused(tmp_path: Path) -> None:
    handmade(tmp_path / "t", [rows(1)])
    error = DeltaTables(tmp_path).observe("t", partition_time_zone="Europe/Atlantis").failure()
    assert error == UnknownTimeZone(table="t", zone="Europe/Atlantis")
    assert "Next: give a name of the IANA time zone database" in str(error)


def test_a_zone_goes_into_plan_and_rebuild(tmp_path: Path) -> None:
    partitioned_by_time(tmp_path / "t", "2024-01-01 12:00:00")
    assert served(tmp_path, "p", partition_time_zone="Europe/Paris")[0].hour == 11
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path).unwrap()
    [receipt] = [recorded.event for recorded in store.log.events().unwrap() if hasattr(recorded.event, "plan")]
    assert receipt.plan.scans[0].partition_time_zone == "Europe/Paris"
    assert store.rebuild(receipt.id).unwrap().frame["p"][0].hour == 11


# === What is refused ===


def test_a_column_of_variants_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    path = handmade(tmp_path / "t", [rows(1)], features=("variantType",))
    change_schema(path, lambda fields: [*fields, {"name": "v", "type": "variant", "nullable": True, "metadata": {}}])
    seen = DeltaTables(tmp_path).observe("t").unwrap()
    assert pl.DataFrame(seen.read(("k", "x")).unwrap()).equals(rows(1).select("k", "x"))
    error = seen.read(("k", "v")).failure()
    assert isinstance(error, UnsupportedTable)
    assert "uses the column 'v' of type variant, which Foreset does not read in full" in str(error)
    assert served(tmp_path)[0] == 0.5


def test_a_path_that_would_open_another_table_is_refused(tmp_path: Path, refused: Refused) -> None:
    handmade(tmp_path / "a b", [rows(1)])
    handmade(tmp_path / "a%20b", [rows(2)])
    error = refused(str(tmp_path / "a%20b"))
    assert isinstance(error, UnfitPath)
    assert "has '%20' in it, which some readers take for something else. Next: rename the folder" in str(error)
    assert isinstance(DeltaTables(tmp_path).write(str(tmp_path / "a%20b"), rows(1)).failure(), UnfitPath)


def test_a_folder_is_read_as_deltalake_reads_it_or_refused_for_its_characters(tmp_path: Path) -> None:
    whole = handmade(tmp_path / "whole", [rows(1)])
    refused = set[str]()
    for number, sign in enumerate(
        [*map(chr, range(1, 256)), "%2F", "%zz", "\u2028", "\ufeff", "e\u0301", "\N{GRINNING FACE}"]
    ):
        for name in (f"x{sign}y", f"{sign}x", f"x{sign}") if sign != "/" else ():
            place = tmp_path / str(number) / name
            shutil.copytree(whole, place)
            seen = DeltaTables(tmp_path).observe(str(place))
            written = DeltaTables(tmp_path).write(str(place), rows(1))
            if isinstance(seen, Success):
                assert pl.DataFrame(seen.unwrap().read(("k", "x")).unwrap()).equals(rows(1).select("k", "x"))
                assert pl.DataFrame(DeltaTable(str(place)).to_pyarrow_table()).height == 2 * rows(1).height
                assert isinstance(written, Success)
            else:
                assert isinstance(seen.failure(), UnfitPath)
                assert isinstance(written.failure(), UnfitPath)
                refused.add(sign)
            assert [path.name for path in (tmp_path / str(number)).iterdir()] == [name]
            shutil.rmtree(tmp_path / str(number))
    assert refused == {*map(chr, range(1, 32)), "\x7f", "\\", "%2F"}
