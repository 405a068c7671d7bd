import shutil
from pathlib import Path

import polars as pl
import pytest
from msgspec.structs import replace
from polars.testing import assert_frame_equal

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, SpineReference, TrainingSetSpec
from foreset.adapters.polars.frames.pinned_rows import PolarsPinnedRows
from foreset.adapters.shared.files.blobs import FolderBlobs
from foreset.application.ports.engine import ServedBy
from foreset.domain.errors.retention import NotPinned, OnlyPin, PinBroken, SemanticsTooNew
from foreset.domain.errors.retrieval import SpineNotKept
from foreset.domain.errors.specs import UnknownTrainingSet
from foreset.domain.event_log.pins import TrainingSetPinned, TrainingSetUnpinned
from foreset.domain.event_log.receipts import training_set_stream
from foreset.domain.planning.semantics import KNOWN
from tests.trust.conftest import rain, spine

BOTH = TrainingSetSpec(["rain:x", "notes:note"])
LABELS = spine((1, 3), (7, 12), (1, 3), (4, 30), (99, 5), (None, 5), (2, 0))


def kept(tmp_path: Path) -> list[str]:
    return sorted(path.relative_to(tmp_path / "store").as_posix() for path in (tmp_path / "store").rglob("*.parquet"))


def events_of(store: FeatureStore, kind: type) -> int:
    return sum(isinstance(recorded.event, kind) for recorded in store.log.events().unwrap())


def test_only_the_rows_and_columns_that_served_are_kept_in_their_order(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(BOTH, LABELS).unwrap()
    pinned = store.training_sets.pin(made.id).unwrap()
    assert pinned.made
    assert kept(tmp_path) == [f"pins/{made.id}/0.parquet", f"spines/{made.receipt.spine.fingerprint}.parquet"]
    rows = pl.read_parquet(tmp_path / "store" / "pins" / made.id / "0.parquet")
    assert sorted(rows.columns) == ["k", "note", "t", "x"]
    assert rows["x"].to_list() == [200.0, 103.0, 409.0, 712.0]
    assert pinned.pin.rows == 4
    assert pinned.pin.size_bytes == (tmp_path / "store" / "pins" / made.id / "0.parquet").stat().st_size
    assert store.training_sets.pins().unwrap() == (pinned.pin,)


def test_columns_that_no_view_reads_are_not_kept(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(TrainingSetSpec(["rain:x"]), LABELS).unwrap()
    store.training_sets.pin(made.id).unwrap()
    assert set(pl.read_parquet(tmp_path / "store" / "pins" / made.id / "0.parquet").columns) == {"k", "t", "x"}


def test_a_pinned_set_is_rebuilt_without_its_tables(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(BOTH, LABELS).unwrap()
    store.training_sets.pin(made.id).unwrap()
    shutil.rmtree(tmp_path / "rain")
    again = store.rebuild(made.id).unwrap()
    assert_frame_equal(again.frame, made.frame, check_exact=True)
    assert again.rebuilt_from_pin
    assert "Delta Lake table not found: 'rain'" in str(again.why_from_pin)


def test_the_tables_are_used_as_long_as_they_serve(store: FeatureStore) -> None:
    made = store.training_set(BOTH, LABELS).unwrap()
    store.training_sets.pin(made.id).unwrap()
    assert not store.rebuild(made.id).unwrap().rebuilt_from_pin
    asked = store.rebuild(made.id, from_pin=True).unwrap()
    assert asked.rebuilt_from_pin
    assert asked.why_from_pin is None


def test_a_set_that_nothing_served_can_be_pinned(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(BOTH, spine((99, 1), (None, 1))).unwrap()
    assert store.training_sets.pin(made.id).unwrap().pin.rows == 0
    shutil.rmtree(tmp_path / "rain")
    assert_frame_equal(store.rebuild(made.id).unwrap().frame, made.frame, check_exact=True)


def test_a_set_without_rows_can_be_pinned(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(BOTH, LABELS.clear()).unwrap()
    store.training_sets.pin(made.id).unwrap()
    shutil.rmtree(tmp_path / "rain")
    assert_frame_equal(store.rebuild(made.id).unwrap().frame, made.frame, check_exact=True)


def test_a_spine_that_is_a_table_is_kept_with_the_pin(store: FeatureStore, tmp_path: Path) -> None:
    store.tables.write(LABELS, "labels").unwrap()
    made = store.training_set(BOTH, SpineReference("labels", filter="k > 1")).unwrap()
    pinned = store.training_sets.pin(made.id).unwrap().pin
    assert [frame.table for frame in pinned.frames] == ["rain", None]
    shutil.rmtree(tmp_path / "labels")
    assert store.rebuild(made.id).unwrap().rebuilt_from_pin
    shutil.rmtree(tmp_path / "rain")
    assert_frame_equal(store.rebuild(made.id).unwrap().frame, made.frame, check_exact=True)


def test_a_spine_that_is_kept_for_another_retrieval_serves_too(store: FeatureStore, tmp_path: Path) -> None:
    store.tables.write(LABELS, "labels").unwrap()
    made = store.training_set(BOTH, LABELS).unwrap()
    labels = SpineReference("labels")
    assert store.training_set(BOTH, labels).unwrap().id == made.id
    shutil.rmtree(tmp_path / "labels")
    assert_frame_equal(store.rebuild(made.id).unwrap().frame, made.frame, check_exact=True)
    store.training_set(BOTH, LABELS, keep_spine=False).unwrap()
    assert_frame_equal(store.rebuild(made.id).unwrap().frame, made.frame, check_exact=True)


def test_a_spine_that_was_not_kept_is_asked_for_once(store: FeatureStore) -> None:
    made = store.training_set(BOTH, LABELS, keep_spine=False).unwrap()
    assert isinstance(store.training_sets.pin(made.id).failure(), SpineNotKept)
    store.training_sets.pin(made.id, spine=LABELS).unwrap()
    assert_frame_equal(store.rebuild(made.id).unwrap().frame, made.frame, check_exact=True)


def test_pinning_again_changes_nothing(store: FeatureStore) -> None:
    made = store.training_set(BOTH, LABELS).unwrap()
    first = store.training_sets.pin(made.id).unwrap()
    again = store.training_sets.pin(made.id[:8]).unwrap()
    assert (again.pin, again.made) == (first.pin, False)
    assert events_of(store, TrainingSetPinned) == 1


@pytest.mark.parametrize("harm", ["gone", "other", "torn"])
def test_a_pin_that_is_not_whole_is_told_and_made_anew(store: FeatureStore, tmp_path: Path, harm: str) -> None:
    made = store.training_set(BOTH, LABELS).unwrap()
    store.training_sets.pin(made.id).unwrap()
    file = tmp_path / "store" / "pins" / made.id / "0.parquet"
    whole = pl.read_parquet(file)
    if harm == "gone":
        file.unlink()
    elif harm == "other":
        whole.with_columns(x=pl.col("x") + 1).write_parquet(file)
    else:
        file.write_bytes(file.read_bytes()[:-20])
    broken = store.rebuild(made.id, from_pin=True).failure()
    assert isinstance(broken, PinBroken)
    assert str(broken).startswith(f"The pin of {made.id} does not serve: ")
    assert store.training_sets.pin(made.id).unwrap().made
    assert pl.read_parquet(file).equals(whole)
    assert store.rebuild(made.id, from_pin=True).unwrap().frame.equals(made.frame)


def test_frames_of_a_pin_that_was_cut_short_do_no_harm(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(BOTH, LABELS).unwrap()
    left = tmp_path / "store" / "pins" / made.id / "0.parquet"
    left.parent.mkdir(parents=True)
    rain(0, 1, range(1)).write_parquet(left)
    assert isinstance(store.rebuild(made.id, from_pin=True).failure(), NotPinned)
    store.training_sets.pin(made.id).unwrap()
    assert store.rebuild(made.id, from_pin=True).unwrap().frame.equals(made.frame)


def test_what_does_not_give_the_set_is_no_pin(store: FeatureStore, tmp_path: Path) -> None:
    """A file was put in the place of the table's: the log does not tell, the fingerprint does."""
    made = store.training_set(BOTH, LABELS).unwrap()
    [old, _] = store.tables.info("rain").unwrap().data_files
    pl.read_parquet(old.path).with_columns(x=pl.col("x") + 1).write_parquet(old.path)
    broken = store.training_sets.pin(made.id).failure()
    assert isinstance(broken, PinBroken)
    assert "what is built of it has the fingerprint" in str(broken)
    assert not (tmp_path / "store" / "pins" / made.id / "0.parquet").exists()
    assert store.training_sets.pins().unwrap() == ()


def test_unpinning_forgets_what_was_kept(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(BOTH, LABELS).unwrap()
    store.training_sets.pin(made.id).unwrap()
    store.training_sets.unpin(made.id).unwrap()
    assert not list((tmp_path / "store" / "pins" / made.id).iterdir())
    assert store.training_sets.pins().unwrap() == ()
    assert events_of(store, TrainingSetUnpinned) == 1
    assert isinstance(store.training_sets.unpin(made.id).failure(), NotPinned)
    assert store.training_sets.pin(made.id).unwrap().made


def test_the_last_way_to_rebuild_is_not_given_up_by_accident(store: FeatureStore, tmp_path: Path) -> None:
    made = store.training_set(BOTH, LABELS).unwrap()
    store.training_sets.pin(made.id).unwrap()
    store.tables.write(rain(0, 1, range(1)), "rain", mode="overwrite").unwrap()
    store.tables.vacuum("rain", hours=0, force=True).unwrap()
    refused = store.training_sets.unpin(made.id).failure()
    assert isinstance(refused, OnlyPin)
    assert "could not be rebuilt any more: Version 1 of the table 'rain' cannot be read: 2 of its files" in str(refused)
    store.training_sets.unpin(made.id, force=True).unwrap()
    other = store.training_set(BOTH, LABELS).unwrap()
    store.training_sets.pin(other.id).unwrap()
    shutil.rmtree(tmp_path / "rain")
    assert isinstance(store.training_sets.unpin(other.id).failure(), OnlyPin)


def test_what_an_erasure_removed_is_no_pin(store: FeatureStore) -> None:
    made = store.training_set(BOTH, LABELS).unwrap()
    other = store.training_set(BOTH, spine((2, 3))).unwrap()
    for identifier in (made.id, other.id):
        store.training_sets.pin(identifier).unwrap()
    store.keys.erase("place", 7).unwrap()
    assert [pin.id for pin in store.training_sets.pins().unwrap()] == [other.id]


def test_pins_of_sets_that_there_are_not(store: FeatureStore) -> None:
    assert isinstance(store.training_sets.pin("ts-0").failure(), UnknownTrainingSet)
    assert isinstance(store.training_sets.unpin("ts-0").failure(), UnknownTrainingSet)


def test_a_set_of_newer_laws_is_not_rebuilt(store: FeatureStore) -> None:
    made = store.training_set(BOTH, LABELS).unwrap()
    adapters = store.adapters
    newer = replace(made.receipt, semantics=max(KNOWN) + 1)
    stream = training_set_stream(made.id)
    adapters.events.append(stream, (newer,), expected=None, at=adapters.clock.now(), actor="newer").unwrap()
    for refused in (store.rebuild(made.id), store.training_sets.pin(made.id), store.rebuild(made.id, from_pin=True)):
        error = refused.failure()
        assert isinstance(error, SemanticsTooNew)
        assert f"{made.id} was built by version 3 of the semantics, and this Foreset knows: 1, 2." in str(error)


def test_two_scans_of_one_table_are_kept_apart(store: FeatureStore, tmp_path: Path) -> None:
    source = DeltaSource("rain", "t", warehouse_table="elsewhere")
    store.register(FeatureViewSpec("other", ["place"], source, ["note"])).unwrap()
    made = store.training_set(TrainingSetSpec(["rain:x", "other:note"]), LABELS).unwrap()
    pinned = store.training_sets.pin(made.id).unwrap().pin
    assert [frame.name for frame in pinned.frames] == [f"pins/{made.id}/{number}" for number in (0, 1)]
    shutil.rmtree(tmp_path / "rain")
    assert_frame_equal(store.rebuild(made.id).unwrap().frame, made.frame, check_exact=True)


def test_pins_in_memory() -> None:
    store = FeatureStore.in_memory({"rain": rain(0, 10, range(5))})
    view = FeatureViewSpec("rain", ["place"], DeltaSource("rain", "t"), ["x"])
    store.register(EntitySpec("place", ["k"]), view).unwrap()
    made = store.training_set(TrainingSetSpec(["rain:x"]), LABELS).unwrap()
    other = store.training_set(TrainingSetSpec(["rain:x"]), LABELS.head(2)).unwrap()
    store.tables.write(rain(0, 1, range(1)), "rain", mode="overwrite").unwrap()
    store.training_sets.pin(made.id).unwrap()
    assert {s.id: s.fate for s in store.tables.retention("rain", hours=0).unwrap().sets} == {
        made.id: "pinned",
        other.id: "lost",
    }
    assert store.tables.vacuum("rain", hours=0, force=True, lose=[other.id]).unwrap().deleted == ("rain@0",)
    assert_frame_equal(store.rebuild(made.id).unwrap().frame, made.frame, check_exact=True)
    assert "of the table 'rain' cannot be read: a file of it is gone (rain@0)" in str(store.rebuild(other.id).failure())


def test_rows_that_serve_several_parts_are_kept_once() -> None:
    told = [
        ServedBy(0, "<0> <position>", {"k": "<0> k"}),
        ServedBy(0, "<1> <position>", {"k": "<1> k"}),
        ServedBy(1, "<2> <position>", {"z": "<2> z"}),
    ]
    one = {"<0> <position>": [5, None], "<0> k": [50, None], "<1> <position>": [2, 5], "<1> k": [20, 50]}
    two = {"<0> <position>": [2, 9], "<0> k": [20, 90], "<1> <position>": [None, 1], "<1> k": [None, 10]}
    parts = [
        pl.DataFrame({**part, "<2> <position>": [p, None], "<2> z": [z, None]})
        for part, p, z in ((one, 3, "c"), (two, 1, "a"))
    ]
    found = PolarsPinnedRows(lambda _: pytest.fail("nothing is served")).collect(told, iter(parts)).unwrap()
    assert pl.DataFrame(found[0])["k"].to_list() == [10, 20, 50, 90]
    assert pl.DataFrame(found[1])["z"].to_list() == ["a", "c"]


def test_a_frame_that_another_process_keeps_meanwhile_stays(
    store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = store.training_set(BOTH, LABELS).unwrap()
    frame = tmp_path / "store" / "pins" / made.id / "0.parquet"
    kept: list[int] = []

    def meanwhile(name: str) -> None:
        if name.startswith("pins/") and not kept:
            kept.append(0)  # the other one comes here, too
            assert (
                FeatureStore.open(tmp_path / "store", data_dir=tmp_path)
                .unwrap()
                .training_sets.pin(made.id)
                .unwrap()
                .made
            )
            kept[:] = [frame.stat().st_mtime_ns]

    def sized(blobs: FolderBlobs, name: str) -> int | None:
        there = size(blobs, name)
        meanwhile(name)
        return there

    def removed(blobs: FolderBlobs, name: str) -> bool:
        meanwhile(name)
        return remove(blobs, name)

    size, remove = FolderBlobs.size, FolderBlobs.remove
    monkeypatch.setattr(FolderBlobs, "size", sized)
    monkeypatch.setattr(FolderBlobs, "remove", removed)
    pinned = store.training_sets.pin(made.id).unwrap()
    assert kept == [frame.stat().st_mtime_ns]
    assert store.training_sets.pins().unwrap() == (pinned.pin,)
