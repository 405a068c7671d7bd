"""Commits: the contract that all table stores keep. A new store is one more entry in FACTORIES."""

from pathlib import Path

import pytest
from returns.result import Success

from foreset.application.ports.tables import TableStore
from foreset.domain.errors.tables import TableMissing
from foreset.domain.tables.write_options import WriteOptions
from tests.contracts.table_stores import FACTORIES, FIRST, SECOND


@pytest.fixture(params=FACTORIES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TableStore:
    made = FACTORIES[request.param](tmp_path)
    made.write("weather", FIRST).unwrap()
    made.write("weather", FIRST.with_columns(x=9.0), "merge", WriteOptions(merge_on=("k",))).unwrap()
    made.write("weather", SECOND.with_columns(y=1), options=WriteOptions(schema_mode="merge")).unwrap()
    made.optimize("weather").unwrap()
    return made


def test_each_commit_is_told_with_what_it_did(store: TableStore) -> None:
    commits = store.commits("weather", -1, 3).unwrap()
    assert [commit.version for commit in commits] == [0, 1, 2, 3]
    assert [commit.operation for commit in commits] == ["WRITE", "MERGE", "WRITE", "OPTIMIZE"]
    assert [commit.changes_columns for commit in commits] == [True, False, True, False]


def test_commits_have_times_that_lead_to_their_versions(store: TableStore) -> None:
    [second, third] = store.commits("weather", 0, 2).unwrap()
    assert second.at is not None
    assert third.at is not None
    assert second.at <= third.at
    assert store.version_at("weather", third.at).unwrap() >= second.version


def test_the_first_version_is_left_out_and_the_last_is_not(store: TableStore) -> None:
    assert [commit.version for commit in store.commits("weather", 1, 2).unwrap()] == [2]
    assert store.commits("weather", 2, 2) == Success(())
    assert [commit.version for commit in store.commits("weather", 2, 99).unwrap()] == [3]


def test_a_table_that_is_not_there_has_no_commits(store: TableStore) -> None:
    assert isinstance(store.commits("whether", 0, 1).failure(), TableMissing)
