"""Where a training set is written: a Parquet or CSV file, or a Delta table."""

from contextlib import suppress
from pathlib import Path

from returns.result import Result, Success

from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import OutputUnwritable
from foreset.domain.errors.specs import InvalidSpec
from foreset.entrypoints.training_set import TrainingSet

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


def write(training_set: TrainingSet, place: Path) -> Path:
    """Write the rows, whole or not at all; `ForesetError` where that fails."""
    suffix = place.suffix.lower()
    if suffix == ".parquet":
        return training_set.write_parquet(place)
    return _csv(training_set, place) if suffix == ".csv" else training_set.write_delta(place)


def _csv(training_set: TrainingSet, place: Path) -> Path:
    from polars.exceptions import PolarsError  # kept off the CLI's start

    from foreset.domain.errors.problem import because, raised, told

    partial = place.with_name(f"{place.name}.partial")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            for number, rows in enumerate(training_set.batches()):
                rows.write_csv(file, include_header=number == 0)
        partial.replace(place)
    except (OSError, PolarsError) as fault:
        with suppress(OSError):
            partial.unlink()
        raise raised(because(OutputUnwritable(path=str(place), problem=told(fault)), fault)) from fault
    return place
