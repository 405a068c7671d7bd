"""The demo, on two months of the real data: its times, its joins, its folder, and its promise."""

import importlib.util
import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from foreset.entrypoints.demo import flights as flights_module
from foreset.entrypoints.demo.command import run_demo
from foreset.entrypoints.demo.flights import Source, read_source, spine_of, with_times
from foreset.entrypoints.demo.folder import MARKER, prepare
from foreset.entrypoints.demo.models import careless_join
from foreset.entrypoints.demo.tables import (
    carrier_delays,
    growth,
    made_metric,
    mended,
    plane_delays,
    plane_facts,
    stragglers,
    weather_readings,
)

QUICK = (2, 3)


@pytest.fixture(scope="module")
def source() -> Source:
    return read_source(QUICK).unwrap()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A finished quick demo: its folder and its figures, from a process of its own."""
    folder = tmp_path_factory.mktemp("demo") / "here"
    done = _demo(folder, "quick=True, json=True")
    out, err = done.communicate()
    assert (done.returncode, err) == (0, "")
    return folder, json.loads(out)


def _demo(folder: Path, options: str) -> "subprocess.Popen[str]":
    code = (
        "import sys; from pathlib import Path; from foreset.entrypoints.demo.command import run_demo; "
        f"sys.exit(run_demo(Path(sys.argv[1]), {options}))"
    )
    command = [sys.executable, "-c", code, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _flight(**changes: object) -> pl.DataFrame:
    row = {
        "time_hour": "2013-01-01T10:00:00Z",
        "minute": 15,
        "dep_delay": 2,
        "arr_time": 830,
        "arr_delay": 11,
        "dest": "IAH",
    }
    return pl.DataFrame([{**row, **changes}])


AIRPORTS = pl.DataFrame({"faa": ["IAH", "LAX"], "tzone": ["America/Chicago", "America/Los_Angeles"]})


@pytest.mark.parametrize(
    ("changes", "landed"),
    [
        pytest.param({}, datetime(2013, 1, 1, 14, 30, tzinfo=UTC), id="local time at the destination"),
        pytest.param({"time_hour": "2013-07-01T10:00:00Z"}, datetime(2013, 7, 1, 13, 30, tzinfo=UTC), id="summer time"),
        pytest.param(
            {"time_hour": "2013-01-02T04:00:00Z", "arr_time": 35, "dest": "LAX"},
            datetime(2013, 1, 2, 8, 35, tzinfo=UTC),
            id="after midnight",
        ),
        pytest.param({"dest": "SJU", "arr_time": 1030}, datetime(2013, 1, 1, 14, 30, tzinfo=UTC), id="an island"),
        pytest.param({"arr_time": 2400, "dest": "IAH"}, datetime(2013, 1, 2, 6, 0, tzinfo=UTC), id="24:00"),
        pytest.param({"arr_delay": None}, None, id="diverted"),
        pytest.param({"arr_delay": None, "dep_delay": None, "arr_time": None}, None, id="cancelled"),
    ],
)
def test_a_flight_lands_at_its_local_arrival_in_utc(changes: dict[str, object], landed: datetime | None) -> None:
    whole = pl.concat([_flight(), _flight(**changes)])
    assert with_times(whole, AIRPORTS)["landed"][1] == landed


def test_landings_fit_the_time_in_the_air(source: Source) -> None:
    """Taxiing takes minutes, not hours: a wrong zone or day would show."""
    air = pl.col("air_time")
    taxi = source.flights.drop_nulls("landed").select(
        ((pl.col("landed") - pl.col("departed")).dt.total_minutes() - air).alias("taxi")
    )["taxi"]
    assert taxi.len() > 50_000
    assert (taxi >= 0).all()
    assert taxi.quantile(0.99) < 120  # type: ignore[operator]  # some, as the series is not empty


def test_every_flight_is_in_the_spine_and_only_those_that_arrived_have_a_label(source: Source) -> None:
    spine = spine_of(source.flights)
    assert spine.height == source.flights.height
    assert spine["event_timestamp"].is_sorted()
    assert spine["late"].null_count() == source.flights["arr_delay"].null_count()
    assert int(spine["late"].sum()) == source.flights.filter(pl.col("arr_delay") > 15).height
    assert "arr_delay" not in spine.columns


def test_delays_are_those_of_the_latest_landings(source: Source) -> None:
    landings = source.flights.drop_nulls("landed").filter(pl.col("tailnum") == "N14228").sort("landed")
    delays = landings["arr_delay"].to_list()
    table = plane_delays(source).filter(pl.col("tailnum") == "N14228")
    assert table["landed"].to_list() == landings["landed"].to_list()
    assert table["last_delay"].to_list() == delays
    expected = [sum(delays[max(0, i - 9) : i + 1]) / min(i + 1, 10) for i in range(len(delays))]
    assert table["mean_delay_10"].to_list() == pytest.approx(expected)
    assert table["landings"].to_list() == list(range(1, len(delays) + 1))


def test_the_months_hold_every_row_once_and_leave_the_last_landings_for_later(source: Source) -> None:
    batches = growth(source)
    for name, frame in (("weather", weather_readings(source)), ("plane_delays", plane_delays(source))):
        assert len([table for table, _ in batches if table == name]) == len(QUICK)
        grown = sum(rows.height for table, rows in batches if table == name)
        assert 0 <= frame.height - grown < 200
    table, late = stragglers(source)
    grown = sum(rows.height for name, rows in batches if name == table)
    assert 0 < late.height == carrier_delays(source).height - grown
    assert late["landed"].min() >= datetime(2013, 4, 1, 4, tzinfo=UTC)  # type: ignore[operator]  # wrong or loose on purpose


def test_corrections_rewrite_and_delete_readings(source: Source) -> None:
    weather = weather_readings(source)
    whole = mended(weather)
    assert (whole.rewritten, whole.deleted) == (1, 1)
    assert weather["wind_speed"].max() > 1_000  # type: ignore[operator]  # wrong or loose on purpose
    assert whole.frame["wind_speed"].max() < 60  # type: ignore[operator]  # wrong or loose on purpose
    metric = made_metric(whole.frame)
    assert metric.frame["temp"].max() < 25  # type: ignore[operator]  # wrong or loose on purpose
    assert metric.frame.height + metric.deleted == whole.frame.height
    assert metric.rewritten == metric.frame.height


def test_a_year_of_weather_has_one_reading_in_celsius() -> None:
    weather = weather_readings(read_source(tuple(range(1, 13))).unwrap())
    whole = mended(weather)
    assert (whole.rewritten, whole.deleted) == (2, 5)
    night = datetime(2013, 5, 9, 2, tzinfo=UTC)
    assert whole.frame.filter(origin="JFK", observed=night)["temp"].to_list() == pytest.approx([55.58])


def test_no_feature_of_the_training_set_is_from_the_future(told: tuple[Path, dict[str, Any]], source: Source) -> None:
    """Another way to the same values: join every earlier row, keep the latest; for each 50th flight."""
    frame = pl.read_parquet(told[1]["training_set"]).with_row_index("row").gather_every(50)
    weather = mended(weather_readings(source)).frame
    for table, key, event, known, ttl in (
        (weather, "origin", "observed", "published", timedelta(hours=3)),
        (plane_delays(source), "tailnum", "landed", "reported", timedelta(days=30)),
        (carrier_delays(source), "carrier", "landed", "reported", timedelta(days=2)),
    ):
        features = [name for name in table.columns if name not in (key, event, known)]
        # of each flight's candidates: known by then, not too old, the latest
        spine = frame.select("row", key, at="event_timestamp")
        served = pl.concat(
            part.join(table, on=key)
            .filter(pl.col(event) <= pl.col("at"), pl.col(known) <= pl.col("at"), pl.col(event) >= pl.col("at") - ttl)
            .sort(event, known, maintain_order=True)
            .group_by("row", maintain_order=True)
            .last()
            for part in spine.iter_slices(200)
        )
        expected = frame.select("row").join(served, on="row", how="left", maintain_order="left")
        assert expected[features[0]].is_not_null().sum() > 500
        assert frame.select(features).equals(expected.select(features)), f"{event} of {key}"


def test_the_training_set_has_the_rows_of_the_spine(told: tuple[Path, dict[str, Any]], source: Source) -> None:
    spine = spine_of(source.flights)
    frame = pl.read_parquet(told[1]["training_set"])
    assert frame.select(spine.columns).equals(spine)
    assert frame.columns == [*spine.columns, *told[1]["built"]["features"]]


def test_the_careless_join_has_the_same_shape(source: Source) -> None:
    spine = spine_of(source.flights)
    tables = {
        "weather": weather_readings(source),
        "planes": next(rows for name, rows in growth(source) if name == "planes"),
        "plane_delays": plane_delays(source),
        "carrier_delays": carrier_delays(source),
    }
    careless = careless_join(spine, tables)
    assert careless.select(spine.columns).equals(spine)
    assert careless.width == spine.width + 16


def test_the_careless_join_is_audited_as_a_count_by_hand_tells(
    told: tuple[Path, dict[str, Any]], source: Source
) -> None:
    """Another way to the same numbers: of each row, the first row of its key that has the values."""
    weather = mended(weather_readings(source)).frame
    tables = {
        "weather": weather,
        "planes": plane_facts(source),
        "plane_delays": plane_delays(source),
        "carrier_delays": carrier_delays(source),
    }
    joined = careless_join(spine_of(source.flights), tables)
    honest = pl.read_parquet(told[1]["training_set"])
    nothing = pl.repeat(value=False, n=joined.height, dtype=pl.Boolean, eager=True)
    future, unwritten = nothing, nothing
    leads: list[Any] = []
    for table, key, event, known in (
        ("weather", "origin", "observed", "published"),
        ("plane_delays", "tailnum", "landed", "reported"),
        ("carrier_delays", "carrier", "landed", "reported"),
    ):
        features = [name for name in tables[table].columns if name not in (key, event, known)]
        first = tables[table].group_by(key, *features).agg(pl.col(event).min(), pl.col(known).min())
        found = joined.join(first, on=[key, *features], how="left", nulls_equal=True, maintain_order="left")
        same = pl.all_horizontal(honest[name].eq_missing(joined[name]) for name in features)
        other = (
            honest.select(~same).to_series() & joined.select(~pl.all_horizontal(pl.col(features).is_null())).to_series()
        )
        at = joined["event_timestamp"]
        ahead = other & (found[event] > at).fill_null(value=False)
        late = other & (found[event] <= at).fill_null(value=False) & (found[known] > at).fill_null(value=False)
        future, unwritten = future | ahead, unwritten | late
        leads += [
            (found[event] - at).filter(ahead).max() or timedelta(),
            (found[known] - at).filter(late).max() or timedelta(),
        ]
    assert told[1]["compared"]["leaks"] == {
        "rows": joined.height,
        "from_the_future": int(future.sum()),
        "not_yet_written": int(unwritten.sum()),
        "largest_lead_us": max(lead // timedelta(microseconds=1) for lead in leads),
    }
    assert future.sum() > 0.9 * joined.height


def test_the_careless_number_is_higher_and_worth_less(told: tuple[Path, dict[str, Any]]) -> None:
    compared = told[1]["compared"]
    assert compared["careless"] > 0.9 > compared["honest"] > compared["careless_in_service"] > 0.5
    assert compared["trained_rows"] + compared["tested_rows"] == told[1]["spine"]["labelled"]


def test_the_rebuild_is_identical_after_the_tables_changed(told: tuple[Path, dict[str, Any]]) -> None:
    built, rebuilt = told[1]["built"], told[1]["rebuilt"]
    assert rebuilt["identical"] is True
    assert rebuilt["id"] == built["id"]
    assert rebuilt["fingerprint"] == rebuilt["recorded"] == built["fingerprint"]
    assert rebuilt["versions_now"]["weather"] == built["versions"]["weather"] + 1
    assert rebuilt["anew_id"] != built["id"]
    assert rebuilt["anew_fingerprint"] != built["fingerprint"]
    assert rebuilt["anew_rows_that_differ"] > 0.9 * built["rows"]
    ((commit, cells),) = rebuilt["anew_cells"].items()
    assert commit == f"version {rebuilt['versions_now']['weather']} of weather"
    assert cells >= rebuilt["anew_rows_that_differ"]


def test_the_model_is_recorded_against_the_training_set(told: tuple[Path, dict[str, Any]]) -> None:
    from foreset.entrypoints.store.feature_store import FeatureStore  # noqa: PLC0415  # only this case needs it

    store = FeatureStore.open(told[1]["store"], data_dir=told[1]["data"]).unwrap()
    kinds = [type(recorded.event).__name__ for recorded in store.log.events().unwrap()]
    assert kinds.count("ModelTrained") == 1
    trained = next(r.event for r in store.log.events().unwrap() if type(r.event).__name__ == "ModelTrained")
    assert trained.training_set_id == told[1]["built"]["id"]  # type: ignore[union-attr]  # wrong or loose on purpose


@pytest.mark.slow
def test_it_prints_the_steps_and_what_to_type_next(tmp_path: Path) -> None:
    done = _demo(tmp_path / "d", "quick=True")
    out, err = done.communicate()
    assert (done.returncode, err) == (0, "")
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines() if "foreset --store" not in line) <= 96
    for text in ("The tables, as they grew", "Careless against honest", "Identical, to the bit.", "What to type next"):
        assert text in out
    assert f"--data-dir {tmp_path / 'd' / 'data'} rebuild ts-" in out


@pytest.mark.slow
def test_a_killed_demo_is_completed_by_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    for seconds in (0.3, 1.5, 3.0):
        started = _demo(folder, "quick=True")
        time.sleep(seconds)
        started.send_signal(signal.SIGKILL)
        started.communicate()
    done = _demo(folder, "quick=True, json=True")
    out, err = done.communicate()
    assert (done.returncode, err) == (0, "")
    assert json.loads(out)["rebuilt"]["identical"] is True


def test_another_folder_is_refused_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.txt").write_text("mine")
    assert run_demo(tmp_path, quick=True) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"error: {tmp_path} is not empty and was not made by the demo. Nothing in it was touched.\n"
        "Next: name another folder, or move what is there.\n"
    )
    assert [p.name for p in tmp_path.rglob("*")] == ["data", "mine.txt"]


def test_of_an_earlier_demo_only_what_the_demo_made_is_replaced(tmp_path: Path) -> None:
    assert prepare(tmp_path / "d").unwrap() == tmp_path / "d"
    (tmp_path / "d" / "data" / "weather").mkdir(parents=True)
    (tmp_path / "d" / "notes.txt").write_text("mine")
    prepare(tmp_path / "d").unwrap()
    assert sorted(p.name for p in (tmp_path / "d").iterdir()) == [MARKER, "notes.txt"]


def test_a_folder_that_cannot_be_made_is_the_worlds_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run_demo(tmp_path / "file" / "d", json=True) == 1
    problem = json.loads(capsys.readouterr().err)
    assert problem["error"] == "DemoFolderUnwritable"
    assert problem["message"].endswith("or mend its permissions or the disk.")


def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flights_module, "PACKAGE", "nycflights_of_no_year")
    assert importlib.util.find_spec("nycflights_of_no_year") is None
    assert run_demo(tmp_path / "d", quick=True) == 1
    assert "pip install foreset[demo]" in capsys.readouterr().err
