"""Publishing into repositories that others made."""

from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from feast import Field
from feast.infra.online_stores.sqlite import SqliteOnlineStore
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float64

from foreset.adapters.feast.repository import settings as repository
from foreset.adapters.feast.repository.registry import FeastRegistry
from foreset.domain.definitions.registry import EntityRegistered, FeatureViewRegistered, FeatureViewRemoved, replay
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec
from foreset.domain.facts import Column
from tests.adapters.feast.repositories import SAMPLE, feast_view, opened, write_yaml

COLUMNS = (Column("k", "int64"), Column("at", "timestamp[us, UTC]"), Column("x", "float64"))
ONE = replay(
    [
        EntityRegistered(EntitySpec("sample", ["k"]), 1),
        FeatureViewRegistered(FeatureViewSpec("one", ["sample"], DeltaSource("one", "at"), ["x"]), 1, COLUMNS),
    ]
)


def failure(repo: Path, **asked: str) -> str:
    options = {"project": None, "provider": None, "offline_store": None, **asked}
    return FeastRegistry.open(repo, locate=str, **options).failure().message  # type: ignore[arg-type]  # of these names


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"offline_store": {"type": "duckdb"}},
        {"online_store": None},
        {"online_store": {"type": "sqlite", "path": "elsewhere.db"}},
        {"registry": {"path": "deep/registry.pb", "cache_ttl_seconds": 0}},
        {"provider": "gcp"},
    ],
)
def test_a_repository_is_published_to_whatever_it_says_and_left_as_it_is(
    tmp_path: Path, settings: dict[str, object]
) -> None:
    repo = write_yaml(tmp_path / "repo", **settings)
    (repo / "deep").mkdir()
    before = (repo / "feature_store.yaml").read_bytes()
    with closing(opened(repo)) as registry:
        assert registry.publish(ONE, 2).unwrap() == 2
        assert registry.store.get_feature_view("one").batch_source.path == "/data/one"
    assert (repo / "feature_store.yaml").read_bytes() == before


def test_variables_of_the_environment_are_put_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_FOR_THIS_TEST", str(tmp_path / "there.db"))
    with closing(opened(write_yaml(tmp_path / "repo", registry="$REGISTRY_FOR_THIS_TEST"))) as registry:
        registry.publish(ONE, 2).unwrap()
    assert (tmp_path / "there.db").exists()


def test_a_relative_database_is_the_one_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = write_yaml(tmp_path / "repo", registry={"registry_type": "sql", "path": "sqlite:///reg.sqlite"})
    monkeypatch.chdir(tmp_path)
    with closing(opened(repo)) as registry:
        registry.publish(ONE, 2).unwrap()
    assert (repo / "reg.sqlite").exists()
    assert not (tmp_path / "reg.sqlite").exists()
    (tmp_path / "reg.sqlite").touch()
    with closing(opened(repo)) as registry:
        registry.publish(ONE, 2).unwrap()
    assert (tmp_path / "reg.sqlite").stat().st_size > 0


def test_another_project_or_offline_store_than_is_asked_is_refused(tmp_path: Path) -> None:
    repo = write_yaml(tmp_path / "repo")
    assert "has project: project, and the call asks for other" in failure(repo, project="other")
    assert "has offline_store: dask, and the call asks for foreset" in failure(
        repo, offline_store=repository.OFFLINE_STORE
    )


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"project": 3}, "it names no project"),
        ({"registry": None}, "it does not say where the registry is"),
        ({"registry": {"registry_type": "sql", "path": "nonsense"}}, "Could not parse"),
        ({"offline_store": {"type": "nonsense"}}, "nonsense"),
        ({"online_store": {"type": "sqlite", "strange": 1}}, "strange: Extra inputs are not permitted"),
    ],
)
def test_a_file_that_is_no_configuration_is_told(tmp_path: Path, settings: dict[str, object], problem: str) -> None:
    refused = failure(write_yaml(tmp_path / "repo", **settings))
    assert problem in refused
    assert "feature_store.yaml" in refused
    assert "Next: mend the file" in refused


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_a_damaged_registry_of_somebody_elses_is_refused_and_left(tmp_path: Path, content: bytes) -> None:
    repo = write_yaml(tmp_path / "repo")
    with closing(opened(repo)) as registry:
        registry.publish(ONE, 2).unwrap()
        (repo / "registry.db").write_bytes(content)
        assert "is damaged or empty. It was left as it is." in registry.publish(ONE, 2).failure().message
    assert "registry.db is damaged or empty" in failure(repo)
    assert (repo / "registry.db").read_bytes() == content


@pytest.mark.parametrize("content", [None, b"", b"garbage"])
def test_a_lost_registry_of_ours_is_built_again_while_in_use(tmp_path: Path, content: bytes | None) -> None:
    with closing(opened(tmp_path)) as registry:
        registry.publish(ONE, 2).unwrap()
        place = tmp_path / repository.REGISTRY
        place.unlink()
        if content is not None:
            place.write_bytes(content)
        registry.publish(ONE, 2).unwrap()
    with closing(opened(tmp_path)) as again:
        assert [view.name for view in again.store.list_feature_views()] == ["one"]


def test_a_lost_registry_of_somebody_elses_keeps_what_this_process_knew(tmp_path: Path) -> None:
    repo = write_yaml(tmp_path / "repo")
    with closing(opened(repo)) as registry:
        registry.store.apply([SAMPLE, feast_view("theirs", "/data/t")])
        registry.publish(ONE, 2).unwrap()
        (repo / "registry.db").unlink()
        registry.publish(ONE, 2).unwrap()
        assert sorted(view.name for view in registry.store.list_feature_views()) == ["one", "theirs"]


@pytest.mark.parametrize(
    ("database", "problem"),
    [
        ("postgresql+psycopg://me:secret@127.0.0.1:1/feast", "onnection"),
        ("mysql+absentdriver://me:secret@127.0.0.1/feast", "absentdriver"),
        ("sqlite:////absent/folder/reg.sqlite", "unable to open database file"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(
    tmp_path: Path, database: str, problem: str
) -> None:
    refused = failure(write_yaml(tmp_path / "repo", registry={"registry_type": "sql", "path": database}))
    assert refused.startswith("The Feast registry ")
    assert problem in refused
    assert "secret" not in refused


@pytest.mark.filterwarnings("ignore:On demand feature view is an experimental feature:RuntimeWarning")
def test_a_source_that_another_kind_of_view_needs_stays(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as registry:
        registry.publish(ONE, 2).unwrap()

        @on_demand_feature_view(
            sources=[registry.store.get_feature_view("one")], schema=[Field(name="double", dtype=Float64)]
        )
        def double(inputs: pd.DataFrame) -> pd.DataFrame:
            return pd.DataFrame({"double": inputs["x"] * 2})

        registry.store.apply(double)
        registry.publish(replay([FeatureViewRemoved("one")], ONE), 3).unwrap()
        assert registry.store.list_feature_views() == []
        assert "/data/one" in {source.name for source in registry.store.list_data_sources()}


def test_what_the_online_store_says_against_it_is_told_and_the_next_run_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away(Exception):  # noqa: N818  # as clients of databases name theirs
        pass

    def refuse(*_: object, **__: object) -> None:
        message = "no route to host"
        raise Away(message)

    database = {"registry_type": "sql", "path": f"sqlite:///{tmp_path}/registry.sqlite"}
    with closing(opened(write_yaml(tmp_path / "repo", registry=database))) as registry:
        with monkeypatch.context() as patched:
            patched.setattr(SqliteOnlineStore, "update", refuse)
            refused = registry.publish(ONE, 2).failure().message
            assert "could not apply to it and the online store sqlite: no route to host" in refused
            assert "foreset.position" not in registry.store.get_project("project").tags
        registry.publish(ONE, 2).unwrap()
        assert registry.store.get_project("project").tags["foreset.position"] == "2"
