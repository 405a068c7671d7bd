"""The front of a store: its groups of calls, the names that they had, and what it shows of itself."""

import inspect
import warnings
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.pipeline import is_successful

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec
from foreset.domain.errors.history import PastIsReadOnly
from foreset.domain.safe_text.notebooks import MOST_ROWS, card
from foreset.entrypoints.store.old_names import _MOVED
from foreset.entrypoints.store.parts.past import PastLog, PastModels, PastTables, PastTrainingSets

GROUPS = ("feast", "keys", "log", "models", "online", "tables", "training_sets")


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


RAIN = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
CITY = EntitySpec("city", ["city"])


@pytest.fixture
def store() -> FeatureStore:
    store = FeatureStore.in_memory({"rain": pl.DataFrame({"city": ["Rome"], "at": [day(1)], "mm": [2.0]})})
    store.apply(CITY, RAIN).unwrap()
    return store


@pytest.mark.parametrize("old", sorted(_MOVED))
def test_an_old_name_is_the_new_call_and_warns_with_it(store: FeatureStore, old: str) -> None:
    group, _, call = _MOVED[old].partition(".")
    with pytest.warns(DeprecationWarning, match=rf"store\.{old} is now store\.{group}\.{call}, and will be removed"):
        found = getattr(store, old)
    assert (found.__name__, found.__self__._called) == (call, f"store.{group}")


def test_a_name_that_never_was_is_an_attribute_error(store: FeatureStore) -> None:
    with pytest.raises(AttributeError, match="'FeatureStore' object has no attribute 'wirte'"):
        store.wirte  # type: ignore[attr-defined]  # noqa: B018  # misspelt


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_says_what_it_offers(store: FeatureStore, group: str) -> None:
    offered = [name for name in dir(getattr(store, group)) if not name.startswith("_")]
    assert repr(getattr(store, group)) == f"<store.{group}: {', '.join(offered)}>"


def test_the_help_of_a_store_is_readable_on_one_screen() -> None:
    own = [name for name in vars(FeatureStore) if not name.startswith("_")]
    assert len(own) <= 30
    assert all(inspect.getdoc(getattr(FeatureStore, name)) for name in own)


@pytest.mark.parametrize(
    "call",
    [
        *("tables.write", "tables.optimize", "tables.vacuum", "training_sets.pin", "training_sets.unpin"),
        *("models.record", "models.train", "log.move", "apply", "register"),
    ],
)
def test_what_would_change_a_past_store_is_refused(store: FeatureStore, call: str) -> None:
    found: object = store.at(2).unwrap()
    for name in call.split("."):
        found = getattr(found, name)
    arguments = {"tables.write": (None, "rain")}.get(call, ("rain",))
    assert isinstance(found(*arguments).failure(), PastIsReadOnly)  # type: ignore[operator]  # a call


@pytest.mark.parametrize("kind", [PastLog, PastModels, PastTables, PastTrainingSets])
def test_a_past_group_offers_no_name_that_the_present_one_has_not(store: FeatureStore, kind: type) -> None:
    group = kind._called.rpartition(".")[2]  # type: ignore[attr-defined]  # all have it
    assert {name for name in vars(kind) if not name.startswith("_")} <= set(dir(getattr(store, group)))


def test_specs_lists_of_specs_and_files_are_applied_together_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "views.yaml"
    file.write_text(
        "views: [{name: rain, entities: [city], source: {table: rain, timestamp_field: at}, features: [mm]}]"
    )
    store = FeatureStore.in_memory({"rain": pl.DataFrame({"city": ["Rome"], "at": [day(1)], "mm": [2.0]})})
    assert not is_successful(store.apply([CITY], file, tmp_path / "none.yaml"))
    assert store.log.events().unwrap() == ()
    assert store.apply([CITY], str(file)).unwrap().changed == 2
    assert store.register(file).unwrap().changed == 0


def test_everything_has_a_short_text_and_a_card_for_notebooks(store: FeatureStore) -> None:
    spine = pl.DataFrame({"city": ["Rome", "Oslo"], "event_timestamp": [day(2), day(3)], "y": [1, 0]})
    made = store.training_set(TrainingSetSpec(["rain:mm"], name="churn"), spine).unwrap()
    shown = [
        store,
        store.catalog().unwrap(),
        *(CITY, RAIN, made.receipt.spec),
        store.plan(made.receipt.spec, spine).unwrap(),
        made,
        made.split(at=day(3))[0],
        made.report().unwrap(),
        store.training_sets.audit(made.frame, made.receipt.spec).unwrap(),
        made.diff(made).unwrap(),
        store.log.lineage().unwrap(),
    ]
    for thing in shown:
        html = thing._repr_html_()  # type: ignore[attr-defined]  # as notebooks call it
        assert html.startswith('<div class="foreset"><b>')
        assert html.endswith("</div>")
        assert "\n" not in repr(thing)
        assert len(repr(thing)) < 500
    assert "churn" in made._repr_html_()
    assert "Rome" in made._repr_html_()


@given(st.text(), st.text())
def test_a_card_has_no_markup_and_no_credential_of_what_it_shows(title: str, value: str) -> None:
    html = card(f"{title}<script>", [(value, f"<i>{value}"), ("uri", "postgresql://ann:Pl4ntedS3cret@db/x")])
    assert "<script>" not in html
    assert "<i>" not in html
    assert "Pl4nted" not in html


def test_a_long_table_is_cut_and_the_rest_counted() -> None:
    html = card("many", columns=("n",), rows=[(number,) for number in range(MOST_ROWS + 7)])
    assert "and 7 more" in html
    assert f">{MOST_ROWS}<" not in html


def test_new_names_do_not_warn(store: FeatureStore) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(store.log.events().unwrap()) == 2
        assert store.tables.info("rain").unwrap().version == 0
