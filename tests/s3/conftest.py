"""An S3 on loopback: moto's server, in a process of its own that answers one request at a time.

moto looks whether an object is there and then puts it, so that only thus a conditional put is one step.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from foreset.entrypoints.datasets.datasets import _tables_in

_SERVER = """
import os, sys, threading, time
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

moto, one_at_a_time = DomainDispatcherApplication(create_backend_app), threading.Lock()


def answer(request, start):
    if request["REQUEST_METHOD"] == "PUT" and "/_delta_log/" in request["PATH_INFO"]:
        time.sleep(float(os.environ.get("COMMITS_TAKE", "0")))
    with one_at_a_time:
        return moto(request, start)


server = make_server("127.0.0.1", 0, answer, threaded=True)
print(server.server_port, flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()  # ends when the tests do
server.serve_forever()
"""


class S3:
    """A server, by its address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.options = {
            "aws_endpoint_url": url,
            "aws_access_key_id": "key",
            "aws_secret_access_key": "secret",
            "aws_region": "us-east-1",
            "aws_allow_http": "true",
        }

    def bucket(self) -> str:
        """The URL of a new bucket."""
        url = f"s3://lake-{uuid4().hex}"
        self._send("PUT", url)
        return url

    def upload(self, folder: Path, url: str) -> None:
        """Put all files of a folder below a URL."""
        for file in (path for path in folder.rglob("*") if path.is_file()):
            self._send("PUT", f"{url}/{quote(str(file.relative_to(folder)))}", file.read_bytes())

    def put(self, url: str, content: bytes) -> None:
        """Put an object."""
        self._send("PUT", url, content)

    def delete(self, url: str) -> None:
        """Delete an object."""
        self._send("DELETE", url)

    def _send(self, method: str, url: str, body: bytes | None = None) -> None:
        place = f"{self.url}/{url.removeprefix('s3://')}"
        headers = {"Content-Type": "application/octet-stream"}
        request = Request(place, body, headers, method=method)  # noqa: S310  # it is http
        with urlopen(request, timeout=30):  # noqa: S310  # as above
            pass


@contextmanager
def serving(**environment: str) -> Iterator[S3]:
    """A server for the time being."""
    started = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
        text=True,
    )
    assert started.stdin
    assert started.stdout
    try:
        yield S3(f"http://127.0.0.1:{int(started.stdout.readline())}")
    finally:
        started.stdin.close()
        started.wait(10)
        started.stdout.close()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    with serving() as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No credentials on the machine, and a table store that remembers no options."""
    for name in [name for name in os.environ if name.upper().startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("FORESET_DATA_DIR", str(tmp_path / "data"))
    _tables_in.cache_clear()
    yield
    _tables_in.cache_clear()


@pytest.fixture
def table(s3: S3) -> str:
    """The URL of a table that is not there yet."""
    return f"{s3.bucket()}/lake/weather"
