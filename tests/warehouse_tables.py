"""Frames as tables of a PostgreSQL database, and the options with which Feast's store finds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl
import psycopg
from msgspec.structs import replace
from returns.result import Result

from foreset.adapters.feast.engines.executor import FeastExecutor
from foreset.adapters.shared.frames.arrow_types import dtype_name
from foreset.application.ports.engine import PlanExecutor, Retrieved
from foreset.application.ports.tables import ArrowStream, TableStore
from foreset.domain.errors.feast import ExecutionError
from foreset.domain.feast.engines import store_named
from foreset.domain.planning.nodes import Scan
from foreset.domain.planning.plan import RetrievalPlan

_TYPES: Final = {
    "int8": "smallint",
    "int16": "smallint",
    "int32": "integer",
    "int64": "bigint",
    "float64": "double precision",
    "string": "text",
    "bool": "boolean",
    "date": "date",
    "timestamp[us, UTC]": "timestamptz",
    "timestamp[us]": "timestamp",
    "null": "bigint",
}


def options(address: str) -> dict[str, object]:
    """What feature_store.yaml would say of a database at an address such as `postgres@127.0.0.1:54321/name`."""
    user, _, rest = address.partition("@")
    place, _, database = rest.partition("/")
    host, _, port = place.partition(":")
    return {
        "host": host, "port": int(port), "database": database, "user": user, "password": "", "sslmode": "disable",
    }  # fmt: skip


def fits(frame: pl.DataFrame) -> bool:
    return all(column_type(dtype) for dtype in frame.schema.values())


def column_type(dtype: pl.DataType) -> str | None:
    name = dtype_name(dtype)
    return f"numeric{name.removeprefix('decimal')}" if name.startswith("decimal") else _TYPES.get(name)


def load(address: str, tables: Mapping[str, pl.DataFrame]) -> None:
    """Make the tables anew."""
    with psycopg.connect(f"postgresql://{address}", autocommit=True) as connection:
        for name, frame in tables.items():
            columns = ", ".join(f'"{column}" {column_type(dtype)}' for column, dtype in frame.schema.items())
            connection.execute(f'DROP TABLE IF EXISTS "{name}"'.encode())
            connection.execute(f'CREATE TABLE "{name}" ({columns})'.encode())
            with connection.cursor().copy(f'COPY "{name}" FROM STDIN'.encode()) as copy:
                for row in frame.iter_rows():
                    copy.write_row(row)


@dataclass(frozen=True)
class OnPostgres:
    """An executor on Feast's store for PostgreSQL, where all tables have the names that they have in the plan."""

    executor: PlanExecutor

    def execute(self, plan: RetrievalPlan, spine: ArrowStream) -> Result[Retrieved, ExecutionError]:
        nodes = (
            replace(node, warehouse_table=f'"{node.table}"') if isinstance(node, Scan) else node for node in plan.nodes
        )
        return self.executor.execute(RetrievalPlan(tuple(nodes)), spine)


def on_postgres(address: str, tables: TableStore, *accept: str) -> OnPostgres:
    store = store_named("postgres", accept).unwrap()
    return OnPostgres(FeastExecutor.open(tables, store, options(address), accept).unwrap())
