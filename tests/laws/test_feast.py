"""The laws through Feast: its own `get_historical_features` on Foreset's store gives what the reference gives."""

import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from foreset.adapters.delta.tables import DeltaTables
from foreset.adapters.memory.executor import MemoryExecutor
from foreset.domain.definitions.specs import FeatureViewSpec
from foreset.domain.errors.problem import ForesetError
from foreset.domain.planning.plan import RetrievalPlan
from tests.adapters.feast.stores import STORE
from tests.laws.cases import DELTA_TIMES, Case, cases
from tests.laws.feast_cases import entity_frame, feast_store
from tests.laws.test_executors import made, plan_of

_THOROUGH = 1_000
CASES = 2_000 if settings().max_examples >= _THOROUGH else 30


def has_created(spec: object) -> bool:
    return not isinstance(spec, FeatureViewSpec) or spec.source.created_timestamp_field is not None


def reference(case: Case, tables: DeltaTables, folder: Path) -> pl.DataFrame:
    """The features by the reference semantics."""
    plan = plan_of(case, tables)
    bare = RetrievalPlan((*plan.nodes[:-1], replace(plan.result, how=None)))
    frame = pl.DataFrame(made(MemoryExecutor(tables), bare, case.spine, folder)[0].frame)
    return frame.select(name for name in frame.columns if name not in case.spine.columns)


def through_feast(case: Case, repo: Path) -> pl.DataFrame:
    """The features as Feast gives them."""
    options: dict[str, Any] = {"type": STORE, "record": False}
    if case.spec.known_by is not None:  # the tables are newer, so the version is named
        asked = {spec.source.table for spec in case.specs if isinstance(spec, FeatureViewSpec)}
        options |= {"known_at": case.spec.known_by, "versions": dict.fromkeys(asked, 1)}
    store = feast_store(repo, case, options)
    found = store.get_historical_features(
        entity_frame(case.spine),
        list(case.spec.features),
        full_feature_names=True,
        filter_by_created_timestamp=case.spec.known_by_each_row,
    ).to_arrow()
    frame = pl.DataFrame(found)
    assert frame["label"].to_list() == case.spine["label"].to_list()
    return frame.select(name for name in frame.columns if "__" in name)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@settings(max_examples=CASES)
@given(case=st.booleans().flatmap(lambda far: cases(time_dtypes=DELTA_TIMES, far=far)), files=st.booleans())
def test_feast_on_foresets_store_gives_what_the_reference_gives(case: Case, *, files: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        tables = DeltaTables(folder)
        for name, frame in case.tables.items():
            middle = frame.height // 2
            tables.write(name, frame[:middle]).unwrap()
            tables.write(name, frame[middle:]).unwrap()
            if files and case.spec.known_by is None:
                frame.write_parquet(folder / f"{name}.parquet")
        if case.spec.known_by is not None and not all(has_created(spec) for spec in case.specs):
            with pytest.raises(ForesetError, match="is not known to have been committed by known_at"):
                through_feast(case, folder)
            return
        expected, found = reference(case, tables, folder), through_feast(case, folder)
        assert found.schema == expected.schema
        assert found.equals(expected), f"{case.spec}\n{case.spine}\n{expected}\n{found}"
