"""What a user may write, as type checkers see it: `make check` checks this file strictly, and its test runs it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from os import PathLike, fspath
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl

from foreset import (
    DeltaSource,
    EntitySpec,
    FeatureField,
    FeatureSpec,
    FeatureStore,
    FeatureStoreSpec,
    FeatureStoreSpecBuilder,
    FeatureViewSpec,
    ModelSpec,
    SpineReference,
    Split,
    TrainingSetSpec,
    read_delta_table,
    write_to_delta_lake,
)


class Place(PathLike[str]):
    """A path of another library."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return fspath(self._path)


DAY = datetime(2024, 1, 1, tzinfo=UTC)
CUSTOMER = EntitySpec("customer", ["id"], tags={"team": "a"})
PATHS: tuple[str | PathLike[str], ...] = ("t", Path("t"), Place(Path("t")))


def sources() -> list[DeltaSource]:
    zone: str | ZoneInfo = ZoneInfo("Europe/Paris")
    options: Mapping[str, str] = {"region": "eu"}
    named = DeltaSource("t", "at", partition_time_zone=zone, storage_options=options)
    return [named, *(DeltaSource(path, "at") for path in PATHS)]


def views() -> list[FeatureViewSpec]:
    source = sources()[0]
    return [
        FeatureViewSpec("v", [CUSTOMER], source, [FeatureField("x", "float64"), "y"], ttl="30d"),
        FeatureViewSpec("v", CUSTOMER, source, FeatureField("x"), ttl=timedelta(days=30)),
        FeatureViewSpec("v", ("customer",), source, ("x",), ttl=pd.Timedelta(days=30)),
        FeatureViewSpec("v", "customer", source, "x", ttl=np.timedelta64(30, "D")),
    ]


def training_sets() -> list[TrainingSetSpec]:
    return [
        TrainingSetSpec("v:x", known_at="2024-01-01", full_feature_names=np.bool_(True)),  # noqa: FBT003  # a flag of numpy
        TrainingSetSpec(["v:x"], known_at="event_time", versions={Path("t"): 1}),
        TrainingSetSpec(("v:x",), known_at=[DAY, "event_time"], versions={"t": np.int64(1)}),
        TrainingSetSpec({"v:x": 1}.keys(), known_at=np.datetime64("2024-01-01")),
    ]


def others() -> list[object]:
    builder = FeatureStoreSpecBuilder().set_repo_path(Path("repo")).set_timestamp("2024-01-01")
    return [
        *(SpineReference(path, version=np.int64(1)) for path in PATHS),
        SpineReference("s.csv", schema={"id": "string"}),
        *(ModelSpec(save_to=path, split=Split(test_size=np.float32(0.5))) for path in PATHS),
        ModelSpec(split="time", metrics=["r2"]),
        FeatureSpec(["x"], "standard"),
        builder.set_sample_indices(np.arange(3)).set_known_at(DAY).set_version(np.int64(1)).build(),
        FeatureStoreSpec(repo_path=Place(Path("repo")), timestamp=DAY, sample_indices=range(3)),
    ]


def held() -> tuple[str, timedelta | None, dict[str, int], tuple[str, ...], bool]:
    """What fields are read as."""
    view, asked = views()[0], training_sets()[0]
    return view.source.table, view.ttl, asked.versions, asked.features, asked.full_feature_names


def calls(folder: Path) -> list[object]:
    rows = pl.DataFrame({"id": [1], "at": [DAY], "x": [1.0]})
    labels = rows.select("id", event_timestamp="at")
    table, page = Place(folder / "t"), Place(folder / "page.html")
    write_to_delta_lake(rows, table, expected_version=None)
    view = FeatureViewSpec("v", CUSTOMER, DeltaSource(table, "at"), "x", ttl="1d")
    with FeatureStore.open(
        Place(folder / "s"), data_dir=Place(folder), files_from=[Place(folder), "f"]
    ).unwrap() as store:
        store.register(CUSTOMER, view).unwrap()
        labels.write_parquet(folder / "labels.parquet")
        made = store.training_set(TrainingSetSpec("v:x"), Place(folder / "labels.parquet")).unwrap()
        report = made.report().unwrap()
        return [
            store.tables.write(rows, table, mode="append", app_id="a", app_version=np.int64(1)).unwrap(),
            store.tables.info(table).unwrap(),
            made.write_parquet(Place(folder / "out.parquet")),
            made.write_delta(Place(folder / "out"), overwrite=True),
            store.training_sets.report_page(report, page).unwrap(),
            store.tables.retention(table, hours=1).unwrap(),
            store.tables.changes(table, 0).unwrap().write_parquet(Place(folder / "changes.parquet")),
            read_delta_table(table, version=0),
            store.log.move(Place(folder / "moved")).unwrap(),
        ]
