"""A store whose log holds an event that cannot be decoded: what rests on it says so, and all else works."""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureViewSpec,
    TrainingSetSpec,
    write_to_delta_lake,
)
from foreset.domain.errors.event_log import EventUnreadable
from foreset.domain.event_log.chain_findings import EventUndecodable
from foreset.domain.event_log.receipts import training_set_stream
from foreset.domain.unreadable import UnreadableEvent
from foreset.entrypoints.cli import main
from tests.contracts.unreadable_rows import put

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2], "at": [DAY] * 2, "x": [1.0, 2.0], "y": [3.0, 4.0]})
SPINE = ROWS.select("k", event_timestamp="at")
ENTITY = EntitySpec("thing", ["k"])
V = FeatureViewSpec("v", ["thing"], DeltaSource("t", "at"), ["x"])
W = FeatureViewSpec("w", ["thing"], DeltaSource("t", "at"), ["y"])
ONLY_V, ONLY_W = TrainingSetSpec(["v:x"]), TrainingSetSpec(["w:y"])
REGISTERED = "feature-view-registered.v1"


@pytest.fixture
def store(workspace: Path) -> FeatureStore:
    write_to_delta_lake(ROWS, "t")
    store = FeatureStore.open(workspace / "store").unwrap()
    store.register(ENTITY, V, W).unwrap()
    return store


def lose(store: FeatureStore, tag: str, *, stream: str = "registry", **said: object) -> int:
    return put(store.adapters.events, stream, tag, json.dumps({"type": tag, **said}))


def opened() -> FeatureStore:
    return FeatureStore.open("store").unwrap()


def test_a_view_that_cannot_be_read_is_unknown_until_it_is_registered_again(
    store: FeatureStore, capsys: pytest.CaptureFixture[str]
) -> None:
    made = store.training_set(ONLY_W, SPINE).unwrap().id
    position = lose(store, REGISTERED, spec={"name": "w", "tags": {"version": 2}}, version=2, columns=[])
    again = opened()
    assert again.training_set(ONLY_V, SPINE).unwrap().frame["x"].to_list() == [1.0, 2.0]
    assert again.rebuild(made).unwrap().frame["y"].to_list() == [3.0, 4.0]
    refused = again.plan(ONLY_W, SPINE).failure()
    assert isinstance(refused, EventUnreadable)
    assert "The feature view 'w' is not known" in str(refused)
    assert f"at position {position} of the log cannot be decoded" in str(refused)
    assert "Next: register it again" in str(refused)
    assert main(["--store", "store", "views"]) == 0
    shown = capsys.readouterr().out.replace("\n", " ")
    assert f"The view 'w' is not known: the event '{REGISTERED}' at position {position}" in " ".join(shown.split())
    again.register(W).unwrap()
    assert opened().training_set(ONLY_W, SPINE).unwrap().frame["y"].to_list() == [3.0, 4.0]
    assert opened().catalog().unwrap().unreadable == {}


def test_an_entity_that_cannot_be_read_stops_its_views_alone(store: FeatureStore) -> None:
    write_to_delta_lake(ROWS.rename({"k": "j"}), "u")
    store.register(EntitySpec("other", ["j"]), FeatureViewSpec("o", ["other"], DeltaSource("u", "at"), ["x"])).unwrap()
    lose(store, "entity-registered.v1", spec={"name": "thing", "join_keys": 3}, version=2)
    again = opened()
    other = SPINE.rename({"k": "j"})
    assert again.training_set(TrainingSetSpec(["o:x"]), other).unwrap().frame["x"].to_list() == [1.0, 2.0]
    for refused in (again.plan(ONLY_V, SPINE), again.register(V)):
        assert isinstance(refused.failure(), EventUnreadable)
    assert not again.keys.find("thing", 1).unwrap().is_whole
    assert "'thing' of the feature view 'v' is not known" in str(again.plan(ONLY_V, SPINE).failure())
    assert type(again.register(EntitySpec("thing", ["z"])).failure()).__name__ == "EntityInUse"
    again.register(ENTITY).unwrap()
    assert again.training_set(ONLY_V, SPINE).unwrap().frame["x"].to_list() == [1.0, 2.0]


@pytest.mark.parametrize("tag", [REGISTERED, "everything-changed.v1"])
def test_an_event_without_a_name_may_be_of_every_definition_before_it(store: FeatureStore, tag: str) -> None:
    position = lose(store, tag)
    again = opened()
    for spec in (ONLY_V, ONLY_W, TrainingSetSpec(["never:x"])):
        refused = again.plan(spec, SPINE).failure()
        assert isinstance(refused, EventUnreadable)
        assert refused.position == position
    again.register(ENTITY, V).unwrap()
    assert again.training_set(ONLY_V, SPINE).unwrap().frame["x"].to_list() == [1.0, 2.0]
    assert isinstance(again.plan(ONLY_W, SPINE).failure(), EventUnreadable)


def test_what_cannot_be_read_can_be_removed(store: FeatureStore) -> None:
    lose(store, REGISTERED, spec={"name": "w", "tags": 2}, version=2, columns=[])
    again = opened()
    again.remove(views=["w"]).unwrap()
    assert type(again.plan(ONLY_W, SPINE).failure()).__name__ == "UnknownView"


def test_a_receipt_that_cannot_be_read_is_named_and_others_are_rebuilt(
    store: FeatureStore, capsys: pytest.CaptureFixture[str]
) -> None:
    made = store.training_set(ONLY_V, SPINE).unwrap().id
    lost = "ts-0123456789abcdef"
    position = lose(store, "training-set-retrieved.v1", stream=training_set_stream(lost), spec={"name": 2024}, id=lost)
    again = opened()
    assert again.rebuild(made).unwrap().frame["x"].to_list() == [1.0, 2.0]
    for refused in (again.rebuild(lost), again.receipt(lost), again.receipt(lost[:8]), again.diff(made, lost)):
        assert isinstance(refused.failure(), EventUnreadable)
        assert f"at position {position} " in str(refused.failure())
    assert main(["--store", "store", "show", lost]) == 1
    assert f"at position {position} " in " ".join(capsys.readouterr().err.split())
    assert main(["--store", "store", "log"]) == 0
    assert "cannot be decoded: training-set-retrieved.v1" in " ".join(capsys.readouterr().out.split())
    assert again.log.lineage(lost).unwrap().asked
    assert [r.position for r in again.log.events(training_set=lost).unwrap()] == [position]
    assert isinstance(again.at(position).unwrap().receipt(lost).failure(), EventUnreadable)


def test_files_are_kept_that_an_unreadable_training_set_may_rest_on(store: FeatureStore) -> None:
    lost = "ts-0123456789abcdef"
    lose(store, "training-set-retrieved.v9", stream=training_set_stream(lost), id=lost)
    again = opened()
    for refused in (again.tables.retention("t"), again.tables.vacuum("t", hours=0, force=True)):
        assert isinstance(refused.failure(), EventUnreadable)
        assert f"lose=['{lost}']" in str(refused.failure())
    assert again.tables.vacuum("t", hours=0, force=True, lose=[lost]).unwrap().lost == (lost,)


def test_a_pin_that_cannot_be_read_is_not_relied_on_and_is_made_again(store: FeatureStore) -> None:
    made = store.training_set(ONLY_V, SPINE).unwrap().id
    store.training_sets.pin(made).unwrap()
    lose(store, "training-set-unpinned.v9", stream=training_set_stream(made), id=made)
    again = opened()
    assert again.training_sets.pins().unwrap() == ()
    refused = again.rebuild(made, from_pin=True).failure()
    assert isinstance(refused, EventUnreadable)
    assert "pin it again" in str(refused)
    assert again.rebuild(made).unwrap().frame["x"].to_list() == [1.0, 2.0]
    assert again.training_sets.pin(made).unwrap().made
    assert again.rebuild(made, from_pin=True).unwrap().rebuilt_from_pin


def test_an_erasure_that_cannot_be_read_marks_the_training_sets_that_it_names(store: FeatureStore) -> None:
    one, other = (store.training_set(spec, SPINE).unwrap().id for spec in (ONLY_V, ONLY_W))
    lose(store, "key-erased.v9", stream="erasures", training_sets=[one])
    again = opened()
    assert isinstance(again.rebuild(one).failure(), EventUnreadable)
    assert again.rebuild(other).unwrap().frame["y"].to_list() == [3.0, 4.0]


def test_a_look_for_a_key_names_the_events_that_could_not_be_looked_at(store: FeatureStore) -> None:
    position = lose(store, "table-written.v9", stream="table/t", table="t", replace_where="k = 1")
    report = opened().keys.find("thing", 1).unwrap()
    assert [unread.place for unread in report.unread] == [f"the event at position {position} of the log"]
    assert not report.is_whole


def test_the_log_is_checked_and_moved_with_what_cannot_be_read(
    store: FeatureStore, capsys: pytest.CaptureFixture[str]
) -> None:
    position = lose(store, REGISTERED, spec={"name": "w"}, version=2)
    (found,) = opened().log.verify().unwrap().findings
    assert isinstance(found, EventUndecodable)
    assert found.position == position
    assert main(["--store", "store", "log", "verify"]) == 1
    assert f"at position {position} cannot be decoded" in capsys.readouterr().out
    before = store.adapters.events.stored().unwrap().rows
    opened().log.move("elsewhere").unwrap()
    moved = FeatureStore.open("elsewhere").unwrap()
    assert moved.adapters.events.stored().unwrap().rows == before
    assert isinstance(moved.log.events().unwrap()[position - 1].event, UnreadableEvent)
    assert moved.training_set(ONLY_V, SPINE).unwrap().frame["x"].to_list() == [1.0, 2.0]
