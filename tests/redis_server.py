"""A Redis of its own for the tests that need one: on loopback, in memory, from Debian's package."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

_SECONDS: Final = 30.0


@contextmanager
def running_redis(binary: str) -> Iterator[str]:
    """A running server; gives its address, such as `127.0.0.1:6380`. It is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="foreset-redis-"))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    options = {"bind": "127.0.0.1", "port": port, "dir": folder, "save": "", "appendonly": "no", "daemonize": "no"}
    arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    try:
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([binary, *arguments], cwd=folder, stdout=log, stderr=log)
        try:
            _wait_for(port, folder / "log")
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int, log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    message = f"Redis did not start: {log.read_text()}"
    raise RuntimeError(message)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The address of a running Redis; the test is skipped where Debian's package is not installed."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("there is no redis-server: apt-get install redis-server")
    with running_redis(binary) as address:
        yield address
