"""Spec files: what is read, and the text of every mistake."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from returns.result import Result, Success

from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec, TrainingSetSpec
from foreset.entrypoints.spec_files.documents import LARGEST
from foreset.entrypoints.spec_files.specs import read_registrations, read_training_set

ENTITY = EntitySpec("city", ["city_id"])
VIEW = FeatureViewSpec(
    "rain", ["city"], DeltaSource("rain", "at"), ["mm", FeatureField("hours", dtype="int64")], ttl=timedelta(days=30)
)

YAML = """
entities:
  - name: city
    join_keys: [city_id]
---
views:
  - name: rain
    entities: [city]
    source: {table: rain, timestamp_field: at}
    features: [mm, {name: hours, dtype: int64}]
    ttl: 30d
"""
TOML = """
[[entities]]
name = "city"
join_keys = ["city_id"]
[[views]]
name = "rain"
entities = ["city"]
features = ["mm", {name = "hours", dtype = "int64"}]
ttl = "P30D"
source = {table = "rain", timestamp_field = "at"}
"""
JSON = """
{"entities": [{"name": "city", "join_keys": ["city_id"]}],
 "views": [{"name": "rain", "entities": ["city"], "ttl": 2592000,
            "features": ["mm", {"name": "hours", "dtype": "int64"}],
            "source": {"table": "rain", "timestamp_field": "at"}}]}
"""


def told(result: Result[object, object]) -> str:
    assert not isinstance(result, Success), result
    return str(result.failure())


@pytest.mark.parametrize(("name", "text"), [("s.yaml", YAML), ("s.YML", YAML), ("s.toml", TOML), ("s.json", JSON)])
def test_the_three_formats_mean_the_same(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert read_registrations(path).unwrap() == (ENTITY, VIEW)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        ("15m", timedelta(minutes=15)),
        ("45s", timedelta(seconds=45)),
        ("1d12h", timedelta(days=1.5)),
        ("1.5h", timedelta(minutes=90)),
        ("2w", timedelta(days=14)),
        ("3600", timedelta(hours=1)),
        ("0.5", timedelta(seconds=0.5)),
        ("'3600'", timedelta(hours=1)),
        ("P30D", timedelta(days=30)),
        ("PT6H", timedelta(hours=6)),
        ("null", None),
    ],
)
def test_a_ttl_as_people_write_it(tmp_path: Path, written: str, meant: timedelta | None) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(view_yaml(f"ttl: {written}"))
    (view,) = read_registrations(path).unwrap()
    assert isinstance(view, FeatureViewSpec)
    assert view.ttl == meant


def view_yaml(more: str = "", *, entities: str = "[city]", source: str = "{table: rain, timestamp_field: at}") -> str:
    return f"views:\n- name: rain\n  entities: {entities}\n  source: {source}\n  features: [mm]\n  {more}\n"


SYNTAX = [
    ("s.yaml", "entities:\n- {name: city, join_keys: [k]\n", ", line 3, column 1", "did not find expected ',' or '}'"),
    (
        "s.yaml",
        "entities: []\nviews: [\t]\nentities: []\n",
        ", line 3, column 1",
        "the field 'entities' is given twice",
    ),
    ("s.yaml", "a: !!python/object/apply:os.system [ls]", ", line 1, column 4", "could not determine a constructor"),
    ("s.yaml", "a: 2024-02-31", ", line 1, column 4", "'2024-02-31' cannot be read as a value of the kind timestamp"),
    ("s.yaml", "a: &a [*a]", ", line 1, column 8", "it is nested too deeply"),
    ("s.yaml", "views: \x01", ", line 1, column 8", "control characters are not allowed"),
    ("s.json", '{"entities": [}', ", line 1, column 15", "expecting value"),
    ("s.json", '{"views": [],\n "views": []}', "", "the field 'views' is given twice in one object"),
    ("s.json", "[" * 100_000, "", "it is nested too deeply"),
    ("s.toml", "a = 1\nb = = 2\n", ", line 2, column 5", "invalid value"),
    ("s.toml", "a = 1\na = 2\n", ", line 2, column 6", "cannot overwrite a value"),
    ("s.toml", "a = 1\nb = [1,\n", ", line 2, column 8", "invalid value"),
    ("s.yaml", "", "", "it is empty"),
    ("s.json", " \n", "", "it is empty"),
    ("s.toml", "# nothing\n", "", "it is empty"),
    ("s.txt", "entities: []", "", "its name ends in none of .yaml, .yml, .toml, .json"),
]


@pytest.mark.parametrize(("name", "text", "where", "problem"), SYNTAX)
def test_a_mistake_in_the_syntax_is_told_with_its_place(
    tmp_path: Path, name: str, text: str, where: str, problem: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    message = told(read_registrations(path))
    assert message.startswith(f"The spec file {path}{where} cannot be read: {problem}")
    assert message.endswith(
        "Next: mend the file or its path; YAML, TOML and JSON are understood, "
        "told apart by the ending of the file's name."
    )


def test_aliases_cannot_blow_up(tmp_path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    path = tmp_path / "s.yaml"
    path.write_text("\n".join(lines))
    assert f"it holds more than {LARGEST:,} values" in told(read_registrations(path))


def test_files_that_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_bytes(b"a: \xff")
    (tmp_path / "folder.yaml").mkdir()
    assert "s.yaml, byte 4 cannot be read: it is not UTF-8 text" in told(read_registrations(tmp_path / "s.yaml"))
    assert "cannot be read: no such file or directory" in told(read_registrations(tmp_path / "none.yaml"))
    assert "cannot be read: is a directory" in told(read_registrations(tmp_path / "folder.yaml"))


CONTENT = [
    ("view:\n- name: v\n", " has no field 'view'. Next: Did you mean views? The fields are: entities, views."),
    (
        view_yaml(source="{table: rain, timestamp_feld: at}"),
        ", views[0].source has no field 'timestamp_feld'. Next: Did you mean timestamp_field? The fields are: table, ",
    ),
    (view_yaml("tll: 30d"), ", views[0] has no field 'tll'. Next: Did you mean ttl? The fields are: name, entities, "),
    (
        "views:\n- name: rain\n  entities: [c]\n  source: {table: t, timestamp_field: a}\n  features: [mm, {nam: h}]",
        ", views[0].features[1] has no field 'nam'. Next: Did you mean name? The fields are: name, dtype, ",
    ),
    (view_yaml(entities="city"), ", views[0].entities: it is text, and a list is wanted. Next: write a list there"),
    (
        view_yaml("tags: {a: 1}"),
        ", views[0].tags[...]: it is a whole number, and text is wanted. Next: write text there.",
    ),
    (view_yaml("ttl: soon"), ", views[0].ttl: it is no length of time. Next: write it as 30d, 12h, 15m, 45s, in ISO"),
    (view_yaml("ttl: true"), ", views[0].ttl: it is true or false, and a length of time or nothing is wanted."),
    (view_yaml("ttl: 9.0e+99"), ", views[0].ttl: 9e+99 is longer than can be told. Next: leave ttl out for no limit."),
    (
        view_yaml("ttl: -5d"),
        ", views[0]: FeatureViewSpec('rain'): its ttl is negative (-5 days, 0:00:00). Next: give a",
    ),
    (view_yaml(source="{table: rain}"), ", views[0].source: the field 'timestamp_field' is missing. Next: add 'timest"),
    (view_yaml(source="rain"), ", views[0].source: it is text, and a mapping of names to values is wanted."),
    ("views: rain\n", ", views: it is text, and a list is wanted. Next: write a list there."),
    ("- views\n", ": it is a list, and a mapping with entities and views is wanted."),
    ("entities: [city]\n", ", entities[0]: it is text, and a mapping of names to values is wanted."),
    (
        "entities: [{name: a b, join_keys: [k]}]\n",
        ", entities[0]: EntitySpec('a b'): its name is empty or holds one of",
    ),
]


@pytest.mark.parametrize(("text", "message"), CONTENT)
def test_a_mistake_in_the_content_is_told_with_its_path(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    assert told(read_registrations(path)).startswith(f"{path}{message}")


def test_a_training_set(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text('features: ["rain:mm as rain_mm", "rain:*"]\nknown_at: 2024-02-03\nversions: {rain: 3}\n')
    assert read_training_set(path).unwrap() == TrainingSetSpec(
        ["rain:mm as rain_mm", "rain:*"], known_at=datetime(2024, 2, 3, tzinfo=UTC), versions={"rain": 3}
    )


TRAINING = [
    ("features: []", ": TrainingSetSpec: features is empty. Next: name at least one in features."),
    ("features: ['a:b', 'a:b']", ": TrainingSetSpec: features names 'a:b' twice. Next: name it once in features."),
    ("features: [ab]", ": The feature reference 'ab': it is not of the form 'view:feature'"),
    ("features: ['a:b']\nknown_att: event_time", " has no field 'known_att'. Next: Did you mean known_at? The fields"),
    ("features: ['a:b']\nknown_at: soon", ": TrainingSetSpec: known_at is 'soon'. Next: give a time in ISO 8601"),
    ("features: ['a:b']\nversions: {a: b}", ", versions[...]: it is text, and a whole number is wanted."),
    ("features: ['a:b']\nversions: {a: -1}", ": TrainingSetSpec: the version of 'a' is negative."),
    ("known_at: event_time", ": the field 'features' is missing. Next: add 'features'."),
]


@pytest.mark.parametrize(("text", "message"), TRAINING)
def test_a_mistake_in_a_training_set(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(text)
    assert told(read_training_set(path)).startswith(f"{path}{message}")


def test_a_training_set_is_one_document(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("features: ['a:b']\n---\nfeatures: ['a:c']\n")
    assert "it holds 2 documents, and one is wanted" in told(read_training_set(path))
