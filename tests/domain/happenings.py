"""A log for the tests of looking back: two views, three training sets, two models, a load."""

from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from foreset.domain.definitions.models import ModelTrained
from foreset.domain.definitions.registry import EntityRegistered, FeatureViewRegistered, FeatureViewRemoved
from foreset.domain.definitions.specs import SpineReference, TrainingSetSpec
from foreset.domain.event_log.receipts import (
    Event,
    Recorded,
    SpineRecord,
    TableWritten,
    TrainingSetRebuilt,
    TrainingSetRetrieved,
)
from foreset.domain.online.loading import ViewMaterialized
from foreset.domain.planning.nodes import Scan
from foreset.domain.planning.plan import RetrievalPlan
from tests.domain.plans import DRIVER, NOTES, STATS, planned

BEGAN: Final = datetime(2024, 5, 1, 8, tzinfo=UTC)


def retrieved(identifier: str, feature: str, version: int = 7, reference: SpineReference | None = None) -> Event:
    plan = planned([feature])
    nodes = tuple(replace(node, version=version) if isinstance(node, Scan) else node for node in plan.nodes)
    return TrainingSetRetrieved(
        id=identifier,
        spec=TrainingSetSpec([feature], name="daily"),
        plan=RetrievalPlan(nodes),
        versions={"trips": version},
        spine=SpineRecord(fingerprint="5f0d8e2c61b74a39aa", rows=100, kept=reference is None, reference=reference),
        fingerprint="f1",
        rows=100,
        columns=plan.result.columns,
        ties={},
        libraries={},
    )


def trained(identifier: str, name: str | None) -> Event:
    return ModelTrained(
        training_set_id=identifier,
        estimator="sklearn.linear_model.Ridge",
        params={},
        metrics={"r2": 0.5},
        rows_train=3,
        rows_test=1,
        fingerprint="f",
        name=name,
    )


_LOADED = ViewMaterialized(
    view="stats",
    view_version=1,
    table="trips",
    from_version=None,
    version=8,
    at=BEGAN,
    way="full",
    why="it was asked for",
    keys=3,
    rows=3,
    store="sqlite",
)
_HAPPENED: Final[tuple[tuple[str, str, Event], ...]] = (
    ("ann", "registry", EntityRegistered(DRIVER, 1)),
    ("ann", "registry", FeatureViewRegistered(STATS, 1, ())),
    ("ann", "registry", FeatureViewRegistered(NOTES, 1, ())),
    ("bob", "table/trips", TableWritten(table="trips", version=7, mode="append", rows=1_000)),
    ("bob", "training-set/ts-aa1", retrieved("ts-aa1", "stats:rate")),
    ("bob", "training-set/ts-aa1", trained("ts-aa1", "delay")),
    ("cid", "training-set/ts-bb2", retrieved("ts-bb2", "notes:note", 8, SpineReference("labels", version=2))),
    ("cid", "training-set/ts-bb2", trained("ts-bb2", None)),
    ("ann", "training-set/ts-aa1", TrainingSetRebuilt(id="ts-aa1", fingerprint="f1", libraries={})),
    ("ann", "online/stats", _LOADED),
    ("ann", "registry", FeatureViewRemoved("notes")),
    ("bob", "training-set/ts-aa1", trained("ts-aa1", "delay")),
)


def recorded(*happened: tuple[str, str, Event]) -> tuple[Recorded, ...]:
    """Events as a log holds them: one an hour."""
    versions: dict[str, int] = {}
    log: list[Recorded] = []
    for number, (actor, stream, event) in enumerate(happened, start=1):
        versions[stream] = versions.get(stream, 0) + 1
        at = BEGAN + timedelta(hours=number - 1)
        log.append(Recorded(position=number, stream=stream, version=versions[stream], at=at, actor=actor, event=event))
    return tuple(log)


LOG: Final = recorded(*_HAPPENED)
