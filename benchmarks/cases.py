"""What is measured: the cases, and where their data lie."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

WORK = Path(__file__).parent / "work"
SEED = 20130101
KEY, TIME, CREATED, SPINE_TIME, TARGET, ROW = "k", "ts", "created", "event_timestamp", "target", "row"


@dataclass(frozen=True)
class Case:
    """One size and shape of data, and how often it is asked for."""

    name: str
    title: str
    rows: int
    spine_rows: int
    keys: int
    features: int
    files: int
    peers: tuple[str, ...]
    calls: int
    ttl: timedelta | None = None
    created: bool = True
    target: bool = False

    @property
    def folder(self) -> Path:
        """Where its data lie."""
        return WORK / "data" / self.name

    @property
    def table(self) -> Path:
        """The Delta table of features: key, event time, created time (if any), features, target (if any)."""
        return self.folder / "features"

    @property
    def spine(self) -> Path:
        """The Parquet file of the spine: row number, key, time."""
        return self.folder / "spine.parquet"

    @property
    def columns(self) -> tuple[str, ...]:
        """The feature columns."""
        return tuple(f"f{number}" for number in range(self.features))

    @property
    def asked(self) -> tuple[str, ...]:
        """What is asked for: the features, and the target where there is one."""
        return (*self.columns, TARGET) if self.target else self.columns


FORESET, NEW_SPINE, FEAST = "foreset", "foreset-new-spine", "feast-dask"
SUBJECTS = (FORESET, NEW_SPINE)
DIRECT = ("direct-polars", "direct-deltalake")
ASOF, DUCKDB = "polars-join-asof", "duckdb-asof"

SEED_CASE = Case(
    name="seed",
    title="Seed case: 1,000 rows x 20 features, all keys at one time, to X and y, warm process",
    rows=1_000,
    spine_rows=1_000,
    keys=1_000,
    features=20,
    files=1,
    peers=(FORESET, NEW_SPINE, *DIRECT, ASOF, DUCKDB, FEAST),
    calls=41,
    created=False,
    target=True,
)
MILLION = Case(
    name="1m-100k",
    title="1,000,000 feature rows x 100,000 spine rows, 20 features, 10,000 keys, ttl 30 days, 1% duplicates, 8 files",
    rows=1_000_000,
    spine_rows=100_000,
    keys=10_000,
    features=20,
    files=8,
    peers=(FORESET, NEW_SPINE, ASOF, DUCKDB, FEAST),
    calls=3,
    ttl=timedelta(days=30),
)
CASES = {case.name: case for case in (SEED_CASE, MILLION)}

PEERS = {
    FORESET: "Foreset, receipt included, a spine it has kept before",
    NEW_SPINE: "Foreset, receipt included, a spine it has not seen: kept too",
    "direct-polars": "direct read: polars scan_delta",
    "direct-deltalake": "direct read: deltalake to_pandas",
    ASOF: "polars: sort + join_asof over scan_delta",
    DUCKDB: "DuckDB: ASOF, ties by created time, over the table's files",
    FEAST: "Feast: dask offline store, Delta FileSource",
}


def calls_of(case: Case, peer: str, *, quick: bool) -> int:
    """How often a worker calls after its first call; 0 where the first is the one that counts."""
    if peer == FEAST:
        return 3 if case is SEED_CASE and not quick else 1 if case is SEED_CASE else 0
    return max(case.calls // 2, 2) if quick else case.calls


def rounds_of(case: Case, peer: str, *, quick: bool) -> int:
    """How many processes a peer gets; 0 leaves it out."""
    if peer == FEAST:
        return 2 if case is SEED_CASE or not quick else 0
    return 2 if quick else 5
