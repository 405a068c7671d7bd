"""What a peer gives to the worker: a call to measure, and its answer as a frame."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from shapes import TARGET, Case, Output, View


class Unavailable(Exception):  # noqa: N818  # not a fault of the run
    """A peer that cannot be run here, and why."""


def nothing() -> None:
    """No preparation between calls."""


@dataclass(frozen=True)
class Job:
    """What a peer is to do: a case, in the form of an output, with a folder of its own for what it keeps."""

    case: Case
    output: Output
    home: Path

    @property
    def result(self) -> Path:
        """The file of the result where that is a file."""
        return self.home / "result.parquet"


@dataclass(frozen=True)
class Ready:
    """`call` is measured; `answers`, whether its answer is compared; `before` runs unmeasured ahead of later calls."""

    call: Callable[[], Any]
    answers: bool = True
    before: Callable[[], None] = nothing


def whole(frame: Any, case: Case) -> Any:  # polars or pandas, as the peer gave it
    """A frame with its X and y, both pandas."""
    names = [name for name in case.columns if name != TARGET]
    features, target = frame[names], frame[TARGET]
    if isinstance(frame, pl.DataFrame):
        return frame, features.to_pandas(), target.to_pandas()
    return frame, features, target


def handed(lazy: pl.LazyFrame, job: Job) -> Any:
    """The rows of a polars query, in the form that is asked for."""
    if job.output == "parquet":
        lazy.sink_parquet(job.result)
        return job.result
    frame = lazy.collect()
    match job.output:
        case "arrow":
            return frame.to_arrow()
        case "pandas":
            return frame.to_pandas()
        case "xy":
            return whole(frame, job.case)
        case "frame":
            return frame


def rows_of(given: Any) -> pl.LazyFrame:
    """The rows of what a call gave."""
    if isinstance(given, Path):
        return pl.scan_parquet(given)
    frame = given[0] if isinstance(given, tuple) else given
    return frame.lazy() if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame).lazy()


def labels(case: Case) -> pl.LazyFrame:
    """The spine: loaded, unless it stays where it is."""
    path = case.spine.path
    if not case.spine.referenced:
        return pl.read_parquet(path).lazy()
    return pl.scan_parquet(path) if path.suffix == ".parquet" else pl.scan_delta(str(path))


def joins(case: Case) -> list[View]:
    """The views, those of one table taken together: what one would join by hand."""
    found: dict[Path, View] = {}
    for view in case.views:
        earlier = found[view.table].features if view.table in found else ()
        found[view.table] = View(
            view.name, view.table, (*earlier, *view.features), view.keys, view.ttl, view.created, view.copy
        )
    return list(found.values())
