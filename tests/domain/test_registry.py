"""The registry's decider: given a catalog, when a command, then events or a refusal."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from foreset.domain.definitions.registry import (
    Catalog,
    EntityRegistered,
    FeatureViewRegistered,
    Register,
    RegistryEvent,
    Remove,
    decide,
    replay,
)
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureField, FeatureViewSpec
from foreset.domain.errors.problem import CallerError
from foreset.domain.facts import Column

COLUMNS = (
    Column("driver_id", "int64"),
    Column("at", "timestamp[us, UTC]"),
    Column("written", "timestamp[us, UTC]"),
    Column("rate", "float32"),
    Column("trips", "int64"),
    Column("ratio", "float64"),
)
DRIVER = EntitySpec("driver", ["driver_id"])
STATS = FeatureViewSpec("stats", ["driver"], DeltaSource("trips", "at", "written"), ["rate", "trips"])
TABLES = {"trips": COLUMNS}
BOTH = Register((DRIVER,), (STATS,), TABLES)


def catalog(*commands: Register | Remove) -> Catalog:
    known = Catalog()
    for command in commands:
        known = replay(decide(command, known).unwrap(), known)
    return known


def message(command: Register | Remove, known: Catalog | None = None) -> str:
    return decide(command, known or Catalog()).failure().message


def test_an_entity_and_its_view_are_registered_together() -> None:
    entity, view = decide(BOTH, Catalog()).unwrap()
    assert entity == EntityRegistered(DRIVER, 1)
    assert isinstance(view, FeatureViewRegistered)
    assert [column.name for column in view.columns] == ["driver_id", "at", "written", "rate", "trips"]


def test_registering_the_same_again_is_no_event() -> None:
    assert decide(BOTH, catalog(BOTH)).unwrap() == ()


def test_a_changed_view_is_a_new_version() -> None:
    changed = replace(STATS, ttl=timedelta(days=1))
    (event,) = decide(Register((), (changed,), TABLES), catalog(BOTH)).unwrap()
    assert isinstance(event, FeatureViewRegistered)
    assert event.version == 2


def test_a_view_whose_table_changed_type_is_a_new_version() -> None:
    wider = tuple(replace(c, dtype="float64") if c.name == "rate" else c for c in COLUMNS)
    (event,) = decide(Register((), (STATS,), {"trips": wider}), catalog(BOTH)).unwrap()
    assert isinstance(event, FeatureViewRegistered)
    assert event.version == 2


def test_versions_count_on_after_a_removal() -> None:
    known = catalog(BOTH, Remove(views=("stats",)))
    assert known.views == {}
    (event,) = decide(Register((), (STATS,), TABLES), known).unwrap()
    assert isinstance(event, FeatureViewRegistered)
    assert event.version == 2


def test_a_view_of_an_unregistered_entity_is_refused() -> None:
    said = message(Register((), (STATS,), TABLES))
    assert said == (
        "The entity 'driver', which the feature view 'stats' names, is not registered. Registered: none. Next: "
        "Register it, before or in the same call: store.register(EntitySpec(name='driver', join_keys=[...])), "
        "or `foreset apply FILE`."
    )


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (replace(STATS, features=("rat",)), "takes its feature 'rat' from the column 'rat'"),
        (replace(STATS, source=DeltaSource("trips", "time")), "takes its event time from the column 'time'"),
        (replace(STATS, source=DeltaSource("trips", "at", "made")), "takes its created time from the column 'made'"),
        (
            replace(STATS, source=DeltaSource("trips", "rate")),
            "time column 'rate' of the feature view 'stats' is float32",
        ),
        (
            replace(STATS, features=(FeatureField("trips", "int32"),)),
            "feature 'trips' of the feature view 'stats' is int64 in its table, which does not fit the declared int32",
        ),
        (replace(STATS, features=(FeatureField("trips", "float64"),)), "does not fit the declared float64"),
    ],
)
def test_a_view_that_does_not_fit_its_table_is_refused_with_the_names(view: FeatureViewSpec, said: str) -> None:
    assert said in message(Register((DRIVER,), (view,), TABLES))


def test_a_missing_join_key_is_refused_with_the_closest_column() -> None:
    said = message(Register((EntitySpec("driver", ["driverid"]),), (STATS,), TABLES))
    assert "takes its join key 'driverid' from the column 'driverid'" in said
    assert "Did you mean driver_id?" in said


def test_a_float_join_key_is_refused() -> None:
    said = message(Register((EntitySpec("driver", ["ratio"]),), (STATS,), TABLES))
    assert "join key 'ratio' of the feature view 'stats' is float64" in said


def test_a_key_may_have_another_name_in_the_table() -> None:
    source = DeltaSource("trips", "at", field_mapping={"driver_id": "driver"})
    command = Register((EntitySpec("d", ["driver"]),), (replace(STATS, entities=("d",), source=source),), TABLES)
    view = decide(command, Catalog()).unwrap()[1]
    assert isinstance(view, FeatureViewRegistered)
    assert view.columns[0] == Column("driver_id", "int64")


def test_an_entity_in_use_keeps_its_join_keys_unless_its_views_change_with_it() -> None:
    changed = EntitySpec("driver", ["trips"])
    assert "in use by the feature views: stats" in message(Register((changed,)), catalog(BOTH))
    assert decide(Register((changed,), (STATS,), TABLES), catalog(BOTH)).unwrap()


def test_an_entity_in_use_is_not_removed_without_its_views() -> None:
    known = catalog(BOTH)
    assert "in use by the feature views: stats" in message(Remove(entities=("driver",)), known)
    assert catalog(BOTH, Remove(("driver",), ("stats",))).entities == {}


def test_what_is_unknown_cannot_be_removed() -> None:
    assert "The feature view 'stat' is not registered" in message(Remove(views=("stat",)), catalog(BOTH))
    assert "Did you mean stats?" in message(Remove(views=("stat",)), catalog(BOTH))


def test_one_name_given_twice_differently_is_refused() -> None:
    other = replace(DRIVER, description="other")
    assert "the entity is given twice in one call, differently" in message(Register((DRIVER, other)))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: EntitySpec("", ["k"]), "its name is empty"),
        (lambda: EntitySpec("a:b", ["k"]), "its name is empty or holds one of"),
        (lambda: EntitySpec("e", []), "join_keys is empty"),
        (lambda: EntitySpec("e", ["k", "k"]), "join_keys names 'k' twice"),
        (lambda: replace(STATS, features=()), "features is empty"),
        (lambda: replace(STATS, entities=("",)), "entities holds an empty name"),
        (lambda: replace(STATS, features=("rate", "rate")), "features names 'rate' twice"),
        (lambda: replace(STATS, ttl=timedelta(seconds=-1)), "its ttl is negative (-1 day, 23:59:59)"),
        (lambda: FeatureField("x", "double"), "its dtype 'double' is unknown"),
    ],
)
def test_a_spec_that_contradicts_itself_cannot_be_made(make: object, said: str) -> None:
    with pytest.raises(CallerError) as caught:
        make()  # type: ignore[operator]  # wrong or loose on purpose
    assert said in str(caught.value)
    assert " Next: " in str(caught.value)


@given(st.lists(st.sampled_from([BOTH, Remove((), ("stats",)), Register((EntitySpec("a", ["k"]),)), Remove(("a",))])))
def test_the_log_gives_back_the_catalog_from_which_it_was_decided(commands: list[Register | Remove]) -> None:
    known, log = Catalog(), list[RegistryEvent]()
    for command in commands:
        events = decide(command, known).value_or(())
        known = replay(events, known)
        log.extend(events)
    stored = msgspec.json.decode(msgspec.json.encode(log), type=list[RegistryEvent])
    assert replay(stored) == known
