import warnings
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from feast import Entity, Project, RequestSource
from feast.field import Field
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64, Json, Uuid
from feast.value_type import ValueType

from foreset.adapters.feast.repository.registry import FeastRegistry
from foreset.domain.definitions.registry import (
    Catalog,
    EntityRegistered,
    EntityRemoved,
    FeatureViewRegistered,
    FeatureViewRemoved,
    replay,
)
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec
from foreset.domain.facts import Column
from foreset.domain.feast.tags import POSITION
from tests.adapters.feast.repositories import SAMPLE, feast_view, opened, write_yaml

DTYPES = {"k": "int64", "at": "timestamp[us, UTC]", "x": "float64", "y": "float64", "text": "string"}
COLUMNS = tuple(Column(name, dtype) for name, dtype in DTYPES.items())


def view(name: str, *features: str) -> FeatureViewSpec:
    return FeatureViewSpec(name, ["sample"], DeltaSource(name, "at"), features)


TWO = replay(
    [
        EntityRegistered(EntitySpec("sample", ["k"]), 1),
        FeatureViewRegistered(view("one", "x"), 1, COLUMNS),
        FeatureViewRegistered(view("two", "x"), 1, COLUMNS),
    ]
)


@pytest.fixture(params=["file", "sqlite", "postgres"])
def repo(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of a repository: an empty one, or somebody's own with a registry in a database."""
    folder = tmp_path / "repo"
    if request.param != "file":
        database = (
            f"sqlite:///{tmp_path}/registry.sqlite"
            if request.param == "sqlite"
            else f"postgresql+psycopg://{request.getfixturevalue('postgres_database')}"
        )
        write_yaml(folder, registry={"registry_type": "sql", "path": database})
    return folder


@pytest.fixture
def registry(repo: Path) -> Iterator[FeastRegistry]:
    with closing(opened(repo)) as found:
        yield found


def published(repo: Path) -> tuple[list[str], list[str], list[str]]:
    """Entities, views and sources, as another process reads them."""
    with closing(opened(repo)) as other:
        store = other.store
        found = (store.list_entities(), store.list_feature_views(), store.list_data_sources())
    entities, views, sources = (sorted(item.name for item in items) for items in found)
    return [name for name in entities if not name.startswith("__")], views, sources


def test_publishing_brings_feast_to_the_catalog_and_again_changes_nothing(repo: Path, registry: FeastRegistry) -> None:
    assert registry.publish(TWO, 3).unwrap() == 3
    assert published(repo) == (["sample"], ["one", "two"], ["/data/one", "/data/two"])
    before = registry.store.get_feature_view("one").to_proto()
    assert registry.publish(TWO, 3).unwrap() == 0
    assert registry.store.get_feature_view("one").to_proto() == before


def test_the_project_has_the_position_beside_its_owners_tags(registry: FeastRegistry) -> None:
    registry.store.apply(Project(name="project", description="ours", tags={"team": "a"}, owner="me"))
    for position in (3, 7):
        registry.publish(TWO, position).unwrap()
        project = registry.store.get_project(registry.store.project)
        assert project.tags[POSITION] == str(position)
    if registry.store.project == "project":
        assert (project.tags["team"], project.description, project.owner) == ("a", "ours", "me")


def test_a_changed_view_is_changed_alone(registry: FeastRegistry) -> None:
    registry.publish(TWO, 3).unwrap()
    changed = replay([FeatureViewRegistered(view("two", "x", "y"), 2, COLUMNS)], TWO)
    assert registry.publish(changed, 4).unwrap() == 1
    assert [field.name for field in registry.store.get_feature_view("two").features] == ["x", "y"]


DETAILS = FeatureViewSpec(
    "one",
    ["sample"],
    DeltaSource("other", "made", "written", {"exes": "x"}, name="others", description="a table"),
    [FeatureField("x", "float64", "an x", {"unit": "m"})],
    timedelta(hours=3),
    "a view",
    {"team": "b"},
    "you",
)


def test_everything_that_a_definition_says_is_brought_up_to_date(registry: FeastRegistry) -> None:
    registry.publish(TWO, 3).unwrap()
    columns = (*COLUMNS, *(Column(name, "timestamp[us]") for name in ("made", "written")), Column("exes", "float32"))
    sample = EntitySpec("sample", ["k"], "a thing", {"team": "c"}, "they")
    changed = replay([FeatureViewRegistered(DETAILS, 2, columns), EntityRegistered(sample, 2)], TWO)
    assert registry.publish(changed, 4).unwrap() == 2
    entity, found = registry.store.get_entity("sample"), registry.store.get_feature_view("one")
    assert (entity.description, entity.tags["team"], entity.owner) == ("a thing", "c", "they")
    assert (found.description, found.tags["team"], found.owner, found.ttl) == ("a view", "b", "you", DETAILS.ttl)
    source, (field,) = found.batch_source, found.features
    assert (source.name, source.description, source.path) == ("others", "a table", "/data/other")
    assert (source.timestamp_field, source.created_timestamp_column) == ("made", "written")
    assert source.field_mapping == {"exes": "x"}
    assert (field.description, field.tags) == ("an x", {"unit": "m"})
    assert registry.publish(changed, 4).unwrap() == 0
    back = replay([FeatureViewRegistered(view("one", "x"), 3, COLUMNS)], changed)
    assert registry.publish(back, 5).unwrap() == 1
    assert registry.store.get_feature_view("one").ttl == timedelta(0)


def test_a_new_order_of_features_is_published_and_what_was_materialised_stays_known(registry: FeastRegistry) -> None:
    day = datetime(2024, 1, 1, tzinfo=UTC)
    forth = replay([FeatureViewRegistered(view("one", "x", "y"), 2, COLUMNS)], TWO)
    registry.publish(forth, 3).unwrap()
    registry.store.registry.apply_materialization(
        registry.store.get_feature_view("one"), registry.store.project, day, day + timedelta(days=1)
    )
    back = replay([FeatureViewRegistered(view("one", "y", "x"), 2, COLUMNS)], forth)
    assert registry.publish(back, 4).unwrap() == 1
    found = registry.store.get_feature_view("one")
    assert [field.name for field in found.features] == ["y", "x"]
    assert [end for _, end in found.materialization_intervals] == [day + timedelta(days=1)]
    assert registry.publish(back, 4).unwrap() == 0


def test_what_is_removed_goes_and_takes_its_source_along(repo: Path, registry: FeastRegistry) -> None:
    registry.publish(TWO, 3).unwrap()
    assert registry.publish(replay([FeatureViewRemoved("one")], TWO), 4).unwrap() == 1
    assert published(repo) == (["sample"], ["two"], ["/data/two"])
    nothing = replay([FeatureViewRemoved("one"), FeatureViewRemoved("two"), EntityRemoved("sample")], TWO)
    assert registry.publish(nothing, 6).unwrap() == 2
    assert published(repo) == ([], [], [])


def test_what_others_applied_stays_unless_it_has_the_name_of_ours(repo: Path, registry: FeastRegistry) -> None:
    theirs = [Entity(name=name, join_keys=["q"], value_type=ValueType.INT64) for name in ("sample", "theirs")]
    registry.store.apply(theirs)
    registry.publish(TWO, 3).unwrap()
    assert registry.store.get_entity("sample").join_key == "k"
    registry.publish(Catalog(), 4).unwrap()
    assert published(repo)[0] == ["theirs"]
    registry.publish(TWO, 5).unwrap()
    registry.store.apply(theirs[:1])
    assert registry.publish(TWO, 5).unwrap() == 1
    assert registry.store.get_entity("sample").join_key == "k"


def test_a_change_that_others_made_to_a_published_view_is_undone(registry: FeastRegistry) -> None:
    registry.publish(TWO, 3).unwrap()
    theirs = registry.store.get_feature_view("one")
    theirs.ttl = timedelta(days=1)
    registry.store.apply(theirs)
    assert registry.publish(TWO, 3).unwrap() == 1
    assert registry.store.get_feature_view("one").ttl == timedelta(0)


def test_a_moved_data_folder_is_published_anew(repo: Path, registry: FeastRegistry) -> None:
    registry.publish(TWO, 3).unwrap()
    with closing(opened(repo, data="/moved")) as moved:
        assert moved.publish(TWO, 3).unwrap() == 2
        assert moved.store.get_feature_view("one").batch_source.path == "/moved/one"
    assert published(repo)[2] == ["/moved/one", "/moved/two"]


def test_what_only_feast_knows_of_a_view_stays(repo: Path, registry: FeastRegistry) -> None:
    theirs = feast_view(
        "one",
        "../data/one",
        {"x": Float64, "text": Json},
        online=False,
        org="sales",
        enable_validation=True,
        source_name="named",
        source_owner="them",
        source_tags={"cost": "low"},
    )
    registry.store.apply([Entity(name="sample", join_keys=["k"], value_type=ValueType.INT64), theirs])
    spec = FeatureViewSpec("one", ["sample"], DeltaSource("one", "at", name="named"), ["x", "text"])
    events = [EntityRegistered(EntitySpec("sample", ["k"]), 1), FeatureViewRegistered(spec, 1, COLUMNS)]
    with closing(opened(repo, data=f"{repo}/../data")) as ours:
        ours.publish(replay(events), 2).unwrap()
        assert ours.publish(replay(events), 2).unwrap() == 0
        found = ours.store.get_feature_view("one")
    assert (found.online, found.org, found.enable_validation) == (False, "sales", True)
    assert [field.dtype for field in found.features] == [Float64, Json]
    source = found.batch_source
    assert (source.path, source.name, source.owner, source.tags) == ("../data/one", "named", "them", {"cost": "low"})


def test_a_finer_type_of_a_key_stays(registry: FeastRegistry) -> None:
    registry.store.apply(Entity(name="sample", join_keys=["text"], value_type=ValueType.UUID))
    spec = FeatureViewSpec("one", ["sample"], DeltaSource("one", "at"), ["x"])
    events = [EntityRegistered(EntitySpec("sample", ["text"]), 1), FeatureViewRegistered(spec, 1, COLUMNS)]
    registry.publish(replay(events), 2).unwrap()
    assert registry.store.get_entity("sample").value_type == ValueType.UUID
    assert registry.publish(replay(events), 2).unwrap() == 0
    assert str(Uuid) == "Uuid"


@pytest.mark.filterwarnings("ignore:On demand feature view is an experimental feature:RuntimeWarning")
def test_a_name_that_another_kind_of_view_has_is_refused_and_nothing_changes(
    repo: Path, registry: FeastRegistry
) -> None:
    @on_demand_feature_view(
        sources=[RequestSource(name="now", schema=[Field(name="a", dtype=Float64)])],
        schema=[Field(name="b", dtype=Float64)],
    )
    def two(inputs: pd.DataFrame) -> pd.DataFrame:
        return inputs.rename(columns={"a": "b"})

    registry.store.apply(two)
    refused = registry.publish(TWO, 3).failure().message
    assert "feature view 'two' cannot be published to Feast: an on-demand feature view of that name" in refused
    assert published(repo)[:2] == ([], [])


def test_names_that_differ_by_case_alone_are_refused(registry: FeastRegistry) -> None:
    both = replay([FeatureViewRegistered(view("ONE", "x"), 1, COLUMNS)], TWO)
    assert "the name differs from 'one' by case alone" in registry.publish(both, 3).failure().message
    registry.store.apply([SAMPLE, feast_view("Two", "/data/t")])
    assert "the name differs from 'Two' by case alone" in registry.publish(TWO, 3).failure().message


def test_other_views_of_the_project_that_feast_itself_warns_of_do_no_harm(registry: FeastRegistry) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        registry.store.apply([feast_view("loose", "/data/t", entities=[])])
        registry.store.apply([feast_view("looser", "/data/t")])
    assert registry.publish(TWO, 3).unwrap() == 3
    assert registry.publish(TWO, 3).unwrap() == 0
