"""Feast's offline stores as executors of plans: how each is given a table, and which laws it breaks.

What is said here was observed with the Feast of `OBSERVED`; a test for each defect of the stores that run here asks the
stock store, and fails when Feast mends it.
"""

from collections.abc import Collection
from typing import Final, Literal

import msgspec
from returns.result import Result, Success

from foreset.domain.errors.feast import ChoiceError, DefectNotAccepted, OfflineStoreRefused, UnknownDefect
from foreset.domain.errors.problem import refuse

OBSERVED: Final = "0.67"
"""The minor version of Feast whose stores are described."""
OUR_STORES: Final = ("delta", "file")
"""The names that mean Foreset's own engine."""
Checked = Literal["run here", "SQL checked", "not run"]


class Defect(msgspec.Struct, frozen=True):
    """A way in which a store breaks a law. `mended` is how the executor restores it; None: it must be accepted.

    `always` is whether it shows whatever the data; what shows only in some data is refused when it is met.
    """

    name: str
    law: str
    shows: str
    mended: str | None
    always: bool = True


class FeastStore(msgspec.Struct, frozen=True, kw_only=True):
    """An offline store of Feast's.

    A store of files is given a Parquet file with what the plan may use of the snapshot. A warehouse is asked for the
    view's `warehouse_table`, in its own SQL: names stand in `quotes`, `text` and `integer` are types, `instant` is a
    moment, and `as_utc` a time without a zone as one, None where that is not known. `unit` is the finest unit of time
    that is compared.
    """

    name: str
    kind: Literal["files", "warehouse"]
    checked: Checked
    package: str
    source: str
    unit: Literal["us", "ns"] = "us"
    quotes: str = '"'
    text: str = "VARCHAR"
    integer: str = "BIGINT"
    instant: str = "TIMESTAMP '{0}'"
    as_utc: str | None = None
    defects: tuple[Defect, ...] = ()

    @property
    def to_accept(self) -> tuple[str, ...]:
        """The defects that the executor cannot mend, by name."""
        return tuple(defect.name for defect in self.defects if defect.mended is None)


# === Defects ===

_COPY: Final = "it is given a Parquet copy of the rows that may serve, as the snapshot has them"
_DISTINCT: Final = "keys and times are sent once each, and the answer is put to the spine's rows by a row id"
_UNKNOWN: Final = "a row without a created time is taken for one that is not known yet"
_VALUES: Final = "the store tells which row serves, and the values are taken from the snapshot"
_REFUSED_PLAN: Final = "a plan with such a name is refused"
_NULL_KEYS: Final = "null keys are not sent"

_DASK: Final = (
    Defect("removed-files", "7, snapshots", "deleted and overwritten rows of a Delta table come back", _COPY),
    Defect("lost-rows", "1, rows", "rows with a known key for which no feature row is eligible are lost", _DISTINCT),
    Defect("duplicates", "1, rows", "of rows with the same key and time one is left", _DISTINCT),
    Defect("order", "1, rows", "the rows come in the order of the feature rows' times", _DISTINCT),
    Defect("two-views", "1, rows", "rows are lost where two views have different keys", "each view is asked for alone"),
    Defect("superseded", "4, ties", "a row that was written earlier is served in place of a later one", _COPY),
    Defect("null-keys", "5, nulls", "a null key matches rows with a null key", _NULL_KEYS),
    Defect("created-null", "6, knowledge", _UNKNOWN, _COPY),
    Defect("gaps", "9, types", "whole numbers with gaps become floats, and lose digits", _VALUES),
    Defect("nan", "5, nulls", "NaN and null are the same", _VALUES),
    Defect(
        "name-clash", "8, names", "a feature with the name of a column of the spine gives that column", _REFUSED_PLAN
    ),
)
_DUCKDB: Final = (
    Defect("ties", "4, ties", "of rows that only the snapshot's order tells apart, any may be served", _COPY),
    Defect("created-null", "6, knowledge", _UNKNOWN, _COPY),
    Defect(
        "nanoseconds",
        "2, no future",
        "times are cut to microseconds, so a row of the same microsecond serves a row before it",
        "times are rounded so that the comparison stays right; refused where spine and table both have nanoseconds",
    ),
)
_VERSIONS: Final = Defect(
    "versions",
    "7, snapshots",
    "it reads the warehouse's table as it is when it is asked, and not the Delta table at the plan's version",
    None,
)
_QUERY: Final = "the source is a query that leaves one row for each key and time, chosen by law 4"
_SQL: Final = (
    _VERSIONS,
    Defect(
        "ties",
        "4, ties",
        "it does not know the snapshot's order, so of full ties with other values any may be served",
        None,
        always=False,
    ),
    Defect("tied-rows", "1, rows", "a full tie gives a row of the spine once for each row that is tied", _QUERY),
    Defect("created-null", "4, ties", "a row without a created time is never served", _QUERY),
    Defect("ttl-seconds", "3, age", "a ttl is cut to whole seconds", "it is rounded up, and the age is checked again"),
    Defect(
        "collisions",
        "5, nulls",
        "keys are put together without a mark between them, so ('1', '11') and ('11', '1') are one",
        "keys that would be taken for one another are sent in requests of their own",
    ),
    Defect("types", "9, types", "decimals lose digits", "they come as text, and are read exactly"),
)

# === Stores ===

_TIMESTAMPTZ: Final = "CAST('{0}' AS TIMESTAMP WITH TIME ZONE)"
_AT_UTC: Final = "CAST({0} AS TIMESTAMP) AT TIME ZONE 'UTC'"
_CONTRIB: Final = "feast.infra.offline_stores.contrib"
_STORES: Final = (
    FeastStore(
        name="dask", kind="files", checked="run here", package="feast", unit="ns", defects=_DASK,
        source="feast.infra.offline_stores.file_source.FileSource",
    ),
    FeastStore(
        name="duckdb", kind="files", checked="run here", package="feast[duckdb]", defects=_DUCKDB,
        source="feast.infra.offline_stores.file_source.FileSource",
    ),
    FeastStore(
        name="postgres", kind="warehouse", checked="run here", package="feast[postgres]", defects=_SQL, text="TEXT",
        instant=_TIMESTAMPTZ, as_utc=_AT_UTC,
        source=f"{_CONTRIB}.postgres_offline_store.postgres_source.PostgreSQLSource",
    ),
    FeastStore(
        name="redshift", kind="warehouse", checked="SQL checked", package="feast[aws]", defects=_SQL,
        instant=_TIMESTAMPTZ, as_utc=_AT_UTC,
        source="feast.infra.offline_stores.redshift_source.RedshiftSource",
    ),
    FeastStore(
        name="athena", kind="warehouse", checked="SQL checked", package="feast[aws]", defects=_SQL,
        source=f"{_CONTRIB}.athena_offline_store.athena_source.AthenaSource",
    ),
    FeastStore(
        name="bigquery", kind="warehouse", checked="SQL checked", package="feast[gcp]", defects=_SQL, quotes="`",
        text="STRING", source="feast.infra.offline_stores.bigquery_source.BigQuerySource",
    ),
    FeastStore(
        name="snowflake.offline", kind="warehouse", checked="SQL checked", package="feast[snowflake]", defects=_SQL,
        source="feast.infra.offline_stores.snowflake_source.SnowflakeSource",
    ),
    FeastStore(
        name="spark", kind="warehouse", checked="not run", package="feast[spark]", defects=_SQL, quotes="`",
        text="STRING", source=f"{_CONTRIB}.spark_offline_store.spark_source.SparkSource",
    ),
    FeastStore(
        name="trino", kind="warehouse", checked="SQL checked", package="feast[trino]", defects=_SQL,
        source=f"{_CONTRIB}.trino_offline_store.trino_source.TrinoSource",
    ),
    FeastStore(
        name="clickhouse", kind="warehouse", checked="SQL checked", package="feast[clickhouse]", defects=_SQL,
        text="Nullable(String)", source=f"{_CONTRIB}.clickhouse_offline_store.clickhouse_source.ClickhouseSource",
    ),
)  # fmt: skip
STORES: Final = {store.name: store for store in _STORES}
_ALIASES: Final = {"snowflake": "snowflake.offline", "couchbase": "couchbase.offline"}
_TABLE_ONLY: Final = "its source names a table and takes no query, so the laws that the store breaks cannot be restored"
_REFUSED: Final = {
    "mssql": _TABLE_ONLY,
    "oracle": _TABLE_ONLY,
    "couchbase.offline": "its query language is not SQL, and plans were never run on it",
    "ray": "plans were never run on it, and it reads files that dask and duckdb read",
    "mongodb": "it holds documents, not tables",
    "chronon": "it serves joins that were made in Chronon, not tables",
    "remote": "it hands requests to a server, whose own store answers: name that one",
    "hybrid": "it hands requests to other stores: name one of them",
}


def store_named(name: str, accept: Collection[str] = ()) -> Result[FeastStore, ChoiceError]:
    """Feast's store of this name, unless it breaks a law that is not restored and was not accepted."""
    name = _ALIASES.get(name, name)
    store = STORES.get(name)
    if store is None:
        reason = _REFUSED.get(name, "there is no such store")
        return refuse(OfflineStoreRefused(store=name, reason=reason, known=(*OUR_STORES, *STORES)))
    unknown = next((defect for defect in accept if defect not in store.to_accept), None)
    if unknown is not None:
        return refuse(UnknownDefect(store=name, defect=unknown, known=store.to_accept))
    broken = (defect for defect in store.defects if defect.mended is None and defect.always)
    for defect in broken:
        if defect.name not in accept:
            return refuse(DefectNotAccepted(store=name, defect=defect.name, law=defect.law, shows=defect.shows))
    return Success(store)
