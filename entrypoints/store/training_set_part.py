"""Rows of a training set to train on or to test on."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING

from foreset.adapters.shared.processes.fork_guard import all_need_threads
from foreset.entrypoints.store.feature_rows import FeatureRows
from foreset.entrypoints.wiring.raising import reject

if TYPE_CHECKING:
    import polars as pl

    from foreset.adapters.shared.frames.pandas_rows import PandasRows


@all_need_threads(but=("features", "keys"))
class TrainingSetPart(FeatureRows):
    """Some rows of a training set, in its order."""

    def __init__(self, whole: FeatureRows, chosen: "pl.Series") -> None:
        """The rows of `whole` at which `chosen`, booleans, is true."""
        self.receipt = whole.receipt
        self._whole = whole
        self._chosen = chosen

    @cached_property
    def frame(self) -> "pl.DataFrame":
        """The rows, a polars frame."""
        return self._whole.frame.filter(self._chosen)

    def with_notes(self, rows: "pl.DataFrame") -> "pl.DataFrame | PandasRows":
        """Rows of this part with what is noted of the types of a pandas spine."""
        return self._whole.with_notes(rows)

    def __repr__(self) -> str:
        """How many rows of which training set."""
        return f"TrainingSetPart({self.frame.height} of {self.receipt.rows} rows of {self.receipt.id})"


def parts_of(
    whole: FeatureRows, at: datetime | str | None, by: str | Sequence[str] | None, test_size: float, seed: int
) -> tuple[TrainingSetPart, TrainingSetPart]:
    """The rows to train on and to test on; see `TrainingSet.split`."""
    if at is not None and by is not None:
        reject("split", "at and by are both given", "split by time or by group, and filter .frame for both")
    if not 0 < test_size < 1:
        reject("split", f"test_size is {test_size!r}", "give a share between 0 and 1, such as 0.25")
    test = (
        _of_groups(whole, (by,) if isinstance(by, str) else tuple(by), test_size, seed)
        if by is not None
        else _from_time(whole.times, _instant(at))
        if at is not None
        else _latest(whole.times, test_size)
    )
    if not test.any() or test.all():
        side = "test" if not test.any() else "train"
        first, last = whole.times.min(), whole.times.max()
        reject("split", f"no row would be left to {side}; the rows are of {first!s} to {last!s}", "split elsewhere")
    return TrainingSetPart(whole, ~test), TrainingSetPart(whole, test)


def _instant(at: object) -> datetime:
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        reject("split", f"at is {at!r}", "give a datetime, or ISO 8601 text such as '2024-05-01T12:00:00Z'")
    if not isinstance(moment, datetime):
        if not isinstance(moment, date):
            reject("split", f"at is {at!r}", "give a datetime, or ISO 8601 text such as '2024-05-01'")
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _from_time(times: "pl.Series", at: datetime) -> "pl.Series":
    import polars as pl  # kept off the import of foreset

    if times.dtype == pl.Date:
        times = times.cast(pl.Datetime("us"))
    if isinstance(times.dtype, pl.Datetime) and times.dtype.time_zone is not None:
        times = times.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return times >= at.replace(tzinfo=None)


def _latest(times: "pl.Series", share: float) -> "pl.Series":
    """The rows from the time on by which at least that share of the rows is later or of it, if any is earlier."""
    ordered = times.sort()
    first = ordered[min(int(len(ordered) * (1 - share)), len(ordered) - 1)] if len(ordered) else None
    if first == ordered.min():  # so many rows are of the earliest time that none would be left to train on
        later = ordered.filter(ordered > first)
        first = later.min() if len(later) else first
    return times >= first


def _of_groups(whole: FeatureRows, by: tuple[str, ...], share: float, seed: int) -> "pl.Series":
    import polars as pl
    from sklearn.model_selection import GroupShuffleSplit

    missing = [name for name in by if name not in whole.frame.columns]
    if missing or not by:
        problem = f"there is no column {missing[0]!r}" if missing else "by names no column"
        reject("split", problem, f"name some of {', '.join(whole.frame.columns)}")
    keys = whole.frame.select(by)
    groups = keys.unique().sort(by).with_row_index("group")  # codes by value, so that the order of rows is no matter
    codes = keys.join(groups, on=list(by), how="left", nulls_equal=True, maintain_order="left")["group"].to_numpy()
    if groups.height < 2:  # noqa: PLR2004  # both sides need one
        reject("split", f"all rows are of one group of {', '.join(by)}", "split by another column, or by time")
    tested = min(ceil(groups.height * share), groups.height - 1)
    splitter = GroupShuffleSplit(n_splits=1, test_size=tested, random_state=seed)
    _, test = next(splitter.split(codes, groups=codes))
    return pl.Series(range(len(codes))).is_in(test.tolist())
