"""`foreset report` and `foreset audit`: what they print, and the exit code by what they found."""

import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.entrypoints.cli import main
from tests.entrypoints.training_sets.test_report import leaky, spine

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def opened(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    """A store with the view `v` of a leaky table, and the files of a spec, a spine and a careless join."""
    monkeypatch.delenv("FORESET_STORE", raising=False)
    store = FeatureStore.open(workspace / "feature_repo").unwrap()
    store.tables.write(leaky(), "t").unwrap()
    view = FeatureViewSpec("v", ["e"], DeltaSource("t", "at", "made"), ["x"], ttl=timedelta(hours=2))
    store.register(EntitySpec("e", ["k"]), view).unwrap()
    Path("leaky.yaml").write_text("features: ['v:x']\n", encoding="utf-8")
    Path("honest.yaml").write_text("features: ['v:x']\nknown_at: event_time\n", encoding="utf-8")
    spine().write_parquet("spine.parquet")
    last = leaky().unique("k", keep="last", maintain_order=True).select("k", "x")
    spine().join(last, on="k", how="left", maintain_order="left").write_parquet("careless.parquet")
    return store


def test_a_report_of_a_leaky_set_tells_the_numbers_and_ends_with_2(opened: FeatureStore, capsys: Printed) -> None:
    made = opened.training_set(TrainingSetSpec(["v:x"]), spine()).unwrap()
    assert main(["report", made.id, "--target", "late"]) == 2
    out = capsys.readouterr().out
    assert out.startswith(f"{made.id}: 60 rows by event_timestamp, to predict late.\n")
    row = next(line.split() for line in out.splitlines() if line.startswith("v "))
    assert row == ["v", "60", "0", "0", "1", "h", "1", "h", "15", "(by", "2", "d)", "15", "(by", "2", "d)", "-", "0"]
    assert "error: 15 of 60 rows hold values of v that were written to t" in out
    assert out.endswith("1 error.\n")


def test_a_report_of_an_honest_set_ends_with_0(opened: FeatureStore, capsys: Printed) -> None:
    made = opened.training_set(TrainingSetSpec(["v:x"], known_at="event_time"), spine()).unwrap()
    assert main(["report", made.id]) == 0
    assert capsys.readouterr().out.endswith("Nothing is wrong.\n")


def test_a_report_for_programs_has_all_fields(opened: FeatureStore, capsys: Printed) -> None:
    made = opened.training_set(TrainingSetSpec(["v:x"]), spine()).unwrap()
    assert main(["report", made.id, "--target", "late", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["views"][0]["written_later"] == {"rows": 15, "largest_us": 172_800_000_000}
    assert (told["worst"], told["target"], told["page"]) == ("error", "late", None)
    assert told["findings"][0]["finding"] == "FeatureWrittenLater"


def test_a_page_is_written_where_it_is_asked_for(opened: FeatureStore, capsys: Printed) -> None:
    made = opened.training_set(TrainingSetSpec(["v:x"], known_at="event_time"), spine()).unwrap()
    assert main(["report", made.id, "-o", "report.html"]) == 0
    assert capsys.readouterr().out.endswith("The page lies at report.html.\n")
    assert made.id in Path("report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("opened")
def test_an_audit_of_a_careless_join_tells_the_numbers_and_ends_with_2(capsys: Printed) -> None:
    assert main(["audit", "careless.parquet", "--spec", "honest.yaml", "--spine", "spine.parquet"]) == 2
    out = capsys.readouterr().out
    assert out.startswith("15 of 60 rows differ from the training set ts-")
    assert ": 0 hold values of the future, 15 values not yet written.\n" in out
    row = next(line.split() for line in out.splitlines() if line.startswith("v "))
    assert row == ["v", "45", "0", "15", "(by", "2", "d)", "0", "0", "0"]


@pytest.mark.usefixtures("opened")
def test_an_audit_takes_what_is_known_from_the_command_line(capsys: Printed) -> None:
    assert main(["audit", "careless.parquet", "--spec", "leaky.yaml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differ"] == 0
    assert main(["audit", "careless.parquet", "--spec", "leaky.yaml", "--known-at", "event_time", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["not_yet_written"] == 15


@pytest.mark.usefixtures("opened")
def test_an_audit_of_values_that_are_other_and_no_leak_does_not_say_that_nothing_is_wrong(capsys: Printed) -> None:
    spine().with_columns(x=pl.lit(0.25)).write_parquet("made_up.parquet")
    assert main(["audit", "made_up.parquet", "--spec", "honest.yaml"]) == 0
    assert capsys.readouterr().out.endswith("No leak is found.\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["report", "ts-none"], "ts-none"),
        (["audit", "spine.parquet", "--spec", "honest.yaml"], "The frame has none of the features"),
        (["audit", "gone.parquet", "--spec", "honest.yaml"], "gone.parquet"),
    ],
)
@pytest.mark.usefixtures("opened")
def test_what_cannot_be_told_ends_with_3(capsys: Printed, arguments: list[str], told: str) -> None:
    assert main(arguments) == 3
    out, err = capsys.readouterr()
    assert (out, told in err) == ("", True)


def test_a_receipt_shows_what_was_served(opened: FeatureStore, capsys: Printed) -> None:
    made = opened.training_set(TrainingSetSpec(["v:x"]), spine()).unwrap()
    assert main(["show", made.id]) == 0
    assert "v: 60 of 60 rows, 1 h old on average" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (30, "v: 0 of 60 rows, 60 expired"),
        (300, "v: 0 of 60 rows, how many expired is told by `foreset report`"),  # no file was opened
    ],
)
def test_a_receipt_shows_what_expired(opened: FeatureStore, capsys: Printed, hours: int, told: str) -> None:
    late = spine().with_columns(pl.col("event_timestamp") + timedelta(hours=hours))
    made = opened.training_set(TrainingSetSpec(["v:x"]), late).unwrap()
    assert main(["show", made.id]) == 0
    assert told in capsys.readouterr().out
    assert made.report().unwrap().views[0].expired == 60
