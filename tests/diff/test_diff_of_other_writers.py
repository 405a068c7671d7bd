"""Delta tables that others write, with their own order of rows, and that lose files: causes are still the right ones.

The record is what each version's rows, in the snapshot's order, serve by `serving_row`.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from deltalake import DeltaTable, write_deltalake
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from foreset import EntitySpec, FeatureStore, read_delta_table
from foreset.domain.diff.parts import ByCommit, ByCommits
from foreset.domain.planning.point_in_time import Label
from tests.diff.histories import HOUR, Defined, History, Record, TableRow, frame, hour, labels, rows, same
from tests.diff.test_diff_causes import ALL, CASES, asked, check, spine, views

FEED = {"delta.enableChangeDataFeed": "true"}
some_rows = st.lists(rows, min_size=1, max_size=4)
steps = st.one_of(
    st.tuples(st.sampled_from(["append", "append", "update", "delete", "merge", "overwrite"]), some_rows),
    st.tuples(st.sampled_from(["compact", "z-order", "narrow", "set"]), st.just([])),
)
"""What a writer does; `narrow` is an overwrite without the column y."""


def write(table: Path, kind: str, brought: list[TableRow], feed: dict[str, str] | None) -> None:
    new = frame(brought)
    match kind:
        case "append" | "overwrite":
            write_deltalake(table, new, mode=kind, schema_mode="merge", configuration=feed)
        case "narrow":
            write_deltalake(table, new.drop("y"), mode="overwrite", schema_mode="overwrite")
        case "set":
            DeltaTable(table).alter.set_table_properties({"delta.logRetentionDuration": "interval 30 days"})
        case "update":
            DeltaTable(table).update(predicate=f"k = {brought[0][0] or 1}", updates={"x": str(brought[0][3] or 0)})
        case "delete":
            DeltaTable(table).delete(f"k = {brought[0][0] or 1}")
        case "merge":
            distinct = new.drop_nulls("k").unique("k", keep="first", maintain_order=True)
            merged = DeltaTable(table).merge(distinct, "s.k = t.k", source_alias="s", target_alias="t")
            merged.when_matched_update({"x": "s.x", "ts": "s.ts"}).when_not_matched_insert_all().execute()
        case "compact":
            DeltaTable(table).optimize.compact()
        case _:
            DeltaTable(table).optimize.z_order(["x"])


def state(table: Path, version: int) -> tuple[list[TableRow], bool]:
    """The rows of a version, and whether it has all columns."""
    found = read_delta_table(str(table), version=version)
    whole = "y" in found.columns
    found = found if whole else found.with_columns(y=pl.lit(None, pl.Float64))
    hours = [
        pl.col(name).cast(pl.Int64).sub(int(hour(0).timestamp()) * 10**6) // (HOUR // 1000) for name in ("ts", "made")
    ]  # type: ignore[union-attr]  # an hour
    return found.select("k", *hours, "x", "y").rows(), whole


def begun(folder: str, defined: Defined, feed: dict[str, str] | None = None) -> tuple[FeatureStore, Path]:
    """A table of two rows, and a store with a view over it."""
    table = Path(folder) / "data" / "t"
    write_deltalake(table, frame([(1, 0, 0, 0, 0.5), (2, 1, 1, 1, 1.5)]), configuration=feed)
    store = FeatureStore.open(Path(folder) / "store", data_dir=Path(folder) / "data").unwrap()
    store.register(EntitySpec("e", ["k"]), *views(defined, ["t"])).unwrap()
    return store, table


def built(store: FeatureStore, history: History) -> tuple[str, str]:
    sets = [
        store.training_set(asked(history, history.definitions[0], side), spine(history.labels)).unwrap()
        for side in (0, 1)
    ]
    return sets[0].id, sets[1].id


@settings(max_examples=max(CASES // 8, 1))
@given(
    st.lists(steps, min_size=2, max_size=9),
    st.lists(labels, min_size=4, max_size=16),
    st.sampled_from([FEED, None]),
    st.sampled_from([None, "event_time"]),
    st.data(),
)
def test_the_causes_are_right_whoever_wrote(
    done: list[Any], asked_for: list[Any], feed: dict[str, str] | None, known_at: str | None, data: st.DataObject
) -> None:
    defined = Defined(known_at=known_at)
    with TemporaryDirectory() as folder:
        store, table = begun(folder, defined, feed)
        for kind, brought in done:
            write(table, kind, brought, feed)
        states = [state(table, version) for version in range(DeltaTable(table).version() + 1)]
        whole = [version for version, (_, is_whole) in enumerate(states) if is_whole]
        versions = data.draw(st.sampled_from(whole)), data.draw(st.sampled_from(whole))
        history = History({"t": ()}, tuple(asked_for), tuple(asked_for), (defined,), {"t": versions})
        a, b = built(store, history)
        told = store.diff(a, b, examples=ALL).unwrap()
        if not told.same:
            check(told, history, {}, Record(history, {"t": [rows for rows, _ in states]}))


@settings(max_examples=max(CASES // 8, 1))
@given(
    st.lists(st.tuples(st.just("append"), some_rows) | steps, min_size=4, max_size=9),
    st.lists(labels, min_size=4, max_size=12),
    st.data(),
)
def test_versions_that_cannot_be_read_are_one_step(done: list[Any], asked_for: list[Any], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        store, table = begun(folder, Defined())
        for kind, brought in done:
            write(table, "append" if kind == "narrow" else kind, brought, None)
        last = DeltaTable(table).version()
        assume(last)
        states = [state(table, version)[0] for version in range(last + 1)]
        versions = data.draw(st.sampled_from([(0, last), (last, 0)]))
        history = History({"t": ()}, tuple(asked_for), tuple(asked_for), (Defined(),), {"t": versions})
        a, b = built(store, history)
        needed = {file for version in versions for file in DeltaTable(table, version=version).file_uris()}
        for version in data.draw(st.sets(st.integers(1, last))):
            for file in DeltaTable(table, version=version).file_uris():
                if file not in needed:
                    Path(file.removeprefix("file://")).unlink(missing_ok=True)
        told = store.diff(a, b, examples=ALL).unwrap()
        record = Record(history, {"t": states})
        if not told.same:
            for column in told.columns or ():
                for example in column.examples:
                    label = history.labels[example.row.a or 0]
                    holds(example.causes, record, label, "pq".index(column.name[-1]))


def holds(causes: tuple[Any, ...], record: Record, label: Any, column: int) -> None:
    """That the value after the commits is b's, and the one before them is not."""
    [cause] = causes
    assert isinstance(cause, ByCommit | ByCommits)
    first, last = (cause.commit.version,) * 2 if isinstance(cause, ByCommit) else (cause.first, cause.last)
    before, after = (first - 1, last) if not cause.undone else (last, first - 1)
    at = Label((label[0],), label[1] * HOUR)
    old, new = (record.served("t", version, Defined(), at)[column] for version in (before, after))
    b = record.served("t", 0 if cause.undone else len(record.states("t")) - 1, Defined(), at)[column]
    assert not same(old, new)
    assert same(new, b)
