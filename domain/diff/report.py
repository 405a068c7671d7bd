"""What differs between two training sets, and what caused it."""

from collections.abc import Iterator

import msgspec

from foreset.domain.diff.parts import Change, ColumnDiff, RowsMatched, SetSide, TableVersions, ViewChange
from foreset.domain.diff.text import (
    cells_of,
    counted,
    item,
    moment,
    told_change,
    told_column,
    told_rows,
    told_table,
    told_view,
)
from foreset.domain.errors.problem import listed
from foreset.domain.safe_text.notebooks import card


class TrainingSetDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What differs from `a` to `b`.

    `columns` has the columns of both sides that differ in a cell, in their type, or in how their values are spread;
    `rows` and `columns` are None where the cells cannot be told, and `untold` says why.
    """

    a: SetSide
    b: SetSide
    spec: tuple[Change, ...] = ()
    views: tuple[ViewChange, ...] = ()
    tables: tuple[TableVersions, ...] = ()
    spine: tuple[Change, ...] = ()
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    rows: RowsMatched | None = None
    columns: tuple[ColumnDiff, ...] | None = None
    untold: str | None = None

    @property
    def same(self) -> bool:
        """Whether both have the same bytes: columns, rows and their order."""
        return self.a.fingerprint == self.b.fingerprint

    @property
    def cells(self) -> int | None:
        """How many cells changed."""
        return None if self.columns is None else sum(column.changed for column in self.columns)

    def __repr__(self) -> str:
        """Both sets, and how many cells differ; `explain()` says which and why."""
        cells = "the same" if self.same else "other cells" if self.cells is None else f"{self.cells:,} cells differ"
        return f"TrainingSetDiff({self.a.id}, {self.b.id}: {cells})"

    def _repr_html_(self) -> str:
        """The same for notebooks, with `explain()`."""
        return card(repr(self), text=self.explain())

    def explain(self) -> str:
        """The difference in words: both sets, what they were made from, rows, columns; continued lines are indented."""
        return "\n".join((*self._sources(), *self._rows()))

    def _sources(self) -> Iterator[str]:
        for name, side in (("a", self.a), ("b", self.b)):
            named = f" ({side.name})" if side.name else ""
            yield item(name, f"{side.id}{named}, {side.rows:,} rows, {moment(side.at)} by {side.actor}")
        if self.same:
            yield "They are the same, bit for bit."
        if self.spec:
            yield item("spec", *map(told_change, self.spec))
        yield from (item("view", *told_view(view)) for view in self.views)
        yield from (item("table", *told_table(table)) for table in self.tables)
        if self.spine:
            yield item("spine", *map(told_change, self.spine))

    def _rows(self) -> Iterator[str]:
        only = [f"only in {side}: {listed(names)}" for side, names in (("a", self.only_a), ("b", self.only_b)) if names]
        if only:
            yield item("columns", *only)
        if self.columns is None:
            yield item("cells", f"not told: {self.untold}")
        elif not self.same:
            yield from [item("rows", *told_rows(self.rows))] if self.rows else []
            changed = [column for column in self.columns if column.changed]
            yield item("cells", f"{cells_of(self.cells or 0)} changed, in {counted(len(changed), 'column')}")
            yield from (item("column", *told_column(column)) for column in self.columns)
