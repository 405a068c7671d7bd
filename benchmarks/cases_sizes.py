"""Cases of size: from 1,000 rows to 50 million, and results from small to larger than memory."""

from datetime import timedelta

from peers import (
    ASOF,
    DATAFUSION,
    DIRECT,
    DUCKDB,
    FEAST_DASK,
    FEAST_DUCKDB,
    FEAST_OURS,
    FORESET,
    MAX_BY,
    NEW_SPINE,
    OURS,
    SAMPLE,
    SCAN,
    SUMS,
)
from shapes import GB, Bar, Case, Section, Spine, Table, view

MONTH = timedelta(days=30)
ONCE = Table("seed", 1_000, 1_000, 20, files=1, draw="each-once", created=False, target=True, copied=True)
HUNDRED_THOUSAND = Table("100k", 100_000, 1_000, 20, files=1, copied=True)
MILLION = Table("1m", 1_000_000, 10_000, 20, copied=True)
TEN_MILLION = Table("10m", 10_000_000, 100_000, 20, files=10)
FIFTY_MILLION = Table("50m-5f", 50_000_000, 500_000, 5, files=50)
HUNDRED = Table("1m-100f", 1_000_000, 10_000, 100)
WIDE = Table("17k-1000f", 17_000, 1_000, 1_000, files=1)
LABELS = Spine("spine-100k", 100_000, 10_000)

SEED_CASE = Case(
    "seed",
    "1,000 rows x 20 features, all keys at one time, to X and y, warm process",
    (ONCE,),
    (view(ONCE),),
    Spine("spine-seed", 1_000, 1_000, draw="each-once", span=None),
    (
        FORESET,
        NEW_SPINE,
        *DIRECT,
        ASOF,
        DUCKDB,
        FEAST_OURS.times(2, 5, quick=True),
        FEAST_DASK.times(2, 3, quick=True),
        FEAST_DUCKDB.times(2, 3),
    ),
    (
        Bar("wall", 0.010, subjects=OURS),
        Bar("wall", 3, against=DIRECT, subjects=OURS),
        Bar("wall", 1 / 20, against=(FEAST_DASK,), subjects=OURS),
    ),
    outputs=("xy",),
    calls=41,
    quick=True,
)
HUNDRED_THOUSAND_CASE = Case(
    "100k-10k",
    "100,000 feature rows x 10,000 spine rows",
    (HUNDRED_THOUSAND,),
    (view(HUNDRED_THOUSAND, MONTH),),
    Spine("spine-10k-of-1k", 10_000, 1_000),
    (FORESET, ASOF, DUCKDB, FEAST_OURS.times(2, 3), FEAST_DASK.times(2, 1), FEAST_DUCKDB.times(2, 2)),
    (),
)
MILLION_CASE = Case(
    "1m-100k",
    "1,000,000 feature rows x 100,000 spine rows",
    (MILLION,),
    (view(MILLION, MONTH),),
    LABELS,
    (
        FORESET,
        NEW_SPINE,
        ASOF,
        MAX_BY,
        DUCKDB,
        DATAFUSION,
        FEAST_OURS.times(2, 3),
        FEAST_DASK.times(2, 1),
        FEAST_DUCKDB.times(2, 2),
    ),
    (
        Bar("cpu", 0.4, against=(ASOF,), subjects=OURS, aim=1 / 3),
        Bar("wall", 1 / 100, against=(FEAST_DASK,), subjects=OURS),
        Bar("wall", 1 / 20, against=(FEAST_DUCKDB,), subjects=OURS),
    ),
    quick=True,
)


def _ten_million(rows: int, title: str, extra: tuple[Bar, ...], *, scan: bool = False) -> Case:
    peers = (FORESET, ASOF, DUCKDB, *([SCAN] if scan else []))
    spine = Spine(f"spine-{title}-of-100k", rows, TEN_MILLION.keys)
    views = (view(TEN_MILLION, MONTH),)
    told = f"10,000,000 feature rows x {rows:,} spine rows"
    return Case(f"10m-{title}", told, (TEN_MILLION,), views, spine, peers, extra, rounds=3, calls=1)


BY_MILLION = _ten_million(
    1_000_000,
    "1m",
    (Bar("cpu", 1 / 2, against=(ASOF,)), Bar("cpu", 1 / 2, against=(DUCKDB,)), Bar("peak", 1 / 3, against=(ASOF,))),
)
BY_HUNDRED_THOUSAND = _ten_million(100_000, "100k", ())
BY_TEN_THOUSAND = _ten_million(10_000, "10k", (Bar("cpu", 1, against=(SCAN,)),), scan=True)

BUDGET = Case(
    "50m-1m",
    "50,000,000 feature rows x 1,000,000 spine rows, 5 features; Foreset's memory budget is 4 GB",
    (FIFTY_MILLION,),
    (view(FIFTY_MILLION, MONTH),),
    Spine("spine-1m-of-500k", 1_000_000, FIFTY_MILLION.keys),
    (FORESET, SCAN, SUMS, SAMPLE.times(1, 0)),
    (Bar("cpu", 1.2, against=(SCAN,)), Bar("peak", 4 * GB)),
    rounds=2,
    calls=0,
    memory="4GB",
)
STREAMED = Case(
    "result-8gb",
    "1,000,000 rows x 100 features for 10,000,000 spine rows, to Parquet; Foreset's memory budget is 1 GB",
    (HUNDRED,),
    (view(HUNDRED, MONTH),),
    Spine("spine-10m", 10_000_000, HUNDRED.keys, referenced=True),
    (FORESET, SAMPLE.times(1, 0)),
    (Bar("peak", 1 * GB),),
    outputs=("parquet",),
    rounds=1,
    calls=0,
    memory="1GB",
    seconds=600,
)
MANY_FEATURES = Case(
    "17k-1000",
    "17,000 feature rows x 17,000 spine rows, 1,000 features, 1,000 keys",
    (WIDE,),
    (view(WIDE),),
    Spine("spine-17k", 17_000, WIDE.keys),
    (FORESET, ASOF, FEAST_DASK.times(1, 0)),
    rounds=3,
    seconds=120,
)
SECTIONS = (
    Section("The seed case", (SEED_CASE,)),
    Section("A hundred thousand rows", (HUNDRED_THOUSAND_CASE,), "20 features, 1,000 keys, ttl 30 days, one file."),
    Section("A million rows", (MILLION_CASE,), "20 features, 10,000 keys, ttl 30 days, 8 files."),
    Section(
        "Ten million rows",
        (BY_MILLION, BY_HUNDRED_THOUSAND, BY_TEN_THOUSAND),
        "20 features, 100,000 keys, ttl 30 days, 10 files.",
    ),
    Section("Fifty million rows within a budget", (BUDGET,), "500,000 keys, ttl 30 days, 50 files."),
    Section("A result larger than the memory budget", (STREAMED,), "10,000 keys, ttl 30 days.", ("rate", "size")),
    Section("A thousand features", (MANY_FEATURES,)),
)
