"""The steps between two lookups: given definitions in the log, what became other by which of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from foreset.domain.definitions.registry import (
    EntityRegistered,
    FeatureViewRegistered,
    FeatureViewRemoved,
    RegistryEvent,
)
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec
from foreset.domain.diff.lookups import Lookup, defined
from foreset.domain.diff.parts import ByDefinition, BySpec, Change
from foreset.domain.diff.steps import Definition, definitions, shown, steps
from foreset.domain.event_log.receipts import Recorded
from foreset.domain.facts import Column

AT = datetime(2024, 5, 1, tzinfo=UTC)
A = Lookup(
    view="rain",
    feature="mm",
    known_at=None,
    time="at",
    table="rain",
    partition_time_zone=None,
    source="mm",
    keys=(("city", "city"),),
    event_time="at",
    created_time=None,
    ttl_us=None,
)
DAY = 86_400_000_000


def view(version: int, ttl: int | None = None, **source: Any) -> FeatureViewRegistered:
    given = {"table": "rain", "timestamp_field": "at", **source}
    age = None if ttl is None else timedelta(days=ttl)
    spec = FeatureViewSpec("rain", ["city"], DeltaSource(**given), ["mm"], ttl=age)
    return FeatureViewRegistered(spec, version, (Column("mm", "float64"),))


def history(*events: RegistryEvent) -> tuple[Definition, ...]:
    happened = (EntityRegistered(EntitySpec("city", ["city"]), 1), *events)
    return definitions(
        "rain",
        [
            (Recorded(position=n, stream="registry", version=n, at=AT, actor="ada", event=event), event)
            for n, event in enumerate(happened, 10)
        ],
    )


LONG = history(view(1), view(2, ttl=1), view(3, ttl=2), view(4, ttl=2, created_timestamp_field="made"))


def test_each_step_is_of_the_last_event_that_made_a_field_other() -> None:
    b = replace(A, ttl_us=2 * DAY, created_time="made")
    one, other = steps(A, b, (1, 4), LONG)
    assert one.cause == ByDefinition(
        view="rain", changed=(Change("ttl", "no limit", "2 days, 0:00:00"),), position=13, at=AT, actor="ada"
    )
    assert isinstance(other.cause, ByDefinition)
    assert (other.cause.position, other.fields) == (14, ("created_time",))
    assert other.taken(one.taken(A, b), b) == b


def test_the_way_back_undoes_the_last_event_first() -> None:
    b = replace(A, ttl_us=2 * DAY, created_time="made")
    one, other = steps(b, A, (4, 1), LONG)
    assert [
        (step.cause.position, step.cause.undone) for step in (one, other) if isinstance(step.cause, ByDefinition)
    ] == [
        (14, True),
        (13, True),
    ]
    assert (one.fields, other.fields) == (("created_time",), ("ttl_us",))


def test_what_became_other_at_once_is_one_step() -> None:
    events = history(view(1), view(2, ttl=1, created_timestamp_field="made"))
    [step] = steps(A, replace(A, ttl_us=DAY, created_time="made"), (1, 2), events)
    assert step.fields == ("created_time", "ttl_us")


def test_a_view_that_was_removed_in_between_is_told_of_the_event_that_defined_it_anew() -> None:
    events = history(view(1), FeatureViewRemoved("rain"), view(2, ttl=1))
    assert [definition.event.version for definition in events] == [1, None, 2]
    [step] = steps(A, replace(A, ttl_us=DAY), (1, 2), events)
    assert isinstance(step.cause, ByDefinition)
    assert step.cause.position == 13


def test_without_events_the_cause_has_no_place() -> None:
    [step] = steps(A, replace(A, ttl_us=DAY), (1, 2), ())
    assert step.cause == ByDefinition(view="rain", changed=(Change("ttl", "no limit", "1 day, 0:00:00"),))


def test_the_spec_comes_after_the_definitions() -> None:
    b = replace(A, ttl_us=DAY, known_at="event_time", time="later")
    causes = [step.cause for step in steps(A, b, (1, 2), LONG)]
    assert isinstance(causes[0], ByDefinition)
    assert causes[1:] == [
        BySpec(field="known_at", old="", new="event_time"),
        BySpec(field="timestamp_field", old="at", new="later"),
    ]


def test_another_feature_leaves_nothing_of_the_definition() -> None:
    b = replace(A, feature="inch", source="inch", ttl_us=DAY, known_at=0)
    first, second = steps(A, b, (1, 2), LONG)
    assert first.cause == BySpec(field="features", old="rain:mm", new="rain:inch")
    assert first.taken(A, b) == replace(b, known_at=None)
    assert second.cause == BySpec(field="known_at", old="", new="1970-01-01T00:00:00Z")


def test_lookups_that_are_alike_have_no_steps() -> None:
    assert steps(A, A, (1, 4), LONG) == ()


def test_a_definition_decides_what_the_planner_takes_from_it() -> None:
    source = {"field_mapping": {"town": "city", "rain_mm": "mm", "t": "at"}, "partition_time_zone": "UTC"}
    [definition] = history(view(1, ttl=1, created_timestamp_field="made", **source))
    assert defined(definition.catalog.views["rain"], definition.catalog, "mm") == {
        "table": "rain",
        "partition_time_zone": "UTC",
        "source": "rain_mm",
        "keys": (("city", "town"),),
        "event_time": "t",
        "created_time": "made",
        "valid_until": None,
        "time_unit": None,
        "ttl_us": DAY,
        "closed": "right",
    }


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("known_at", (0, "event_time"), "1970-01-01T00:00:00Z and event_time"),
        ("keys", (("city", "city"), ("day", "date")), "city, day (date)"),
        ("created_time", None, ""),
    ],
)
def test_a_field_as_text(field: str, value: Any, told: str) -> None:
    assert shown(field, replace(A, **{field: value})) == told
