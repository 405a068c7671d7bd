"""Where a key is, and what is to be done about it."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable
from returns.result import Result

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.adapters.polars.table_rows.key_search import PolarsKeySearch
from foreset.application.erasure.find_key import find_key
from foreset.application.ports.tables import Snapshot
from foreset.domain.errors.tables import TableError
from tests.erasing.conftest import ANN, CUSTOMERS, OTHERS, SPINE, day, opened
from tests.erasing.sets import build


def test_a_key_that_is_nowhere_is_found_nowhere(store: FeatureStore) -> None:
    build(store)
    events = store.log.events().unwrap()
    done = store.keys.erase("customer", "nobody@example.com").unwrap()
    assert done.report.is_nowhere
    assert done.was_nowhere
    assert store.log.events().unwrap() == events


def test_tables_are_told_with_what_to_do(store: FeatureStore, tmp_path: Path) -> None:
    report = store.keys.find("customer", ANN).unwrap()
    (holding,) = report.tables
    assert (holding.table, holding.version, holding.rows, holding.is_current) == ("customers", 0, 1, True)
    delete, vacuum = report.steps
    place = str(tmp_path / "data" / "customers")
    assert f"deltalake.DeltaTable('{place}').delete(\"mail = '{ANN}'\")" in delete
    assert f"DELETE FROM delta.`{place}` WHERE mail = '{ANN}'" in delete  # noqa: S608  # what is shown
    assert "foreset vacuum customers --hours 168" in vacuum


def test_the_shown_command_deletes_and_older_versions_are_told_until_vacuumed(
    store: FeatureStore, tmp_path: Path
) -> None:
    (delete, _) = store.keys.find("customer", ANN).unwrap().steps
    exec(delete.splitlines()[1].strip(), {"deltalake": __import__("deltalake")})  # noqa: S102  # what a user would run
    store.tables.write(
        CUSTOMERS.tail(1).with_columns(age=pl.lit(64)), "customers", mode="merge", merge_on=["mail"]
    ).unwrap()
    report = store.keys.find("customer", ANN).unwrap()
    (holding,) = report.tables
    assert (holding.version, holding.newest, holding.rows, holding.is_current) == (0, 2, 1, False)
    assert [step.splitlines()[-1] for step in report.steps] == ["    foreset vacuum customers --hours 168"]
    DeltaTable(str(tmp_path / "data" / "customers")).vacuum(0, dry_run=False, enforce_retention_duration=False)
    after = store.keys.find("customer", ANN).unwrap()
    assert after.tables == ()
    assert [unread.place for unread in after.unread] == ["customers@1"]
    assert after.is_whole


def test_an_erased_set_does_not_keep_a_vacuum_from_the_table(store: FeatureStore) -> None:
    build(store)
    store.tables.write(CUSTOMERS.tail(2), "customers", mode="overwrite").unwrap()
    assert [told.fate for told in store.tables.retention("customers", hours=0).unwrap().sets] == ["lost"]
    store.keys.erase("customer", ANN).unwrap()
    assert store.tables.retention("customers", hours=0).unwrap().sets == ()


def test_views_and_entities_that_are_gone_are_looked_at_too(store: FeatureStore) -> None:
    held = build(store)
    store.remove(views=["ages"], entities=["customer"]).unwrap()
    done = store.keys.erase("customer", ANN).unwrap()
    assert [h.table for h in done.report.tables] == ["customers"]
    assert [h.id for h in done.report.training_sets] == [held]


def test_a_join_key_that_was_renamed_is_looked_for_by_all_its_names(store: FeatureStore) -> None:
    old = build(store)
    renamed = FeatureViewSpec(
        "ages", ["customer"], DeltaSource("customers", "at", field_mapping={"mail": "who"}), ["age"]
    )
    store.register(EntitySpec("customer", ["who"]), renamed).unwrap()
    new = build(store, SPINE.rename({"mail": "who"}))
    done = store.keys.erase("customer", ANN).unwrap()
    assert {h.id for h in done.report.training_sets} == {old, new}
    assert len(done.report.tables) == 1


def test_the_key_of_another_entity_of_the_same_name_stays(tmp_path: Path) -> None:
    store = opened(tmp_path)
    rows = pl.DataFrame({"id": [7, 8], "at": [day(1)] * 2, "x": [1.0, 2.0]})
    for name in ("dog", "cat"):
        store.tables.write(rows, f"{name}s").unwrap()
        view = FeatureViewSpec(name, [name], DeltaSource(f"{name}s", "at"), ["x"])
        store.register(EntitySpec(name, ["id"]), view).unwrap()
    spine = rows.select("id", event_timestamp="at")
    dogs = store.training_set(TrainingSetSpec(["dog:x"]), spine).unwrap().id
    cats = store.training_set(TrainingSetSpec(["cat:x"]), spine.with_columns(y=1)).unwrap().id
    done = store.keys.erase("cat", 7).unwrap()
    assert [h.id for h in done.report.training_sets] == [cats]
    assert [h.table for h in done.report.tables] == ["cats"]
    assert store.rebuild(dogs).unwrap().id == dogs


def test_what_cannot_be_looked_at_is_told(store: FeatureStore, tmp_path: Path) -> None:
    unkept = build(store, keep_spine=False)
    build(store, OTHERS)
    for path in (tmp_path / "store" / "spines").iterdir():
        path.write_bytes(b"broken")
    report = store.keys.find("customer", ANN).unwrap()
    assert [(unread.kept, unread.place.split("/")[0]) for unread in report.unread] == [
        (True, "spines"),
        (False, f"the spine of {unkept}"),
    ]
    assert not report.is_whole


@pytest.mark.parametrize(("key", "rows"), [(1, 1), (5, 2), (10, 1), (15, 1), (7, 0), (16, 0)])
def test_a_key_at_the_edge_of_a_file_is_found(tmp_path: Path, key: int, rows: int) -> None:
    store = opened(tmp_path)
    for keys in ([1, 5, 5], [10, 15]):
        store.tables.write(pl.DataFrame({"k": keys, "at": [day(1)] * len(keys), "x": keys}), "t").unwrap()
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])).unwrap()
    assert [holding.rows for holding in store.keys.find("e", key).unwrap().tables] == ([rows] if rows else [])


def test_versions_whose_files_were_looked_at_are_not_read_again(store: FeatureStore) -> None:
    class Counting(PolarsKeySearch):
        read = 0

        def in_table(self, snapshot: Snapshot, form: Mapping[str, object]) -> Result[int, TableError]:
            self.read += 1
            return super().in_table(snapshot, form)

    for _ in range(3):
        store.tables.write(CUSTOMERS, "customers").unwrap()
    search = Counting()
    assert find_key("customer", "nobody", store.adapters, search).unwrap().report.is_nowhere
    assert search.read == 1
