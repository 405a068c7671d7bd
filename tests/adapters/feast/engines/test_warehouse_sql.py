"""The SQL of warehouses that cannot run here: what each is given, in Feast's own template, is SQL of its dialect.

Feast makes the template's text without a connection where the warehouse's package is installed.
"""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Final

import msgspec
import polars as pl
import pytest
import sqlglot
from feast.infra.offline_stores import offline_utils
from feast.repo_config import get_offline_config_from_type
from sqlglot.expressions import Select

from foreset.adapters.feast.engines.feast_store import Request, StockStore, _NoRegistry
from foreset.adapters.feast.engines.label_batch import AT, LABEL
from foreset.adapters.feast.engines.prepared_rows import FROM
from foreset.adapters.feast.engines.warehouse_query import UnfitColumnError, WarehouseQuery, warehouse_query
from foreset.domain.errors.feast import OfflineStoreNotInstalled
from foreset.domain.feast.engines import STORES, FeastStore
from foreset.domain.planning.nodes import KeyPair, Match, Output

WAREHOUSES: Final = [store for store in STORES.values() if store.kind == "warehouse"]
OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "postgres": {"host": "h", "database": "d", "user": "u", "password": "p"},
    "redshift": {
        "cluster_id": "c", "region": "us-west-2", "database": "d", "user": "u", "s3_staging_location": "s3://b/p",
        "iam_role": "r",
    },
    "athena": {
        "data_source": "s", "region": "us-west-2", "database": "d", "s3_staging_location": "s3://b/p", "workgroup": "w",
    },
    "bigquery": {"dataset": "d"},
    "snowflake.offline": {"account": "a", "user": "u", "password": "p", "database": "d", "warehouse": "w"},
    "trino": {"host": "h", "port": 8080, "catalog": "c", "connector": {"type": "memory"}, "user": "u"},
    "clickhouse": {"host": "h", "database": "d", "user": "u", "password": "p"},
}  # fmt: skip
TYPES: Final = {
    "k": "int64", "l": "string", "t": "timestamp[us, UTC]", "c": "timestamp[us, UTC]", "x": "float64",
    "d": "decimal(38,9)",
}  # fmt: skip
MATCH: Final = Match(
    spine=0, scan=1, view="v", view_version=1, keys=(KeyPair("k", "k", "int64"), KeyPair("l", "l", "string")),
    event_time="t", created_time="c", ttl_us=1_500_000, known_at=None, distinct_keys=1, most_rows=1,
)  # fmt: skip


def query(store: FeastStore, **terms: Any) -> WarehouseQuery:
    match = msgspec.structs.replace(MATCH, **terms)
    outputs = (Output("x", "x", "float64"), Output("d", "d", "decimal(38,9)"))
    return warehouse_query(store, "project.features", match, outputs, TYPES)


def dialect(store: FeastStore) -> str:
    return store.name.partition(".")[0]


@pytest.mark.parametrize("known_at", [None, "event_time", 1_700_000_000_000_000, (1_700_000_000_000_000, "event_time")])
@pytest.mark.parametrize("store", WAREHOUSES, ids=lambda store: store.name)
def test_the_source_is_sql_of_the_warehouse(store: FeastStore, known_at: Any) -> None:
    made = query(store, known_at=known_at)
    parsed = sqlglot.parse_one(made.text, dialect=dialect(store))
    names = ["key_0", "key_1", FROM, *sorted(made.features)]
    assert sorted(parsed.named_selects) == sorted(names)
    quoted = f"{store.quotes}x{store.quotes}"
    assert quoted in made.text


@pytest.mark.parametrize("store", WAREHOUSES, ids=lambda store: store.name)
def test_feasts_template_takes_the_source(store: FeastStore) -> None:
    if store.name == "spark":
        pytest.skip("Feast asks Spark itself while it makes the text")
    opened = StockStore.open(store, OPTIONS[store.name])
    if isinstance(opened.swap().value_or(None), OfflineStoreNotInstalled):
        pytest.skip(opened.failure().message)
    stock, made = opened.unwrap(), query(store)
    labels = pl.DataFrame({"key_0": [1], "key_1": ["a"], AT: [0], LABEL: [0]})
    request = Request(("key_0", "key_1"), labels, made.features, FROM, timedelta(seconds=2))
    view = stock._view(request, {"query": made.text})
    times = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC))
    module = import_module(get_offline_config_from_type(store.name).__module__)
    contexts = offline_utils.get_feature_view_query_context(
        [f"served:{name}" for name in made.features], [view], _NoRegistry(), "p", times
    )
    text = offline_utils.build_point_in_time_query(
        contexts, "entities", AT, labels.to_pandas().keys(), module.MULTIPLE_FEATURE_VIEW_POINT_IN_TIME_JOIN
    )
    assert "standing >= best" in text
    parsed = sqlglot.parse(text, dialect=dialect(store))
    selects = [select for part in parsed if part is not None for select in part.find_all(Select)]
    assert any({LABEL, *made.features} <= set(select.named_selects) for select in selects)


def test_columns_that_a_warehouse_may_read_otherwise_are_refused() -> None:
    with pytest.raises(UnfitColumnError, match="its join key 'k' is date"):
        query(STORES["postgres"], keys=(KeyPair("k", "k", "date"),))
    naive = {**TYPES, "t": "timestamp[us]"}
    with pytest.raises(UnfitColumnError, match=r"its time 't' is timestamp\[us\], without a time zone"):
        warehouse_query(STORES["snowflake.offline"], "features", MATCH, (), naive)
    nested = {**TYPES, "x": "list<int64>"}
    with pytest.raises(UnfitColumnError, match="the values of 'x' are list<int64>"):
        warehouse_query(STORES["postgres"], "features", MATCH, (Output("x", "x", "list<int64>"),), nested)
