import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from foreset.domain.definitions.models import ModelTrained
from foreset.domain.definitions.registry import (
    EntityRegistered,
    EntityRemoved,
    FeatureViewRegistered,
    FeatureViewRemoved,
)
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec
from foreset.domain.event_log.erasures import EventsRedacted
from foreset.domain.event_log.pins import PinnedFrame, TableVacuumed, TrainingSetPinned, TrainingSetUnpinned
from foreset.domain.event_log.receipts import Event, TableWritten, TrainingSetRebuilt
from foreset.domain.planning.explain import size
from foreset.entrypoints.cli.words import happened

VIEW = FeatureViewSpec("stats", ["driver"], DeltaSource("trips", "at"), ["a", "b"])
MODEL = ModelTrained(
    training_set_id="ts-1",
    estimator="sklearn.linear_model.Ridge",
    params={},
    metrics={"r2": 0.5},
    rows_train=3,
    rows_test=1,
    fingerprint="f",
)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (EntityRegistered(EntitySpec("driver", ["id", "day"]), 2), "registered the entity driver v2 (keys: id, day)"),
        (
            FeatureViewRegistered(VIEW, 1, ()),
            "registered the feature view stats v1 (2 features of driver from trips)",
        ),
        (EntityRemoved("driver"), "removed the entity driver"),
        (FeatureViewRemoved("stats"), "removed the feature view stats"),
        (TrainingSetRebuilt(id="ts-1", fingerprint="f", libraries={}), "rebuilt ts-1: identical"),
        (
            TrainingSetRebuilt(id="ts-1", fingerprint="f", libraries={}, source="pin", why="gone"),
            "rebuilt ts-1 from its pin: identical",
        ),
        (
            TrainingSetPinned(
                id="ts-1",
                fingerprint="f",
                frames=(
                    PinnedFrame(name="pins/ts-1/0", table="trips", rows=1_000, size_bytes=2_000, fingerprint="g"),
                    PinnedFrame(name="pins/ts-1/spine", table=None, rows=1, size_bytes=1_000, fingerprint="h"),
                ),
            ),
            "pinned ts-1: 1,001 rows that served, 3.0 kB",
        ),
        (TrainingSetUnpinned(id="ts-1", frames=("pins/ts-1/0",)), "unpinned ts-1"),
        (EventsRedacted(digests={4: "a", 7: "b"}, reason="erased"), "redacted the events 4, 7: erased"),
        (EventsRedacted(digests={4: "a"}), "redacted the events 4"),
        (
            TableVacuumed(table="trips", version=3, hours=168, files=2, size_bytes=1_000, lost=("ts-1", "ts-2")),
            (
                "vacuumed trips of what it does not use for 168 hours: 2 files, 1.0 kB, "
                "by which ts-1, ts-2 can be rebuilt no more"
            ),
        ),
        (MODEL, "trained sklearn.linear_model.Ridge on ts-1: r2 0.5000"),
        (
            TableWritten(table="trips", version=3, mode="append", rows=1_000),
            "wrote trips version 3 (append, 1,000 rows)",
        ),
    ],
)
def test_events_in_words(event: Event, words: str) -> None:
    assert happened(event) == words


def test_very_many_bytes() -> None:
    assert size(5 * 10**12) == "5.0 TB"


def test_on_a_terminal_tables_are_drawn(tmp_path: Path) -> None:
    """A real pseudo-terminal: colours and columns there, the same words as in a pipe."""
    code = "import sys; from foreset.entrypoints.cli import main; sys.exit(main())"
    foreset = [sys.executable, "-c", code]
    made = [*foreset, "--data-dir", str(tmp_path), "generate", "regression_data"]
    subprocess.run(made, check=True, capture_output=True)
    here, there = pty.openpty()
    process = subprocess.Popen(
        [*foreset, "--data-dir", str(tmp_path), "tables"],
        stdout=there,
        close_fds=True,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(there)
    shown = b""
    while True:
        try:
            block = os.read(here, 4_096)
        except OSError:  # the other side is closed
            break
        if not block:
            break
        shown += block
    os.close(here)
    assert process.wait() == 0
    assert b"\x1b[" in shown
    assert b"regression_data" in shown
