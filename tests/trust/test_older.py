"""Receipts and logs of an older Foreset."""

from pathlib import Path

import msgspec

from foreset import FeatureStore, TrainingSetSpec
from foreset.domain.event_log.receipts import Event, TrainingSetRetrieved, training_set_stream
from tests.trust.conftest import spine

SPINE = spine((1, 3), (7, 12))


def test_a_receipt_without_what_came_later_is_rebuilt_and_pinned(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(TrainingSetSpec(["rain:x", "notes:note"]), SPINE).unwrap()
    first = {"id", "spec", "plan", "versions", "spine", "fingerprint", "rows", "columns", "ties", "libraries", "type"}
    body = {name: value for name, value in msgspec.to_builtins(made.receipt).items() if name in first}
    receipt = msgspec.convert(body, TrainingSetRetrieved)
    older = FeatureStore.open(tmp_path / "older", data_dir=tmp_path).unwrap().adapters
    older.events.append(
        training_set_stream(made.id), (receipt,), expected=None, at=older.clock.now(), actor="older"
    ).unwrap()
    older.kept.keep(f"spines/{made.receipt.spine.fingerprint}", store.adapters.spines.read(SPINE).unwrap().frame)
    again = FeatureStore(older)
    assert again.rebuild(made.id).unwrap().frame.equals(made.frame)
    again.training_sets.pin(made.id).unwrap()
    assert again.rebuild(made.id, from_pin=True).unwrap().frame.equals(made.frame)
    assert [found.fate for found in again.tables.retention("rain").unwrap().sets] == ["stays"]


def test_a_rebuild_that_was_recorded_before_there_were_pins() -> None:
    body = b'{"type":"training-set-rebuilt.v1","id":"ts-1","fingerprint":"f","libraries":{}}'
    event = msgspec.json.decode(body, type=Event)
    assert (event.source, event.why) == ("tables", None)
