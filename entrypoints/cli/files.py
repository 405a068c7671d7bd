"""Where rows are written: a Parquet or CSV file, or a Delta table."""

from functools import partial
from pathlib import Path

from returns.result import Result, Success

from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import InvalidSpec
from foreset.entrypoints.outputs import Rows, whole_file

FILES = (".parquet", ".csv")


def output_place(given: str) -> Result[Path, InvalidSpec]:
    """The path to write to, told before anything is computed if it cannot be meant."""
    place = Path(given)
    suffix = place.suffix.lower()
    if suffix and suffix not in FILES:
        remedy = "name a file ending in .parquet or .csv, or the folder of a Delta table, which has no ending"
        return refuse(InvalidSpec(spec=f"--output {given}", problem=f"its ending {suffix!r} is unknown", remedy=remedy))
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


def write(rows: Rows, place: Path) -> Path:
    """Write the rows, whole or not at all; `ForesetError` where that fails."""
    suffix = place.suffix.lower()
    if suffix == ".parquet":
        return rows.write_parquet(place)
    return whole_file(place, partial(_csv, rows)) if suffix == ".csv" else rows.write_delta(place)


def _csv(rows: Rows, place: Path) -> None:
    with place.open("wb") as file:
        for number, part in enumerate(rows.batches()):
            part.write_csv(file, include_header=number == 0)
