"""DataFusion over the files that a table's log names. It is no dependency: measured only where it is installed."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import DeltaTable
from ready import Job, Ready, Unavailable, joins
from shapes import CREATED, ROW, SPINE_TIME, TIME, View


def window(job: Job) -> Ready:
    """Join by key, keep the best row of each spine row by its number in a window, the spine's order."""
    if find_spec("datafusion") is None:
        reason = "datafusion is not installed"
        raise Unavailable(reason)
    from datafusion import SessionContext  # type: ignore[import-not-found]  # noqa: PLC0415  # installed, or not

    view = joins(job.case)[0]
    spine = pl.read_parquet(job.case.spine.path).to_arrow()

    def call() -> Any:
        context = SessionContext()
        context.from_arrow(spine, "spine")
        parts = [f"file{number}" for number, _ in enumerate(_register(context, view.table))]
        return pl.DataFrame(context.sql(query(view, parts)).to_arrow_table())

    return Ready(call)


def query(view: View, parts: list[str]) -> str:
    """The query over `spine` and the tables of the files."""
    files = " UNION ALL ".join(f"SELECT * FROM {part}" for part in parts)  # noqa: S608  # names of ours
    keys = " AND ".join(f"s.{key} = f.{key}" for key in view.keys)
    rank = f"f.{TIME} DESC, f.{CREATED} DESC" if view.created else f"f.{TIME} DESC"
    valid = f"f.{TIME} <= s.{SPINE_TIME}"
    if view.ttl:
        valid += f" AND f.{TIME} >= s.{SPINE_TIME} - INTERVAL '{int(view.ttl.total_seconds())} seconds'"
    features = ", ".join(f"b.{name}" for name in view.features)
    best = f"SELECT s.{ROW}, f.*, row_number() OVER (PARTITION BY s.{ROW} ORDER BY {rank}) AS n"
    return (
        f"WITH f AS ({files}), b AS ({best} FROM spine s JOIN f ON {keys} AND {valid}) "  # noqa: S608  # as above
        f"SELECT s.*, {features} FROM spine s LEFT JOIN b ON s.{ROW} = b.{ROW} AND b.n = 1 ORDER BY s.{ROW}"
    )


def _register(context: Any, table: Path) -> list[str]:  # no stubs where it is not installed
    files = DeltaTable(str(table)).file_uris()
    for number, path in enumerate(files):
        context.register_parquet(f"file{number}", path)
    return files
