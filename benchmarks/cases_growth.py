"""How the cost grows with the rows of the table, the spine staying as it is."""

from cases_sizes import FIFTY_MILLION, MONTH
from peers import ASOF, DUCKDB, FORESET
from shapes import Bar, Case, Section, Spine, Table, view

MILLIONS = (1, 3, 10, 25, 50)
PEERS_UP_TO = 10


def _case(millions: int) -> Case:
    rows = millions * 1_000_000
    table = Table(f"{millions}m-5f", rows, rows // 100, 5, files=max(8, millions))
    if millions == 50:
        table = FIFTY_MILLION
    few = millions <= PEERS_UP_TO
    return Case(
        f"growth-{millions}m",
        f"{rows:,} rows",
        (table,),
        (view(table, MONTH),),
        Spine(f"spine-100k-of-{rows // 100}", 100_000, rows // 100),
        (FORESET, ASOF, DUCKDB) if few else (FORESET,),
        (Bar("cpu-per-row", 1.0, base="growth-1m"),) if millions == 50 else (),
        rounds=3 if few else 2,
        calls=2 if few else 1,
    )


CASES = tuple(_case(millions) for millions in MILLIONS)
SECTIONS = (Section("Growth", CASES, "5 features, 100,000 spine rows, 100 rows a key, ttl 30 days."),)
