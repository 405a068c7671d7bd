"""One store in many threads: each gets the right answer, and the log stays whole."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from returns.result import Success

from foreset import EntitySpec
from foreset.domain.errors.specs import StaleWrite
from tests.processes.entry_points import ASKED, World, labels, rows

AT_ONCE = 8


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("FORESET_DATA_DIR", "")  # which a world sets
    made = World(tmp_path)
    made.prepare()
    return made


def test_a_store_is_used_by_many_threads_at_once(world: World) -> None:
    right = world.store.training_set(ASKED, labels()).unwrap()

    def work(number: int) -> None:
        made = world.store.training_set(ASKED, labels()).unwrap()
        assert made.id == right.id
        assert world.store.rebuild(made.id).unwrap().frame.equals(right.frame)
        while not isinstance(done := world.store.register(EntitySpec(f"e{number}", ["k"])), Success):
            assert isinstance(done.failure(), StaleWrite)  # another thread was faster: call again
        assert f"e{number}" in world.store.catalog().unwrap().entities
        world.store.tables.write(rows(), f"own-{number}").unwrap()
        assert world.store.tables.info(f"own-{number}").unwrap().rows == rows().height

    with ThreadPoolExecutor(AT_ONCE) as threads:
        for done in [threads.submit(work, number) for number in range(4 * AT_ONCE)]:
            done.result()
    report = world.store.log.verify().unwrap()
    assert report.whole
    assert set(world.store.catalog().unwrap().entities) == {"city", *(f"e{number}" for number in range(4 * AT_ONCE))}
