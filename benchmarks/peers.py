"""Who is measured. Titles say what a peer does, and what it is spared."""

from shapes import Peer

FORESET = Peer("foreset", "Foreset, receipt included", "peer_foreset:kept")
NEW_SPINE = Peer("foreset-new-spine", "Foreset, receipt included, a spine it has not seen before", "peer_foreset:new")
FINGERPRINT = Peer("foreset-fingerprint", "of it: the fingerprints of result and spine", "peer_foreset:fingerprints")
RECEIPT = Peer("foreset-receipt", "of it: fingerprints, counters, and the receipt in the log", "peer_foreset:receipts")
REBUILT = Peer("foreset-rebuilt", "Foreset: the same set built again from its id, and verified", "peer_foreset:rebuilt")
OPEN_COLD = Peer("foreset-open-cold", "Foreset: open the store, plan", "peer_foreset:opened_cold")
OPEN_WARM = Peer("foreset-open-warm", "Foreset: plan in an open store", "peer_foreset:opened_warm")
OURS = (FORESET.name, NEW_SPINE.name)

ASOF = Peer(
    "polars-join-asof", "polars: scan_delta, sort, join_asof, back to the spine's order", "peer_polars:join_asof"
)
FILTERED = Peer("polars-filtered", "polars: the same with the time range filtered by hand", "peer_polars:filtered")
MAX_BY = Peer(
    "polars-max-by",
    "polars: hash join of keys and times only, max_by, then the rows found by their numbers",
    "peer_polars:max_by",
)
SAMPLE = Peer("polars-sample", "polars: sort, join_asof, for a sample of the spine", "peer_polars:sample")
SCAN = Peer("polars-scan", "polars: scan of the same columns, collected", "peer_polars:scan")
SUMS = Peer("polars-sums", "polars: streaming scan of the same columns, only their sums", "peer_polars:sums")
SCHEMA = Peer("polars-schema", "polars: scan_delta().collect_schema()", "peer_polars:schema")

DIRECT_POLARS = Peer("direct-polars", "direct read: polars scan_delta", "peer_direct:polars")
DIRECT_DELTALAKE = Peer("direct-deltalake", "direct read: deltalake to_pandas", "peer_direct:deltalake")
DELTATABLE = Peer("deltatable", "deltalake: DeltaTable()", "peer_direct:opened")
DIRECT = (DIRECT_POLARS, DIRECT_DELTALAKE)

DUCKDB = Peer("duckdb-asof", "DuckDB: ties by created time, ASOF, over the table's files", "peer_duckdb:asof")
DATAFUSION = Peer(
    "datafusion",
    "DataFusion: join, row_number by time and created time, over the table's files",
    "peer_datafusion:window",
)

FEAST_DASK = Peer("feast-dask", "Feast: dask offline store, Delta FileSource", "peer_feast:dask")
FEAST_OURS = Peer("feast-foreset", "Feast: Foreset's offline store, Delta FileSource", "peer_feast:foreset")
FEAST_DUCKDB = Peer(
    "feast-duckdb",
    "Feast: duckdb offline store, over a Parquet copy (on Delta it downloads an extension)",
    "peer_feast:duckdb",
)
