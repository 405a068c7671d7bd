"""Bad input: a typed error that names the thing and the next step, and nothing written."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from returns.result import Success

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, ForesetError, TrainingSetSpec
from foreset.adapters.delta.tables import DeltaTables
from foreset.entrypoints.spec_files.specs import read_registrations, read_training_set


def day(number: int) -> datetime:
    return datetime(2024, 5, number, tzinfo=UTC)


RAIN = pl.DataFrame({"city": ["Rome"], "at": [day(1)], "mm": [2.0], "wind": [1.0]})
SOURCE = DeltaSource("rain", "at")
VIEW = FeatureViewSpec("rain", ["city"], SOURCE, ["mm", "wind"])
LABELS = pl.DataFrame({"city": ["Rome"], "event_timestamp": [day(2)]})
SPEC = TrainingSetSpec(["rain:mm"])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FeatureStore]:
    """A store with one view; afterwards its log and its tables are as they were."""
    tables = DeltaTables(tmp_path / "lake")
    tables.write("rain", RAIN).unwrap()
    (tmp_path / "lake" / "plain").mkdir()
    RAIN.write_parquet(tmp_path / "lake" / "plain" / "rain.parquet")
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "lake").unwrap()
    store.register(EntitySpec("city", ["city"]), VIEW).unwrap()
    events, files = store.log.events().unwrap(), sorted(tmp_path.rglob("*.*"))
    yield store
    assert store.log.events().unwrap() == events
    assert tables.observe("rain").unwrap().facts.version == 0
    assert [p for p in sorted(tmp_path.rglob("*.*")) if "spec" not in p.name and "events.db" not in p.name] == [
        p for p in files if "events.db" not in p.name
    ]


def told(ask: Callable[[], Any]) -> str:
    """The message of a refusal, returned or raised."""
    try:
        result = ask()
    except ForesetError as error:
        return str(error)
    assert not isinstance(result, Success), result
    return str(result.failure())


def view(**changes: Any) -> FeatureViewSpec:
    fields: dict[str, Any] = {"name": "v", "entities": ["city"], "source": SOURCE, "features": ["mm"]}
    return FeatureViewSpec(**(fields | changes))


def wanted(*features: str, **terms: Any) -> TrainingSetSpec:
    return TrainingSetSpec(list(features), **terms)


CASES: dict[str, tuple[Callable[[FeatureStore], Any], list[str]]] = {
    "missing table": (
        lambda s: s.register(view(source=DeltaSource("nope", "at"))),
        ["Delta Lake table not found: 'nope'", "Next: correct the name, or write the table with"],
    ),
    "missing sample": (
        lambda s: s.register(view(source=DeltaSource("classification_data", "at"))),
        ["table not found: 'classification_data'", "Next: make the sample with `foreset generate classification_data`"],
    ),
    "no Delta table": (
        lambda s: s.register(view(source=DeltaSource("plain", "at"))),
        ["is not a Delta table ('plain')", "Next: name the folder that holds _delta_log"],
    ),
    "unknown view": (
        lambda s: s.training_set(wanted("rian:mm"), LABELS),
        ["The feature view 'rian' is not registered", "Next: Did you mean rain?"],
    ),
    "unknown feature": (
        lambda s: s.training_set(wanted("rain:winds"), LABELS),
        ["'rain' has no feature 'winds'. It has: mm, wind.", "Next: Did you mean wind?"],
    ),
    "unknown entity": (
        lambda s: s.register(view(entities=["ctiy"])),
        ["The entity 'ctiy'", "is not registered. Registered: city.", "Next: Did you mean city? Register it"],
    ),
    "unknown column": (
        lambda s: s.register(view(features=["winds"])),
        ["takes its feature 'winds' from the column 'winds', which the table 'rain' does not", "Did you mean wind?"],
    ),
    "no key column": (
        lambda s: s.training_set(SPEC, LABELS.drop("city")),
        ["The spine has no column 'city', which is the join key of the feature view 'rain'", "Next: "],
    ),
    "no time column": (
        lambda s: s.training_set(SPEC, LABELS.rename({"event_timestamp": "event_time"})),
        ["The spine has no column 'event_timestamp', which is the time column", "Next: Did you mean event_time?"],
    ),
    "key of another type": (
        lambda s: s.training_set(SPEC, LABELS.with_columns(city=1)),
        [
            "The join key 'city' is int32 in the spine and string in the table",
            "Next: cast the spine's column to string",
        ],
    ),
    "key of floats": (
        lambda s: s.training_set(SPEC, LABELS.with_columns(city=1.0)),
        ["The join key 'city' is float64 in the spine", "Next: ", ".astype('Int64')"],
    ),
    "null time": (
        lambda s: s.training_set(SPEC, pl.concat([LABELS, LABELS.with_columns(event_timestamp=None)])),
        ["1 rows of the spine have no time in 'event_timestamp', the first at row 1", "Next: fill in their times"],
    ),
    "time as text": (
        lambda s: s.training_set(SPEC, LABELS.with_columns(event_timestamp=pl.lit("2024-05-02"))),
        ["The spine's time column 'event_timestamp' is string", "Next: convert it"],
    ),
    "name clash": (
        lambda s: s.training_set(SPEC, LABELS.with_columns(mm=1)),
        ["more than one column 'mm': the spine, rain:mm", "Next: set full_feature_names=True"],
    ),
    "negative ttl": (
        lambda _: view(ttl=timedelta(days=-1)),
        ["FeatureViewSpec('v'): its ttl is negative", "Next: give"],
    ),
    "no features": (lambda _: wanted(), ["TrainingSetSpec: features is empty", "Next: name at least one"]),
    "no features in a view": (lambda _: view(features=[]), ["FeatureViewSpec('v'): features is empty", "Next: "]),
    "feature twice": (
        lambda _: wanted("rain:mm", "rain:mm"),
        ["TrainingSetSpec: features names 'rain:mm' twice", "Next: name it once"],
    ),
    "feature twice in a view": (lambda _: view(features=["mm", "mm"]), ["features names 'mm' twice", "Next: "]),
    "no feature reference": (lambda _: wanted("mm"), ["The feature reference 'mm'", "Next: name the view"]),
    "time before the table": (
        lambda s: s.training_set(wanted("rain:mm", known_at=datetime(1999, 1, 1, tzinfo=UTC)), LABELS),
        ["At 1999-01-01T00:00:00+00:00 the table 'rain' did not exist: version 0", "Next: name a later time"],
    ),
    "time in the future": (
        lambda s: s.training_set(wanted("rain:mm", known_at=datetime(2999, 1, 1, tzinfo=UTC)), LABELS),
        ["known_at is 2999-01-01T00:00:00+00:00", "Next: name a time that has passed"],
    ),
    "no created time": (
        lambda s: s.training_set(wanted("rain:mm", known_at="event_time"), LABELS),
        ["the view 'rain' has no created time", "Next: name created_timestamp_field"],
    ),
    "version that is not there": (
        lambda s: s.training_set(wanted("rain:mm", versions={"rain": 7}), LABELS),
        ["The table 'rain' has no version 7: its log holds versions 0 to 0", "Next: name a version in that range"],
    ),
    "version of another table": (
        lambda s: s.training_set(wanted("rain:mm", versions={"snow": 0}), LABELS),
        ["versions names the table 'snow'", "Next: name one of rain"],
    ),
    "negative version": (lambda _: wanted("rain:mm", versions={"rain": -1}), ["'rain' is negative", "Next: "]),
    "table name that climbs": (
        lambda s: s.register(view(source=DeltaSource("../rain", "at"))),
        ["'../rain' is not a dataset name", "Next: give the name alone"],
    ),
    "write to a name that climbs": (
        lambda s: s.tables.write(RAIN, "../rain"),
        ["'../rain' is not a dataset name", "Next: give the name alone"],
    ),
    "write of what does not fit": (
        lambda s: s.tables.write(RAIN.with_columns(mm=pl.lit("x")), "rain"),
        ["column 'mm' is string, and the table's float64 does not hold it: 'x' at row 0. Nothing", "Next: cast"],
    ),
    "write of what is no frame": (
        lambda s: s.tables.write([1], "rain"),
        ["cannot be taken: it is not a frame", "Next: give a"],
    ),
    "spine that is no frame": (lambda s: s.training_set(SPEC, [1]), ["(builtins list) cannot be read", "Next: give a"]),
    "spine that is not there": (
        lambda s: s.training_set(SPEC, "labels.csv"),
        ["The spine labels.csv cannot be read: No such file", "Next: give a"],
    ),
    "unknown training set": (
        lambda s: s.rebuild("ts-1"),
        ["There is no training set 'ts-1' in this store", "Next: ", "`foreset log` lists all"],
    ),
    "what is no definition": (
        lambda s: s.register(EntitySpec("town", ["town"]), SPEC),
        ["it is a TrainingSetSpec, which cannot be registered", "Next: give EntitySpec or FeatureViewSpec"],
    ),
    "one bad of two": (
        lambda s: s.register(EntitySpec("town", ["town"]), view(entities=["towns"])),
        ["The entity 'towns'", "Next: Did you mean town?"],
    ),
    "entity in use": (
        lambda s: s.remove(entities=["city"]),
        ["The entity 'city' is in use by the feature views: rain", "Next: "],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_told_and_nothing_is_written(store: FeatureStore, case: str) -> None:
    ask, expected = CASES[case]
    text = told(lambda: ask(store))
    for part in expected:
        assert part in text
    assert text.count(" Next: ") == 1


FILES: dict[str, tuple[str, str, list[str]]] = {
    "missing": ("", "", ["spec.yaml", "cannot be read", "Next: "]),
    "yaml": ("spec.yaml", "entities:\n  - name: [city\n", ["spec.yaml", "line ", "column ", "Next: mend the file"]),
    "toml": ("spec.toml", "[[entities]\nname = 1", ["spec.toml", "line 1", "column ", "Next: mend the file"]),
    "json": ("spec.json", '{"entities": [}', ["spec.json", "line 1", "column 15", "Next: mend the file"]),
    "unknown field": (
        "spec.yaml",
        "entities:\n  - name: city\n    join_kyes: [city]\n",
        ["has no field 'join_kyes'", "Next: Did you mean join_keys? The fields are: "],
    ),
    "unknown section": ("spec.yaml", "entites: []\n", ["has no field 'entites'", "Next: Did you mean entities?"]),
    "negative ttl": (
        "spec.yaml",
        "views:\n  - {name: v, entities: [c], source: {table: t, timestamp_field: a}, features: [x], ttl: -1}\n",
        ["ttl", "negative", "Next: "],
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_a_bad_spec_file_is_told_with_the_place(store: FeatureStore, tmp_path: Path, case: str) -> None:
    name, content, expected = FILES[case]
    path = tmp_path / (name or "spec.yaml")
    if name:
        path.write_text(content)
    assert store.catalog().unwrap().views.keys() == {"rain"}
    text = told(lambda: read_registrations(path))
    for part in expected:
        assert part in text


def test_a_bad_training_set_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("features: ['rain:mm']\nknown_ta: event_time\n")
    assert "Did you mean known_at?" in told(lambda: read_training_set(path))


def test_a_spine_of_no_rows_is_legal(tmp_path: Path) -> None:
    DeltaTables(tmp_path / "lake").write("rain", RAIN).unwrap()
    store = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "lake").unwrap()
    store.register(EntitySpec("city", ["city"]), VIEW).unwrap()
    frame = store.training_set(SPEC, LABELS.clear()).unwrap().frame
    assert frame.schema == {**LABELS.schema, "mm": pl.Float64}
    assert frame.is_empty()
