"""The signatures of the public classes are short enough to be read."""

import inspect

import pytest

from foreset import FeatureStore, TableChanges, TrainingSet
from foreset.entrypoints.store.past_store import PastStore

THREE_LINES = 3 * 120


def calls() -> list[tuple[type, str]]:
    kinds = (FeatureStore, PastStore, TrainingSet, TableChanges)
    return [
        (kind, name)
        for kind in kinds
        for name in dir(kind)
        if not name.startswith("_") and callable(getattr(kind, name))
    ]


@pytest.mark.parametrize(("kind", "name"), calls(), ids=lambda value: getattr(value, "__name__", value))
def test_a_signature_fits_three_lines_and_names_few_types(kind: type, name: str) -> None:
    signature = str(inspect.signature(getattr(kind, name)))
    assert len(f"{name}{signature}") <= THREE_LINES
    assert "foreset.domain.errors" not in signature
