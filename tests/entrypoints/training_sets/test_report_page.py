"""The page of a training set, from a store: written whole, with the receipt and the lineage of that set."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from msgspec.structs import replace

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.domain.errors.retrieval import OutputUnwritable
from foreset.domain.errors.specs import UnknownTrainingSet
from foreset.domain.leakage.report import LeakReport
from foreset.entrypoints.cli import main
from foreset.entrypoints.store.outputs import whole_file
from foreset.entrypoints.store.report_page import shown_place

RAIN = pl.DataFrame({"city": ["Rome"], "at": [datetime(2024, 5, 1, tzinfo=UTC)], "mm": [2.0]})
LABELS = pl.DataFrame({"city": ["Rome"], "event_timestamp": [datetime(2024, 5, 2, tzinfo=UTC)], "y": [1]})


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    opened = FeatureStore.open(tmp_path / "my store", data_dir=tmp_path / "lake").unwrap()
    opened.tables.write(RAIN, "rain").unwrap()
    view = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
    opened.register(EntitySpec("city", ["city"]), view).unwrap()
    return opened


@pytest.fixture
def report(store: FeatureStore) -> LeakReport:
    made = store.training_set(TrainingSetSpec(["rain:mm"], name="showers"), LABELS).unwrap()
    store.rebuild(made.id).unwrap()
    return store.training_sets.report(made.id).unwrap()


def test_a_report_becomes_a_page(store: FeatureStore, report: LeakReport, tmp_path: Path) -> None:
    place = tmp_path / "pages" / "report.html"
    assert store.training_sets.report_page(report, place).unwrap() == place
    text = place.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    for told in (
        report.id,
        "<h1>showers</h1>",
        "Rebuilt, identical, once",
        "served 1 (100 %)",
        f"--store &#39;{tmp_path}/my store&#39; --data-dir {tmp_path}/lake rebuild {report.id}",
        "table rain@0",
        store.receipt(report.id).unwrap().fingerprint,
    ):
        assert told in text
    assert [path.name for path in place.parent.iterdir()] == ["report.html"]


def test_a_page_that_cannot_be_written_or_is_of_another_store(
    store: FeatureStore, report: LeakReport, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    assert isinstance(
        store.training_sets.report_page(report, tmp_path / "taken" / "report.html").failure(), OutputUnwritable
    )
    other = store.training_sets.report_page(replace(report, id="ts-other"), tmp_path / "report.html")
    assert isinstance(other.failure(), UnknownTrainingSet)
    assert not (tmp_path / "report.html").exists()


def test_a_file_of_another_kind_is_not_replaced(store: FeatureStore, report: LeakReport, tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_text("rows")
    refused = str(store.training_sets.report_page(report, tmp_path / "rows.parquet").failure())
    assert refused.endswith("rows.parquet: it does not end in .html. Next: name an .html file.")
    assert (tmp_path / "rows.parquet").read_text() == "rows"


def test_the_command_line_writes_the_page(
    report: LeakReport, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "report.html"
    command = ["--store", str(tmp_path / "my store"), "--data-dir", str(tmp_path / "lake"), "report", report.id]
    main([*command, "-o", str(place), "--target", "y"])
    assert f"The page lies at {place}." in capsys.readouterr().out
    assert "rests on a sample of 1 rows" in place.read_text(encoding="utf-8")
    assert main([*command, "-o", str(tmp_path / "report.parquet")]) == 3
    assert "report.parquet: it does not end in .html." in capsys.readouterr().err


def test_a_store_in_memory_has_a_page_too(report: LeakReport, tmp_path: Path) -> None:
    store = FeatureStore.in_memory({"rain": RAIN})
    view = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
    store.register(EntitySpec("city", ["city"]), view).unwrap()
    made = store.training_set(TrainingSetSpec(["rain:mm"], name="showers"), LABELS).unwrap()
    assert store.training_sets.report_page(replace(report, id=made.id), tmp_path / "report.html").unwrap().exists()
    assert "foreset --store STORE " in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_no_password_is_on_a_page() -> None:
    assert shown_place("postgresql://ann:secret@db:5432/features") == "postgresql://ann@db:5432/features"


def test_two_writers_of_one_page_do_not_meet(tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    def write(partial: Path) -> None:
        with partial.open("w", encoding="utf-8") as file:
            file.write("ours, ")
            file.flush()
            whole_file(page, lambda other: other.write_text("theirs", encoding="utf-8"))
            assert page.read_text(encoding="utf-8") == "theirs"
            file.write("whole")

    whole_file(page, write)
    assert page.read_text(encoding="utf-8") == "ours, whole"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_what_a_writer_that_was_killed_has_left_is_deleted_by_the_next(tmp_path: Path) -> None:
    page = tmp_path / "page[1].html"
    kill = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    write = (
        f"from foreset.entrypoints.store.outputs import whole_file\ndef write(partial):\n    partial.touch(); {kill}\n"
    )
    subprocess.run([sys.executable, "-c", f"{write}whole_file({str(page)!r}, write)"], check=False)
    assert [path.name.startswith(".page[1].html.unfinished-") for path in tmp_path.iterdir()] == [True]
    whole_file(page, lambda partial: partial.write_text("whole", encoding="utf-8"))
    assert [path.name for path in tmp_path.iterdir()] == ["page[1].html"]
