"""A store is made where there is none, and only where that is not ruled out."""

from pathlib import Path

import pytest

from foreset import CallerError, FeatureStore
from foreset.domain.errors.event_log import NoLog


def test_a_folder_without_a_store_is_refused_and_left_alone_where_none_is_to_be_made(tmp_path: Path) -> None:
    place = tmp_path / "store"
    refused = FeatureStore.open(place, create=False)
    assert isinstance(refused.failure(), NoLog)
    assert str(refused.failure()) == (
        f"There is no event log at {place}. Next: name the store: --store DIR or a URL, or FORESET_STORE; "
        "FeatureStore.open(place) makes one."
    )
    assert not place.exists()
    place.mkdir()
    with pytest.raises(CallerError, match="There is no event log at"):
        FeatureStore.open(place, create=False).unwrap()
    assert not list(place.iterdir())


def test_a_store_that_is_there_is_opened(tmp_path: Path) -> None:
    with FeatureStore.open(tmp_path).unwrap():
        pass
    with FeatureStore.open(tmp_path, create=False).unwrap() as store:
        assert store.log.events().unwrap() == ()
