"""Calls in another process, as a program of its own: `runner.py FOLDER SITUATION`, answers as lines of JSON.

The situation is what the first process did before it started the other one, and how it starts it.
"""

# ruff: noqa: PLC0415, S301  # what is loaded before a fork is what differs; what is unpickled was pickled here

import json
import multiprocessing
import os
import pickle
import select
import signal
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

HANGS_AFTER = 120.0
"""Seconds without an answer."""


def say(name: str, outcome: str) -> None:
    """One answer, in one write, for two processes may say something."""
    os.write(1, f"{json.dumps([name, outcome])}\n".encode())


def in_fork(name: str, work: Callable[[], object]) -> None:
    """Do something in a forked child, which is ended where it does not come to an end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    os.close(writing)
    if not select.select([reading], [], [], HANGS_AFTER)[0]:  # the end of the child closes its end of the pipe
        os.kill(child, signal.SIGKILL)
        say(name, "hangs")
    os.waitpid(child, 0)
    os.close(reading)


def run(folder: str, names: Iterable[str] | None = None) -> None:
    """All calls in this process, over a store that is opened here."""
    from tests.processes.entry_points import CALLS, World, outcomes

    for name, outcome in outcomes(World(Path(folder)), {name: CALLS[name] for name in names or CALLS}):
        say(name, outcome)


def run_one(folder: str, name: str) -> str:
    from tests.processes.entry_points import CALLS, World, outcomes

    return dict(outcomes(World(Path(folder)), {name: CALLS[name]}))[name]


def used(folder: str) -> None:
    """Everything is made in the parent; then each call is made in a child of its own."""
    from tests.processes.entry_points import CALLS, World, offered_to_feast, outcomes

    world = World(Path(folder))
    _ = world.id, world.past, world.made, world.many, world.part, world.changes, world.manager
    for name, call in {**CALLS, **offered_to_feast(world)}.items():
        in_fork(name, lambda named={name: call}: [say(*found) for found in outcomes(world, named)])


def prepared(folder: str) -> None:
    from tests.processes.entry_points import World

    world = World(Path(folder))
    world.prepare()
    _ = world.manager
    run(folder)


def opened(folder: str) -> None:
    """The store is opened and its log is read in the parent; all calls are made in one child."""
    from tests.processes.entry_points import World, outcomes

    world = World(Path(folder))
    _ = world.store.catalog(), world.id
    in_fork("all", lambda: [say(*found) for found in outcomes(world)])


def _reads(folder: str) -> None:
    in_fork("read_delta_table", lambda: run(folder, ["FeatureStore.catalog", "read_delta_table"]))


def polars_used(folder: str) -> None:
    import polars as pl

    pl.DataFrame({"a": [1, 2]}).lazy().group_by("a").len().collect()
    _reads(folder)


def polars_imported(folder: str) -> None:
    import polars as pl

    pl.DataFrame({"a": [1, 2]})
    _reads(folder)


def deltalake_used(folder: str) -> None:
    from deltalake import DeltaTable

    DeltaTable(f"{folder}/data/rain").version()
    _reads(folder)


def schema_read(folder: str) -> None:
    """Of polars, only the threads that read are started."""
    import polars as pl

    pl.read_parquet_schema(next(Path(folder, "data", "rain").glob("*.parquet")))
    _reads(folder)


def grandchild(folder: str) -> None:
    """A child may use its own threads, and its children have lost these."""
    in_fork("read_delta_table", lambda: (run(folder, ["read_delta_table"]), _reads(folder)))


def nothing_then_grandchild(folder: str) -> None:
    """A child that uses nothing leaves its children free."""
    import foreset

    _ = foreset.FeatureStore
    in_fork("read_delta_table", lambda: _reads(folder))


def _by(method: str) -> Callable[[str], None]:
    def start(folder: str) -> None:
        run_one(folder, "read_delta_table")
        context: Any = multiprocessing.get_context(method)
        process = context.Process(target=run, args=(folder,))
        process.start()
        process.join()

    return start


def _pool(method: str) -> Callable[[str], None]:
    def start(folder: str) -> None:
        run_one(folder, "read_delta_table")
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
            say("read_delta_table", pool.submit(run_one, folder, "read_delta_table").result())

    return start


def _joblib(backend: str) -> Callable[[str], None]:
    def start(folder: str) -> None:
        from joblib import Parallel, delayed

        run_one(folder, "read_delta_table")
        for outcome in Parallel(2, backend=backend)(delayed(run_one)(folder, "read_delta_table") for _ in range(2)):
            say("read_delta_table", str(outcome))

    return start


def rows_of(store: Any) -> str:
    from tests.processes.entry_points import ASKED, labels

    return f"{store.training_set(ASKED, labels()).unwrap().frame.height} rows"


def rows_in(made: Any) -> str:
    return f"{made.frame.height} rows"


def _sent(pool: Callable[[Callable[[Any], str], object], str]) -> Callable[[str], None]:
    """A store and a training set are sent to a worker; what fails there is raised here."""

    def start(folder: str) -> None:
        from foreset import CallerError
        from tests.processes.entry_points import World

        world = World(Path(folder))
        for name, work, sent in [("store", rows_of, world.store), ("training set", rows_in, world.made)]:
            try:
                say(name, pool(work, sent))
            except CallerError as fault:
                say(name, type(fault.error).__name__)

    return start


def _by_pool(method: str) -> Callable[[Callable[[Any], str], object], str]:
    def call(work: Callable[[Any], str], sent: object) -> str:
        with multiprocessing.get_context(method).Pool(1) as pool:
            return pool.apply(call_pickled, (pickle.dumps((work, sent)),))

    return call


def call_pickled(sent: bytes) -> str:
    """Unpickle in the worker's own code: a pool of multiprocessing has no answer to what fails while it unpickles."""
    work, value = pickle.loads(sent)
    return str(work(value))


def _by_loky(work: Callable[[Any], str], sent: object) -> str:
    from joblib import Parallel, delayed

    (found,) = Parallel(2, backend="loky")([delayed(work)(sent)])
    return str(found)


SITUATIONS: dict[str, Callable[[str], None]] = {
    "prepared": prepared,
    "used": used,
    "opened": opened,
    "polars used": polars_used,
    "polars imported": polars_imported,
    "deltalake used": deltalake_used,
    "schema read": schema_read,
    "grandchild": grandchild,
    "nothing then grandchild": nothing_then_grandchild,
    "spawn": _by("spawn"),
    "forkserver": _by("forkserver"),
    "pool of fork": _pool("fork"),
    "pool of spawn": _pool("spawn"),
    "sent by spawn": _sent(_by_pool("spawn")),
    "sent by fork": _sent(_by_pool("fork")),
    "sent by loky": _sent(_by_loky),
    "joblib loky": _joblib("loky"),
    "joblib threading": _joblib("threading"),
    "joblib multiprocessing": _joblib("multiprocessing"),
}

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    SITUATIONS[sys.argv[2]](sys.argv[1])
