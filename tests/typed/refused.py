"""What a user may not write: checkers report each line, and the code refuses it."""

from collections.abc import Callable

from foreset import DeltaSource, EntitySpec, FeatureField, FeatureStore, FeatureViewSpec, ModelSpec, TrainingSetSpec

SOURCE = DeltaSource("t", "at")
REFUSED: list[Callable[[], object]] = [
    lambda: DeltaSource(1, "at"),  # type: ignore[arg-type]
    lambda: DeltaSource(b"t", "at"),  # type: ignore[arg-type]
    lambda: EntitySpec("k", ["k"], tags={"version": 2}),  # type: ignore[dict-item]
    lambda: FeatureField("x", dtype=float),  # type: ignore[arg-type]
    lambda: FeatureViewSpec("v", ["k"], "t", ["x"]),  # type: ignore[arg-type]
    lambda: FeatureViewSpec("v", ["k"], SOURCE, ["x"], ttl=30),  # type: ignore[arg-type]
    lambda: FeatureViewSpec("v", ["k"], SOURCE, [("x", "int64")]),  # type: ignore[list-item]
    lambda: TrainingSetSpec(["v:x"], known_at=20240101),  # type: ignore[arg-type]
    lambda: TrainingSetSpec(["v:x"], versions={"t": "1"}),  # type: ignore[arg-type]
    lambda: TrainingSetSpec(["v:x"], full_feature_names=1),  # type: ignore[arg-type]
    lambda: ModelSpec(save_to=1),  # type: ignore[arg-type]
    lambda: FeatureStore.open(1).unwrap(),  # type: ignore[arg-type]
]
