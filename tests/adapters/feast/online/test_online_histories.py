"""Random histories of a table: after every load, and whenever it is cut short and repeated, online equals offline."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st
from returns.result import Success

from tests.adapters.feast.online_views import ENTITY, NOW, Views, opened, rows, view

KEYS = (1, 2, 3, 4)
TTLS = (None, timedelta(days=3))

some_rows = st.lists(
    st.tuples(
        st.sampled_from([*KEYS, *KEYS, None]),
        st.sampled_from([-2, -1, 0, 1, 2, 3, 4]),
        st.sampled_from([None, 1.0, 2.0, 3.0, float("nan")]),
    ),
    min_size=1,
    max_size=4,
)
steps = st.one_of(
    st.tuples(st.sampled_from(["append", "append", "overwrite", "part", "merge"]), some_rows),
    st.tuples(
        st.sampled_from(["load", "load", "load", "cut", "full", "optimize", "day", "restore", "vacuum"]), st.none()
    ),
)


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Views]:
    made = opened(tmp_path_factory.mktemp("online"))
    yield made
    made.online.close()


def step(views: Views, table: Path, action: str, given_rows: Any) -> None:
    made = None if given_rows is None else rows(*given_rows)
    match action:
        case "append" | "overwrite":
            views.store.tables.write(made, "things", mode=action).unwrap()  # type: ignore[arg-type]  # one of the two
        case "part":
            part = made.with_columns(k=1)  # type: ignore[union-attr]  # it has rows
            views.store.tables.write(part, "things", mode="overwrite", replace_where="k = 1").unwrap()
        case "merge":
            distinct = made.drop_nulls("k").unique("k", keep="first", maintain_order=True)  # type: ignore[union-attr]  # as above
            views.store.tables.write(distinct, "things", mode="merge", merge_on=["k"]).unwrap()
        case "optimize":
            views.store.tables.optimize("things").unwrap()
        case "restore":
            if newest := DeltaTable(str(table)).version():
                DeltaTable(str(table)).restore(newest // 2)
        case "vacuum":
            DeltaTable(str(table)).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
        case "day":
            views.clock.advance(timedelta(days=1))
        case "cut":
            cut_short(views)
        case _:
            views.load(full=action == "full")
            check(views)


def cut_short(views: Views) -> None:
    """A load that writes all, or a part of it, and ends before it says so."""
    store: Any = type(views.online._online.store)

    def half(self: Any, name: str, served: Any) -> Any:
        write(self, name, served)
        raise KeyboardInterrupt

    write = store.write
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "write", half)
        try:
            views.online.materialize(["things"])
        except KeyboardInterrupt:
            return
    check(views)  # there was nothing to write


def check(views: Views) -> None:
    offline = views.offline(*KEYS)
    assert repr(views.values(*KEYS)) == repr(offline) == repr(views.feasts(*KEYS))
    assert views.check().agrees


@settings(max_examples=25)
@given(st.lists(steps, min_size=2, max_size=9), st.sampled_from(TTLS), some_rows)
def test_online_is_offline_after_every_load(
    views: Views, history: list[tuple[str, Any]], ttl: timedelta | None, first: Any
) -> None:
    table = Path(views.registry.store.repo_path).parent / "data" / "things"
    shutil.rmtree(table, ignore_errors=True)
    views.clock.set(NOW)
    views.store.tables.write(rows(*first), "things").unwrap()
    assert isinstance(views.store.register(ENTITY, view(ttl)), Success)
    for action, given_rows in history:
        if action == "restore" and any(done == "vacuum" for done, _ in history):
            continue  # the files of older versions are gone
        step(views, table, action, given_rows)
    views.load()
    check(views)
