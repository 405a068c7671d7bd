"""A catalog, facts and plans for the tests of planning and of the rules."""

from collections.abc import Sequence
from datetime import timedelta

from foreset.domain.definitions.registry import Catalog, Register, decide, replay
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec, TrainingSetSpec
from foreset.domain.facts import Column, DataFile, Facts, KeyFacts, Range, Resources, SpineFacts, TableFacts
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.planner import plan_for, select

DAY = 86_400_000_000
NOON: Range = (1_704_110_400_000_000, 1_704_110_400_000_000)  # 2024-01-01T12:00:00Z
WEEK: Range = (NOON[0], NOON[0] + 7 * DAY)

MACHINE = Resources(memory_bytes=4_000_000_000, held_bytes=200_000_000, threads=2)


def data_file(number: int, rows: int = 200_000) -> DataFile:
    """A file of January's fifth number `number`, with the drivers from 0 to 999."""
    first = NOON[0] + (number - 1) * 6 * DAY
    ranges = {"at": (first, first + 6 * DAY - 1), "driver_id": (0, 999)}
    return DataFile(path=f"part-{number}.parquet", rows=rows, size_bytes=10_000_000, modified_ms=number, ranges=ranges)


TRIPS = TableFacts(
    table="trips",
    table_id="id-of-trips",
    version=7,
    columns=(
        Column("driver_id", "int64"),
        Column("at", "timestamp[us, UTC]"),
        Column("written", "timestamp[us, UTC]"),
        Column("rate", "float32"),
        Column("trips", "int64"),
        Column("note", "string"),
    ),
    files=5,
    rows=1_000_000,
    size_bytes=50_000_000,
    data_files=tuple(map(data_file, range(1, 6))),
)
DRIVER = EntitySpec("driver", ["driver_id"])
STATS = FeatureViewSpec(
    "stats",
    ["driver"],
    DeltaSource("trips", "at", "written"),
    [FeatureField("rate", "float64"), "trips"],
    timedelta(days=2),
)
NOTES = FeatureViewSpec("notes", ["driver"], DeltaSource("trips", "at"), ["note"])

CATALOG = replay(decide(Register((DRIVER,), (STATS, NOTES), {"trips": TRIPS.columns}), Catalog()).unwrap())


def spine_facts(
    rows: int = 100, times: Range | None = WEEK, *, one_time: bool = False, distinct: int = 20, most: int = 8
) -> SpineFacts:
    return SpineFacts(
        columns=(Column("driver_id", "int32"), Column("event_timestamp", "timestamp[ns]"), Column("label", "bool")),
        rows=rows,
        time_range=times,
        one_time=one_time,
        keys=(KeyFacts(("driver_id",), distinct, most, ((3, 870),), (None,)),),
        row_bytes=13,
    )


def facts_of(spine: SpineFacts | None = None, table: TableFacts = TRIPS, machine: Resources = MACHINE) -> Facts:
    return Facts({"trips": table}, spine or spine_facts(), machine)


def planned(features: Sequence[str], spine: SpineFacts | None = None, **spec: object) -> RetrievalPlan:
    """The plan for these features after all rules."""
    asked = TrainingSetSpec(features, **spec)  # type: ignore[arg-type]  # wrong or loose on purpose
    selections = select(asked, CATALOG).unwrap()
    return plan_for(asked, selections, facts_of(spine)).unwrap()
