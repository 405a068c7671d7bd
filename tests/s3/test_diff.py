"""Training sets from a table in an object store are compared, and commits told, by a store that never opened it."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.domain.diff.parts import ByCommit
from tests.s3.conftest import S3


def test_the_commit_is_told(s3: S3, tmp_path: Path) -> None:
    table = f"{s3.bucket()}/rain"
    rows = pl.DataFrame({"k": [1, 2], "at": [datetime(2024, 5, 1, tzinfo=UTC)] * 2, "x": [0.5, 1.5]})
    store = FeatureStore.open(tmp_path).unwrap()
    store.tables.write(rows, table, storage_options=s3.options).unwrap()
    source = DeltaSource(table, "at", storage_options=s3.options)
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], source, ["x"])).unwrap()
    labels = pl.DataFrame({"k": [1, 2], "event_timestamp": [datetime(2024, 5, 2, tzinfo=UTC)] * 2})
    a = store.training_set(TrainingSetSpec(["v:x"]), labels).unwrap().id
    store.tables.write(rows.with_columns(k=pl.lit(3)), table).unwrap()
    store.tables.write(rows[:1].with_columns(x=9.0), table).unwrap()
    b = store.training_set(TrainingSetSpec(["v:x"]), labels).unwrap().id
    told = FeatureStore.open(tmp_path).unwrap().diff(a, b).unwrap()
    assert [commit.operation for commit in told.tables[0].commits] == ["WRITE", "WRITE"]
    assert told.columns is not None, told.untold
    [part] = told.columns[0].causes
    [cause] = part.causes
    assert isinstance(cause, ByCommit)
    assert (cause.commit.version, part.cells) == (2, 1)
    assert "secret" not in told.explain()
