"""Random stores: what held an erased key is gone and says so, and everything else is as it was."""

import random
from pathlib import Path

import polars as pl
import pytest
from returns.result import Success

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.errors.erasure import TrainingSetErased
from foreset.domain.errors.retrieval import SpineNotKept
from tests.erasing.conftest import day, left_in, opened

WHO = [f"person-{number:04}" for number in range(8)]
SPEC = TrainingSetSpec(["v:x"])


def filled(folder: Path) -> FeatureStore:
    store = opened(folder)
    people = pl.DataFrame({"who": WHO, "at": [day(1)] * len(WHO), "x": range(len(WHO))})
    store.tables.write(people, "people").unwrap()
    labels = people.select("who", event_timestamp="at").with_columns(y=pl.lit(1))
    store.tables.write(labels, "labels").unwrap()
    view = FeatureViewSpec("v", ["person"], DeltaSource("people", "at"), ["x"])
    store.register(EntitySpec("person", ["who"]), view).unwrap()
    return store


def built(store: FeatureStore, chance: random.Random) -> tuple[str, set[str], bool]:
    """A training set of some people, who they are, and whether it can be rebuilt without its spine."""
    who = set(chance.sample(WHO, chance.randint(1, 4)))
    way = chance.choice(["kept", "kept", "pinned", "table", "pinned table", "not kept", "pinned, not kept"])
    named = ", ".join(f"'{name}'" for name in sorted(who))
    rows = pl.DataFrame({"who": sorted(who), "event_timestamp": [day(3)] * len(who), "n": [chance.random()] * len(who)})
    spine = SpineReference(path="labels", filter=f"who IN ({named})") if "table" in way else rows
    made = store.training_set(SPEC, spine, keep_spine="not kept" not in way).unwrap().id
    if "pinned" in way:
        store.training_sets.pin(made, spine=rows if "not kept" in way else None).unwrap()
    return made, who, way != "not kept"


@pytest.mark.parametrize("seed", range(6))
def test_what_held_a_key_is_gone_and_the_rest_is_as_it_was(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # stores, not secrets
    store = filled(tmp_path)
    sets = [built(store, chance) for _ in range(10)]
    erased = set(chance.sample(WHO, 2))
    for key in sorted(erased):
        store.keys.erase("person", key).unwrap()
    for key in erased:
        assert left_in(tmp_path / "store", key) == []
    for identifier, who, alone in sets:
        again = store.rebuild(identifier)
        if alone and not who & erased:
            assert isinstance(again, Success), again
        else:
            assert isinstance(again.failure(), TrainingSetErased if alone else (SpineNotKept, TrainingSetErased))
    assert store.log.verify().unwrap().whole
    assert {key for key in WHO if left_in(tmp_path / "store", key)} <= set(WHO) - erased
