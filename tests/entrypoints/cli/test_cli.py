"""The command line over real tables and a real event log: what it prints, what it writes, how it ends."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import polars as pl
import pytest

from foreset.adapters.delta.tables import DeltaTables
from foreset.entrypoints.cli import main

FEATURES = """
entities:
- {name: city, join_keys: [city]}
views:
- name: rain
  entities: [city]
  source: {table: rain, timestamp_field: at, storage_options: {token: secret}}
  features: [mm, hours]
  ttl: 10d
"""


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


LABELS = pl.DataFrame(
    {"city": ["Rome", "Oslo", "Rome"], "event_timestamp": [day(2), day(2), day(4)], "late": [0, 1, 1]}
)
RAIN = pl.DataFrame({"city": ["Rome", "Rome"], "at": [day(1), day(3)], "mm": [2.0, 9.0], "hours": [1, 4]})


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table `rain`, labels, and spec files; nothing registered yet."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORESET_STORE", "FORESET_DATA_DIR", "FORESET_LOG", "FORESET_LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORESET_ACTOR", "ann")
    DeltaTables(tmp_path / "data" / "delta_lake").write("rain", RAIN).unwrap()
    LABELS.write_parquet("labels.parquet")
    Path("features.yaml").write_text(FEATURES)
    Path("train.yaml").write_text('features: ["rain:mm", "rain:hours"]\n')
    return tmp_path


@pytest.fixture
def store(here: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The same, registered."""
    assert main(["apply", "features.yaml"]) == 0
    capsys.readouterr()
    return here


def told(capsys: pytest.CaptureFixture[str], *argv: str) -> Any:
    """The JSON document of a command that succeeds and says nothing on standard error."""
    assert main([*argv, "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


@pytest.mark.usefixtures("here")
def test_apply_registers_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["apply", "features.yaml"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "registered the entity city v1 (keys: city)",
        "registered the feature view rain v1 (2 features of city from rain)",
        "2 changed, 0 as they were.",
    ]
    assert told(capsys, "apply", "features.yaml") == {"given": 2, "changed": 0, "events": []}


def test_apply_takes_several_files_all_or_none(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("more.toml").write_text('[[entities]]\nname = "c c"\njoin_keys = ["c"]\n')
    assert main(["apply", "features.yaml", "more.toml"]) == 2
    assert not (here / "feature_repo").exists()
    Path("more.toml").write_text('[[entities]]\nname = "carrier"\njoin_keys = ["carrier"]\n')
    assert main(["apply", "features.yaml", "more.toml"]) == 0
    capsys.readouterr()
    assert [entity["spec"]["name"] for entity in told(capsys, "entities")] == ["city", "carrier"]


@pytest.mark.usefixtures("store")
def test_views_and_entities_as_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["views"]) == 0
    assert main(["entities"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "view  version  entities  table  ttl      features",
        "rain        1  city      rain   10 days  mm, hours",
        "entity  version  join keys  description",
        "city          1  city",
    ]


@pytest.mark.usefixtures("store")
def test_storage_options_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    (view,) = told(capsys, "views")
    assert view["spec"]["source"]["storage_options"] == {"token": "***"}
    main(["log", "--json"])
    assert "secret" not in capsys.readouterr().out


@pytest.mark.parametrize("command", [["views"], ["entities"], ["log"], ["tables", "--data-dir", "none"]])
def test_looking_at_nothing_says_so_and_makes_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert main(command) == 0
    assert "Next: `foreset " in capsys.readouterr().out
    assert told(capsys, *command) == []
    assert sorted(place.name for place in here.iterdir()) == ["data", "features.yaml", "labels.parquet", "train.yaml"]


@pytest.mark.usefixtures("store")
def test_plan_explains_and_records_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "train.yaml", "--spine", "labels.parquet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line[0] != " "] == ["spine", "table", "view", "result"]
    assert told(capsys, "plan", "train.yaml", "--spine", "labels.parquet")["versions"] == {"rain": 0}
    assert len(told(capsys, "log")) == 2


@pytest.mark.parametrize("output", ["out.parquet", "deep/out.csv", "out_table"])
def test_get_writes_each_kind_of_output(store: Path, capsys: pytest.CaptureFixture[str], output: str) -> None:
    answer = told(capsys, "get", "train.yaml", "--spine", "labels.parquet", "-o", output)
    assert answer["rows"] == 3
    assert answer["columns"] == ["city", "event_timestamp", "late", "mm", "hours"]
    assert Path(answer["output"]).resolve() == store / output
    frame = {
        "out.parquet": lambda: pl.read_parquet(output),
        "deep/out.csv": lambda: pl.read_csv(output),
        "out_table": lambda: pl.read_delta(output),
    }[output]()
    assert frame["mm"].to_list() == [2.0, None, 9.0]
    assert frame["hours"].to_list() == [1, None, 4]
    assert not list(store.rglob("*.partial"))


def test_get_of_a_spine_table_at_a_version_with_a_filter(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = DeltaTables(store / "data" / "delta_lake")
    tables.write("labels", LABELS).unwrap()
    tables.write("labels", LABELS).unwrap()
    spine = ["--spine", "labels", "--spine-version", "0", "--spine-filter", "late = 1"]
    answer = told(capsys, "get", "train.yaml", *spine, "-o", "out.parquet")
    assert answer["rows"] == 2
    receipt = told(capsys, "show", answer["id"])["receipt"]
    assert receipt["spine"]["reference"] == {"path": "labels", "version": 0, "filter": "late = 1"}
    assert told(capsys, "rebuild", answer["id"])["fingerprint"] == answer["fingerprint"]


@pytest.mark.usefixtures("store")
def test_a_spine_of_no_rows_gives_no_rows_with_the_right_columns() -> None:
    assert (
        main(["get", "train.yaml", "--spine", "labels.parquet", "--spine-filter", "late > 5", "-o", "o.parquet"]) == 0
    )
    assert pl.read_parquet("o.parquet").schema == {**LABELS.schema, "mm": pl.Float64(), "hours": pl.Int64()}


def test_rebuild_after_the_table_has_changed(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built = told(capsys, "get", "train.yaml", "--spine", "labels.parquet", "-o", "a.parquet")
    DeltaTables(store / "data" / "delta_lake").write("rain", RAIN.with_columns(mm=pl.lit(0.0)), "overwrite").unwrap()
    short = built["id"][:9]
    assert main(["rebuild", short, "-o", "b.parquet"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"Rebuilt, identical: {built['id']}: 3 rows, 2 features, from rain@0.",
        "It lies at b.parquet.",
    ]
    assert Path("a.parquet").read_bytes() == Path("b.parquet").read_bytes()


def test_a_spine_that_is_not_kept_is_asked_for_again(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["get", "train.yaml", "--spine", "labels.parquet", "-o", "a.parquet", "--no-keep-spine"]) == 0
    out = capsys.readouterr().out
    identifier = out.split()[1].rstrip(":")
    assert out.endswith(f"or `foreset rebuild {identifier} --spine S`.\n")
    assert not (store / "feature_repo" / "spines").exists()
    assert main(["rebuild", identifier]) == 2
    assert f"error: The spine of {identifier} was not kept" in capsys.readouterr().err
    LABELS.reverse().write_parquet("other.parquet")
    assert main(["rebuild", identifier, "--spine", "other.parquet"]) == 2
    assert f"error: This is not the spine of {identifier}" in capsys.readouterr().err
    assert main(["rebuild", identifier, "--spine", "labels.parquet"]) == 0


@pytest.mark.usefixtures("store")
def test_log_and_show(capsys: pytest.CaptureFixture[str]) -> None:
    built = told(capsys, "get", "train.yaml", "--spine", "labels.parquet", "-o", "a.parquet")
    told(capsys, "rebuild", built["id"])
    events = told(capsys, "log")
    assert [event["position"] for event in events] == [1, 2, 3, 4]
    assert [event["actor"] for event in events] == ["ann"] * 4
    assert [event["words"] for event in events[2:]] == [
        f"built {built['id']}: 3 rows, 2 features, from rain@0",
        f"rebuilt {built['id']}: identical",
    ]
    assert abs(datetime.fromisoformat(events[0]["at"]) - datetime.now(UTC)).total_seconds() < 60
    assert main(["log", "--limit", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith(f"ann    rebuilt {built['id']}: identical")
    assert lines[2:] == ["3 older events are not shown: --limit N shows more."]
    assert main(["show", built["id"]]) == 0
    shown = capsys.readouterr().out
    for text in (built["id"], built["fingerprint"], "rain:mm, rain:hours", "rain@0", "kept in the store", " by ann"):
        assert text in shown
    receipt = told(capsys, "show", built["id"])
    assert len(receipt["rebuilt"]) == len(receipt["retrieved"]) == 1
    assert receipt["plan"] in shown


@pytest.mark.usefixtures("here")
def test_generate_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    info = told(capsys, "generate", "regression_data", "--rows", "30", "--features", "3", "--seed", "7")
    assert (info["num_rows"], info["version"]) == (30, 0)
    assert list(info["columns"]) == ["sample_index", "feature_0", "feature_1", "feature_2", "target", "ingested_at"]
    assert [(row["table"], row["num_rows"]) for row in told(capsys, "tables")] == [("rain", 2), ("regression_data", 30)]
    assert main(["tables"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["table", "version", "rows", "files", "size", "modified"]


def test_a_broken_table_is_named_and_the_others_are_listed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = here / "data" / "delta_lake" / "broken" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("{not json")
    assert main(["tables", "--json"]) == 1
    out, err = capsys.readouterr()
    assert [row["table"] for row in json.loads(out)] == ["rain"]
    assert json.loads(err)["table"] == "broken"


def test_the_data_folder_and_the_store_by_option_and_environment(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "data" / "delta_lake").rename(here / "lake")
    assert main(["apply", "features.yaml"]) == 2
    assert main(["--store", "s1", "--data-dir", "lake", "apply", "features.yaml"]) == 0
    monkeypatch.setenv("FORESET_DATA_DIR", "lake")
    monkeypatch.setenv("FORESET_STORE", "s2")
    assert main(["apply", "features.yaml"]) == 0
    assert main(["apply", "features.yaml", "--store", "s3"]) == 0
    assert all((here / name).is_dir() for name in ("s1", "s2", "s3"))
    assert os.environ["FORESET_DATA_DIR"] == "lake"


@pytest.mark.usefixtures("store")
def test_logs_are_on_standard_error_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    get = ["get", "train.yaml", "--spine", "labels.parquet", "-o", "a.parquet"]
    assert main([*get, "--log-json", "--json"]) == 0
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert json.loads(line)["event"] == "training set retrieved"
    assert json.loads(line)["id"] == json.loads(out)["id"]
    assert main([*get, "--verbose"]) == 0
    assert "training set retrieved" in capsys.readouterr().err
    assert main(get) == 0
    assert capsys.readouterr().err == ""
    assert "FORESET_LOG" not in os.environ


def run(*argv: str, **options: Any) -> subprocess.CompletedProcess[str]:
    code = "import sys; from foreset.entrypoints.cli import main; sys.exit(main())"
    return subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, check=False, **options)


def test_the_start_is_light() -> None:
    code = """
import sys
from foreset.entrypoints.cli import main
try:
    main(["get", "--help"])
except SystemExit:
    pass
heavy = "polars pyarrow pandas numpy deltalake feast sklearn rich msgspec returns structlog yaml".split()
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_names_every_command_and_version_the_version() -> None:
    listed = run("--help").stdout
    names = [
        "demo",
        "generate",
        "tables",
        "changes",
        "apply",
        "views",
        "entities",
        "publish",
        "plan",
        "get",
        "rebuild",
        "train",
    ]
    for name in [*names, "log", "show"]:
        assert f"\n    {name} " in listed
    assert run("--version").stdout.startswith("foreset 0.")


@pytest.mark.usefixtures("store")
def test_a_process_ends_with_the_code_of_the_fault_and_no_traceback() -> None:
    assert run("views").returncode == 0
    caller = run("show", "nothing")
    world = run("--store", "train.yaml", "apply", "features.yaml")
    usage = run("get", "train.yaml")
    assert (caller.returncode, world.returncode, usage.returncode) == (2, 1, 2)
    for done in (caller, world):
        assert done.stdout == ""
        first, second = done.stderr.splitlines()
        assert first.startswith("error: ")
        assert second.startswith("Next: ")
    assert "the following arguments are required: --spine, -o/--output" in usage.stderr


@pytest.mark.usefixtures("store")
def test_a_reader_that_goes_away_is_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    code = "import sys; from foreset.entrypoints.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "views"], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.usefixtures("store")
def test_an_interrupt_ends_with_130() -> None:
    code = """
import sys
from foreset.entrypoints.cli.commands import definitions
from foreset.entrypoints.cli import main
def interrupted(args):
    raise KeyboardInterrupt
definitions.views = interrupted
sys.exit(main(["views"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")


@pytest.mark.usefixtures("store")
def test_a_bug_keeps_its_traceback() -> None:
    code = """
import sys
from foreset.entrypoints.cli.commands import definitions
from foreset.entrypoints.cli import main
definitions.views = lambda args: 1 / 0
sys.exit(main(["views"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr


def test_get_tells_what_it_took_where_that_is_asked(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["get", "train.yaml", "--spine", "labels.parquet", "-o", "out.parquet"]
    assert main([*command, "--explain"]) == 0
    text = capsys.readouterr().out
    assert "\nspine     3 rows" in text
    assert ["estimated", "actual"] in [line.split() for line in text.splitlines()]
    measured = told(capsys, *command)["measured"]
    assert measured["work"]["tables"] == [{"table": "rain", "files": 1, "size_bytes": ANY, "verified": 1}]
    assert (store / "out.parquet").exists()


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--memory", "much"], "error: memory cannot be kept to: 'much' is no size.\nNext: give bytes"),
        (
            ["--threads", "none"],
            "error: threads cannot be kept to: 'none' is no number of threads.\nNext: give a whole",
        ),
        (["--memory", "1MB"], "error: The spine labels.parquet takes about"),
    ],
)
def test_limits_that_cannot_be_kept_to_are_told(
    capsys: pytest.CaptureFixture[str], option: list[str], said: str
) -> None:
    assert main(["plan", "train.yaml", "--spine", "labels.parquet", *option]) == 2
    assert capsys.readouterr().err.startswith(said)
