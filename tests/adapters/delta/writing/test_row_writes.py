"""Replacing rows of a Delta table: only files that hold such rows are written anew, in their place in the order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.tables.write_options import WriteOptions
from tests.handmade import actions, handmade

Read = Callable[..., pl.DataFrame]
Files = Callable[[str], list[Path]]
FRAME = pl.DataFrame({"k": range(6), "p": ["a", "b"] * 3, "x": [n / 2 for n in range(6)]})
BY_K = WriteOptions(merge_on=("k",))


def seen_by_deltalake(path: Path) -> list[tuple[object, ...]]:
    return sorted(pl.DataFrame(DeltaTable(path).scan()).select("k", "p", "x").rows())


def test_files_without_such_rows_are_left_alone(tables: DeltaTables, read: Read, tmp_path: Path) -> None:
    for start in range(0, 6, 2):
        tables.write("t", FRAME[start : start + 2]).unwrap()
    kept = {file.path for file in tables.observe("t").unwrap().facts.data_files}
    facts = tables.write("t", FRAME[3:4].with_columns(x=9.0), "merge", BY_K).unwrap()
    assert len(kept & {file.path for file in facts.data_files}) == 2
    assert [len(actions(tmp_path / "t", 3, kind)) for kind in ("add", "remove")] == [2, 1]
    assert read("t")["k"].to_list() == [0, 1, 2, 4, 5, 3]
    assert seen_by_deltalake(tmp_path / "t") == sorted(read("t").rows())


def test_files_that_the_log_excludes_are_not_opened(tables: DeltaTables, data_files: Files) -> None:
    """One is damaged, and nobody notices, for its keys and its partition are others."""
    tables.write("t", FRAME[:3]).unwrap()
    (broken,) = data_files("t")
    broken.write_bytes(b"no Parquet")
    tables.write("t", FRAME[3:], "merge", BY_K).unwrap()
    tables.write("u", FRAME, options=WriteOptions(partition_by=("p",))).unwrap()
    (broken,) = (path for path in data_files("u") if path.parent.name == "p=b")
    whole = broken.read_bytes()
    broken.write_bytes(b"no Parquet")
    tables.write("u", FRAME[:1], "merge", WriteOptions(merge_on=("p", "k"))).unwrap()
    broken.write_bytes(whole)
    assert tables.observe("u").unwrap().facts.rows == 6


def test_a_condition_on_partitions_removes_whole_files(tables: DeltaTables, read: Read, tmp_path: Path) -> None:
    for _ in range(2):
        tables.write("t", FRAME, options=WriteOptions(partition_by=("p",))).unwrap()
    tables.write("t", FRAME[:1], "overwrite", WriteOptions(replace_where="p = 'a'")).unwrap()
    assert [len(actions(tmp_path / "t", 2, kind)) for kind in ("add", "remove")] == [1, 2]
    assert read("t")["k"].to_list() == [1, 3, 5, 1, 3, 5, 0]


@pytest.mark.parametrize("condition", ["day = '2024-01-02'", "day = DATE '2024-01-02'", "day IN ('2024-01-02')"])
def test_a_date_may_be_told_as_text(tables: DeltaTables, read: Read, condition: str) -> None:
    days = pl.DataFrame({"day": ["2024-01-01", "2024-01-02", None], "n": [1, 2, 3]}).with_columns(
        pl.col("day").str.to_date()
    )
    tables.write("t", days, options=WriteOptions(partition_by=("day",))).unwrap()
    tables.write("t", days[1:2].with_columns(n=9), "overwrite", WriteOptions(replace_where=condition)).unwrap()
    assert sorted(read("t")["n"].to_list()) == [1, 3, 9]


def test_a_time_told_as_text_is_in_utc_unless_it_says_otherwise(tables: DeltaTables, read: Read) -> None:
    noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    times = pl.DataFrame({"t": [noon + timedelta(hours=hour) for hour in range(4)], "n": range(4)})
    for condition, left in {
        "t < '2024-01-01 13:00:00'": [1, 2, 3],
        "t = '2024-01-01T15:00:00+01:00'": [0, 1, 3],
    }.items():
        tables.write("t", times, "overwrite").unwrap()
        tables.write("t", times.clear(), "overwrite", WriteOptions(replace_where=condition)).unwrap()
        assert read("t")["n"].to_list() == left


def test_a_new_column_may_come_with_rows_that_replace_others(tables: DeltaTables, read: Read, tmp_path: Path) -> None:
    tables.write("t", FRAME).unwrap()
    wider = FRAME[:1].with_columns(y=pl.lit("new"))
    tables.write("t", wider, "merge", WriteOptions(merge_on=("k",), schema_mode="merge")).unwrap()
    assert read("t")["y"].to_list() == [None] * 5 + ["new"]
    assert read("t", 0).equals(FRAME)
    assert DeltaTable(tmp_path / "t").version() == 1


# === What is left after others have written ===


@pytest.mark.parametrize("mapping", ["id", "name"])
@pytest.mark.parametrize("partition_by", [(), ("p",)])
def test_mapped_tables_are_written_under_their_names_in_files(
    tables: DeltaTables, read: Read, tmp_path: Path, mapping: str, partition_by: tuple[str, ...]
) -> None:
    frame = FRAME.sort("p", maintain_order=True).with_columns(s=pl.struct("k", inner=pl.struct("x")))
    files = [frame[:3], frame[3:]]
    handmade(tmp_path / "t", files, mapping=mapping, partition_by=partition_by)  # type: ignore[arg-type]
    tables.write("t", frame.with_columns(pl.col("k") + 10)).unwrap()
    tables.write("t", frame[:2].with_columns(x=9.0), "merge", BY_K).unwrap()
    tables.write("t", frame[2:3].with_columns(x=8.0), "overwrite", WriteOptions(replace_where="k = 4")).unwrap()
    assert sorted(read("t")["k"]) == [*range(6), *range(10, 16)]
    assert read("t").filter(pl.col("k") == 4)["x"].to_list() == [8.0]
    assert read("t")["s"].struct.field("k").sort().to_list() == sorted([*range(6)] * 2)
    assert tables.check("t", deep=True).unwrap().findings == ()
    if mapping == "name":  # deltalake looks for names in files, whatever their ids
        assert seen_by_deltalake(tmp_path / "t") == sorted(read("t").select("k", "p", "x").rows())


def test_deleted_rows_do_not_come_back(tables: DeltaTables, read: Read, tmp_path: Path) -> None:
    files = [FRAME[:3], FRAME[3:]]
    handmade(tmp_path / "t", files, deletion_vectors={0: [1], 1: [0, 2]}, features=("deletionVectors",))
    tables.write("t", FRAME[:1].with_columns(x=9.0), "merge", BY_K).unwrap()
    assert read("t")["k"].to_list() == [2, 4, 0]
    tables.optimize("t").unwrap()
    assert read("t")["k"].to_list() == [2, 4, 0]
    assert seen_by_deltalake(tmp_path / "t") == sorted(read("t").rows())
    tables.write("t", FRAME, "overwrite").unwrap()
    assert seen_by_deltalake(tmp_path / "t") == sorted(FRAME.rows())


@pytest.mark.parametrize("partition_by", [[], ["p"]])
def test_a_change_data_feed_tells_what_was_done(tables: DeltaTables, tmp_path: Path, partition_by: list[str]) -> None:
    settings = {"delta.enableChangeDataFeed": "true"}
    write_deltalake(tmp_path / "t", FRAME, partition_by=partition_by or None, configuration=settings)
    tables.write("t", pl.DataFrame({"k": [1, 9], "p": ["b", "b"], "x": [7.0, 8.0]}), "merge", BY_K).unwrap()
    tables.write(
        "t", FRAME[:1].with_columns(x=3.0), "overwrite", WriteOptions(replace_where="k < 2 AND p = 'a'")
    ).unwrap()
    tables.optimize("t").unwrap()
    feed = pl.DataFrame(DeltaTable(tmp_path / "t").load_cdf(starting_version=1))
    told = feed.select("_commit_version", "_change_type", "k", "x").rows()
    assert sorted(told) == [
        (1, "insert", 9, 8.0),
        (1, "update_postimage", 1, 7.0),
        (1, "update_preimage", 1, 0.5),
        (2, "delete", 0, 0.0),
        (2, "insert", 0, 3.0),
    ]
    changes = tables.changes("t", 0).unwrap()
    assert changes.facts.how == "change data feed"
    assert sorted(pl.DataFrame(changes.read().unwrap()).select(feed.columns[:3]).rows()) == sorted(
        feed.select(feed.columns[:3]).rows()
    )


# === Order ===


def test_what_won_a_tie_wins_it_still(tmp_path: Path) -> None:
    """Rows of one key and time: the last in the snapshot's order serves, before and after each kind of write."""
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "data").unwrap()
    day = datetime(2024, 1, 1, tzinfo=UTC)
    tied = pl.DataFrame({"city": ["Rome"] * 3, "at": [day] * 3, "n": [0, 1, 2], "other": [0, 1, 2]})
    for start in (0, 10, 20):
        store.tables.write(tied.with_columns(pl.col("n", "other") + start), "rain").unwrap()
    store.register(
        EntitySpec("city", ["city"]), FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["n"])
    ).unwrap()
    labels = pl.DataFrame({"city": ["Rome"], "event_timestamp": [day]})

    def served() -> object:
        return store.training_set(TrainingSetSpec(["rain:n"]), labels).unwrap().frame["n"].item()

    assert served() == 22
    store.tables.write(tied[:1].with_columns(other=1), "rain", mode="merge", merge_on="other").unwrap()
    assert served() == 0  # the newest row
    store.tables.write(tied[:0], "rain", mode="overwrite", replace_where="other = 1").unwrap()
    assert served() == 22
    store.tables.write(tied[:0], "rain", mode="overwrite", replace_where="n = 22 OR n = 10").unwrap()
    assert served() == 21
    assert store.tables.optimize("rain").unwrap().into == 1
    assert served() == 21
