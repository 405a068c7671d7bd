"""Where rows are written: a Parquet or CSV file, or a Delta table."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from returns.result import Result, Success

from foreset.domain.errors.problem import listed, refuse
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.planning.plan import RetrievalPlan
from foreset.entrypoints.store.outputs import Rows, unwritable, whole_file

FILES = (".parquet", ".csv")
Column = tuple[str, str]
"""A column's name and dtype."""
_NOT_IN_CSV = ("list<", "struct<", "map<", "binary")


def output_place(given: str) -> Result[Path, InvalidSpec]:
    """The path to write to, told before anything is computed if it cannot be meant."""
    place = Path(given)
    suffix = place.suffix.lower()
    if suffix and suffix not in FILES:
        remedy = "name a file ending in .parquet or .csv, or the folder of a Delta table, which has no ending"
        return refuse(InvalidSpec(spec=f"--output {given}", problem=f"its ending {suffix!r} is unknown", remedy=remedy))
    if problem := unwritable(place):
        remedy = "name a place that may be written"
        return refuse(InvalidSpec(spec=f"--output {given}", problem=problem, remedy=remedy))
    if suffix and place.is_dir():
        return refuse(InvalidSpec(spec=f"--output {given}", problem="it is a folder", remedy="name a file in it"))
    if not suffix and _is_no_table(place):
        remedy = "name a new folder, or one that holds a Delta table; it gets a new version"
        return refuse(InvalidSpec(spec=f"--output {given}", problem="it is there and no Delta table", remedy=remedy))
    return Success(place)


def _is_no_table(place: Path) -> bool:
    if place.is_file():
        return True
    return place.is_dir() and any(place.iterdir()) and not (place / "_delta_log").is_dir()


def holds(place: Path | None, columns: Iterable[Column]) -> Result[None, InvalidSpec]:
    """Whether a file of this kind holds columns of these types; asked before they are retrieved."""
    if place is None or place.suffix.lower() != ".csv":
        return Success(None)
    unfit = [f"{name} ({dtype})" for name, dtype in columns if dtype.startswith(_NOT_IN_CSV)]
    if not unfit:
        return Success(None)
    remedy = "name a file ending in .parquet, or the folder of a Delta table, or leave these columns out"
    return refuse(InvalidSpec(spec=f"--output {place}", problem=f"no CSV file holds {listed(unfit)}", remedy=remedy))


def columns_of(plan: RetrievalPlan) -> Iterator[Column]:
    """The columns that a plan gives, with their dtypes."""
    yield from ((column.name, column.dtype) for column in plan.spine.columns)
    yield from ((output.name, output.dtype) for gather, _, _ in plan.gathers for output in gather.columns)


def write(rows: Rows, place: Path) -> Path:
    """Write the rows, whole or not at all, over whatever is there; `ForesetError` where that fails."""
    suffix = place.suffix.lower()
    if suffix == ".parquet":
        return rows.write_parquet(place, overwrite=True)
    return whole_file(place, partial(_csv, rows)) if suffix == ".csv" else rows.write_delta(place, overwrite=True)


def _csv(rows: Rows, place: Path) -> None:
    with place.open("wb") as file:
        for number, part in enumerate(rows.batches()):
            part.write_csv(file, include_header=number == 0)
