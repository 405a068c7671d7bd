"""A PostgreSQL of its own for the tests that need one: a throw-away cluster on loopback, from Debian's package."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import psycopg
import pytest

BINARIES: Final = Path("/usr/lib/postgresql/15/bin")
_OWNER: Final = "postgres"
_SECONDS: Final = 30.0


class Cluster:
    """A cluster in a folder of its own, which may be ended and begun again. `address`: `postgres@127.0.0.1:54321`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = _free_port()
        self._user = _OWNER if os.getuid() == 0 else None  # PostgreSQL does not run as root
        self._server: subprocess.Popen[bytes] | None = None
        self.address = f"{_OWNER}@127.0.0.1:{self._port}"
        if self._user is not None:
            shutil.chown(folder, self._user)
        setup = [BINARIES / "initdb", "-D", folder / "data", "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(setup, check=True, user=self._user, cwd=folder, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        """Run the server, and wait until it answers."""
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            "fsync": "off",
            "port": self._port,
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [BINARIES / "postgres", "-D", self._folder / "data", *settings],
                user=self._user,
                cwd=self._folder,
                stderr=log,
            )
        _wait_for(self._port, self._folder / "log")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server: by SIGINT at once, whoever is connected; by SIGQUIT as if the machine had stopped."""
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(_SECONDS)
            self._server = None


@contextmanager
def postgres_cluster() -> Iterator[Cluster]:
    """A running cluster, which is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="foreset-postgres-"))
    try:
        cluster = Cluster(folder)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        ready = subprocess.run(
            [BINARIES / "pg_isready", "-h", "127.0.0.1", "-p", str(port)], check=False, stdout=subprocess.DEVNULL
        )
        if ready.returncode == 0:
            return
        time.sleep(0.05)
    message = f"PostgreSQL did not start: {log.read_text('utf-8', 'replace')[-500:]}"
    raise TimeoutError(message)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server, shared by the tests of a process; skipped where it is not installed."""
    with _cluster_or_skip() as cluster:
        yield cluster.address


@pytest.fixture
def postgres_alone() -> Iterator[Cluster]:
    """A PostgreSQL server of the test's own, which it may end; skipped where it is not installed."""
    with _cluster_or_skip() as cluster:
        yield cluster


def _cluster_or_skip() -> AbstractContextManager[Cluster]:
    if not (BINARIES / "postgres").exists():
        pytest.skip(f"{BINARIES} has no PostgreSQL")
    return postgres_cluster()


@pytest.fixture
def postgres_database(postgres_server: str) -> str:
    """The address of an empty database, such as `postgres@127.0.0.1:54321/foreset_1f0c`, to put behind a scheme."""
    return database_in(postgres_server)


def database_in(server: str) -> str:
    """The address of a new database in a server."""
    name = f"foreset_{uuid4().hex[:8]}"
    with psycopg.connect(f"postgresql://{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{server}/{name}"
