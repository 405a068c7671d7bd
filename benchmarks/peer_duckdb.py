"""DuckDB over the files that a table's log names; its delta extension is a download, and is not used."""

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from deltalake import DeltaTable
from ready import Job, Ready, joins, whole
from shapes import CREATED, ROW, SPINE_TIME, TIME, Case, View


def asof(job: Job) -> Ready:
    """One row per key and time (the last created), ASOF join, ttl, the spine's order."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    if not job.case.spine.referenced:
        connection.register("spine", pl.read_parquet(job.case.spine.path).to_arrow())

    def call() -> Any:
        return _handed(connection.sql(query(job.case)), job)

    return Ready(call)


def query(case: Case) -> str:
    """The query, over the files that the logs name now."""
    views = list(enumerate(joins(case)))
    spine = files(case.spine.path) if case.spine.referenced else "spine"
    last = ", ".join(f"v{number} AS ({_last(view)})" for number, view in views)
    asked = ", ".join(_feature(name, view, number) for number, view in views for name in view.features)
    joined = " ".join(_join(view, number) for number, view in views)
    return f"WITH {last} SELECT s.*, {asked} FROM {spine} s {joined} ORDER BY s.{ROW}"  # noqa: S608  # names of ours


def files(table: Path) -> str:
    """The rows of a Parquet file or a Delta table, as DuckDB reads them."""
    named = [str(table)] if table.suffix == ".parquet" else DeltaTable(str(table)).file_uris()
    return f"read_parquet({named!r})"


def _last(view: View) -> str:
    rows = f"SELECT * FROM {files(view.table)}"  # noqa: S608  # names of ours
    if not view.created:
        return rows
    once = f"PARTITION BY {', '.join(view.keys)}, {TIME} ORDER BY {CREATED} DESC"
    return f"{rows} QUALIFY row_number() OVER ({once}) = 1"


def _feature(name: str, view: View, number: int) -> str:
    if not view.ttl:
        return f"v{number}.{name}"
    seconds = int(view.ttl.total_seconds())
    valid = f"s.{SPINE_TIME} - v{number}.{TIME} <= INTERVAL {seconds} SECOND"
    return f"CASE WHEN {valid} THEN v{number}.{name} END AS {name}"


def _join(view: View, number: int) -> str:
    keys = " AND ".join(f"s.{key} = v{number}.{key}" for key in view.keys)
    return f"ASOF LEFT JOIN v{number} ON {keys} AND s.{SPINE_TIME} >= v{number}.{TIME}"


def _handed(relation: duckdb.DuckDBPyRelation, job: Job) -> Any:
    match job.output:
        case "parquet":
            relation.write_parquet(str(job.result))
            return job.result
        case "xy":
            return whole(relation.df(), job.case)
        case "pandas":
            return relation.df()
        case "arrow":
            return relation.to_arrow_table()
        case "frame":
            return pl.DataFrame(relation.to_arrow_table())
