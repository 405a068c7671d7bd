"""Lineage sent to files and to a service on loopback, by what arrives there."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from msgspec.structs import replace

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, SpineReference, TrainingSetSpec
from foreset.adapters.openlineage.facets import place_of
from foreset.adapters.openlineage.sink import OpenLineageSink
from foreset.application.event_log.history import send_lineage
from foreset.domain.errors.history import ClientMissing, LineageUnsent
from foreset.domain.event_log.lineage import LineageSent
from tests.domain.happenings import LOG


def day(number: int) -> datetime:
    return datetime(2024, 5, number, tzinfo=UTC)


RAIN = pl.DataFrame({"town": ["Rome"], "at": [day(1)], "made": [day(1)], "mm": [2.0]})
LABELS = pl.DataFrame({"city": ["Rome"], "event_timestamp": [day(3)], "y": [1]})
SOURCE = DeltaSource("rain", "at", created_timestamp_field="made", field_mapping={"town": "city"})


class Service:
    """What was posted to it; it refuses once it has taken `takes` events."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str | None] = []
        self.takes = 100
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the library's name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                taken = len(service.got) < service.takes
                if taken:
                    service.got.append((self.path, json.loads(body)))
                    service.keys.append(self.headers["Authorization"])
                self.send_response(201 if taken else 403)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    opened = FeatureStore.open(tmp_path / "store", data_dir=tmp_path / "lake").unwrap()
    opened.tables.write(RAIN, "rain").unwrap()
    opened.tables.write(LABELS, "labels").unwrap()
    opened.register(EntitySpec("city", ["city"]), FeatureViewSpec("rain", ["city"], SOURCE, ["mm"])).unwrap()
    made = opened.training_set(TrainingSetSpec(["rain:mm as depth"], name="daily"), LABELS).unwrap()
    opened.training_set(TrainingSetSpec(["rain:mm"]), SpineReference("labels")).unwrap()
    opened.rebuild(made.id).unwrap()
    return opened


def arrived(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_one_run_for_each_write_retrieval_and_rebuild(store: FeatureStore, tmp_path: Path) -> None:
    sent = store.log.send_lineage(tmp_path / "lineage.ndjson").unwrap()
    assert sent == LineageSent(target=str(tmp_path / "lineage.ndjson"), events=5, position=7)
    events = arrived(tmp_path / "lineage.ndjson")
    made = store.log.events().unwrap()[4].stream.removeprefix("training-set/")
    assert [(e["eventType"], e["job"]["name"]) for e in events] == [
        ("COMPLETE", "write.rain"),
        ("COMPLETE", "write.labels"),
        ("COMPLETE", "training_set.daily"),
        ("COMPLETE", "training_set.rain"),
        ("COMPLETE", f"rebuild.{made}"),
    ]
    assert {e["job"]["namespace"] for e in events} == {"foreset"}
    assert [e["eventTime"] for e in events[:2]] == [r.at.isoformat() for r in store.log.events().unwrap()[:2]]


def test_a_run_has_its_datasets_at_their_versions(store: FeatureStore, tmp_path: Path) -> None:
    store.log.send_lineage(tmp_path / "lineage.ndjson", after=4, namespace="team").unwrap()
    run = arrived(tmp_path / "lineage.ndjson")[0]
    receipt = store.receipt(run["outputs"][0]["name"].removeprefix("training_sets/")).unwrap()
    table, spine = run["inputs"]
    assert (table["namespace"], table["name"]) == ("file", str(tmp_path / "lake" / "rain"))
    assert table["facets"]["version"]["datasetVersion"] == "0"
    assert table["facets"]["storage"]["storageLayer"] == "delta"
    fields = {field["name"]: field["type"] for field in table["facets"]["schema"]["fields"]}
    assert fields == {
        "town": "string", "at": "timestamp[us, UTC]", "made": "timestamp[us, UTC]", "mm": "float64",
    }  # fmt: skip
    assert (spine["namespace"], spine["name"]) == ("team", f"spines/{receipt.spine.fingerprint}")
    (output,) = run["outputs"]
    assert (output["namespace"], output["facets"]["version"]["datasetVersion"]) == ("team", receipt.fingerprint)
    assert [field["name"] for field in output["facets"]["schema"]["fields"]] == [*LABELS.columns, "depth"]
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 1


def test_columns_are_told_with_what_they_were_made_from(store: FeatureStore, tmp_path: Path) -> None:
    store.log.send_lineage(tmp_path / "lineage.ndjson", after=4).unwrap()
    lineage = arrived(tmp_path / "lineage.ndjson")[0]["outputs"][0]["facets"]["columnLineage"]
    (depth,) = lineage["fields"]["depth"]["inputFields"]
    assert (depth["name"], depth["field"]) == (str(tmp_path / "lake" / "rain"), "mm")
    assert depth["transformations"] == [{"type": "DIRECT", "subtype": "IDENTITY"}]
    chose = {(f["field"], f["transformations"][0]["subtype"]) for f in lineage["dataset"]}
    assert chose == {
        ("city", "JOIN"), ("town", "JOIN"), ("at", "FILTER"), ("made", "FILTER"), ("event_timestamp", "FILTER"),
    }  # fmt: skip


def test_a_spine_in_a_table_is_that_table_at_its_version(store: FeatureStore, tmp_path: Path) -> None:
    store.log.send_lineage(tmp_path / "lineage.ndjson", after=5).unwrap()
    spine = arrived(tmp_path / "lineage.ndjson")[0]["inputs"][1]
    assert spine["name"] == str(tmp_path / "lake" / "labels")
    assert spine["facets"]["version"]["datasetVersion"] == "0"


def test_models_and_loads_are_runs_too(tmp_path: Path) -> None:
    sink = OpenLineageSink(str(tmp_path / "l.ndjson"), "foreset", lambda table: f"s3://ann:pw@lake/{table}", "1")
    assert sink.send(LOG, 0).unwrap().events == 8
    jobs = {event["job"]["name"]: event for event in arrived(tmp_path / "l.ndjson")}
    assert set(jobs) == {
        "write.trips", "training_set.daily", "train.delay", "train.sklearn.linear_model.Ridge", "rebuild.ts-aa1",
        "materialize.stats",
    }  # fmt: skip
    trained = jobs["train.delay"]
    assert [d["name"] for d in (*trained["inputs"], *trained["outputs"])] == ["training_sets/ts-aa1", "models/delay"]
    assert trained["outputs"][0]["facets"]["datasetType"]["datasetType"] == "MODEL"
    tags = {tag["key"]: tag["value"] for tag in trained["run"]["facets"]["tags"]["tags"]}
    assert tags.items() >= {"actor": "bob", "position": "12", "metric.r2": "0.5"}.items()
    loaded = jobs["materialize.stats"]
    assert [d["name"] for d in (*loaded["inputs"], *loaded["outputs"])] == ["trips", "online/sqlite/stats"]
    assert (loaded["inputs"][0]["namespace"], loaded["inputs"][0]["facets"]["version"]["datasetVersion"]) == (
        "s3://lake",
        "8",
    )


def test_what_is_sent_twice_is_the_same_run(store: FeatureStore, tmp_path: Path) -> None:
    path = tmp_path / "lineage.ndjson"
    for after in (0, 0, 6):
        store.log.send_lineage(path, after=after).unwrap()
    events = arrived(path)
    assert len(events) == 11
    assert events[:5] == events[5:10]
    assert events[10] == events[4]
    assert len({event["run"]["runId"] for event in events}) == 5


def test_runs_of_one_moment_and_runs_of_other_logs_are_others(tmp_path: Path) -> None:
    at_once = tuple(replace(recorded, at=LOG[0].at) for recorded in LOG)
    other = tuple(replace(recorded, actor="zoe") for recorded in at_once)
    for log in (at_once, other):
        OpenLineageSink(str(tmp_path / "l.ndjson"), "foreset", str, "1").send(log, 0).unwrap()
    assert len({event["run"]["runId"] for event in arrived(tmp_path / "l.ndjson")}) == 16


def test_a_service_gets_each_event(
    store: FeatureStore, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "s3cret")
    assert store.log.send_lineage(service.url).unwrap() == LineageSent(target=service.url, events=5, position=7)
    store.log.send_lineage(tmp_path / "lineage.ndjson").unwrap()
    assert [event for _, event in service.got] == arrived(tmp_path / "lineage.ndjson")
    assert {path for path, _ in service.got} == {"/api/v1/lineage"}
    assert set(service.keys) == {"Bearer s3cret"}
    store.log.send_lineage(f"{service.url}/other/place", after=6).unwrap()
    assert service.got[-1][0] == "/other/place"


def test_a_service_that_refuses_says_from_where_to_go_on(store: FeatureStore, service: Service) -> None:
    service.takes = 3
    refused = store.log.send_lineage(service.url.replace("//", "//ann:pw@")).failure()
    assert isinstance(refused, LineageUnsent)
    assert refused.position == 5
    assert str(refused).startswith(f"{service.url} did not take the lineage: 403 Client Error: Forbidden")
    assert "pw" not in str(refused)
    service.takes = 100
    assert store.log.send_lineage(service.url, after=refused.position).unwrap().events == 2
    assert [event["job"]["name"] for _, event in service.got][:4] == [
        "write.rain", "write.labels", "training_set.daily", "training_set.rain",
    ]  # fmt: skip


def test_a_service_that_is_away_is_told(store: FeatureStore, service: Service) -> None:
    service.server.shutdown()
    service.server.server_close()
    refused = store.log.send_lineage(service.url).failure()
    assert isinstance(refused, LineageUnsent)
    assert (refused.position, "refused" in refused.problem) == (0, True)


@pytest.mark.parametrize("target", ["http://", "s3://lake/l.ndjson", "taken/lineage.ndjson"])
def test_a_place_that_is_none_is_told(store: FeatureStore, tmp_path: Path, target: str) -> None:
    (tmp_path / "taken").write_text("")
    os.chdir(tmp_path)
    refused = store.log.send_lineage(target).failure()
    assert isinstance(refused, LineageUnsent)
    assert str(refused).startswith(f"{target} did not take the lineage: ")
    assert not (tmp_path / "s3:").exists()


def test_a_sign_of_urls_in_the_key_of_a_table_is_of_its_name() -> None:
    assert place_of("s3://lake/rain#2", "ours") == ("s3://lake", "rain#2")


@pytest.mark.parametrize("target", ["http://ann:pw@[::1", "http://ann:pw@h\u2100st"])
def test_a_url_that_is_none_is_told_without_its_password(store: FeatureStore, target: str) -> None:
    refused = store.log.send_lineage(target).failure()
    assert isinstance(refused, LineageUnsent)
    assert str(refused).startswith("http://[...] did not take the lineage: it is no URL that can be read.")


def test_without_the_package_it_is_said_how_to_get_it(store: FeatureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("foreset.adapters.openlineage")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "openlineage.client", None)
    refused = store.log.send_lineage("lineage.ndjson").failure()
    assert isinstance(refused, ClientMissing)
    assert str(refused).endswith("Next: install it: pip install 'foreset[lineage]'.")


def test_positions_that_the_log_has_not_are_not_told_as_sent(store: FeatureStore, tmp_path: Path) -> None:
    sent = store.log.send_lineage(tmp_path / "l.ndjson", after=99).unwrap()
    assert (sent.events, sent.position) == (0, 7)


def test_an_empty_log_sends_nothing(tmp_path: Path) -> None:
    sink = OpenLineageSink(str(tmp_path / "l.ndjson"), "foreset", str, "1")
    assert send_lineage(FeatureStore.in_memory().adapters.events, sink).unwrap().events == 0
    assert not (tmp_path / "l.ndjson").exists()
