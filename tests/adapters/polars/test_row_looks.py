from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.memory.tables import MemoryTables
from foreset.adapters.polars.table_rows.row_checks import PolarsRows
from foreset.adapters.shared.machine import SystemClock
from foreset.application.ports.tables import TableStore
from foreset.domain.feast.row_facts import RowColumns, RowFacts

DAY = datetime(2024, 1, 1, tzinfo=UTC)
COLUMNS = RowColumns(keys=("k",), time="at", created="made", features=("x", "y"))
ALL = 1_000


def table(*rows: tuple[int | None, int | None, int | None, float | None, list[int] | None]) -> pl.DataFrame:
    """Rows of key, day of the event, day of creation, and two features."""
    days = [(k, _day(at), _day(made), x, y) for k, at, made, x, y in rows]
    time = pl.Datetime("us", "UTC")
    types = {"k": pl.Int64(), "at": time, "made": time, "x": pl.Float64(), "y": pl.List(pl.Int64())}
    return pl.DataFrame(days, schema=types, orient="row")


def _day(number: int | None) -> datetime | None:
    return None if number is None else DAY + timedelta(days=number)


@pytest.fixture(params=["delta", "memory"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> TableStore:
    return DeltaTables(tmp_path) if request.param == "delta" else MemoryTables(clock=SystemClock())


def look(stores: TableStore, frame: pl.DataFrame, columns: RowColumns = COLUMNS, limit: int = ALL) -> RowFacts:
    stores.write("t", frame).unwrap()
    return PolarsRows().look(stores.observe("t").unwrap(), columns, limit).unwrap()


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([(1, 0, 0, 1.0, [1]), (1, 1, 0, 2.0, [1]), (2, 0, 0, 3.0, None)], {}),
        ([(1, 0, 0, 1.0, [1]), (1, 0, 0, 1.0, [1])], {}),
        ([(1, 0, 0, float("nan"), None), (1, 0, 1, float("nan"), None)], {}),
        ([(1, 0, 0, 1.0, [1]), (1, 0, 0, 2.0, [1])], {"ties": 1}),
        ([(1, 0, 0, 1.0, [1]), (1, 0, 0, 1.0, [2])], {"ties": 1}),
        ([(1, 0, 0, 1.0, None), (1, 0, 0, None, None)], {"ties": 1}),
        ([(1, 0, 0, 1.0, [1]), (1, 0, 1, 2.0, [1])], {"superseded": 1}),
        ([(1, 0, None, 1.0, [1]), (1, 0, 1, 2.0, [1])], {"superseded": 1}),
        ([(1, 0, None, 1.0, [1]), (1, 0, None, 2.0, [1])], {"ties": 1}),
        ([(1, 0, 1, 1.0, [1]), (1, 0, 1, 2.0, [1]), (1, 0, 0, 3.0, [1])], {"ties": 1}),
        ([(1, 0, 1, 1.0, [1]), (1, 0, 0, 2.0, [1]), (1, 0, 0, 3.0, [1])], {"superseded": 1}),
        ([(None, 0, 0, 1.0, [1]), (None, 0, 0, 2.0, [1])], {"null_keys": 2}),
        ([(1, None, 0, 1.0, [1]), (1, None, 0, 2.0, [1])], {"null_times": 2}),
    ],
)
def test_what_readers_do_not_agree_on(
    stores: TableStore, rows: list[tuple[int | None, int | None, int | None, float | None, list[int] | None]],
    found: dict[str, int],
) -> None:  # fmt: skip
    assert look(stores, table(*rows)) == RowFacts(rows=len(rows), **found)


def test_without_a_created_time_all_that_ties_is_left_to_chance(stores: TableStore) -> None:
    frame = table((1, 0, 0, 1.0, [1]), (1, 0, 1, 2.0, [1]))
    assert look(stores, frame, RowColumns(keys=("k",), time="at", features=("x",))).ties == 1


def test_a_view_of_its_keys_alone_has_no_ties(stores: TableStore) -> None:
    assert look(stores, table((1, 0, 0, 1.0, [1]), (1, 0, 0, 2.0, [1])), RowColumns(keys=("k",), time="at")).ties == 0


def test_rows_that_came_after_their_time_was_loaded_are_late(stores: TableStore) -> None:
    columns = RowColumns(keys=("k",), time="at", created="made", features=("x",), loaded_until=_day(5))
    rows = [(1, 5, 6, 1.0, None), (1, 4, 5, 1.0, None), (1, 6, 7, 1.0, None), (1, 4, None, 1.0, None)]
    assert look(stores, table(*rows), columns).late == 1


def test_late_rows_are_told_for_dates_and_times_without_a_zone_too(tmp_path: Path) -> None:
    frame = table((1, 4, 6, 1.0, None)).with_columns(pl.col("at").dt.date(), pl.col("made").dt.replace_time_zone(None))
    columns = RowColumns(keys=("k",), time="at", created="made", loaded_until=_day(5))
    assert look(DeltaTables(tmp_path), frame, columns).late == 1


def test_no_more_rows_are_read_than_asked(stores: TableStore) -> None:
    frame = table(*((1, 0, 0, float(number), [1]) for number in range(10)))
    assert look(stores, frame, limit=4) == RowFacts(rows=4, whole=False, ties=1)
    assert PolarsRows().look(stores.observe("t").unwrap(), COLUMNS, 0).unwrap() == RowFacts(rows=0, whole=False)


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", table((1, 0, 0, 1.0, [1])))
    snapshot = DeltaTables(tmp_path).observe("t").unwrap()
    for file in (tmp_path / "t").glob("*.parquet"):
        file.unlink()
    assert "is not there any more" in PolarsRows().look(snapshot, COLUMNS, ALL).failure().message
