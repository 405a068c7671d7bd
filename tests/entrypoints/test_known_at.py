"""What was known when, from every surface: the store, the manager, the workflow, the command line."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureStore,
    FeatureStoreSpecBuilder,
    FeatureViewSpec,
    ForesetError,
    ModelSpec,
    TrainingSetSpec,
    create_feast_manager,
    generate,
    read_delta_table,
    run_ml_workflow,
    write_to_delta_lake,
)
from foreset.adapters.memory import MemoryClock, MemoryExecutor, MemoryTables
from foreset.adapters.polars.frames.spines import PolarsSpines
from foreset.domain.errors.problem import CallerError
from foreset.domain.errors.retrieval import KnownInFuture, VersionNotKnownYet
from foreset.domain.errors.tables import BeforeFirstVersion
from foreset.entrypoints.cli import main
from foreset.entrypoints.spec_files.specs import read_training_set
from foreset.entrypoints.wiring.build import in_memory


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


LABELS = pl.DataFrame({"city": ["Rome", "Rome"], "event_timestamp": [day(3), day(9)]})


def rain(*rows: tuple[int, int, float]) -> pl.DataFrame:
    """Rows of event day, day on which they were written, depth."""
    return pl.DataFrame(
        {"city": ["Rome"] * len(rows), "at": [day(e) for e, _, _ in rows], "written": [day(w) for _, w, _ in rows]}
    ).with_columns(mm=pl.Series([mm for _, _, mm in rows]))


FIRST, LATE, CORRECTED = rain((1, 1, 1.0)), rain((2, 5, 2.0)), rain((1, 7, 1.5), (8, 8, 8.0))


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock(day(1))


@pytest.fixture
def store(clock: MemoryClock) -> FeatureStore:
    """A first row, a late one of the fifth day, and what came on the eighth; looked at on the tenth."""
    tables = MemoryTables({"rain": FIRST}, clock=clock)
    for number, frame in ((5, LATE), (8, CORRECTED)):
        clock.set(day(number))
        tables.write("rain", frame).unwrap()
    clock.set(day(10))
    executor = MemoryExecutor(tables)
    adapters = replace(
        in_memory({}), tables=tables, executor=executor, engine=executor, spines=PolarsSpines(tables), clock=clock
    )
    made = FeatureStore(adapters)
    dated, plain = DeltaSource("rain", "at", "written"), DeltaSource("rain", "at")
    views = (FeatureViewSpec("dated", ["city"], dated, ["mm"]), FeatureViewSpec("plain", ["city"], plain, ["mm"]))
    made.register(EntitySpec("city", ["city"]), *views).unwrap()
    return made


def known(store: FeatureStore, known_at: Any, view: str = "dated", **more: Any) -> list[float | None]:
    spec = TrainingSetSpec([f"{view}:mm"], known_at=known_at, **more)
    return store.training_set(spec, LABELS).unwrap().frame["mm"].to_list()


@pytest.mark.parametrize(
    ("known_at", "served"),
    [
        (None, [2.0, 8.0]),
        (day(5), [2.0, 2.0]),
        (day(5) - timedelta(microseconds=1), [1.0, 1.0]),
        (day(10), [2.0, 8.0]),
        ("event_time", [1.0, 8.0]),
        ([day(5), "event_time"], [1.0, 2.0]),
        (("event_time", day(1)), [1.0, 1.0]),
    ],
)
def test_what_was_known_serves(store: FeatureStore, known_at: Any, served: list[float]) -> None:
    assert known(store, known_at) == served


def test_a_version_that_is_named_is_read_as_it_is(store: FeatureStore) -> None:
    assert known(store, day(5), versions={"rain": 2}) == [2.0, 2.0]
    assert known(store, day(10), versions={"rain": 0}) == [1.0, 1.0]
    assert known(store, [day(7), "event_time"], versions={"rain": 2}) == [1.0, 2.0]


def test_without_a_created_time_the_version_alone_is_known(store: FeatureStore) -> None:
    assert known(store, day(5), "plain") == [2.0, 2.0]
    assert known(store, day(5), "plain", versions={"rain": 0}) == [1.0, 1.0]
    said = store.plan(TrainingSetSpec(["plain:mm"], known_at=day(5)), LABELS).unwrap().explain()
    assert "known at 2024-01-05T00:00:00Z by the version alone, for it has no created time" in said


def test_without_a_created_time_a_later_version_is_refused(store: FeatureStore) -> None:
    spec = TrainingSetSpec(["plain:mm"], known_at=day(5), versions={"rain": 2})
    error = store.training_set(spec, LABELS).failure()
    assert isinstance(error, VersionNotKnownYet)
    assert str(error).startswith("Version 2 of 'rain' is not known to have been committed by known_at, 2024-01-05T")


def test_before_the_first_commit_and_after_now(store: FeatureStore) -> None:
    early, late = (TrainingSetSpec(["dated:mm"], known_at=at) for at in (day(1) - timedelta(seconds=1), day(11)))
    assert isinstance(store.training_set(early, LABELS).failure(), BeforeFirstVersion)
    assert isinstance(store.training_set(late, LABELS).failure(), KnownInFuture)


@pytest.mark.parametrize("known_at", [None, day(5), "event_time", [day(5), "event_time"]])
def test_it_is_rebuilt_as_it_was_known(store: FeatureStore, known_at: Any) -> None:
    made = store.training_set(TrainingSetSpec(["dated:mm"], known_at=known_at), LABELS).unwrap()
    store.tables.write(rain((2, 9, 77.0)), "rain").unwrap()
    again = store.rebuild(made.id).unwrap()
    assert (again.id, again.receipt.fingerprint) == (made.id, made.receipt.fingerprint)


# === Files and the command line ===


@pytest.mark.parametrize("text", ["[2024-01-05, event_time]", "[event_time, 2024-01-05T00:00:00Z]"])
def test_a_spec_file_names_both_in_a_list(tmp_path: Path, text: str) -> None:
    (tmp_path / "set.yaml").write_text(f"features: ['rain:mm']\nknown_at: {text}\n")
    spec = read_training_set(tmp_path / "set.yaml").unwrap()
    assert (spec.known_by, spec.known_by_each_row) == (day(5), True)


@pytest.fixture
def here(workspace: Path) -> Path:
    definitions = FeatureStore.open(workspace / "feature_repo").unwrap()
    for frame in (FIRST, LATE, CORRECTED):
        definitions.tables.write(frame, "rain").unwrap()
    view = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at", "written"), ["mm"])
    definitions.register(EntitySpec("city", ["city"]), view).unwrap()
    LABELS.write_parquet("labels.parquet")
    Path("set.yaml").write_text("features: ['rain:mm']\nknown_at: 2024-01-05\n")
    return workspace


@pytest.mark.parametrize(
    ("options", "served"),
    [
        (["--version", "rain=2"], [2.0, 2.0]),
        (["--version", "rain=2", "--known-at", "2024-01-08"], [2.0, 8.0]),
        (["--version", "rain=1", "--known-at", "event_time"], [1.0, 2.0]),
        (["--version", "rain=2", "--known-at", "2024-01-07", "--known-at", "event_time"], [1.0, 2.0]),
    ],
)
def test_the_command_line_says_what_was_known(
    here: Path, options: list[str], served: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    out = here / "out.parquet"
    assert main(["get", "set.yaml", "--spine", "labels.parquet", "-o", str(out), *options]) == 0
    assert pl.read_parquet(out)["mm"].to_list() == served
    capsys.readouterr()
    assert main(["plan", "set.yaml", "--spine", "labels.parquet", *options]) == 0
    told = capsys.readouterr().out
    assert f"rain version {options[1][-1]}: " in told
    assert all(f"known at {known}" in told or f"and at {known}" in told for known in options[3::2])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--known-at", "soon"], "known_at is 'soon'"),
        (["--known-at", "2024-01-05", "--known-at", "2024-01-06"], "Next: give one time, or one time and 'event_time'"),
        (["--version", "snow=1"], "versions names the table 'snow'"),
    ],
)
def test_the_command_line_refuses_what_cannot_be(
    here: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "set.yaml", "--spine", "labels.parquet", *options]) == 2
    assert said in capsys.readouterr().err.replace("\n", " ")
    assert here.exists()


@pytest.mark.parametrize("text", ["rain", "=3", "rain=", "rain=-1", "rain=x"])
def test_a_version_that_is_none_is_refused(here: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["plan", "set.yaml", "--spine", "labels.parquet", "--version", text])
    assert "argument --version: " in capsys.readouterr().err
    assert here.exists()


def test_show_says_what_was_known(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--version", "rain=2", "--known-at", "2024-01-07", "--known-at", "event_time"]
    main(["get", "set.yaml", "--spine", "labels.parquet", "-o", str(here / "out.csv"), "--json", *options])
    identifier = json.loads(capsys.readouterr().out)["id"]
    assert main(["show", identifier]) == 0
    assert "2024-01-07 00:00:00+00:00 and event_time" in capsys.readouterr().out


# === The manager and the workflow ===


def test_the_manager_says_what_was_known(here: Path) -> None:
    with create_feast_manager(here / "feature_repo") as manager:
        entity_df = LABELS.to_pandas()
        found = manager.get_features(entity_df, ["mm"], "rain", known_at=day(7), versions={"rain": 2})
        assert found["mm"].tolist() == [2.0, 2.0]
        X, y = manager.get_training_data(  # the field's own name
            entity_df.assign(label=[0, 1]), ["mm"], "label", known_at=[day(7), "event_time"], versions={"rain": 2}
        )
    assert (X["mm"].tolist(), y.tolist()) == ([1.0, 2.0], [0, 1])


@pytest.fixture
def dated_samples(workspace: Path) -> pd.Timestamp:
    """Twelve samples in version 0; version 1 has them with other values, written a day later."""
    generate("classification_data", n_samples=60, n_features=2)
    rows = read_delta_table("classification_data").with_columns(written=pl.col("ingested_at"))
    write_to_delta_lake(rows, "classification_data", mode="overwrite", schema_mode="overwrite")
    later = rows.with_columns(written=pl.col("ingested_at").max() + timedelta(days=1), feature_0=pl.lit(0.5))
    write_to_delta_lake(later, "classification_data")
    assert workspace.exists()
    return pd.Timestamp(rows["ingested_at"].max())  # type: ignore[arg-type]  # a time


BUILDER = FeatureStoreSpecBuilder().enable().set_n_features(2)
MODEL = ModelSpec(estimator="LogisticRegression", metrics=["accuracy"])


@pytest.mark.parametrize("way", ["a time", "event_time", "both", "a version"])
def test_the_workflow_trains_on_what_was_known(dated_samples: pd.Timestamp, way: str) -> None:
    at = dated_samples.to_pydatetime()
    builder = {
        "a time": BUILDER.set_known_at(at, "written").set_version(2),
        "event_time": BUILDER.set_known_at("event_time", "written"),
        "both": BUILDER.set_known_at([at, "event_time"], "written").set_version(2),
        "a version": BUILDER.set_version(1),
    }[way]
    result = run_ml_workflow(model_spec=MODEL, feature_store_spec=builder.build())
    assert (result.X["feature_0"] == 0.5).sum() == 0
    everything = run_ml_workflow(model_spec=MODEL, feature_store_spec=BUILDER.build())
    assert (everything.X["feature_0"] == 0.5).all()
    assert len(everything.X) == len(result.X) == 60


@pytest.mark.usefixtures("dated_samples")
def test_the_workflows_command_says_what_was_known(capsys: pytest.CaptureFixture[str]) -> None:
    Path("flow.yaml").write_text("feature_store: {n_features: 2}\nmodel: {estimator: LogisticRegression}\n")
    assert main(["train", "flow.yaml", "--version", "classification_data=1", "--json"]) == 0
    made = FeatureStore.open("feature_repo").unwrap().receipt(json.loads(capsys.readouterr().out)["training_set_id"])
    assert made.unwrap().versions == {"classification_data": 1}
    assert main(["train", "flow.yaml", "--version", "other=1"]) == 2
    assert "it names 'other'" in capsys.readouterr().err
    assert main(["train", "flow.yaml", "--known-at", "2001-01-01"]) == 2
    assert "did not exist: version 0" in capsys.readouterr().err


@pytest.mark.parametrize("version", [-1, True, "3"])
def test_a_builder_refuses_a_version_that_is_none(version: Any) -> None:
    with pytest.raises(ForesetError, match="version is "):
        BUILDER.set_version(version)


def test_times_of_pandas_and_numbers_of_numpy_are_taken(store: FeatureStore) -> None:
    given: list[Any] = [pd.Timestamp("2024-01-06 01:00", tz="Europe/Rome"), "event_time"]
    version: Any = np.int64(0)
    spec = TrainingSetSpec(["dated:mm"], known_at=given, versions={"rain": version})
    assert spec == TrainingSetSpec(["dated:mm"], known_at=[day(6), "event_time"], versions={"rain": 0})
    assert (type(spec.known_by), type(spec.versions["rain"])) == (datetime, int)
    made = store.training_set(spec, LABELS).unwrap()
    assert store.rebuild(made.id).unwrap().id == made.id


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"known_at": pd.NaT}, "known_at is NaT (NaTType). Next: give a time in the years 1 to 9999."),
        (
            {"known_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))},
            "Next: give a time in the years 1 to 9999.",
        ),
        (
            {"versions": {"rain": "0"}},
            "versions['rain'] is '0' (str), which is not a whole number. Next: give a whole number.",
        ),
    ],
)
def test_what_is_no_time_and_no_version_is_refused(wanted: dict[str, Any], told: str) -> None:
    with pytest.raises(CallerError, match=re.escape(told)):
        TrainingSetSpec(["rain:mm"], **wanted)
