"""`foreset materialize`, `online` and `check-online`, and the manager's calls of the same names."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureViewSpec,
    ForesetError,
    create_feast_manager,
    write_to_delta_lake,
)
from foreset.domain.online.loading import ViewMaterialized
from foreset.entrypoints.cli import main
from foreset.entrypoints.cli.words import happened

SPECS = """
entities:
- {name: city, join_keys: [city]}
- {name: spot, join_keys: [id, day]}
views:
- name: rain
  entities: [city]
  source: {table: rain, timestamp_field: at}
  features: [mm]
- name: spots
  entities: [spot]
  source: {table: spots, timestamp_field: at}
  features: [name]
"""


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def rain(*found: tuple[str, int, float]) -> pl.DataFrame:
    return pl.DataFrame([(c, day(d), mm) for c, d, mm in found], schema=["city", "at", "mm"], orient="row")


@pytest.fixture
def here(workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A store with two views, nothing loaded."""
    monkeypatch.delenv("FORESET_STORE", raising=False)
    write_to_delta_lake(rain(("Rome", 1, 2.0), ("Oslo", 1, 5.0)), "rain")
    spots = pl.DataFrame({"id": [7], "day": [day(1).date()], "at": [day(1)], "name": ["Ostia"]})
    write_to_delta_lake(spots, "spots")
    Path("specs.yaml").write_text(SPECS)
    assert main(["apply", "specs.yaml"]) == 0
    capsys.readouterr()
    return workspace


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(list(arguments)) == code
    out, err = capsys.readouterr()
    return out if code in {0, 1} or not err else err


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    return json.loads(said(capsys, *arguments, "--json", code=code))


@pytest.mark.usefixtures("here")
def test_a_load_says_of_which_features_the_times_lost_fractions_of_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    times = pl.DataFrame({"city": ["Rome"], "at": [day(1)], "seen": [day(1).replace(microsecond=5)], "day": [day(2)]})
    write_to_delta_lake(times, "seen")
    specs = (
        SPECS + "- {name: seen, entities: [city], source: {table: seen, timestamp_field: at}, features: [seen, day]}\n"
    )
    Path("specs.yaml").write_text(specs)
    said(capsys, "apply", "specs.yaml")
    assert said(capsys, "materialize", "seen").endswith("of the view. Rounded down to whole seconds: seen.\n")
    assert told(capsys, "materialize", "seen", "--full")[0]["rounded"] == ["seen"]
    assert said(capsys, "check-online", "seen", code=0)


def test_views_are_loaded_and_then_what_changed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "materialize") == (
        "rain: all 2 keys, from rain@0, because the online store does not say what it holds of the view.\n"
        "spots: all 1 key, from spots@0, because the online store does not say what it holds of the view.\n"
    )
    assert said(capsys, "materialize", "rain") == "rain: nothing to load, it has the values of rain@0.\n"
    write_to_delta_lake(rain(("Rome", 2, 3.0)), "rain", mode="overwrite")
    assert said(capsys, "materialize", "rain") == (
        "rain: 2 keys, 1 of them without values, from rain@1; it had those of version 0.\n"
    )
    assert "because it was asked for" in said(capsys, "materialize", "rain", "--full")
    found = told(capsys, "materialize", "rain")
    assert [
        (e["view"], e["way"], e["from_version"], e["version"], e["keys"], e["rows"], e["emptied"]) for e in found
    ] == [("rain", "incremental", 1, 1, 0, 0, 0)]
    assert "loaded rain into sqlite from rain version 1 (full, 1 keys)" in said(capsys, "log")
    assert here.exists()


@pytest.mark.usefixtures("here")
def test_online_values_by_keys_and_by_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "materialize")
    assert said(capsys, "online", "rain:mm", "--key", "city=Rome", "--key", "city=Paris") == (
        "city    mm\nRome   2.0\nParis\n"
    )
    pl.DataFrame({"city": ["Oslo", None], "label": [1, 2]}).write_parquet("keys.parquet")
    assert told(capsys, "online", "rain:*", "--keys", "keys.parquet") == [
        {"city": "Oslo", "label": 1, "mm": 5.0},
        {"city": None, "label": 2, "mm": None},
    ]
    both = told(capsys, "online", "spots:name as where", "--key", "id=7", "--key", "day=2024-01-01")
    assert both == [{"id": 7, "day": "2024-01-01", "where": "Ostia"}]


@pytest.mark.usefixtures("here")
def test_keys_of_a_csv_file_have_the_types_and_formats_that_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "materialize")
    Path("keys.csv").write_text("id,day,note\n7,01/01/2024,007\n")
    named = ("--keys-schema", "day=date", "--keys-format", "day=%d/%m/%Y", "--keys-schema", "note=string")
    assert told(capsys, "online", "spots:name", "--keys", "keys.csv", *named) == [
        {"id": 7, "day": "2024-01-01", "note": "007", "name": "Ostia"}
    ]
    wrong = ("online", "spots:name", "--keys", "keys.csv", "--keys-schema", "note=bool")
    assert "line 2" in said(capsys, *wrong, code=2)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["online", "rain:mm", "--key", "city=Rome", "--keys-schema", "city=string"], "--keys-schema needs --keys"),
        (["online", "rain:mm"], "the keys are to be given by --key or by --keys"),
        (["online", "rain:mm", "--key", "city=Rome", "--keys", "f.csv"], "not by both"),
        (["online", "rain:mm", "--key", "town=Rome"], "they have no 'city'"),
        (
            ["online", "spots:name", "--key", "id=x", "--key", "day=2024-01-01"],
            "'id=x' is no value of 'id', which is int64",
        ),
        (
            ["online", "spots:name", "--key", "id=1", "--key", "day=soon"],
            "'day=soon' is no value of 'day', which is date",
        ),
        (["online", "rian:mm", "--key", "city=Rome"], "'rian' is not registered"),
        (["online", "rain", "--key", "city=Rome"], "is not of the form 'view:feature'"),
        (["online", "rain:cm", "--key", "city=Rome"], "has no feature 'cm'"),
        (["materialize", "rain", "snow"], "'snow' is not registered"),
    ],
)
def test_what_cannot_be_is_the_callers_fault(
    capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    shown = said(capsys, *arguments, code=2)
    assert text in shown
    assert "\nNext: " in shown


@pytest.mark.usefixtures("here")
def test_a_check_ends_with_how_bad_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert "says of no version that it holds it.\n2 keys with other values.\nkey " in said(
        capsys, "check-online", "rain", code=1
    )
    said(capsys, "materialize")
    agreed = "rain: 2 keys of rain@0; the online store holds version 0.\nOnline and offline agree.\n"
    assert said(capsys, "check-online", "rain") == agreed
    write_to_delta_lake(rain(("Rome", 1, 9.0), ("Oslo", 1, 9.0)), "rain")
    shown = said(capsys, "check-online", "rain", "--limit", "1", code=1)
    assert "2 keys with other values. The first 1 of them:" in shown
    assert "feature  online  offline" in shown
    assert shown.endswith("Next: `foreset materialize rain`.\n")
    said(capsys, "materialize")
    with create_feast_manager() as manager:
        manager.store.write_to_online_store("rain", rain(("Rome", 9, 1.0)).to_pandas())
    found = told(capsys, "check-online", "rain", code=2)
    assert (found["agrees"], found["behind"], found["differing"], found["loaded"]) == (False, False, 1, 1)
    assert found["first"] == [{"key": {"city": "Rome"}, "feature": "mm", "online": "1.0", "offline": "9.0"}]
    assert said(capsys, "check-online", "rain", code=2).endswith("Next: `foreset materialize rain --full`.\n")
    assert "'snow' is not registered" in said(capsys, "check-online", "snow", code=3)
    assert "the following arguments are required: VIEW" in _ended(capsys, "check-online")


def _ended(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    assert end.value.code == 3
    return capsys.readouterr().err


def test_without_views_there_is_nothing_to_load(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "materialize") == "No feature views are registered. Next: `foreset apply FILE`.\n"
    assert list(workspace.iterdir()) == []


def test_the_manager_loads_reads_and_checks(workspace: Path) -> None:
    write_to_delta_lake(rain(("Rome", 1, 2.0)), "rain")
    with create_feast_manager() as manager:
        manager.register(
            EntitySpec("city", ["city"]), FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
        )
        (done,) = manager.materialize()
        assert (done.keys, done.version) == (1, 0)
        rows = pl.DataFrame({"city": ["Rome", "Oslo"]})
        for given in (rows, rows.to_pandas(), rows.to_dicts(), rows.to_dict(as_series=False)):
            found = manager.get_online_features(["rain:mm"], given, full_feature_names=True)
            assert found.to_dict() == {"city": ["Rome", "Oslo"], "rain__mm": [2.0, None]}
        assert manager.get_online_features(["rain:mm"], {"city": []}).to_dict() == {"city": [], "mm": []}
        assert manager.check_online("rain").agrees
        assert manager.materialize(["rain"], full=True)[0].why == "it was asked for"
        with pytest.raises(ForesetError, match="'snow' is not registered"):
            manager.materialize(["snow"])
    assert workspace.exists()


def test_a_load_in_words() -> None:
    event = ViewMaterialized(
        view="rain", view_version=1, table="rain", from_version=3, version=4, at=day(1), way="incremental", why="",
        keys=1_200, rows=1_100, store="redis",
    )  # fmt: skip
    assert happened(event) == "loaded rain into redis from rain version 4 (incremental, 1,200 keys)"
