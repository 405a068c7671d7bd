"""An outside frame beside the training set of its rows: where it differs, and where its values come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
from returns.result import Result, Success

from foreset.adapters.polars.leakage.comparing import comparable, without_nan
from foreset.adapters.polars.leakage.instants import apart_us, instant_of, instants
from foreset.adapters.shared.frames.arrow_types import dtype_name, polars_dtype, polars_frame
from foreset.adapters.shared.rows.key_values import key_values
from foreset.application.ports.engine import StoredFrame
from foreset.application.ports.tables import ArrowStream
from foreset.domain.errors.leakage import AuditTypeMismatch
from foreset.domain.errors.problem import refuse
from foreset.domain.leakage.report import ColumnAudit, ViewAudit
from foreset.domain.planning.nodes import Gather, Match, Output

_ROW: Final = "<row>"
_AT: Final = "<at>"
_EVENT, _CREATED, _BEGINS = "<event>", "<created>", "<begins>"
_LEAD: Final = "<lead>"


class PolarsFrameCount:
    """A frame that is held against a training set, view by view."""

    def __init__(self, frame: ArrowStream, honest: ArrowStream | StoredFrame, time: str) -> None:
        """Compare the rows of `frame` with those of `honest`, the training set, whose time column is `time`."""
        self._frame = polars_frame(frame)
        self._honest = honest
        self._time = time
        nothing = pl.repeat(value=False, n=self._frame.height, dtype=pl.Boolean, eager=True)
        self._differ = self._future = self._unwritten = nothing

    def view(
        self, gather: Gather, match: Match, table: ArrowStream
    ) -> Result[tuple[ViewAudit, tuple[ColumnAudit, ...]], AuditTypeMismatch]:
        """What is found of a view, whose table has these rows, and of its features that the frame has."""
        outputs = [output for output in gather.columns if output.name in self._frame.columns]
        columns = [output.name for output in outputs]
        honest = self._served([*columns, *(key.spine for key in match.keys), self._time])
        pairs = [(comparable(self._frame[name], honest[name]), name) for name in columns]
        unfit = next((name for pair, name in pairs if pair is None), None)
        if unfit is not None:
            dtypes = dtype_name(self._frame.schema[unfit]), dtype_name(honest.schema[unfit])
            return refuse(AuditTypeMismatch(column=unfit, dtype=dtypes[0], served=dtypes[1]))
        sides = [_Side(name, *pair) for pair, name in pairs if pair is not None]
        differ = pl.DataFrame([side.differ for side in sides]).select(pl.any_horizontal(pl.all())).to_series()
        found = self._traced(match, honest, outputs, differ, pl.DataFrame(table))
        told = tuple(side.told(match.view) for side in sides)
        return Success((self._view_audit(match, columns, differ, found), told))

    def rows(self) -> tuple[int, int, int]:
        """Rows that differ in any view so far, that hold values of the future, and values not yet written."""
        return int(self._differ.sum()), int(self._future.sum()), int(self._unwritten.sum())

    def _served(self, columns: Sequence[str]) -> pl.DataFrame:
        names = list(dict.fromkeys(columns))
        if isinstance(self._honest, StoredFrame):
            return pl.concat(polars_frame(batch).select(names) for batch in self._honest.batches())
        return polars_frame(self._honest).select(names)

    def _traced(
        self, match: Match, honest: pl.DataFrame, outputs: Sequence[Output], differ: pl.Series, table: pl.DataFrame
    ) -> pl.DataFrame:
        """The rows that differ, by `_ROW`, with where their values were, and how far ahead."""
        looked_up = [output for output in outputs if not polars_dtype(output.dtype).is_nested()]
        keys = [key_values(honest[key.spine], key.dtype).alias(f"key {i}") for i, key in enumerate(match.keys)]
        if not looked_up:
            table = table.clear()  # lists and structs are not looked up
        values = [_beside(self._frame[out.name], honest[out.name], f"value {i}") for i, out in enumerate(looked_up)]
        asked = pl.DataFrame([*keys, *values, instants(honest[self._time], _AT)]).with_row_index(_ROW).filter(differ)
        rows = _rows_of(match, looked_up, [self._frame[out.name] for out in looked_up], table)
        found = _classified(asked, rows, [column.name for column in (*keys, *values)], match)
        empty = self._frame.select(pl.all_horizontal(without_nan(self._frame[out.name]).is_null() for out in outputs))
        kind = pl.when(pl.Series(empty.to_series()).gather(found[_ROW])).then(pl.lit("empty")).otherwise("kind")
        return found.with_columns(kind.alias("kind"))

    def _view_audit(self, match: Match, columns: Sequence[str], differ: pl.Series, found: pl.DataFrame) -> ViewAudit:
        future, unwritten = found.filter(kind="future"), found.filter(kind="unwritten")
        self._differ = self._differ | differ
        self._future = self._future | self._at(future)
        self._unwritten = self._unwritten | self._at(unwritten)
        return ViewAudit(
            view=match.view,
            features=tuple(columns),
            same=differ.len() - int(differ.sum()),
            from_the_future=future.height,
            not_yet_written=unwritten.height,
            out_of_date=found.filter(kind="old").height,
            empty=found.filter(kind="empty").height,
            unexplained=found.filter(kind="none").height,
            future_lead_us=future[_LEAD].max(),  # type: ignore[arg-type]  # of an int64 column
            written_lead_us=unwritten[_LEAD].max(),  # type: ignore[arg-type]  # the same
        )

    def _at(self, found: pl.DataFrame) -> pl.Series:
        """Where the rows of the frame are that were found."""
        mask = pl.repeat(value=False, n=self._frame.height, dtype=pl.Boolean, eager=True)
        return mask.scatter(found[_ROW], values=True) if found.height else mask


@dataclass(frozen=True)
class _Side:
    """A feature in the frame, and what serves, in one type."""

    name: str
    given: pl.Series
    served: pl.Series

    @property
    def differ(self) -> pl.Series:
        """Where they differ."""
        return self.given.ne_missing(self.served).alias(self.name)

    def told(self, view: str) -> ColumnAudit:
        """How often, and how."""
        differ, known, serves = self.differ, self.given.is_not_null(), self.served.is_not_null()
        filled, missing = int((differ & ~serves).sum()), int((differ & ~known).sum())
        every = int(differ.sum())
        other = every - filled - missing
        return ColumnAudit(name=self.name, view=view, differ=every, filled=filled, missing=missing, other=other)


def _beside(column: pl.Series, other: pl.Series, name: str) -> pl.Series:
    """A column in the type in which it is compared with another."""
    pair = comparable(column, other)
    assert pair is not None  # noqa: S101  # those that cannot be compared were refused
    return pair[0].alias(name)


def _rows_of(match: Match, outputs: Sequence[Output], given: Sequence[pl.Series], table: pl.DataFrame) -> pl.DataFrame:
    """The table's rows that may serve somebody: keys, values as they are compared, and times."""
    keys = [key_values(table[key.table], key.dtype).alias(f"key {i}") for i, key in enumerate(match.keys)]
    values = [
        _beside(table[out.source].cast(polars_dtype(out.dtype)), column, f"value {index}")
        for index, (out, column) in enumerate(zip(outputs, given, strict=True))
    ]
    created = pl.repeat(None, table.height, dtype=pl.Int128, eager=True).alias(_CREATED)
    if match.created_time is not None:
        created = instants(table[match.created_time], _CREATED, match.epoch_unit)
    rows = pl.DataFrame([*keys, *values, instants(table[match.event_time], _EVENT, match.epoch_unit), created])
    return rows.filter(pl.col(_EVENT).is_not_null()).drop_nulls([key.name for key in keys])


def _classified(asked: pl.DataFrame, rows: pl.DataFrame, group: Sequence[str], match: Match) -> pl.DataFrame:
    """What each asked row's values are: of a row that was known by then, of a later one, of one written later, of none.

    A row of the table is known from when it holds; of all with the same key and values the first is looked for.
    """
    if not group:  # no keys, and nothing that is looked up
        return asked.select(_ROW, pl.lit("none").alias("kind"), pl.lit(None, dtype=pl.Int64).alias(_LEAD))
    nothing = pl.lit(None, dtype=pl.Int128)
    begins = _past_from(pl.col(_EVENT), match)
    if match.known_by_us is not None:
        known = pl.col(_CREATED).is_null() | (pl.col(_CREATED) <= instant_of(match.known_by_us))
        begins = pl.when(known).then(begins).otherwise(nothing)
    if match.known_by_each_row:
        begins = pl.when(begins.is_not_null()).then(pl.max_horizontal(begins, _CREATED)).otherwise(nothing)
    rows = rows.join(asked.select(group).unique(), on=group, how="semi", nulls_equal=True)
    rows = rows.with_columns(begins.alias(_BEGINS))
    first = rows.group_by(group).agg(pl.col(_EVENT).min(), pl.col(_BEGINS).min())
    found = asked.join(first, on=group, how="left", nulls_equal=True, maintain_order="left")
    kind = (
        pl.when(pl.col(_EVENT).is_null()).then(pl.lit("none"))
        .when(pl.col(_BEGINS) <= pl.col(_AT)).then(pl.lit("old"))
        .when(_past_from(pl.col(_EVENT), match) > pl.col(_AT)).then(pl.lit("future"))
        .otherwise(pl.lit("unwritten"))
    )  # fmt: skip
    found = found.with_columns(kind.alias("kind"), apart_us(pl.col(_EVENT), pl.col(_AT)).alias(_LEAD))
    written = _written_leads(found.filter(kind="unwritten"), rows, group, match)
    leads = pl.when(pl.col("kind") == "unwritten").then("written").otherwise(_LEAD)
    return found.join(written, on=_ROW, how="left").select(_ROW, "kind", leads.alias(_LEAD))


def _past_from(event: pl.Expr, match: Match) -> pl.Expr:
    """The first instant to which a row of the table is of the past: its own, or the next where that is left out."""
    return event + 1 if match.closed == "left" else event


def _written_leads(found: pl.DataFrame, rows: pl.DataFrame, group: Sequence[str], match: Match) -> pl.DataFrame:
    """How long after what a row may know the first of the rows by then was written that have its values."""
    by = pl.col(_AT)
    if match.known_by_us is not None:
        limit = instant_of(match.known_by_us)
        by = pl.min_horizontal(limit, by) if match.known_by_each_row else limit
    times = rows.select(*group, pl.col(_EVENT).alias("then"), _CREATED)
    past = _past_from(pl.col("then"), match) <= pl.col(_AT)
    pairs = found.select(_ROW, *group, _AT).join(times, on=group, nulls_equal=True).filter(past)
    return pairs.group_by(_ROW).agg(apart_us(pl.col(_CREATED), by).min().alias("written"))
