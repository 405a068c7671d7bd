"""Cases of shape: keys, times and files that are not spread evenly, and several views."""

from datetime import timedelta

from cases_sizes import LABELS, MONTH
from peers import ASOF, DUCKDB, FILTERED, FORESET, MAX_BY
from shapes import Bar, Case, Section, Spine, Table, view

FEW, KEYS = 3, 10_000
ALL = (FORESET, ASOF, DUCKDB)
HOT_BAR = (Bar("cpu", 1.2, against=(ASOF, DUCKDB)),)
HUNDRED_THOUSAND_KEYS = Table("1m-100k-keys", 1_000_000, 100_000, 20)
THREE_KEYS = Table("1m-3-keys", 1_000_000, FEW, 5)
HALF = Table("1m-half", 1_000_000, KEYS, 5, draw="half-on-one")
EVEN = Table("1m-5f", 1_000_000, KEYS, 5)
PLACE = ("region", "shop")
TEXT = Table("1m-text", 1_000_000, KEYS, 20, key_columns=PLACE)
SORTED = Table("1m-sorted", 1_000_000, KEYS, 20, order="key")
TEN_TABLES = tuple(Table(f"200k-{letter}", 200_000, KEYS, 5, files=4, prefix=letter) for letter in "abcdefghij")
FIFTY = Table("200k-50f", 200_000, KEYS, 50, files=4)
FIFTY_THOUSAND = Spine("spine-50k", 50_000, KEYS)
WINDOW = Spine("spine-window", 10_000, KEYS, span=(0.70, 0.71))
MANY_FILES = {files: Table(f"{files}-files", files * 5_000, KEYS, 5, files=files) for files in (200, 2_000)}

SAME_TIME = Case(
    "same-time",
    "1,000,000 feature rows; 100,000 keys, each once, all at one time",
    (HUNDRED_THOUSAND_KEYS,),
    (view(HUNDRED_THOUSAND_KEYS),),
    Spine("spine-same-time", 100_000, 100_000, draw="each-once", span=None),
    (*ALL, MAX_BY),
    rounds=3,
)


def _hot(name: str, title: str, table: Table, spine: Spine) -> Case:
    views = (view(table, MONTH),)
    return Case(name, title, (table,), views, spine, ALL, HOT_BAR, rounds=3, calls=2, quick=name == "hot-half")


HOT = (
    _hot("hot-3-keys", "3 keys, 300,000 spine rows", THREE_KEYS, Spine("spine-3-keys", 300_000, FEW)),
    _hot(
        "hot-half",
        "one key has half of the rows of both sides, 100,000 spine rows",
        HALF,
        Spine("spine-half", 100_000, KEYS, draw="half-on-one"),
    ),
    _hot(
        "hot-spine",
        "the table has 10,000 keys, all 100,000 spine rows have the same one",
        EVEN,
        Spine("spine-one-key", 100_000, KEYS, draw="all-on-one"),
    ),
)


def _files(table: Table, bars: tuple[Bar, ...]) -> Case:
    # The ttl is a tenth of the spine's window, which is a hundredth of the tables' 100 days.
    views = (view(table, timedelta(days=0.1)),)
    title = f"{table.files:,} files of 5,000 rows"
    return Case(f"files-{table.files}", title, (table,), views, WINDOW, (FORESET, ASOF, FILTERED), bars, rounds=3)


FILES = (_files(MANY_FILES[200], ()), _files(MANY_FILES[2_000], (Bar("cpu", 1 / 5, against=(ASOF,)),)))
TEXT_KEYS = Case(
    "text-keys",
    "two text columns as key, 1,000,000 feature rows x 100,000 spine rows",
    (TEXT,),
    (view(TEXT, MONTH),),
    Spine("spine-text", 100_000, KEYS, key_columns=PLACE),
    (*ALL, MAX_BY),
    rounds=3,
)
IN_KEY_ORDER = Case(
    "sorted",
    "the table is sorted by key, then time, 1,000,000 feature rows x 100,000 spine rows",
    (SORTED,),
    (view(SORTED, MONTH),),
    LABELS,
    (*ALL, MAX_BY),
    rounds=3,
)
VIEWS = (
    Case(
        "ten-tables",
        "ten views of ten tables",
        TEN_TABLES,
        tuple(view(table, MONTH, name=f"view_{table.prefix}") for table in TEN_TABLES),
        FIFTY_THOUSAND,
        ALL,
        rounds=3,
    ),
    Case(
        "ten-views",
        "ten views of one table with 50 features",
        (FIFTY,),
        tuple(view(FIFTY, MONTH, FIFTY.columns[first : first + 5], f"view_{first}") for first in range(0, 50, 5)),
        FIFTY_THOUSAND,
        ALL,
        rounds=3,
    ),
)
SECTIONS = (
    Section("One time for all", (SAME_TIME,), "20 features, no ttl."),
    Section("Hot keys", HOT, "1,000,000 feature rows, 5 features, ttl 30 days."),
    Section(
        "Many files",
        FILES,
        "In time order, 5 features, 10,000 keys; 10,000 spine rows in a hundredth of the time span, ttl 0.1 days.",
    ),
    Section("Text keys", (TEXT_KEYS,), "20 features, 10,000 keys, ttl 30 days."),
    Section("A sorted table", (IN_KEY_ORDER,), "20 features, 10,000 keys, ttl 30 days, 8 files."),
    Section(
        "Ten views",
        VIEWS,
        "5 features each, 200,000 rows a table, 50,000 spine rows, ttl 30 days. The peers join once for each table.",
    ),
)
