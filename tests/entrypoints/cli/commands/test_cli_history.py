"""`log` with filters, `show` of any name, `lineage`: over a real log, by what they print."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset import FeatureStore, TrainingSetSpec
from foreset.entrypoints.cli import main
from tests.domain.happenings import trained

FEATURES = """
entities:
- {name: city, join_keys: [city]}
views:
- {name: rain, entities: [city], source: {table: rain, timestamp_field: at}, features: [mm]}
- {name: wind, entities: [city], source: {table: wind, timestamp_field: at}, features: [force]}
"""


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """Positions: 1 rain@0 and 2 wind@0 by bob, 3 to 5 the definitions by ann, 6 a set of rain and 7 a model by ann."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORESET_STORE", "FORESET_DATA_DIR", "FORESET_LOG", "FORESET_LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORESET_ACTOR", "bob")
    store = FeatureStore.open("feature_repo").unwrap()
    store.tables.write(pl.DataFrame({"city": ["Rome"], "at": [day(1)], "mm": [2.0]}), "rain").unwrap()
    store.tables.write(pl.DataFrame({"city": ["Rome"], "at": [day(1)], "force": [3]}), "wind").unwrap()
    monkeypatch.setenv("FORESET_ACTOR", "ann")
    Path("features.yaml").write_text(FEATURES)
    assert main(["apply", "features.yaml"]) == 0
    store = FeatureStore.open("feature_repo").unwrap()
    labels = pl.DataFrame({"city": ["Rome"], "event_timestamp": [day(2)]})
    made = store.training_set(TrainingSetSpec(["rain:mm"]), labels).unwrap()
    store.adapters.events.append(
        f"training-set/{made.id}", (trained(made.id, "delay"),), expected=1, at=datetime.now(UTC), actor="ann"
    ).unwrap()
    capsys.readouterr()
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    assert main([*argv, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


def lines(capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    assert main(list(argv)) == 0
    return capsys.readouterr().out.splitlines()


def set_id(capsys: pytest.CaptureFixture[str]) -> str:
    return str(told(capsys, "log")[5]["event"]["id"])


@pytest.mark.parametrize(
    ("options", "positions"),
    [
        ([], [1, 2, 3, 4, 5, 6, 7]),
        (["--actor", "bob"], [1, 2]),
        (["--view", "rain"], [4, 6, 7]),
        (["--table", "wind"], [2, 5]),
        (["--model", "delay"], [6, 7]),
        (["--table", "rain", "--actor", "ann", "--limit", "2"], [6, 7]),
        (["--since", "2020-01-01", "--until", "2999-12-31T00:00+01:00", "--actor", "bob"], [1, 2]),
        (["--until", "2020-01-01"], []),
    ],
)
def test_the_log_is_filtered(capsys: pytest.CaptureFixture[str], options: list[str], positions: list[int]) -> None:
    assert [event["position"] for event in told(capsys, "log", *options)] == positions


def test_the_log_of_a_training_set_and_of_today(capsys: pytest.CaptureFixture[str]) -> None:
    assert [e["position"] for e in told(capsys, "log", "--training-set", set_id(capsys)[:8])] == [6, 7]
    today = datetime.now(UTC).date().isoformat()
    assert len(told(capsys, "log", "--since", today, "--until", today)) == 7


def test_names_that_no_event_is_of_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, "log", "--view", "rian", "--actor", "zoe") == [
        "No event is of the actor 'zoe'. There are events of: ann, bob.",
        "No event is of the view 'rian'. Did you mean rain? There are events of: rain, wind.",
    ]
    assert told(capsys, "log", "--view", "rian") == []
    assert lines(capsys, "log", "--actor", "bob", "--view", "rain") == ["No event meets all that was asked."]


def test_a_time_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["log", "--since", "yesterday"])
    assert ended.value.code == 2
    assert "'yesterday' is no time: give one such as 2026-01-31" in capsys.readouterr().err


def test_a_view_is_shown_with_what_was_made_from_it(capsys: pytest.CaptureFixture[str]) -> None:
    shown = lines(capsys, "show", "view:rain")
    assert shown[0].startswith("view rain v1 (features: mm), ")
    assert any(line.startswith("  └─ ts-") for line in shown)
    assert shown[shown.index("") + 1].split() == ["#", "time", "actor", "what", "happened"]
    assert [e["position"] for e in told(capsys, "show", "rain")["events"]] == [1, 4, 6, 7]
    assert [e["position"] for e in told(capsys, "show", "view:rain")["events"]] == [4, 6, 7]


@pytest.mark.parametrize(("name", "positions"), [("delay", [6, 7]), ("city", [3]), ("wind@0", [2, 5])])
def test_models_entities_and_tables_are_shown(
    capsys: pytest.CaptureFixture[str], name: str, positions: list[int]
) -> None:
    assert [e["position"] for e in told(capsys, "show", name)["events"]] == positions


def test_a_training_set_is_shown_with_its_models(capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(capsys, "show", set_id(capsys)[:8])
    assert [model["name"] for model in shown["models"]] == ["delay"]
    assert (len(shown["retrieved"]), shown["rebuilt"], shown["pinned"]) == (1, [], None)


def test_what_nothing_has_as_a_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "rian"]) == 2
    assert "There is no training set 'rian' in this store." in capsys.readouterr().err
    assert main(["lineage", "rian"]) == 2
    err = capsys.readouterr().err
    assert "Nothing in this store's log has the name 'rian'. It has: delay, " in err
    assert "Next: Did you mean rain? Mend the name" in err


def test_lineage_in_its_three_forms(capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.partition(", 20")[0] for line in lines(capsys, "lineage", "view:wind")] == [
        "view wind v1 (features: force)",
        "  made from",
        "  ├─ entity city v1 (keys: city)",
        "  └─ table wind",
        "  used for nothing that the log tells of",
    ]
    assert lines(capsys, "lineage", "table:rain", "--format", "mermaid")[0] == "flowchart LR"
    graph = json.loads("\n".join(lines(capsys, "lineage", "table:rain", "--format", "json")))
    assert graph == told(capsys, "lineage", "table:rain")
    assert {node["kind"] for node in graph["nodes"]} == {"table", "view", "training set", "model"}
    assert len(told(capsys, "lineage")["nodes"]) > len(graph["nodes"])


def test_lineage_of_an_empty_store(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, "--store", "none", "lineage") == [
        "Nothing has happened in this store. Next: `foreset apply FILE`."
    ]
    assert not Path("none").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--after", "3"], "--after goes only with --openlineage"),
        (["--namespace", "ours"], "--namespace goes only with --openlineage"),
        (["rain", "--openlineage", "out.ndjson"], "NAME does not go with --openlineage"),
        (["--format", "json", "--openlineage", "out.ndjson"], "--format does not go with --openlineage"),
    ],
)
def test_options_of_lineage_that_would_be_ignored_are_refused(
    capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["lineage", *options])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_lineage_is_sent_from_where_it_was_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, "lineage", "--openlineage", "out/lineage.ndjson") == [
        "Sent 4 events to out/lineage.ndjson, up to position 7 of the log.",
        "Next time: `foreset lineage --openlineage out/lineage.ndjson --after 7`.",
    ]
    sent = told(capsys, "lineage", "--openlineage", "out/lineage.ndjson", "--after", "7", "--namespace", "ours")
    assert sent == {"target": "out/lineage.ndjson", "events": 0, "position": 7}
    assert len(Path("out/lineage.ndjson").read_text().splitlines()) == 4
