"""Every changed cell of random histories has the cause that the history's own record tells."""

import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from hypothesis import given, settings

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.domain.diff.parts import ByCommit, ByDefinition, BySpec, Cause
from foreset.domain.diff.report import TrainingSetDiff
from tests.diff.histories import Cell, Defined, History, Record, histories, hour, same

CASES = int(os.environ.get("FORESET_LAW_CASES", "60" if settings().max_examples <= 100 else "10000"))
ALL = 10**6


def views(defined: Defined, tables: list[str]) -> list[FeatureViewSpec]:
    names = {"x": "q", "y": "p"} if defined.swapped else {"x": "p", "y": "q"}
    ttl = None if defined.ttl is None else timedelta(hours=defined.ttl)
    created = "made" if defined.with_created else None
    return [
        FeatureViewSpec(f"v{table}", ["e"], DeltaSource(table, "ts", created, field_mapping=names), ["p", "q"], ttl=ttl)
        for table in tables
    ]


def asked(history: History, defined: Defined, side: int) -> TrainingSetSpec:
    known_at = hour(defined.known_at) if isinstance(defined.known_at, int) else defined.known_at
    versions = {table: both[side] for table, both in history.versions.items()}
    features = [f"v{table}:*" for table in history.commits]
    return TrainingSetSpec(features, "at", known_at, versions=versions, full_feature_names=True)


def spine(labels: Any) -> pl.DataFrame:
    return pl.DataFrame({"k": [k for k, _ in labels], "at": [hour(at) for _, at in labels]}).cast({"k": pl.Int64})


def lived(store: FeatureStore, history: History) -> tuple[str, str, dict[tuple[str, int], int]]:
    """Make all commits, both sets and the definitions between; gives ids, and the event of each view's definition."""
    for table, commits in history.commits.items():
        for commit in commits:
            commit.write(store, table)
    tables = list(history.commits)
    store.register(EntitySpec("e", ["k"]), *views(history.definitions[0], tables)).unwrap()
    a = store.training_set(asked(history, history.definitions[0], 0), spine(history.labels)).unwrap()
    for defined in history.definitions[1:]:
        store.register(*views(defined, tables)).unwrap()
    b = store.training_set(asked(history, history.definitions[-1], 1), spine(history.labels_b)).unwrap()
    events: dict[tuple[str, int], int] = {}
    numbers: Counter[str] = Counter()
    for recorded in store.log.events().unwrap():
        name = getattr(getattr(recorded.event, "spec", None), "name", "")
        if recorded.stream == "registry" and name.startswith("v"):
            events[name, numbers[name]] = recorded.position
            numbers[name] += 1
    return a.id, b.id, events


def cause(cell: Cell, history: History, table: str, events: dict[tuple[str, int], int]) -> list[object]:
    """What the record has for a cell, as `seen` tells it of causes."""
    told: list[object] = []
    if cell.definition is not None:
        at = events.get((f"v{table}", cell.definition))
        told.append("known_at" if at is None else at)
    if cell.commit is not None:
        first, last = history.versions[table]
        told.append((table, cell.commit, first > last))
    return told


def seen(causes: tuple[Cause, ...]) -> list[object]:
    told: list[object] = []
    for found in causes:
        match found:
            case ByDefinition():
                told.append(found.position)
            case BySpec():
                told.append(found.field)
            case ByCommit():
                told.append((found.table, found.commit.version, found.undone))
            case _:
                told.append(found)
    return told


def check(
    told: TrainingSetDiff, history: History, events: dict[tuple[str, int], int], record: Record | None = None
) -> None:
    """That each changed cell, and no other, is told with its values and its causes."""
    record = record or Record(history)
    assert told.columns is not None, told.untold
    left = Counter(history.labels)
    matched = []
    for place, label in enumerate(history.labels_b):
        if left[label]:
            left[label] -= 1
            matched.append((place, label))
    assert told.rows is not None
    assert told.rows.both == len(matched)
    columns = {column.name: column for column in told.columns}
    for table in history.commits:
        for number, feature in enumerate(("p", "q")):
            expected = {}
            for place, (key, at) in matched:
                cell = record.cells(table, key, at)[number]
                if not same(cell.old, cell.new):
                    expected[place] = (*map(shown, (cell.old, cell.new)), cause(cell, history, table, events))
            column = columns.get(f"v{table}__{feature}")
            found = (
                {}
                if column is None
                else {
                    example.row.b: (*map(shown, (example.old, example.new)), seen(example.causes))
                    for example in column.examples
                }
            )
            assert found == expected
            assert (0 if column is None else column.changed) == len(expected)
            if column is not None:
                counted: Counter[str] = Counter()
                for part in column.causes:
                    counted[str(seen(part.causes))] += part.cells
                assert counted == Counter(str(causes) for *_, causes in expected.values())


def shown(value: Any) -> str:
    return "NaN" if repr(value) in {"nan", "'NaN'"} else repr(value)


@settings(max_examples=CASES)
@given(histories())
def test_every_changed_cell_has_the_cause_that_the_record_tells(history: History) -> None:
    store = FeatureStore.in_memory()
    a, b, events = lived(store, history)
    told = store.diff(a, b, examples=ALL).unwrap()
    if told.same:
        assert told.cells == 0
    else:
        check(told, history, events)


@settings(max_examples=max(CASES // 10, 1))
@given(histories(tables=1))
def test_so_it_is_over_delta_tables(history: History) -> None:
    with TemporaryDirectory() as folder:
        store = FeatureStore.open(Path(folder) / "store", data_dir=Path(folder) / "data").unwrap()
        a, b, events = lived(store, history)
        told = store.diff(a, b, examples=ALL).unwrap()
        if told.same:
            assert told.cells == 0
        else:
            check(told, history, events)
