"""Training sets that hold keys, and what is recorded of erasures."""

from typing import Any

from foreset import FeatureStore, TrainingSetSpec
from foreset.domain.event_log.erasures import KeyErased
from tests.erasing.conftest import SPINE

SPEC = TrainingSetSpec(["ages:age"])


def erasures(store: FeatureStore) -> list[KeyErased]:
    return [r.event for r in store.log.events().unwrap() if isinstance(r.event, KeyErased)]


def build(store: FeatureStore, spine: Any = SPINE, **more: Any) -> str:
    return store.training_set(SPEC, spine, **more).unwrap().id
