"""The same random retrievals on Feast's own stores: how many rows they answer wrongly, by law.

`FORESET_STOCK_CASES=2000 pytest -s tests/laws/test_wrong_answers.py` prints the counts. It finds nothing wrong with
Foreset, so it fails only if a store cannot be asked at all.
"""

import os
import tempfile
import warnings
from collections import Counter
from contextlib import chdir
from pathlib import Path
from typing import Final

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from msgspec.structs import replace

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.memory.executor import labels_of, rows_of, terms_of
from foreset.domain.definitions.specs import FeatureViewSpec
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.planning.point_in_time import Label, Row, Terms, qualifies
from tests.laws.cases import Case, cases
from tests.laws.feast_cases import entity_frame, feast_store
from tests.laws.test_executors import plan_of
from tests.laws.test_feast import reference

CASES: Final = int(os.environ.get("FORESET_STOCK_CASES", "15"))
_NO_ROW: Final = -1
LAWS: Final = {
    1: "rows lost, doubled or in another order",
    2: "a value from the future",
    3: "a value older than the ttl",
    4: "a tie, or an older value than the latest",
    5: "a null key that matched, a row without a time that served, a value missing",
    6: "a value that was not written by then",
}


def numbered(case: Case) -> Case:
    """The case with its rows numbered, in table and spine, and only the number asked of each view."""
    views = tuple(replace(spec, features=("x",)) if isinstance(spec, FeatureViewSpec) else spec for spec in case.specs)
    names = [spec.name for spec in views if isinstance(spec, FeatureViewSpec)]
    known_at = "event_time" if case.spec.known_by_each_row else None  # Feast cannot ask for a time
    return Case(
        tables={
            name: frame.with_columns(x=pl.int_range(frame.height, dtype=pl.Int64))
            for name, frame in case.tables.items()
        },
        specs=views,
        spec=replace(case.spec, features=tuple(f"{name}:x" for name in names), known_at=known_at),
        spine=case.spine.with_columns(label=pl.int_range(case.spine.height, dtype=pl.Int64)),
    )


def answers(case: Case, repo: Path, store: str) -> pl.DataFrame:
    """What one of Feast's stores gives: labels, and the number of the row that served each view."""
    feast = feast_store(repo, case, {"type": store})
    found = feast.get_historical_features(
        entity_frame(case.spine),
        list(case.spec.features),
        full_feature_names=True,
        filter_by_created_timestamp=case.spec.known_at == "event_time",
    ).to_df()
    columns = {"label": found["label"].to_numpy()} | {
        name.replace(":", "__"): found[name.replace(":", "__")].fillna(_NO_ROW).to_numpy()
        for name in case.spec.features
    }
    return pl.DataFrame(columns).cast(pl.Int64)


def broken_laws(
    case: Case, expected: pl.DataFrame, found: pl.DataFrame, plan: RetrievalPlan, counts: Counter[int]
) -> None:
    """Count the rows of a result by the law that they break."""
    labels = found["label"].to_list()
    times_there = Counter(labels)
    counts[1] += sum(times_there[label] != 1 for label in range(case.spine.height))
    whole = all(times_there[label] == 1 for label in range(case.spine.height))
    counts[1] += whole and labels != sorted(labels)
    for gather, match, scan in plan.gathers:
        name = gather.columns[0].name
        table, terms = case.tables[scan.table], terms_of(match)
        rows, asked = rows_of(match, table), labels_of(match, case.spine, "at")
        for label, served in zip(labels, found[name], strict=True):
            right = expected[name][label]
            if served != (_NO_ROW if right is None else right):
                counts[_broken(asked[label], None if served == _NO_ROW else rows[served], terms)] += 1


def _broken(label: Label, row: Row | None, terms: Terms) -> int:
    """The law that a wrong answer breaks."""
    if row is None or row.event_time is None or None in label.key or row.key != label.key:
        return 5
    if row.event_time > label.time:
        return 2
    if terms.ttl is not None and row.event_time < label.time - terms.ttl:
        return 3
    return 4 if qualifies(label, row, terms) else 6


@pytest.mark.parametrize("store", ["dask", "duckdb"])
def test_wrong_answers_of_feasts_own_stores_are_counted(store: str) -> None:
    counts: Counter[int] = Counter()
    told: Counter[str] = Counter()

    @settings(max_examples=CASES, database=None, phases=[Phase.generate], derandomize=True)
    @given(cases(time_dtypes=["timestamp[us, UTC]"]))
    def ask(drawn: Case) -> None:
        case = numbered(drawn)
        with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            folder = Path(place)
            tables = DeltaTables(folder / "delta")
            for name, frame in case.tables.items():
                tables.write(name, frame).unwrap()
                frame.write_parquet(folder / f"{name}.parquet")
            plan = plan_of(case, tables)
            expected = reference(case, tables, folder)
            told["answers"] += case.spine.height * len(plan.gathers)
            with chdir(folder):  # where the duckdb store takes paths from
                try:
                    found = answers(case, folder, store)
                except Exception as fault:  # noqa: BLE001  # whatever the store raises
                    told[f"{type(fault).__name__}"] += 1
                    told["cases that raised"] += 1
                    return
            before = counts.total()
            broken_laws(case, expected, found, plan, counts)
            told["cases answered wrongly"] += counts.total() > before

    ask()
    print(f"\n{store}: {CASES} cases, {dict(told)}")
    for law, text in LAWS.items():
        print(f"  law {law}, {text}: {counts[law]}")
    assert told["answers"]
