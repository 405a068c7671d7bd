"""A key is erased from all that the store keeps, and what held it says so."""

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from returns.result import Result

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.application.ports.engine import PlanExecutor, Retrieved
from foreset.application.ports.tables import ArrowStream
from foreset.domain.definitions.models import ModelTrained
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.errors.erasure import SpineErased, TrainingSetErased
from foreset.domain.errors.feast import ExecutionError
from foreset.domain.event_log.chain_audit import audit
from foreset.domain.event_log.erasures import ERASURES, KeyErased
from foreset.domain.event_log.receipts import TrainingSetRetrieved, spine_name, training_set_stream
from foreset.domain.planning.plan import RetrievalPlan
from tests.erasing.conftest import ANN, BOB, CUSTOMER, CUSTOMERS, OTHERS, SPINE, day, left_in, opened
from tests.erasing.sets import SPEC, build, erasures

# === What is kept ===


def test_a_spine_that_holds_the_key_goes_and_its_set_says_so(store: FeatureStore, tmp_path: Path) -> None:
    held, other = build(store), build(store, OTHERS)
    done = store.keys.erase("customer", ANN, requested_by="dora", reason="ticket 1187").unwrap()
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
    store.keys.erase("customer", ANN, requested_by="dora").unwrap()
    (event,) = erasures(store)
    spine = f"spines/{store.receipt(held).unwrap().spine.fingerprint}"
    assert event == KeyErased(
        entity="customer", requested_by="dora", reason=None, training_sets=(held,), spines=(spine,)
    )


def test_a_spine_that_is_given_again_is_refused(store: FeatureStore) -> None:
    held = build(store)
    store.keys.erase("customer", ANN).unwrap()
    assert isinstance(store.rebuild(held, spine=SPINE).failure(), TrainingSetErased)
    for keep in (True, False):
        error = store.training_set(SPEC, SPINE, keep_spine=keep).failure()
        assert isinstance(error, SpineErased)
        assert "without saying who asked. Next: leave the rows of that key out." in str(error)
    assert isinstance(store.training_sets.pin(held, spine=SPINE).failure(), TrainingSetErased)
    assert build(store, OTHERS)


class Meanwhile:
    """An executor before which something is done."""

    def __init__(self, inner: PlanExecutor, before: Callable[[], object]) -> None:
        self._inner, self._before = inner, before

    def execute(self, plan: RetrievalPlan, spine: ArrowStream) -> Result[Retrieved, ExecutionError]:
        self._before()
        return self._inner.execute(plan, spine)


def test_a_training_set_is_not_recorded_whose_spine_is_erased_while_it_is_built(
    store: FeatureStore, tmp_path: Path
) -> None:
    other = opened(tmp_path)
    executor = Meanwhile(store.adapters.executor, lambda: other.keys.erase("customer", ANN).unwrap())
    racing = FeatureStore(dataclasses.replace(store.adapters, executor=executor))
    error = racing.training_set(SPEC, SPINE).failure()
    assert isinstance(error, SpineErased)
    assert [event for event in store.log.events().unwrap() if isinstance(event.event, TrainingSetRetrieved)] == []
    assert left_in(tmp_path / "store", ANN) == []


def test_a_pin_is_not_kept_of_a_set_that_is_erased_while_it_is_pinned(store: FeatureStore, tmp_path: Path) -> None:
    store.tables.write(SPINE, "labels").unwrap()
    held, other = build(store, SpineReference(path="labels")), opened(tmp_path)
    engine = Meanwhile(store.adapters.engine, lambda: other.keys.erase("customer", ANN).unwrap())
    racing = FeatureStore(dataclasses.replace(store.adapters, engine=engine))
    assert isinstance(racing.training_sets.pin(held).failure(), TrainingSetErased)
    assert store.training_sets.pins().unwrap() == ()
    assert left_in(tmp_path / "store", ANN) == []


def test_a_set_that_was_recorded_as_its_spine_was_erased_is_erased_too(store: FeatureStore) -> None:
    held = build(store)
    spine = spine_name(store.receipt(held).unwrap().spine.fingerprint)
    erased = KeyErased(entity="customer", requested_by="dora", reason=None, spines=(spine,))
    store.adapters.events.append(ERASURES, (erased,), expected=None, at=day(9), actor="dora").unwrap()
    assert isinstance(store.rebuild(held, spine=SPINE).failure(), TrainingSetErased)


def test_pins_go_and_are_given_up(store: FeatureStore, tmp_path: Path) -> None:
    held, other = build(store, keep_spine=False), build(store, OTHERS)
    for identifier, spine in ((held, SPINE), (other, None)):
        store.training_sets.pin(identifier, spine=spine).unwrap()
    done = store.keys.erase("customer", ANN).unwrap()
    assert [(h.id, h.where) for h in done.report.training_sets] == [(held, "pinned")]
    assert {name.split("/")[1] for name in done.removed} == {held}
    assert [pin.id for pin in store.training_sets.pins().unwrap()] == [other]
    assert isinstance(store.rebuild(held, from_pin=True).failure(), TrainingSetErased)
    assert store.rebuild(other, from_pin=True).unwrap().id == other
    assert left_in(tmp_path / "store", ANN) == []


def test_a_set_whose_spine_is_a_table_is_marked(store: FeatureStore) -> None:
    store.tables.write(SPINE, "labels").unwrap()
    everyone = build(store, SpineReference(path="labels"))
    bobs = build(store, SpineReference(path="labels", filter=f"mail = '{BOB}'"))
    done = store.keys.erase("customer", ANN).unwrap()
    assert [(h.id, h.rows, h.where) for h in done.report.training_sets] == [(everyone, 2, "table")]
    assert isinstance(store.rebuild(everyone).failure(), TrainingSetErased)
    assert store.rebuild(bobs).unwrap().id == bobs


def test_a_condition_that_names_the_key_is_redacted(store: FeatureStore, tmp_path: Path) -> None:
    store.tables.write(SPINE, "labels").unwrap()
    without = build(store, SpineReference(path="labels", filter=f"mail <> '{ANN}'"))
    store.tables.write(CUSTOMERS.clear(), "customers", mode="overwrite", replace_where=f"mail = '{ANN}'").unwrap()
    assert "events.db" in left_in(tmp_path / "store", ANN)
    done = store.keys.erase("customer", ANN).unwrap()
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
    store.tables.write(rows, "things").unwrap()
    store.register(
        EntitySpec("thing", ["id"]), FeatureViewSpec("v", ["thing"], DeltaSource("things", "at"), ["x"])
    ).unwrap()
    spine = rows.select("id", event_timestamp="at")
    made = store.training_set(TrainingSetSpec(["v:x"]), spine).unwrap().id
    assert left_in(tmp_path / "store", "814471") != []
    done = store.keys.erase("thing", 814_471).unwrap()
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
    done = store.keys.erase("customer", ANN).unwrap()
    assert erasures(store)[0].models == ("ages",)
    assert f"Train ages again, which has seen {held}, and delete ages.skops." in done.report.steps


# === Doing it again ===


def test_erasing_again_does_nothing_and_says_where_the_key_still_is(store: FeatureStore) -> None:
    build(store)
    store.keys.erase("customer", ANN).unwrap()
    events = store.log.events().unwrap()
    again = store.keys.erase("customer", ANN).unwrap()
    assert (again.recorded, again.removed, again.completed) == (None, (), 0)
    assert [(h.table, h.is_current) for h in again.report.tables] == [("customers", True)]
    assert store.log.events().unwrap() == events


def test_another_key_of_an_erased_set_is_erased_too(store: FeatureStore, tmp_path: Path) -> None:
    store.tables.write(SPINE, "labels").unwrap()
    build(store), build(store, OTHERS)
    store.keys.erase("customer", ANN).unwrap()
    store.keys.erase("customer", BOB).unwrap()
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
    store.keys.erase("customer", ANN).unwrap()
    assert left_in(tmp_path / "store", ANN) == []
    assert not any(path.exists() for path in left)


def test_the_past_of_an_erased_set_is_erased_too(store: FeatureStore) -> None:
    store.tables.write(SPINE, "labels").unwrap()
    held = build(store, SpineReference(path="labels"))
    before = store.log.events().unwrap()[-1].position
    store.keys.erase("customer", ANN).unwrap()
    then = store.at(before).unwrap()
    assert isinstance(then.rebuild(held).failure(), TrainingSetErased)


def test_the_log_of_a_set_has_its_erasure(store: FeatureStore) -> None:
    held = build(store)
    store.keys.erase("customer", ANN).unwrap()
    assert isinstance(store.log.events(training_set=held).unwrap()[-1].event, KeyErased)


def test_files_are_to_be_written_anew(tmp_path: Path) -> None:
    store = opened(tmp_path)
    CUSTOMERS.write_parquet(place := tmp_path / "customers.parquet")
    view = FeatureViewSpec("ages", ["customer"], DeltaSource(f"parquet:{place}", "at"), ["age"])
    store.register(CUSTOMER, view).unwrap()
    (step,) = store.keys.find("customer", ANN).unwrap().steps
    assert step == f"Write the files at {place} anew without the rows where mail = '{ANN}'."


@pytest.mark.parametrize("stop", ["remove", "redact"])
def test_what_was_cut_short_is_brought_to_an_end(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    store.tables.write(CUSTOMERS.clear(), "customers", mode="overwrite", replace_where=f"mail = '{ANN}'").unwrap()
    held = build(store)
    adapters = store.adapters
    with monkeypatch.context() as patch:
        patch.setattr(adapters.kept if stop == "remove" else adapters.events, stop, lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.keys.erase("customer", ANN)
    assert isinstance(store.rebuild(held).failure(), TrainingSetErased)
    assert left_in(tmp_path / "store", ANN) != []
    done = opened(tmp_path).keys.erase("customer", BOB if stop == "remove" else ANN).unwrap()
    assert done.completed == (2 if stop == "remove" else 1)
    assert left_in(tmp_path / "store", ANN) == []
    assert len([event for event in erasures(store) if held in event.training_sets]) == 1


def test_what_a_redaction_left_in_files_goes_with_the_next_erasure(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.tables.write(CUSTOMERS.clear(), "customers", mode="overwrite", replace_where=f"mail = '{ANN}'").unwrap()
    with monkeypatch.context() as patch:
        patch.setattr("foreset.adapters.sqlite.events.without_leftovers", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.keys.erase("customer", ANN)
    assert left_in(tmp_path / "store", ANN) == ["events.db-wal"]
    assert store.keys.erase("customer", ANN).unwrap().redacted == ()
    assert left_in(tmp_path / "store", ANN) == []
