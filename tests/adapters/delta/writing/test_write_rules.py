"""What a Delta table asks of writers is done, or the write is refused before a byte is written."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, Schema, write_deltalake

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.table_writes import RowRefused, UnwritableTable
from foreset.domain.errors.tables import SchemaMismatch
from foreset.domain.tables.write_options import WriteMode, WriteOptions
from tests.handmade import actions, commit, handmade

Read = Callable[..., pl.DataFrame]
Files = Callable[[str], list[Path]]
FRAME = pl.DataFrame({"k": [1, 2], "s": ["a", "b"]})
WRITES: dict[str, tuple[WriteMode, WriteOptions]] = {
    "append": ("append", WriteOptions()),
    "overwrite": ("overwrite", WriteOptions()),
    "replace": ("overwrite", WriteOptions(replace_where="k > 0")),
    "merge": ("merge", WriteOptions(merge_on=("k",))),
}


def with_fields(path: Path, fields: list[dict[str, Any]], *, writer: int = 7, **settings: str) -> None:
    """A table whose fields and settings are those given, with a writer's version, and no rows."""
    features = {"writerFeatures": ["invariants", "generatedColumns", "checkConstraints"]} if writer == 7 else {}
    schema = {"type": "struct", "fields": [{"nullable": True, "metadata": {}, **field} for field in fields]}
    metadata = {
        "id": "a-table",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps(schema),
        "partitionColumns": [],
        "configuration": settings,
    }
    (path / "_delta_log").mkdir(parents=True)
    commit(path, {"protocol": {"minReaderVersion": 1, "minWriterVersion": writer, **features}}, {"metaData": metadata})


REFUSED: dict[str, Callable[[Path], object]] = {
    "the table feature rowTracking": lambda path: handmade(path, [FRAME], features=("timestampNtz", "rowTracking")),
    "the table feature clustering": lambda path: handmade(path, [FRAME], features=("timestampNtz", "clustering")),
    "the table feature icebergCompatV2": lambda path: handmade(
        path, [FRAME], features=("timestampNtz", "icebergCompatV2")
    ),
    "the table feature fromTheFuture": lambda path: handmade(path, [FRAME], features=("timestampNtz", "fromTheFuture")),
    "the identity column 'k'": lambda path: with_fields(
        path,
        [{"name": "k", "type": "long", "metadata": {"delta.identity.start": 1, "delta.identity.step": 1}}],
        writer=6,
    ),
}


@pytest.mark.parametrize("feature", REFUSED)
@pytest.mark.parametrize("kind", [*WRITES, "optimize"])
def test_what_asks_for_more_is_refused_by_name(
    tables: DeltaTables, tmp_path: Path, data_files: Files, feature: str, kind: str
) -> None:
    REFUSED[feature](tmp_path / "t")
    names = [*actions(tmp_path / "t", 0, "protocol")]
    if "readerFeatures" in names[0]:  # features of writers only
        log = tmp_path / "t" / "_delta_log" / f"{0:020}.json"
        log.write_text(
            log.read_text().replace(
                '"readerFeatures": ' + json.dumps(names[0]["readerFeatures"]), '"readerFeatures": ["timestampNtz"]'
            )
        )
    before = data_files("t")
    written = tables.optimize("t") if kind == "optimize" else tables.write("t", FRAME, *WRITES[kind])
    error = written.failure()
    assert isinstance(error, UnwritableTable)
    assert str(error).startswith(
        f"The table 't' uses {feature}, which this write would not do right. Nothing was written."
    )
    assert data_files("t") == before


# === Rows that a table's rules refuse ===


@pytest.mark.parametrize("kind", WRITES)
@pytest.mark.parametrize("bad", [-2, None])
def test_the_first_row_that_breaks_a_constraint_is_named(
    tables: DeltaTables, tmp_path: Path, data_files: Files, kind: str, bad: int | None
) -> None:
    write_deltalake(tmp_path / "t", FRAME)
    DeltaTable(tmp_path / "t").alter.add_constraint({"positive": "k > 0 OR s = 'zero'"})
    before = data_files("t")
    frame = pl.DataFrame({"k": [5, 6, 7, bad, bad], "s": ["a", "b", "zero", "b", "b"]})
    if kind == "replace":
        error = tables.write("t", frame, "overwrite", WriteOptions(replace_where="s IS NOT NULL")).failure()
    elif kind == "merge":
        error = tables.write("t", frame[:4], "merge", WriteOptions(merge_on=("s",))).failure()
        frame = frame.unique("s", keep="last", maintain_order=True)
        assert isinstance(error, RowRefused)  # of two rows with one key
        error = tables.write("t", frame, "merge", WriteOptions(merge_on=("s",))).failure()
    else:
        error = tables.write("t", frame, *WRITES[kind]).failure()
    assert isinstance(error, RowRefused)
    assert frame.row(error.row)[0] == bad
    assert "it breaks the constraint 'positive' (k > 0 OR s = 'zero')" in str(error)
    assert data_files("t") == before
    tables.write("t", FRAME, *WRITES[kind]).unwrap()


def test_an_invariant_and_a_generated_column_are_held(tables: DeltaTables, tmp_path: Path, read: Read) -> None:
    invariant = {"delta.invariants": json.dumps({"expression": {"expression": "k > 3"}})}
    generated = {"delta.generationExpression": "k * 2"}
    with_fields(
        tmp_path / "t",
        [{"name": "k", "type": "long", "metadata": invariant}, {"name": "g", "type": "long", "metadata": generated}],
    )
    assert "row 1" in str(tables.write("t", pl.DataFrame({"k": [4, 3], "g": [8, 6]})).failure()).lower()
    error = tables.write("t", pl.DataFrame({"k": [4], "g": [9]})).failure()
    assert "the generated column 'g' (k * 2)" in str(error)
    tables.write("t", pl.DataFrame({"k": [4], "g": [8]})).unwrap()
    assert read("t").rows() == [(4, 8)]


def test_a_constraint_that_cannot_be_told_refuses_the_table(tables: DeltaTables, tmp_path: Path) -> None:
    with_fields(tmp_path / "t", [{"name": "k", "type": "long"}], **{"delta.constraints.odd": "is_odd_in_spark(k)"})
    error = tables.write("t", FRAME.select("k")).failure()
    assert isinstance(error, UnwritableTable)
    assert "the constraint 'odd', which cannot be told: " in str(error)


def test_rows_that_come_in_parts_are_not_held_to_constraints_but_refused(tables: DeltaTables, tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", FRAME)
    DeltaTable(tmp_path / "t").alter.add_constraint({"positive": "k > 0"})
    error = tables.to_write("t").unwrap().replace(iter([FRAME, FRAME])).failure()
    assert "constraints, which are not held of rows that come in parts" in str(error)


LONG = {"name": "k", "type": "long", "nullable": False}
INNER = {"type": "struct", "fields": [{"name": "a", "type": "long", "nullable": False, "metadata": {}}]}
ITEMS = {"type": "array", "elementType": "long", "containsNull": False}
VALUES = {"type": "map", "keyType": "string", "valueType": "long", "valueContainsNull": False}
REQUIRED: dict[str, tuple[dict[str, Any], list[object], pl.DataType]] = {
    "a column": (LONG, [1, 2, None, None], pl.Int64()),
    "a field": ({"name": "k", "type": INNER}, [{"a": 1}, None, {"a": None}], pl.Struct({"a": pl.Int64})),
    "an item": ({"name": "k", "type": ITEMS}, [[1], [], [2, None], None], pl.List(pl.Int64)),
    "a value": ({"name": "k", "type": VALUES}, [{"x": 1}, {}, {"y": None}], pl.Map(pl.String(), pl.Int64())),
}


@pytest.mark.parametrize("case", REQUIRED)
def test_the_first_null_that_is_not_allowed_is_named(tables: DeltaTables, tmp_path: Path, case: str) -> None:
    field, values, dtype = REQUIRED[case]
    with_fields(tmp_path / "t", [field, {"name": "n", "type": "long"}])
    frame = pl.DataFrame({"k": pl.Series(values, dtype=dtype), "n": range(len(values))})
    error = tables.write("t", frame).failure()
    assert isinstance(error, RowRefused)
    assert error.row == 2
    assert "the column 'k' allows no null" in str(error)
    tables.write("t", frame[:2]).unwrap()


def test_an_append_only_table_loses_no_row(tables: DeltaTables, tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", FRAME, configuration={"delta.appendOnly": "true"})
    for kind in ("overwrite", "replace", "merge"):
        error = tables.write("t", FRAME, *WRITES[kind]).failure()
        assert isinstance(error, UnwritableTable)
        assert "delta.appendOnly, by which no row may be removed" in str(error)
        assert "Next: append to it, or set delta.appendOnly to false first." in str(error)
    tables.write("t", FRAME.with_columns(k=pl.col("k") + 10), "merge", WriteOptions(merge_on=("k",))).unwrap()
    assert tables.optimize("t").unwrap().merged == 2


# === Schema and protocol ===


def test_a_new_type_brings_its_table_feature(tables: DeltaTables, tmp_path: Path, read: Read) -> None:
    tables.write("t", FRAME).unwrap()
    timed = FRAME.with_columns(at=pl.lit(datetime(2024, 1, 1)))  # noqa: DTZ001  # a time without a zone is the case
    tables.write("t", timed, options=WriteOptions(schema_mode="merge")).unwrap()
    protocol = DeltaTable(tmp_path / "t").protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (3, 7)
    assert set(map(str, protocol.writer_features or ())) == {"appendOnly", "invariants", "timestampNtz"}
    write_deltalake(tmp_path / "t", timed, mode="append")
    assert read("t")["at"].null_count() == 2


def test_a_table_keeps_its_id_settings_and_partitions_with_another_schema(tables: DeltaTables, tmp_path: Path) -> None:
    settings = {"delta.logRetentionDuration": "interval 900 days"}
    write_deltalake(tmp_path / "t", FRAME, partition_by=["s"], configuration=settings, name="letters")
    before = DeltaTable(tmp_path / "t").metadata()
    options = WriteOptions(schema_mode="overwrite")
    tables.write("t", FRAME.rename({"k": "n"}), "overwrite", options).unwrap()
    after = DeltaTable(tmp_path / "t").metadata()
    assert (after.id, after.name, after.configuration) == (before.id, "letters", settings)
    assert after.partition_columns == ["s"]
    error = tables.write("t", FRAME.drop("s"), "overwrite", options).failure()
    assert "it has no column s to partition by" in str(error)
    again = WriteOptions(schema_mode="overwrite", partition_by=("k",))
    assert tables.write("t", FRAME, "overwrite", again).unwrap().partition_columns == ("k",)


def test_other_partitions_than_the_tables_are_refused(tables: DeltaTables) -> None:
    tables.write("t", FRAME, options=WriteOptions(partition_by=("s",))).unwrap()
    error = tables.write("t", FRAME, options=WriteOptions(partition_by=("k",))).failure()
    assert isinstance(error, SchemaMismatch)
    assert "the table is partitioned by s, and partition_by is k" in str(error)


def test_names_that_differ_only_in_capitals_are_refused(tables: DeltaTables) -> None:
    problem = "its columns 'k' and 'K' differ only in capitals, and readers take them for one"
    assert problem in str(tables.write("t", FRAME.with_columns(K=1)).failure())
    tables.write("t", FRAME).unwrap()
    wider = WriteOptions(schema_mode="merge")
    assert problem in str(tables.write("t", FRAME.rename({"k": "K"}), options=wider).failure())


def test_mapped_columns_are_kept(tables: DeltaTables, tmp_path: Path) -> None:
    handmade(tmp_path / "t", [FRAME], mapping="name")
    for mode, schema_mode in (("append", "merge"), ("overwrite", "overwrite")):
        options = WriteOptions(schema_mode=schema_mode)  # type: ignore[arg-type]  # parametrised
        error = tables.write("t", FRAME.with_columns(y=1), mode, options).failure()  # type: ignore[arg-type]
        assert "column mapping, by which new columns have ids" in str(error)
    assert tables.write("t", FRAME, "overwrite", WriteOptions(schema_mode="overwrite")).unwrap().version == 1


def test_settings_of_files_are_followed(tables: DeltaTables, tmp_path: Path, data_files: Files) -> None:
    settings = {"delta.targetFileSize": "1", "delta.dataSkippingNumIndexedCols": "1"}
    schema = Schema.from_arrow(FRAME.to_arrow().schema)
    DeltaTable.create(tmp_path / "t", schema, configuration=settings)
    tables.write("t", FRAME).unwrap()
    assert len(data_files("t")) == 2
    stats: Mapping[str, Any] = json.loads(actions(tmp_path / "t", 1, "add")[0]["stats"])
    assert stats == {"numRecords": 1, "minValues": {"k": 1}, "maxValues": {"k": 1}, "nullCount": {"k": 0}}
