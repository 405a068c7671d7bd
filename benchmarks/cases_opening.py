"""What stands around the work: opening tables, fingerprints."""

from cases_shapes import KEYS, MANY_FILES
from cases_sizes import LABELS, MILLION, MONTH
from peers import DELTATABLE, FINGERPRINT, FORESET, OPEN_COLD, OPEN_WARM, SCHEMA
from shapes import Bar, Case, Section, Spine, Table, view

COMMITS = Table("10000-commits", 100_000, KEYS, 2, files=10_000)


def _opening(name: str, title: str, table: Table) -> Case:
    spine = Spine("spine-1k", 1_000, KEYS)
    peers = (OPEN_COLD, OPEN_WARM, DELTATABLE, SCHEMA)
    return Case(name, title, (table,), (view(table),), spine, peers, rounds=3, calls=5)


OPENING = (
    _opening("open-2000", "2,000 files, a commit each", MANY_FILES[2_000]),
    _opening("open-10000", "10,000 commits, a file of 10 rows each", COMMITS),
)
FINGERPRINTS = Case(
    "fingerprint",
    "1,000,000 feature rows x 100,000 spine rows, 20 features",
    (MILLION,),
    (view(MILLION, MONTH),),
    LABELS,
    (FORESET, FINGERPRINT),
    (Bar("cpu", 0.1, against=(FORESET,), subjects=(FINGERPRINT.name,)),),
    calls=5,
    quick=True,
)
NOTE = """\
Open and plan, no feature read; checkpoints as deltalake makes them by itself. A plan looks at the statistics of all
files; DeltaTable() and collect_schema() look at none."""
SECTIONS = (
    Section("Fingerprints within a retrieval", (FINGERPRINTS,)),
    Section("Opening a table", OPENING, NOTE),
)
