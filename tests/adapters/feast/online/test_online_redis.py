"""Views in a real Redis, whose store in Feast leaves out what is not newer, and keeps what it is not told of."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from foreset import DeltaSource, FeatureViewSpec, ForesetError
from foreset.application.feast.publish import publish
from tests.adapters.feast.online_views import ENTITY, Views, opened, rows, view


@pytest.fixture
def views(tmp_path: Path, redis_server: str) -> Iterator[Views]:
    """Three keys, loaded. Each test has a project of its own on the server."""
    made = opened(tmp_path, {"type": "redis", "connection_string": redis_server}, project=f"p{uuid4().hex}")
    made.store.tables.write(rows((1, 9, 1.0), (2, 9, 2.0), (3, 9, None)), "things").unwrap()
    made.store.register(ENTITY, view()).unwrap()
    made.load()
    yield made
    made.online.close()


def test_values_are_read_as_they_are(views: Views) -> None:
    assert views.values(1, 2, 3, 9, None) == [1.0, 2.0, None, None, None]
    assert views.feasts(1, 2, 3, 9) == [1.0, 2.0, None, None]
    assert views.check().agrees


def test_a_correction_of_the_same_or_an_earlier_time_is_written(views: Views) -> None:
    views.store.tables.write(rows((1, 9, 11.0)), "things").unwrap()
    assert views.load().keys == 1
    views.store.tables.write(rows((2, 20, 0.5)), "things", mode="overwrite").unwrap()
    done = views.load()
    assert (done.keys, done.rows) == (3, 1)
    assert views.values(1, 2, 3) == views.feasts(1, 2, 3) == [None, 0.5, None]
    assert views.check().agrees


def test_feasts_own_store_leaves_a_correction_out(views: Views) -> None:
    views.registry.store.write_to_online_store("things", rows((1, 9, 11.0)).to_pandas())
    assert views.feasts(1) == [1.0]


def test_the_word_of_what_is_held_goes_with_the_values(views: Views) -> None:
    """Beside another view of the same keys, whose word is under the same key of Redis."""
    other = FeatureViewSpec("others", ["thing"], DeltaSource("things", "at"), ["x"])
    views.store.register(other).unwrap()
    views.online.materialize(["others"]).unwrap()
    gone = views.registry.store.get_feature_view("things")
    provider = views.registry.store._get_provider()
    provider.update_infra(views.registry.store.project, [gone], [], [], [], partial=True)
    assert views.feasts(1) == [None]
    assert views.check().loaded is None
    done = views.load()
    assert (done.way, done.why) == ("full", "the online store does not say what it holds of the view")
    assert views.feasts(1) == [1.0]
    assert views.online.check("others").unwrap().loaded == 0


def test_what_others_wrote_does_not_stay(views: Views) -> None:
    views.store.register(ENTITY, FeatureViewSpec("new", ["thing"], DeltaSource("things", "at"), ["x"])).unwrap()
    publish(views.store.adapters.events, views.registry).unwrap()
    views.registry.store.write_to_online_store("new", rows((77, 1, 7.0)).to_pandas())
    assert views.feasts_of("new:x", [{"k": 77}]) == [7.0]
    views.online.materialize(["new"]).unwrap()
    assert views.feasts_of("new:x", [{"k": 77}, {"k": 1}]) == [None, 1.0]
    assert views.values(1) == [1.0]


def test_another_project_whose_name_ends_alike_keeps_its_values(
    tmp_path: Path, views: Views, redis_server: str
) -> None:
    """Feast's own store takes them out with those of the project that it is asked to empty."""
    project = views.registry.store.project
    other = opened(tmp_path / "b", {"type": "redis", "connection_string": redis_server}, project=project[1:])
    other.store.tables.write(rows((1, 9, 5.0)), "things").unwrap()
    other.store.register(ENTITY, view()).unwrap()
    other.load()
    assert (other.values(1), views.values(1, 2)) == ([5.0], [1.0, 2.0])
    store = other.registry.store
    store._get_provider().update_infra(store.project, [store.get_feature_view("things")], [], [], [], partial=True)
    assert views.values(1, 2) == [None, None]
    other.online.close()


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    pytest.importorskip("redis")
    made = opened(tmp_path, {"type": "redis", "connection_string": "127.0.0.1:1"})
    made.store.tables.write(rows((1, 9, 1.0)), "things").unwrap()
    made.store.register(ENTITY, view()).unwrap()
    with pytest.raises(ForesetError, match=r"The online store redis failed over .*'things': .*refused.* Next: mend"):
        made.load()


def test_event_times_before_1970_come_back(views: Views) -> None:
    early = rows((8, 0, 8.0)).with_columns(at=datetime(1969, 12, 31, 23, 59, 59, 250_000, tzinfo=UTC))
    views.store.tables.write(early.cast(rows().schema), "things").unwrap()
    views.load()
    assert views.values(8) == views.feasts(8) == [8.0]
