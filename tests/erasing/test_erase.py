"""A key is erased from all that the store keeps, and what held it says so."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable
from returns.result import Result, Success

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.adapters.polars.key_search import PolarsKeySearch
from foreset.application.find_key import find_key
from foreset.application.table_ports import Snapshot
from foreset.domain.chain_audit import audit
from foreset.domain.erasure import KeyErased
from foreset.domain.errors.erasure import KeyNamed, KeyUnfit, SpineErased, TrainingSetErased
from foreset.domain.errors.specs import UnknownEntity
from foreset.domain.errors.tables import TableError
from foreset.domain.model import ModelTrained
from foreset.domain.receipt import training_set_stream
from foreset.domain.spec import SpineReference
from tests.erasing.conftest import AGES, ANN, BOB, CUSTOMER, CUSTOMERS, OTHERS, SPINE, day, left_in, opened

SPEC = TrainingSetSpec(["ages:age"])


def erasures(store: FeatureStore) -> list[KeyErased]:
    return [r.event for r in store.history().unwrap() if isinstance(r.event, KeyErased)]


def build(store: FeatureStore, spine: Any = SPINE, **more: Any) -> str:
    return store.training_set(SPEC, spine, **more).unwrap().id


# === What is kept ===


def test_a_spine_that_holds_the_key_goes_and_its_set_says_so(store: FeatureStore, tmp_path: Path) -> None:
    held, other = build(store), build(store, OTHERS)
    done = store.erase("customer", ANN, requested_by="dora", reason="ticket 1187").unwrap()
    assert [(h.id, h.rows, h.where) for h in done.report.training_sets] == [(held, 2, "kept")]
    assert (len(done.removed), done.redacted, done.completed) == (1, (), 0)
    error = store.rebuild(held).failure()
    assert isinstance(error, TrainingSetErased)
    assert f"The training set {held} cannot be rebuilt, nor can it be pinned: a key of the entity 'customer'" in str(
        error
    )
    assert ", as dora asked (ticket 1187). Next: build another one" in str(error)
    assert store.rebuild(other).unwrap().id == other
    assert left_in(tmp_path / "store", ANN) == []
    assert left_in(tmp_path / "store", BOB) != []


def test_what_is_recorded_does_not_tell_the_key(store: FeatureStore) -> None:
    held = build(store)
    store.erase("customer", ANN, requested_by="dora").unwrap()
    (event,) = erasures(store)
    spine = f"spines/{store.receipt(held).unwrap().spine.fingerprint}"
    assert event == KeyErased(
        entity="customer", requested_by="dora", reason=None, training_sets=(held,), spines=(spine,)
    )


def test_a_spine_that_is_given_again_is_refused(store: FeatureStore) -> None:
    held = build(store)
    store.erase("customer", ANN).unwrap()
    assert isinstance(store.rebuild(held, spine=SPINE).failure(), TrainingSetErased)
    for keep in (True, False):
        error = store.training_set(SPEC, SPINE, keep_spine=keep).failure()
        assert isinstance(error, SpineErased)
        assert "without saying who asked. Next: leave the rows of that key out." in str(error)
    assert isinstance(store.pin(held, spine=SPINE).failure(), TrainingSetErased)
    assert build(store, OTHERS)


def test_pins_go_and_are_given_up(store: FeatureStore, tmp_path: Path) -> None:
    held, other = build(store, keep_spine=False), build(store, OTHERS)
    for identifier, spine in ((held, SPINE), (other, None)):
        store.pin(identifier, spine=spine).unwrap()
    done = store.erase("customer", ANN).unwrap()
    assert [(h.id, h.where) for h in done.report.training_sets] == [(held, "pinned")]
    assert {name.split("/")[1] for name in done.removed} == {held}
    assert [pin.id for pin in store.pins().unwrap()] == [other]
    assert isinstance(store.rebuild(held, from_pin=True).failure(), TrainingSetErased)
    assert store.rebuild(other, from_pin=True).unwrap().id == other
    assert left_in(tmp_path / "store", ANN) == []


def test_a_set_whose_spine_is_a_table_is_marked(store: FeatureStore) -> None:
    store.write(SPINE, "labels").unwrap()
    everyone = build(store, SpineReference(path="labels"))
    bobs = build(store, SpineReference(path="labels", filter=f"mail = '{BOB}'"))
    done = store.erase("customer", ANN).unwrap()
    assert [(h.id, h.rows, h.where) for h in done.report.training_sets] == [(everyone, 2, "table")]
    assert isinstance(store.rebuild(everyone).failure(), TrainingSetErased)
    assert store.rebuild(bobs).unwrap().id == bobs


def test_a_condition_that_names_the_key_is_redacted(store: FeatureStore, tmp_path: Path) -> None:
    store.write(SPINE, "labels").unwrap()
    without = build(store, SpineReference(path="labels", filter=f"mail <> '{ANN}'"))
    store.write(CUSTOMERS.clear(), "customers", mode="overwrite", replace_where=f"mail = '{ANN}'").unwrap()
    assert "events.db" in left_in(tmp_path / "store", ANN)
    done = store.erase("customer", ANN).unwrap()
    assert [(h.id, h.where) for h in done.report.training_sets] == [(without, "named")]
    assert len(done.redacted) == 2
    assert left_in(tmp_path / "store", ANN) == []
    assert isinstance(store.rebuild(without).failure(), TrainingSetErased)
    assert store.receipt(without).unwrap().spine.reference == SpineReference(
        path="labels", version=0, filter="<erased>"
    )
    assert audit(store.adapters.events.stored().unwrap()).whole


def test_bounds_of_a_plan_that_name_the_key_are_redacted(tmp_path: Path) -> None:
    store = opened(tmp_path)
    rows = pl.DataFrame({"id": [814_471, 5, 9], "at": [day(1)] * 3, "x": [1.0, 2.0, 3.0]})
    store.write(rows, "things").unwrap()
    store.register(
        EntitySpec("thing", ["id"]), FeatureViewSpec("v", ["thing"], DeltaSource("things", "at"), ["x"])
    ).unwrap()
    spine = rows.select("id", event_timestamp="at")
    made = store.training_set(TrainingSetSpec(["v:x"]), spine).unwrap().id
    assert left_in(tmp_path / "store", "814471") != []
    done = store.erase("thing", 814_471).unwrap()
    assert ([h.id for h in done.report.training_sets], len(done.redacted)) == ([made], 1)
    assert left_in(tmp_path / "store", "814471") == []


def test_models_that_have_seen_the_key_are_told(store: FeatureStore) -> None:
    held = build(store)
    model = ModelTrained(
        training_set_id=held, estimator="Ridge", params={}, metrics={}, rows_train=2, rows_test=1, fingerprint="f",
        saved_to="ages.skops", name="ages",
    )  # fmt: skip
    adapters = store.adapters
    adapters.events.append(
        training_set_stream(held), (model,), expected=None, at=adapters.clock.now(), actor="ann"
    ).unwrap()
    done = store.erase("customer", ANN).unwrap()
    assert erasures(store)[0].models == ("ages",)
    assert f"Train ages again, which has seen {held}, and delete ages.skops." in done.report.steps


# === Doing it again ===


def test_erasing_again_does_nothing_and_says_where_the_key_still_is(store: FeatureStore) -> None:
    build(store)
    store.erase("customer", ANN).unwrap()
    events = store.history().unwrap()
    again = store.erase("customer", ANN).unwrap()
    assert (again.recorded, again.removed, again.completed) == (None, (), 0)
    assert [(h.table, h.is_current) for h in again.report.tables] == [("customers", True)]
    assert store.history().unwrap() == events


def test_another_key_of_an_erased_set_is_erased_too(store: FeatureStore, tmp_path: Path) -> None:
    store.write(SPINE, "labels").unwrap()
    build(store), build(store, OTHERS)
    store.erase("customer", ANN).unwrap()
    store.erase("customer", BOB).unwrap()
    assert [len(event.training_sets) for event in erasures(store)] == [1, 1]
    assert left_in(tmp_path / "store" / "spines", BOB) == []


def test_what_killed_processes_left_goes_too(store: FeatureStore, tmp_path: Path) -> None:
    build(store)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "store" / "spilled").mkdir()
    left = tmp_path / "store" / "spilled" / f"{dead.pid}-0.parquet", tmp_path / "store" / f"spines/x.{dead.pid}.partial"
    for path in left:
        SPINE.write_parquet(path)
    store.erase("customer", ANN).unwrap()
    assert left_in(tmp_path / "store", ANN) == []
    assert not any(path.exists() for path in left)


def test_the_past_of_an_erased_set_is_erased_too(store: FeatureStore) -> None:
    store.write(SPINE, "labels").unwrap()
    held = build(store, SpineReference(path="labels"))
    before = store.history().unwrap()[-1].position
    store.erase("customer", ANN).unwrap()
    then = store.at(before).unwrap()
    assert isinstance(then.rebuild(held).failure(), TrainingSetErased)


def test_the_log_of_a_set_has_its_erasure(store: FeatureStore) -> None:
    held = build(store)
    store.erase("customer", ANN).unwrap()
    assert isinstance(store.history(training_set=held).unwrap()[-1].event, KeyErased)


def test_files_are_to_be_written_anew(tmp_path: Path) -> None:
    store = opened(tmp_path)
    CUSTOMERS.write_parquet(place := tmp_path / "customers.parquet")
    view = FeatureViewSpec("ages", ["customer"], DeltaSource(f"parquet:{place}", "at"), ["age"])
    store.register(CUSTOMER, view).unwrap()
    (step,) = store.find_key("customer", ANN).unwrap().steps
    assert step == f"Write the files at {place} anew without the rows where mail = '{ANN}'."


@pytest.mark.parametrize("stop", ["remove", "redact"])
def test_what_was_cut_short_is_brought_to_an_end(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    store.write(CUSTOMERS.clear(), "customers", mode="overwrite", replace_where=f"mail = '{ANN}'").unwrap()
    held = build(store)
    adapters = store.adapters
    with monkeypatch.context() as patch:
        patch.setattr(adapters.kept if stop == "remove" else adapters.events, stop, lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.erase("customer", ANN)
    assert isinstance(store.rebuild(held).failure(), TrainingSetErased)
    assert left_in(tmp_path / "store", ANN) != []
    done = opened(tmp_path).erase("customer", BOB if stop == "remove" else ANN).unwrap()
    assert done.completed == (2 if stop == "remove" else 1)
    assert left_in(tmp_path / "store", ANN) == []
    assert len([event for event in erasures(store) if held in event.training_sets]) == 1


def test_what_a_redaction_left_in_files_goes_with_the_next_erasure(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(CUSTOMERS.clear(), "customers", mode="overwrite", replace_where=f"mail = '{ANN}'").unwrap()
    with monkeypatch.context() as patch:
        patch.setattr("foreset.adapters.sqlite.events.without_leftovers", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.erase("customer", ANN)
    assert left_in(tmp_path / "store", ANN) == ["events.db-wal"]
    assert store.erase("customer", ANN).unwrap().redacted == ()
    assert left_in(tmp_path / "store", ANN) == []


# === Where the key is ===


def test_a_key_that_is_nowhere_is_found_nowhere(store: FeatureStore) -> None:
    build(store)
    events = store.history().unwrap()
    done = store.erase("customer", "nobody@example.com").unwrap()
    assert done.report.is_nowhere
    assert done.was_nowhere
    assert store.history().unwrap() == events


def test_tables_are_told_with_what_to_do(store: FeatureStore, tmp_path: Path) -> None:
    report = store.find_key("customer", ANN).unwrap()
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
    (delete, _) = store.find_key("customer", ANN).unwrap().steps
    exec(delete.splitlines()[1].strip(), {"deltalake": __import__("deltalake")})  # noqa: S102  # what a user would run
    store.write(CUSTOMERS.tail(1).with_columns(age=pl.lit(64)), "customers", mode="merge", merge_on=["mail"]).unwrap()
    report = store.find_key("customer", ANN).unwrap()
    (holding,) = report.tables
    assert (holding.version, holding.newest, holding.rows, holding.is_current) == (0, 2, 1, False)
    assert [step.splitlines()[-1] for step in report.steps] == ["    foreset vacuum customers --hours 168"]
    DeltaTable(str(tmp_path / "data" / "customers")).vacuum(0, dry_run=False, enforce_retention_duration=False)
    after = store.find_key("customer", ANN).unwrap()
    assert after.tables == ()
    assert [unread.place for unread in after.unread] == ["customers@1"]
    assert after.is_whole


def test_an_erased_set_does_not_keep_a_vacuum_from_the_table(store: FeatureStore) -> None:
    build(store)
    store.write(CUSTOMERS.tail(2), "customers", mode="overwrite").unwrap()
    assert [told.fate for told in store.retention("customers", hours=0).unwrap().sets] == ["lost"]
    store.erase("customer", ANN).unwrap()
    assert store.retention("customers", hours=0).unwrap().sets == ()


def test_views_and_entities_that_are_gone_are_looked_at_too(store: FeatureStore) -> None:
    held = build(store)
    store.remove(views=["ages"], entities=["customer"]).unwrap()
    done = store.erase("customer", ANN).unwrap()
    assert [h.table for h in done.report.tables] == ["customers"]
    assert [h.id for h in done.report.training_sets] == [held]


def test_a_join_key_that_was_renamed_is_looked_for_by_all_its_names(store: FeatureStore) -> None:
    old = build(store)
    renamed = FeatureViewSpec(
        "ages", ["customer"], DeltaSource("customers", "at", field_mapping={"mail": "who"}), ["age"]
    )
    store.register(EntitySpec("customer", ["who"]), renamed).unwrap()
    new = build(store, SPINE.rename({"mail": "who"}))
    done = store.erase("customer", ANN).unwrap()
    assert {h.id for h in done.report.training_sets} == {old, new}
    assert len(done.report.tables) == 1


def test_the_key_of_another_entity_of_the_same_name_stays(tmp_path: Path) -> None:
    store = opened(tmp_path)
    rows = pl.DataFrame({"id": [7, 8], "at": [day(1)] * 2, "x": [1.0, 2.0]})
    for name in ("dog", "cat"):
        store.write(rows, f"{name}s").unwrap()
        view = FeatureViewSpec(name, [name], DeltaSource(f"{name}s", "at"), ["x"])
        store.register(EntitySpec(name, ["id"]), view).unwrap()
    spine = rows.select("id", event_timestamp="at")
    dogs = store.training_set(TrainingSetSpec(["dog:x"]), spine).unwrap().id
    cats = store.training_set(TrainingSetSpec(["cat:x"]), spine.with_columns(y=1)).unwrap().id
    done = store.erase("cat", 7).unwrap()
    assert [h.id for h in done.report.training_sets] == [cats]
    assert [h.table for h in done.report.tables] == ["cats"]
    assert store.rebuild(dogs).unwrap().id == dogs


def test_what_cannot_be_looked_at_is_told(store: FeatureStore, tmp_path: Path) -> None:
    unkept = build(store, keep_spine=False)
    build(store, OTHERS)
    for path in (tmp_path / "store" / "spines").iterdir():
        path.write_bytes(b"broken")
    report = store.find_key("customer", ANN).unwrap()
    assert [(unread.kept, unread.place.split("/")[0]) for unread in report.unread] == [
        (True, "spines"),
        (False, f"the spine of {unkept}"),
    ]
    assert not report.is_whole


@pytest.mark.parametrize(("key", "rows"), [(1, 1), (5, 2), (10, 1), (15, 1), (7, 0), (16, 0)])
def test_a_key_at_the_edge_of_a_file_is_found(tmp_path: Path, key: int, rows: int) -> None:
    store = opened(tmp_path)
    for keys in ([1, 5, 5], [10, 15]):
        store.write(pl.DataFrame({"k": keys, "at": [day(1)] * len(keys), "x": keys}), "t").unwrap()
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])).unwrap()
    assert [holding.rows for holding in store.find_key("e", key).unwrap().tables] == ([rows] if rows else [])


def test_versions_whose_files_were_looked_at_are_not_read_again(store: FeatureStore) -> None:
    class Counting(PolarsKeySearch):
        read = 0

        def in_table(self, snapshot: Snapshot, form: Mapping[str, object]) -> Result[int, TableError]:
            self.read += 1
            return super().in_table(snapshot, form)

    for _ in range(3):
        store.write(CUSTOMERS, "customers").unwrap()
    search = Counting()
    assert find_key("customer", "nobody", store.adapters, search).unwrap().report.is_nowhere
    assert search.read == 1


# === Keys of every kind ===

KEYS: dict[str, tuple[pl.Series, object, object]] = {
    # the table's keys, the one to erase as a value, and as a text
    "int64": (pl.Series([71, 72]), 71, "71"),
    "int8": (pl.Series([71, 72], dtype=pl.Int8), 71, "71"),
    "string": (pl.Series(["O'Hara", "Ann"]), "O'Hara", "O'Hara"),
    "empty string": (pl.Series(["", "Ann"]), "", ""),
    "date": (pl.Series([date(1950, 1, 2), date(1960, 1, 2)]), date(1950, 1, 2), "1950-01-02"),
    "bool": (pl.Series([True, False]), True, "true"),
    "binary": (pl.Series([b"\x0f\x01", b"\x0f"]), b"\x0f\x01", "0f01"),
}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("as_text", [False, True])
def test_a_key_of_each_type_is_found_in_all_places(tmp_path: Path, kind: str, *, as_text: bool) -> None:
    store = opened(tmp_path)
    column, value, text = KEYS[kind]
    rows = pl.DataFrame({"k": column, "at": [day(1)] * 2, "x": [1, 2]})
    store.write(rows, "t").unwrap()
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])).unwrap()
    spec = TrainingSetSpec(["v:x"])
    held = store.training_set(spec, rows.select("k", event_timestamp="at")).unwrap().id
    other = store.training_set(spec, rows.tail(1).select("k", event_timestamp="at")).unwrap().id
    store.pin(held).unwrap()
    report = store.find_key("e", text if as_text else value).unwrap()
    assert [(h.id, h.rows) for h in report.training_sets] == [(held, 1)]
    assert [(h.table, h.rows) for h in report.tables] == [("t", 1)]
    assert len(report.pins) == 1
    assert other not in {h.id for h in report.training_sets}


@pytest.mark.parametrize("given", [{"land": "NO", "id": 7}, {"id": "7", "land": "NO"}])
def test_a_key_of_several_columns_is_held_by_rows_with_all_of_them(tmp_path: Path, given: dict[str, object]) -> None:
    store = opened(tmp_path)
    rows = pl.DataFrame({"land": ["NO", "NO", "SE"], "id": [7, 8, 7], "at": [day(1)] * 3, "x": [1, 2, 3]})
    store.write(rows, "t").unwrap()
    view = FeatureViewSpec("v", ["e"], DeltaSource("t", "at"), ["x"])
    store.register(EntitySpec("e", ["land", "id"]), view).unwrap()
    spine = rows.select("land", "id", event_timestamp="at")
    held = store.training_set(TrainingSetSpec(["v:x"]), spine).unwrap().id
    store.training_set(TrainingSetSpec(["v:x"]), spine.tail(2)).unwrap()
    report = store.find_key("e", given).unwrap()
    assert [(h.id, h.rows) for h in report.training_sets] == [(held, 1)]
    assert report.tables[0].rows == 1
    assert "id = 7" in report.steps[0]
    assert "land = 'NO'" in report.steps[0]


@pytest.mark.parametrize(
    ("entity", "key", "error", "said"),
    [
        ("custmer", ANN, UnknownEntity, "Did you mean customer?"),
        ("customer", {"town": 1}, KeyUnfit, "it names town. Its join keys are: mail."),
        ("customer", None, KeyUnfit, "'mail' has no value, and a null key is nobody's"),
        ("number", "seven", KeyUnfit, "what is given for 'n' is no int64"),
        ("number", 2**63, KeyUnfit, "what is given for 'n' is no int64"),
        ("pair", 1, KeyUnfit, "it is a single value. Its join keys are: a, b."),
    ],
)
def test_a_key_that_is_none_is_refused(store: FeatureStore, entity: str, key: object, error: type, said: str) -> None:
    store.write(pl.DataFrame({"n": [1], "at": [day(1)], "x": [1]}), "numbers").unwrap()
    view = FeatureViewSpec("numbers", ["number"], DeltaSource("numbers", "at"), ["x"])
    store.register(EntitySpec("number", ["n"]), EntitySpec("pair", ["a", "b"]), view).unwrap()
    failure = store.erase(entity, key).failure()
    assert isinstance(failure, error)
    assert said in str(failure)


@pytest.mark.parametrize("given", [{"reason": f"forget {ANN}"}, {"requested_by": ANN}])
def test_a_reason_that_names_the_key_is_refused(store: FeatureStore, given: dict[str, str]) -> None:
    held = build(store)
    assert isinstance(store.erase("customer", ANN, **given).failure(), KeyNamed)
    assert store.rebuild(held).unwrap().id == held


def test_a_store_in_postgresql_erases_too(postgres_database: str, tmp_path: Path) -> None:
    made = FeatureStore.open(f"postgresql://{postgres_database}", data_dir=tmp_path / "data").unwrap()
    made.write(CUSTOMERS, "customers").unwrap()
    made.register(CUSTOMER, AGES).unwrap()
    held = build(made)
    made.pin(held).unwrap()
    made.write(CUSTOMERS.clear(), "customers", mode="overwrite", replace_where=f"mail = '{ANN}'").unwrap()
    done = made.erase("customer", ANN).unwrap()
    assert (len(done.removed), len(done.redacted)) == (2, 1)
    assert isinstance(made.rebuild(held).failure(), TrainingSetErased)
    assert made.adapters.kept.names("").unwrap() == ()
    assert ANN not in str(made.history().unwrap())
    assert made.verify_log().unwrap().whole


def test_a_store_in_memory_erases_too() -> None:
    store = FeatureStore.in_memory({"customers": CUSTOMERS})
    store.register(CUSTOMER, AGES).unwrap()
    held = build(store)
    store.pin(held).unwrap()
    done = store.erase("customer", ANN).unwrap()
    assert len(done.removed) == 2
    assert isinstance(store.rebuild(held).failure(), TrainingSetErased)
    assert isinstance(store.erase("customer", ANN), Success)
