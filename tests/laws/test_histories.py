"""What was known when, over histories of commits: the answers are those that the history itself gives.

FORESET_LAW_CASES sets how many histories; by default some hundred, thorough ten thousand.
"""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from returns.result import Success

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.memory import MemoryClock, MemoryTables
from foreset.adapters.polars.frames.spines import PolarsSpines
from foreset.adapters.polars.matching.executor import PolarsExecutor
from foreset.application.ports.tables import TableStore
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec
from foreset.entrypoints.store.feature_store import FeatureStore
from foreset.entrypoints.wiring.build import in_memory
from tests.laws.histories import History, NotTold, Told, after, answers, commit, histories

_THOROUGH = 1_000
CASES = int(os.environ.get("FORESET_LAW_CASES", "10000" if settings().max_examples >= _THOROUGH else "100"))
TALLY: Counter[str] = Counter()


def told(history: History, tables: TableStore, stamp: Callable[[int, datetime], datetime]) -> dict[int, Told]:
    """Write a history; `stamp` sets the time of a version and gives it. A commit that changes nothing may be none."""
    versions: dict[int, Told] = {}
    rows = ()
    for number, step in enumerate(history.steps):
        version = commit(tables, step, first=number == 0)
        rows = after(rows, step)
        if version not in versions:
            versions[version] = Told(rows, stamp(version, step.at))
        assert versions[version].rows == rows
    return versions


def ask(history: History, tables: TableStore, now: datetime) -> list[int | None] | str:
    """What is answered, or the name of the reason why not."""
    adapters = replace(
        in_memory({}),
        tables=tables,
        executor=PolarsExecutor(tables),
        engine=PolarsExecutor(tables),
        spines=PolarsSpines(tables),
        clock=MemoryClock(now),
    )
    store = FeatureStore(adapters)
    source = DeltaSource("t", "ts", "created" if history.created else None)
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("v", ["e"], source, ["x"], ttl=history.ttl)).unwrap()
    made = store.training_set(history.spec, history.spine)
    return made.unwrap().frame["x"].to_list() if isinstance(made, Success) else type(made.failure()).__name__


def check(history: History, tables: TableStore, versions: dict[int, Told]) -> None:
    now = max(version.at for version in versions.values()) + timedelta(hours=1)
    pinned = history.spec.versions.get("t")
    if pinned is not None and pinned not in versions:
        history = replace(history, spec=type(history.spec)(("v:x",), timestamp_field="at"))
    try:
        expected: list[int | None] | str = answers(history, versions, now)
    except NotTold as reason:
        expected = str(reason)
    TALLY[expected if isinstance(expected, str) else "answered"] += 1
    assert ask(history, tables, now) == expected, f"{versions}"


@settings(max_examples=CASES)
@given(history=histories())
def test_what_was_known_is_what_the_history_says(history: History) -> None:
    clock = MemoryClock(history.steps[0].at)
    tables = MemoryTables(clock=clock)
    versions: dict[int, Told] = {}
    rows = ()
    for number, step in enumerate(history.steps):
        clock.set(step.at)
        rows = after(rows, step)
        versions[commit(tables, step, first=number == 0)] = Told(rows, step.at)
    check(history, tables, versions)


@settings(max_examples=max(CASES // 10, 10))
@given(history=histories(back=True))
def test_what_was_known_of_a_delta_table_is_what_its_history_says(history: History) -> None:
    with tempfile.TemporaryDirectory() as folder:

        def stamp(version: int, at: datetime) -> datetime:
            path = Path(folder, "t", "_delta_log", f"{version:020}.json")
            actions = [json.loads(line) for line in path.read_text().splitlines()]
            for action in actions:
                if "commitInfo" in action:
                    action["commitInfo"]["timestamp"] = int(at.timestamp() * 1_000)
            path.write_text("".join(json.dumps(action) + "\n" for action in actions))
            return at

        versions = told(history, DeltaTables(Path(folder)), stamp)
        check(history, DeltaTables(Path(folder)), versions)
