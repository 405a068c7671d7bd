from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace

from foreset.domain.event_log.erasures import KeyErased
from foreset.domain.event_log.history import EventFilter, past_of, select_events
from foreset.domain.event_log.pins import TableVacuumed, TrainingSetUnpinned
from tests.domain.happenings import BEGAN, LOG, recorded, trained

NOW = BEGAN + timedelta(days=1)


@pytest.mark.parametrize(
    ("wanted", "positions"),
    [
        ({}, list(range(1, 13))),
        ({"actor": "cid"}, [7, 8]),
        ({"view": "stats"}, [2, 5, 6, 9, 10, 12]),
        ({"view": "notes"}, [3, 7, 8, 11]),
        ({"table": "trips"}, [2, 3, 4, 5, 6, 7, 8, 9, 10, 12]),
        ({"table": "labels"}, [7, 8]),
        ({"model": "delay"}, [5, 6, 9, 12]),
        ({"model": "sklearn.linear_model.Ridge"}, [7, 8]),
        ({"training_set": "ts-aa1"}, [5, 6, 9, 12]),
        ({"training_set": "bb"}, [7, 8]),
        ({"since": BEGAN + timedelta(hours=9)}, [10, 11, 12]),
        ({"until": datetime(2024, 5, 1, 9)}, [1, 2]),  # noqa: DTZ001  # naive times are UTC
        ({"since": datetime(2024, 5, 1, 20, tzinfo=timezone(timedelta(hours=2)))}, [11, 12]),
        ({"actor": "bob", "view": "stats", "until": BEGAN + timedelta(hours=5)}, [5, 6]),
        ({"actor": "cid", "view": "stats"}, []),
    ],
)
def test_events_are_found_by_all_that_is_asked(wanted: dict[str, Any], positions: list[int]) -> None:
    assert [r.position for r in select_events(LOG, EventFilter(**wanted)).events] == positions


def test_names_that_no_event_is_of_are_told_with_those_that_there_are() -> None:
    found = select_events(LOG, EventFilter(view="stat", actor="dan", table="trips"))
    assert (found.events, found.unknown) == ((), {"actor": "dan", "view": "stat"})
    assert found.known == {"actor": ("bob", "ann", "cid"), "view": ("stats", "notes")}


def test_what_is_known_and_never_together_is_no_unknown_name() -> None:
    assert select_events(LOG, EventFilter(view="stats", actor="cid")).unknown == {}


def test_a_set_is_of_every_model_that_was_trained_on_it() -> None:
    log = recorded(*((r.actor, r.stream, r.event) for r in LOG), ("eve", "training-set/ts-aa1", trained("ts-aa1", "b")))
    assert [r.position for r in select_events(log, EventFilter(model="delay")).events] == [5, 6, 9, 12]
    assert [r.position for r in select_events(log, EventFilter(model="b")).events] == [5, 9, 13]


def test_what_is_done_with_a_set_or_a_table_later_is_of_it() -> None:
    log = recorded(
        *((r.actor, r.stream, r.event) for r in LOG),
        ("eve", "training-set/ts-aa1", TrainingSetUnpinned(id="ts-aa1", frames=())),
        ("eve", "table/t", TableVacuumed(table="t", version=8, hours=1, files=2, size_bytes=3, lost=("ts-bb2",))),
        ("eve", "erasures", KeyErased(entity="driver", requested_by=None, reason=None, training_sets=("ts-aa1", "?"))),
    )
    by_eve = {"stats": [13, 15], "notes": [14]}
    for view, positions in by_eve.items():
        assert [r.position for r in select_events(log, EventFilter(actor="eve", view=view)).events] == positions
    assert [r.position for r in select_events(log, EventFilter(actor="eve", table="t")).events] == [14]
    assert [r.position for r in select_events(log, EventFilter(training_set="bb")).events] == [7, 8, 14]
    assert [r.position for r in select_events(log, EventFilter(training_set="?")).events] == [15]


# === As it was ===


def test_at_a_position_the_time_is_that_of_the_event() -> None:
    past = past_of(4, LOG, NOW).unwrap()
    assert (past.at, past.events) == (BEGAN + timedelta(hours=3), LOG[:4])


@pytest.mark.parametrize(("minutes", "count"), [(0, 1), (59, 1), (60, 2), (24 * 60, 12)])
def test_at_a_time_the_event_of_that_moment_counts(minutes: int, count: int) -> None:
    assert len(past_of(BEGAN + timedelta(minutes=minutes), LOG, NOW).unwrap().events) == count


def test_where_a_clock_ran_back_the_log_ends_before_the_first_later_event() -> None:
    ahead = (LOG[0], replace(LOG[1], at=BEGAN + timedelta(hours=5)), *LOG[2:])
    assert len(past_of(BEGAN + timedelta(hours=4), ahead, NOW).unwrap().events) == 1


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (0, "The event log has no position 0: its events are counted from 1, and the last is 12."),
        (13, "The event log has no position 13: its events are counted from 1, and the last is 12."),
        (-1, "The event log has no position -1: its events are counted from 1, and the last is 12."),
        (
            BEGAN - timedelta(seconds=1),
            (
                "At 2024-05-01T07:59:59+00:00 nothing had happened in this store: its first event was at "
                "2024-05-01T08:00:00+00:00."
            ),
        ),
        (
            NOW + timedelta(seconds=1),
            (
                "The store cannot be told as it will be at 2024-05-02T08:00:01+00:00: it is only "
                "2024-05-02T08:00:00+00:00."
            ),
        ),
    ],
)
def test_what_is_no_past_is_refused(when: datetime | int, message: str) -> None:
    told = str(past_of(when, LOG, NOW).failure())
    assert told.startswith(f"{message} Next: ")


def test_a_store_without_events_has_no_past() -> None:
    told = str(past_of(datetime(2024, 1, 1, tzinfo=UTC), (), NOW).failure())
    assert told.startswith("At 2024-01-01T00:00:00+00:00 nothing had happened in this store: it has no events yet.")
