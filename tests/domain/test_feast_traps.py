from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from foreset.domain.facts import Column, TableFacts
from foreset.domain.feast.folder_facts import FolderFacts
from foreset.domain.feast.repository import FeastEntity, FeastField, FeastRepository, FeastSource, FeastView
from foreset.domain.feast.row_facts import RowFacts
from foreset.domain.feast.traps import ViewLook, traps

OURS = "foreset.adapters.feast.offline_store.DeltaOfflineStore"
KEY = FeastField(name="k", type="Int64")
RATE = FeastField(name="rate", type="Float64")
SOURCE = FeastSource(
    kind="FileSource", path="/t", place="/t", table="t", format="delta", timestamp_field="at",
    created_timestamp_column="made",
)  # fmt: skip
UNTIL = datetime(2024, 1, 9, tzinfo=UTC)


def view(name: str = "v", **options: Any) -> FeastView:
    plain = {"entities": ("e",), "keys": (KEY,), "features": (RATE,), "source": SOURCE}
    return FeastView(name=name, **{**plain, **options})


def repository(*views: FeastView, store: str = "dask", **options: Any) -> FeastRepository:
    entities = (FeastEntity(name="e", join_key="k"),)
    settings = {"path": "/r", "project": "p", "registry": "/r/reg.db", "offline_store": store, "entities": entities}
    return FeastRepository(**{**settings, "views": views or (view(),), **options})


def facts(at: str = "timestamp[us, UTC]", made: str = "timestamp[us, UTC]") -> TableFacts:
    columns = (Column("k", "int64"), Column("at", at), Column("made", made), Column("rate", "float64"))
    return TableFacts(table="t", table_id="i", version=3, columns=columns, files=1, rows=9, size_bytes=9)


def look(folder: FolderFacts | None = None, rows: RowFacts | None = None, table: TableFacts | None = None) -> ViewLook:
    return ViewLook(table=table or facts(), folder=folder, rows=rows)


def found(given: FeastRepository, look: ViewLook | None = None) -> list[str]:
    """The names of what is found."""
    looks = {v.name: look for v in given.views} if look else {}
    return [type(finding).__name__ for finding in traps(given, looks)]


def told(given: FeastRepository, look: ViewLook, name: str) -> str:
    found = [finding for finding in traps(given, {v.name: look for v in given.views}) if type(finding).__name__ == name]
    assert len(found) == 1
    assert "{" not in found[0].message.replace("{type: foreset.adapters.feast.offline_store.DeltaOfflineStore}", "")
    return found[0].message


def test_a_sound_repository_on_foresets_store_has_no_trap() -> None:
    whole = RowFacts(rows=9, ties=1, superseded=1, null_keys=1, null_times=1)
    folder = FolderFacts(table="t", version=3, removed=("a.parquet",), of_the_log=("c.parquet",))
    assert found(repository(store=OURS), look(folder, whole)) == []


def test_a_sound_repository_on_the_dask_store_still_ignores_the_log() -> None:
    sound = look(FolderFacts(table="t", version=3), RowFacts(rows=9))
    assert found(repository(), sound) == ["LogIgnored"]
    assert found(repository(store="file"), sound) == ["LogIgnored"]
    assert found(repository(store="postgres"), sound) == []


FOLDER = FolderFacts(
    table="t", version=3, removed=("a.parquet", "b.parquet"), unnamed=("c.parquet",), rewritten=("d.parquet",),
    of_the_log=("_delta_log/1.checkpoint.parquet",), rows=1200, deleted_rows=7,
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("RowsBroughtBack", "(files: 3, rows: 1,200): rows that were deleted or overwritten are served by v, w."),
        ("DeletedRowsServed", "deleted rows of t (rows: 7) are served by v, w."),
        ("LogRead", "(_delta_log/1.checkpoint.parquet): retrieval from v, w fails."),
        ("RowsTwice", "that a compaction has replaced (files: 1): their rows are there twice for v, w."),
        ("LogIgnored", "brings old rows back to v, w, and the first checkpoint stops retrieval."),
    ],
)
def test_what_the_dask_store_reads_of_a_tables_folder(name: str, text: str) -> None:
    message = told(repository(view(), view("w", features=())), look(FOLDER), name)
    assert text in message
    assert "Next: say `offline_store: {type: foreset.adapters.feast.offline_store.DeltaOfflineStore}` in its" in message


def test_rows_that_were_not_counted_are_not_told() -> None:
    folder = FolderFacts(table="t", version=3, removed=("a.parquet",))
    assert "(files: 1): rows" in told(repository(), look(folder), "RowsBroughtBack")


ROWS = RowFacts(rows=500, whole=False, ties=2, superseded=3, null_times=4, null_keys=5, late=6)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TiesByChance", "(pairs of key and time: 2, among the first 500 rows, which alone were looked at)"),
        ("SupersededServed", "(pairs of key and time: 3, among the first 500 rows"),
        ("NullTimesServed", "t has rows without an event time (rows: 4, among"),
        ("NullKeysMatch", "t has rows without a key (rows: 5, among"),
        ("LateRowsMissed", "up to 2024-01-09T00:00:00+00:00, had been loaded into the online store (rows: 6, among"),
    ],
)
def test_what_the_dask_store_makes_of_a_views_rows(name: str, text: str) -> None:
    assert text in told(repository(view(loaded_until=UNTIL)), look(rows=ROWS), name)


def test_what_other_stores_make_of_a_views_rows() -> None:
    loaded, late = view(loaded_until=UNTIL), ["LateRowsMissed", "LateRowsWouldBeMissed"]
    online = repository(loaded, store=OURS, online_store="sqlite")
    assert found(online, look(rows=ROWS)) == late
    assert found(repository(loaded, store="postgres", online_store="sqlite"), look(rows=ROWS)) == [
        "TiesByChance",
        *late,
    ]
    assert found(repository(loaded, store=OURS), look(rows=RowFacts(rows=1))) == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"ttl": timedelta(days=1)}, ["LateRowsWouldBeMissed"]),
        ({"ttl": timedelta(days=1), "online": False}, []),
        ({"online": True}, []),
    ],
)
def test_online_views_with_a_ttl_miss_late_rows(options: dict[str, Any], expected: list[str]) -> None:
    assert found(repository(view(**options), store=OURS, online_store="sqlite")) == expected


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"entities": ()}, "The view 'v' has no entity: Feast joins each row that is asked for with every row"),
        ({"entities": ("__dummy",)}, "The view 'v' has no entity"),
        ({"entities": ("absent",)}, "has the entities absent, and Feast joins it on the columns: k."),
        ({"keys": ()}, "has the entities e, and Feast joins it on the columns: none."),
        ({"keys": (FeastField(name="j", type="Int64"),)}, "has the entities e, and Feast joins it on the columns: j."),
    ],
)
def test_views_that_feast_joins_on_something_else(options: dict[str, Any], text: str) -> None:
    messages = [finding.message for finding in traps(repository(view(**options), store="postgres"), {})]
    assert [text in message for message in messages] == [True]
    assert found(repository(view(**options), store=OURS)) == []


def test_views_of_other_kinds_are_not_held_to_entities() -> None:
    stream = view(kind="stream feature view", entities=(), computed="a stream")
    assert found(repository(stream)) == []


def test_names_that_clash() -> None:
    clash = repository(view(), view("w"), view("x", features=(KEY, FeastField(name="event_timestamp", type="String"))))
    messages = [finding.message for finding in traps(clash, {})]
    assert "The feature 'k' of 'x' has the name of a join key or of the time of entity frames" in messages[0]
    assert "The feature 'event_timestamp' of 'x' has the name" in messages[1]
    assert (
        "The views v, w have features of the same name: rate. Next: ask for them with full_feature_names" in messages[2]
    )
    assert found(repository(*clash.views, store="duckdb")) == ["NamesClash"]


def test_relative_paths_on_the_duckdb_store() -> None:
    relative = view("near", source=FeastSource(kind="FileSource", path="t", place="/r/t", table="/r/t"))
    given = repository(view(), relative, store="duckdb")
    assert found(given, look()) == ["PathOfWorkingDirectory", "NamesClash", "ExtensionNeeded"]
    assert "The paths of near are relative" in told(given, look(), "PathOfWorkingDirectory")
    assert "reads the Delta tables of v with duckdb's extension" in told(given, look(), "ExtensionNeeded")


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (facts(at="timestamp[us]"), "(at; views: v)"),
        (facts(at="timestamp[us]", made="timestamp[ns]"), "(at, made; views: v)"),
    ],
)
def test_times_without_a_zone(table: TableFacts, columns: str) -> None:
    assert columns in told(repository(store=OURS), look(table=table), "TimesWithoutZone")


def test_dates_and_absent_columns_have_no_zone_to_miss() -> None:
    assert found(repository(store=OURS), look(table=facts(at="date", made="string"))) == []


def test_the_event_time_may_have_another_name_in_the_table() -> None:
    mapped = FeastSource(kind="FileSource", path="/t", place="/t", timestamp_field="when", field_mapping={"at": "when"})
    given = repository(view(source=mapped), store=OURS)
    assert "(at; views: v)" in told(given, look(table=facts(at="timestamp[us]")), "TimesWithoutZone")


def test_a_registry_at_a_relative_path_and_a_table_that_could_not_be_looked_at() -> None:
    given = repository(store=OURS, relative_database="reg.sqlite")
    blind = ViewLook(problem="it is away")
    assert "SQLite database at the relative path 'reg.sqlite'" in told(given, blind, "RelativeDatabase")
    assert "The table of 'v' could not be looked at: it is away. Next: mend that" in told(given, blind, "NotLookedAt")


def test_the_worst_stand_first() -> None:
    severities = [finding.severity for finding in traps(repository(view(), view("w")), {"v": look(FOLDER, ROWS)})]
    assert severities == sorted(severities, key=["error", "warning", "advice"].index)
    assert set(severities) == {"error", "warning", "advice"}
