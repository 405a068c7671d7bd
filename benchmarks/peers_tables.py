"""The peers that work on tables: direct reads, polars join_asof, DuckDB ASOF."""

from typing import Any

import duckdb
import polars as pl
from cases import CREATED, KEY, ROW, SPINE_TIME, TIME, Case
from deltalake import DeltaTable
from ready import Ready, rows_of, whole


def direct_polars(case: Case) -> Ready:
    """X and y of all rows as they lie: no time, no spine, no receipt."""
    asked = list(case.asked)
    return Ready(lambda: whole(pl.scan_delta(str(case.table)).select(asked).collect(), case), rows_of)


def direct_deltalake(case: Case) -> Ready:
    """The same through deltalake and pandas."""
    asked = list(case.asked)
    return Ready(lambda: whole(DeltaTable(str(case.table)).to_pandas(columns=asked), case), rows_of)


def join_asof(case: Case) -> Ready:
    """Sort by time and created time, join_asof by key, and back to the spine's order: what one writes by hand."""
    spine = pl.read_parquet(case.spine)
    order = [TIME, CREATED] if case.created else [TIME]

    def call() -> Any:
        # Sortedness is not checked where there is a `by`; both sides are sorted here.
        joined = (
            spine.lazy()
            .sort(SPINE_TIME)
            .join_asof(
                pl.scan_delta(str(case.table)).sort(order),
                left_on=SPINE_TIME,
                right_on=TIME,
                by=KEY,
                tolerance=case.ttl,
                check_sortedness=False,
            )
            .sort(ROW)
        )
        return whole(joined.collect(), case)

    return Ready(call, rows_of)


def asof_sql(case: Case) -> str:
    """The query over `spine` and `files`: one row per key and time (the last created), ASOF, ttl, the spine's order."""
    last = (
        f"SELECT * FROM files QUALIFY row_number() OVER (PARTITION BY {KEY}, {TIME} ORDER BY {CREATED} DESC) = 1"  # noqa: S608  # names of ours
        if case.created
        else "SELECT * FROM files"
    )
    days = case.ttl.days if case.ttl else None
    valid = f"s.{SPINE_TIME} - v.{TIME} <= INTERVAL {days} DAY" if days else "TRUE"
    asked = ", ".join(f"CASE WHEN {valid} THEN v.{name} END AS {name}" for name in case.asked)
    return (
        f"WITH v AS ({last}) SELECT s.*, {asked} FROM spine s "  # noqa: S608  # names of ours
        f"ASOF LEFT JOIN v ON s.{KEY} = v.{KEY} AND s.{SPINE_TIME} >= v.{TIME} ORDER BY s.{ROW}"
    )


def duckdb_asof(case: Case) -> Ready:
    """DuckDB over the files that the table's log names; its delta extension is a download, and is not used."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("spine", pl.read_parquet(case.spine).to_arrow())
    query = asof_sql(case)

    def call() -> Any:
        files = DeltaTable(str(case.table)).file_uris()
        over = query.replace("FROM files", f"FROM read_parquet({files!r})")
        relation = connection.sql(over)
        return whole(relation.df() if case.target else pl.DataFrame(relation.to_arrow_table()), case)

    return Ready(call, rows_of)
