"""A PostgreSQL of its own for the tests that need one: a throw-away cluster on loopback, from Debian's package."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import psycopg
import pytest

BINARIES: Final = Path("/usr/lib/postgresql/15/bin")
_OWNER: Final = "postgres"
_SECONDS: Final = 30.0


@contextmanager
def postgres_cluster() -> Iterator[str]:
    """A running cluster; gives its address, such as `postgres@127.0.0.1:54321`. It is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="foreset-postgres-"))
    port = _free_port()
    user = _OWNER if os.getuid() == 0 else None  # PostgreSQL does not run as root
    try:
        if user is not None:
            shutil.chown(folder, user)
        setup = [BINARIES / "initdb", "-D", folder / "data", "-U", _OWNER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(setup, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder, "fsync": "off", "port": port}
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [BINARIES / "postgres", "-D", folder / "data", *settings], user=user, cwd=folder, stderr=log
            )
        try:
            _wait_for(port, folder / "log")
            yield f"{_OWNER}@127.0.0.1:{port}"
        finally:
            server.send_signal(2)  # SIGINT: end at once, whoever is connected
            server.wait(_SECONDS)
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
    if not (BINARIES / "postgres").exists():
        pytest.skip(f"{BINARIES} has no PostgreSQL")
    with postgres_cluster() as address:
        yield address


@pytest.fixture
def postgres_database(postgres_server: str) -> str:
    """The address of an empty database, such as `postgres@127.0.0.1:54321/foreset_1f0c`, to put behind a scheme."""
    name = f"foreset_{uuid4().hex[:8]}"
    with psycopg.connect(f"postgresql://{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{postgres_server}/{name}"
