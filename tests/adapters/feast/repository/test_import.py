"""A Feast repository, read, mapped and registered here, with what goes wrong in it today."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dill
import pandas as pd
import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from feast import Entity, FeatureService, FeatureView, Field, FileSource, PushSource, RequestSource
from feast import FeatureStore as FeastStore
from feast.data_format import DeltaFormat, ParquetFormat
from feast.infra.offline_stores.bigquery_source import BigQuerySource
from feast.on_demand_feature_view import on_demand_feature_view
from feast.types import Float32, Float64, Int64
from feast.value_type import ValueType

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.application.feast.publish import publish
from foreset.domain.feast.import_report import ImportReport
from tests.adapters.feast.repositories import SAMPLE, feast_view, opened, write_yaml

DAY = datetime(2024, 1, 1, tzinfo=UTC)
ROWS = pl.DataFrame({"k": [1, 2], "at": [DAY, DAY], "made": [DAY, DAY], "x": [0.5, 1.5], "n": [1, 2]})


@pytest.fixture(params=["file", "sqlite", "postgres"])
def repo(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository on the dask store with the table `data/t`; the working directory is in it, as Feast needs."""
    registry: dict[str, str] | str = "registry.db"
    if request.param == "sqlite":
        registry = {"registry_type": "sql", "path": f"sqlite:///{tmp_path}/registry.sqlite"}
    elif request.param == "postgres":
        database = request.getfixturevalue("postgres_database")
        registry = {"registry_type": "sql", "path": f"postgresql+psycopg://{database}"}
    folder = write_yaml(tmp_path / "repo", registry=registry, online_store={"type": "sqlite", "path": "online.db"})
    write_deltalake(folder / "data" / "t", ROWS)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with its registry in a file."""
    folder = write_yaml(tmp_path / "repo", online_store={"type": "sqlite", "path": "online.db"})
    write_deltalake(folder / "data" / "t", ROWS)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore.open(tmp_path / "store").unwrap()


def applied(repo: Path, *objects: Any) -> None:
    feast = FeastStore(repo_path=str(repo))
    feast.apply([*objects])
    for name in ("write_engine", "read_engine"):
        engine = getattr(feast.registry, name, None)
        if engine is not None:
            engine.dispose()


def reasons(report: ImportReport) -> dict[str, str]:
    return {item.name: item.problem for item in report.unmapped}


def findings(report: ImportReport) -> list[str]:
    return [type(finding).__name__ for finding in report.findings]


# === What maps ===


def test_entities_and_views_are_registered_and_serve(repo: Path, store: FeatureStore) -> None:
    entity = Entity(
        name="sample", join_keys=["k"], value_type=ValueType.INT64, description="a thing", tags={"a": "b"}, owner="me"
    )
    view = feast_view(
        "v", "data/t", {"x": Float64, "n": Int64}, ttl=timedelta(days=2), tags={"c": "d"}, owner="you",
        source_created_timestamp_column="made", source_name="s",
    )  # fmt: skip
    applied(repo, entity, view)
    report = store.feast.import_repository(repo).unwrap()
    assert [(item.kind, item.name, item.change) for item in report.mapped] == [
        ("entity", "sample", "new"),
        ("feature view", "v", "new"),
    ]
    assert (report.project, report.offline_store, report.registered, report.unmapped) == ("project", "dask", True, ())
    catalog = store.catalog().unwrap()
    assert catalog.entities["sample"].spec.tags == {"a": "b"}
    spec = catalog.views["v"].spec
    assert (spec.ttl, spec.tags, spec.owner, spec.source.name) == (timedelta(days=2), {"c": "d"}, "you", "s")
    assert (spec.source.table, spec.source.created_timestamp_field) == (str(repo / "data" / "t"), "made")
    labels = pl.DataFrame({"k": [2, 1], "event_timestamp": [DAY, DAY]})
    served = store.training_set(TrainingSetSpec(["v:n", "v:x"]), labels).unwrap().frame
    assert served.select("n", "x").rows() == [(2, 1.5), (1, 0.5)]


def test_importing_again_changes_nothing_and_a_changed_view_alone(repo: Path, store: FeatureStore) -> None:
    applied(repo, SAMPLE, feast_view("v", "data/t"), feast_view("w", "data/t"))
    assert store.feast.import_repository(repo).unwrap().changed == 3
    events = store.log.events().unwrap()
    assert store.feast.import_repository(repo).unwrap().changed == 0
    assert store.log.events().unwrap() == events
    applied(repo, feast_view("w", "data/t", ttl=timedelta(days=1)))
    changes = {item.name: item.change for item in store.feast.import_repository(repo).unwrap().mapped}
    assert changes == {"sample": "same", "v": "same", "w": "changed"}
    assert len(store.log.events().unwrap()) == len(events) + 1


def test_a_look_registers_nothing(plain: Path, store: FeatureStore) -> None:
    applied(plain, SAMPLE, feast_view("v", "data/t"))
    report = store.feast.import_repository(plain, register=False).unwrap()
    assert (report.registered, report.changed) == (False, 2)
    assert store.log.events().unwrap() == ()


def test_a_table_in_the_data_folder_has_its_dataset_name(plain: Path, tmp_path: Path) -> None:
    applied(plain, SAMPLE, feast_view("v", "data/t"))
    store = FeatureStore.open(tmp_path / "store", data_dir=plain / "data").unwrap()
    assert store.feast.import_repository(plain).unwrap().mapped[1].table == "t"
    assert store.feast.import_repository(plain, register=False).unwrap().changed == 0
    other = FeatureStore.open(tmp_path / "other", data_dir=tmp_path).unwrap()
    assert other.feast.import_repository(plain).unwrap().mapped[1].table == str(plain / "data" / "t")


def test_what_is_other_here_is_noted(plain: Path, store: FeatureStore) -> None:
    loose = feast_view("v", "data/t", {"x": Float32, "n": Int64}, source_file_format=None)
    applied(plain, SAMPLE, loose)
    (note, unsaid) = store.feast.import_repository(plain).unwrap().mapped[1].notes
    assert note == "served in the table's type, which Feast's declared type does not hold: x"
    assert unsaid.startswith("its source does not say that the table is a Delta table")
    assert [f.dtype for f in store.catalog().unwrap().views["v"].spec.fields] == [None, "int64"]


@pytest.mark.parametrize("database", [False, True])
def test_other_projects_of_the_same_registry_are_left_alone(
    plain: Path,
    store: FeatureStore,
    tmp_path: Path,
    database: bool,  # noqa: FBT001  # a case
) -> None:
    place: Any = str(tmp_path / "shared.db")
    place = {"registry_type": "sql", "path": f"sqlite:///{place}"} if database else place
    write_yaml(plain, registry=place)
    other = write_yaml(tmp_path / "other", project="other", registry=place)
    applied(plain, SAMPLE, feast_view("v", "data/t"))
    theirs = Entity(name="sample", join_keys=["k"], value_type=ValueType.INT64, description="theirs")
    applied(other, theirs, feast_view("w", "data/t"))
    assert [item.name for item in store.feast.import_repository(plain).unwrap().mapped] == ["sample", "v"]
    assert store.catalog().unwrap().entities["sample"].spec.description is None
    store.remove(views=["v"], entities=["sample"]).unwrap()
    with closing(opened(plain)) as registry:
        publish(store.adapters.events, registry).unwrap()
    with closing(opened(other)) as registry:
        assert [view.name for view in registry.store.list_feature_views()] == ["w"]


# === What does not map ===


@pytest.mark.filterwarnings("ignore:On demand feature view is an experimental feature:RuntimeWarning")
def test_what_has_no_counterpart_is_told_with_the_reason(repo: Path, store: FeatureStore) -> None:
    @on_demand_feature_view(
        sources=[RequestSource(name="now", schema=[Field(name="a", dtype=Float64)])],
        schema=[Field(name="b", dtype=Float64)],
    )
    def computed(inputs: pd.DataFrame) -> pd.DataFrame:
        return inputs.rename(columns={"a": "b"})

    delta = feast_view("v", "data/t")
    push = PushSource(name="push", batch_source=FileSource(name="p", path="data/t", timestamp_field="at"))
    applied(
        repo,
        SAMPLE,
        delta,
        feast_view("parquet", "data/p.parquet", source_file_format=ParquetFormat()),
        feast_view("warehouse", "", source=BigQuerySource(name="bq", table="a.b.c", timestamp_field="at")),
        feast_view("pushed", "", source=push),
        feast_view("absent", "data/absent"),
        feast_view("column", "data/t", {"absent": Float64}),
        feast_view("spaced name", "data/t"),
        feast_view("loose", "data/t", entities=[]),
        computed,
        FeatureService(name="service", features=[delta]),
    )
    report = store.feast.import_repository(repo).unwrap()
    assert [item.name for item in report.mapped] == ["sample", "v"]
    told = reasons(report)
    assert set(told) == {
        "absent", "column", "computed", "loose", "parquet", "pushed", "service", "spaced name", "warehouse",
    }  # fmt: skip
    assert "takes its features from a BigQuerySource" in told["warehouse"]
    assert "takes its features from a PushSource" in told["pushed"]
    assert "whose format is parquet, and only Delta is read here" in told["parquet"]
    assert "Delta Lake table not found" in told["absent"]
    assert "from the column 'absent', which the table" in told["column"]
    assert "its name is empty or holds one of" in told["spaced name"]
    assert "it has no entity, so there is nothing to join it on" in told["loose"]
    assert "on-demand feature view 'computed' cannot be used: its values are made by code that runs" in told["computed"]
    assert "feature service 'service' cannot be used: a named list of features" in told["service"]
    assert all(item.next for item in report.unmapped)


def test_code_that_a_registry_holds_is_not_run(plain: Path, store: FeatureStore, tmp_path: Path) -> None:
    place = tmp_path / "ran"

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (place,))

    applied(plain, SAMPLE, feast_view("v", "data/t"))
    registry = FeastStore(repo_path=str(plain)).registry
    message = registry.proto()  # type: ignore[no-untyped-call]  # Feast is typed in part
    view = message.on_demand_feature_views.add()
    view.spec.name, view.spec.project = "evil", "project"
    view.spec.feature_transformation.user_defined_function.body = dill.dumps(Bomb())
    registry.commit()  # type: ignore[attr-defined]  # as above
    assert "evil" in reasons(store.feast.import_repository(plain).unwrap())
    assert not place.exists()


def test_all_or_nothing(plain: Path, store: FeatureStore) -> None:
    mine = FeatureViewSpec("mine", ["sample"], DeltaSource(str(plain / "data" / "t"), "at"), ["x"])
    store.register(EntitySpec("sample", ["n"]), mine).unwrap()
    events = store.log.events().unwrap()
    applied(plain, SAMPLE, feast_view("v", "data/t"))
    refused = store.feast.import_repository(plain).failure().message
    assert "The entity 'sample' is in use by the feature views: mine" in refused
    assert store.log.events().unwrap() == events


# === What goes wrong ===


def test_a_table_that_was_overwritten_is_told_on_the_dask_store(repo: Path, store: FeatureStore) -> None:
    write_deltalake(repo / "data" / "t", ROWS.head(1), mode="overwrite")
    applied(repo, SAMPLE, feast_view("v", "data/t"))
    report = store.feast.import_repository(repo).unwrap()
    assert findings(report) == ["RowsBroughtBack", "LogIgnored"]
    assert "(files: 1, rows: 2): rows that were deleted or overwritten are served by v." in report.findings[0].message
    assert report.worst == "error"


def test_ties_nulls_and_late_rows_are_counted(plain: Path, store: FeatureStore) -> None:
    late = DAY + timedelta(days=9)
    rows = ROWS.clear().vstack(
        pl.DataFrame(
            {
                "k": [1, 1, 2, 2, None, 3],
                "at": [DAY, DAY, DAY, DAY, DAY, None],
                "made": [DAY, DAY, DAY, late, DAY, DAY],
                "x": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
                "n": [1] * 6,
            },
            schema=ROWS.schema,
        )
    )
    write_deltalake(plain / "data" / "u", rows)
    view = feast_view("v", "data/u", source_created_timestamp_column="made")
    applied(plain, SAMPLE, view)
    feast = FeastStore(repo_path=str(plain))
    feast.registry.apply_materialization(feast.get_feature_view("v"), "project", DAY, DAY + timedelta(days=5))
    report = store.feast.import_repository(plain).unwrap()
    assert findings(report) == [
        "SupersededServed", "NullTimesServed", "TiesByChance", "LateRowsMissed", "LateRowsWouldBeMissed", "LogIgnored",
        "NullKeysMatch",
    ]  # fmt: skip
    assert "(pairs of key and time: 1)" in report.findings[0].message
    few = store.feast.import_repository(plain, look_rows=1).unwrap()
    assert "TiesByChance" not in findings(few)


@pytest.mark.filterwarnings("ignore:There are some mismatches in your feature view:UserWarning")
def test_a_view_that_was_applied_before_its_entity_is_told(plain: Path, store: FeatureStore) -> None:
    source = FileSource(path="data/t", timestamp_field="at", file_format=DeltaFormat())
    fields = [Field(name="x", dtype=Float64)]
    applied(plain, FeatureView(name="v", entities=[SAMPLE], schema=fields, source=source))
    applied(plain, SAMPLE)
    report = store.feast.import_repository(plain).unwrap()
    assert "EntityUnknown" in findings(report)
    (told,) = [finding.message for finding in report.findings if type(finding).__name__ == "EntityUnknown"]
    assert "The view 'v' has the entities sample, and Feast joins it on the columns: none." in told


def test_a_broken_table_is_told_and_the_others_are_registered(plain: Path, store: FeatureStore) -> None:
    write_deltalake(plain / "data" / "u", ROWS)
    for file in (plain / "data" / "u").glob("*.parquet"):
        file.unlink()
    applied(plain, SAMPLE, feast_view("u", "data/u"), feast_view("v", "data/t"))
    report = store.feast.import_repository(plain).unwrap()
    assert {item.name for item in report.mapped} == {"sample", "u", "v"}
    (told,) = [finding.message for finding in report.findings if type(finding).__name__ == "NotLookedAt"]
    assert "The table of 'u' could not be looked at: A data file of the table" in told


@pytest.mark.parametrize("change", ["checkpoint", "change data"])
def test_the_dask_store_fails_on_what_the_log_leaves_beside_the_rows(
    plain: Path, store: FeatureStore, change: str
) -> None:
    place = plain / "data" / "t"
    if change == "checkpoint":
        DeltaTable(place).create_checkpoint()
    else:
        DeltaTable(place).alter.set_table_properties({"delta.enableChangeDataFeed": "true"})
        DeltaTable(place).delete("k = 2")
    applied(plain, SAMPLE, feast_view("v", "data/t"))
    assert "LogRead" in findings(store.feast.import_repository(plain).unwrap())
    spine = pd.DataFrame({"k": [1], "event_timestamp": [DAY]})
    with pytest.raises((KeyError, RuntimeError)):
        FeastStore(repo_path=str(plain)).get_historical_features(spine, ["v:x"]).to_df()


# === What cannot be imported ===


def test_what_is_no_repository_is_told(tmp_path: Path, store: FeatureStore) -> None:
    assert "is no Feast repository" in store.feast.import_repository(tmp_path).failure().message
    assert "is no Feast repository" in store.feast.import_repository(tmp_path / "absent").failure().message
    repo = write_yaml(tmp_path / "repo")
    assert "registry.db is not there" in store.feast.import_repository(repo).failure().message
    (repo / "registry.db").write_bytes(b"")
    assert "registry.db is damaged or empty" in store.feast.import_repository(repo).failure().message
    (repo / "registry.db").write_bytes(b"garbage")
    assert "registry.db is damaged or empty" in store.feast.import_repository(repo).failure().message
    assert (repo / "registry.db").read_bytes() == b"garbage"


@pytest.mark.parametrize(
    ("registry", "problem"),
    [
        ({"registry_type": "snowflake.registry"}, "of the type 'snowflake.registry' is not read here"),
        ({"registry_type": "sql", "path": "sqlite:////absent/reg.db"}, "is not there"),
        ({"registry_type": "sql", "path": "postgresql://me:secret@127.0.0.1:1/x"}, "cannot be used: "),
        ({"registry_type": "sql", "path": "mysql+absent://127.0.0.1/x"}, "cannot be used: "),
    ],
)
def test_a_registry_that_cannot_be_read_is_told(
    tmp_path: Path, store: FeatureStore, registry: dict[str, str], problem: str
) -> None:
    refused = store.feast.import_repository(write_yaml(tmp_path / "repo", registry=registry)).failure().message
    assert problem in refused
    assert "secret" not in refused


def test_a_database_without_a_registry_is_told_and_left_empty(tmp_path: Path, store: FeatureStore) -> None:
    place = tmp_path / "empty.sqlite"
    place.touch()
    repo = write_yaml(tmp_path / "repo", registry={"registry_type": "sql", "path": f"sqlite:///{place}"})
    assert "empty.sqlite is not there" in store.feast.import_repository(repo).failure().message
    assert place.stat().st_size == 0
