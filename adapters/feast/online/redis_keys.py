"""The keys of a project in a Redis that several share: Feast looks for them by how they end, and so finds others' too.

A key is the entity's key as Feast serializes it (version 3), and the project's name after it.
"""

import struct
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final

_LENGTHS: Final = struct.Struct("<II")


def is_of(key: bytes, project: str) -> bool:
    """Whether a key in Redis is of this project, and not of one whose name only ends alike.

    >>> entity = struct.pack("<III1sIIq", 1, 2, 1, b"k", 4, 8, 7)
    >>> is_of(entity + b"fraud", "fraud"), is_of(entity + b"my_fraud", "fraud")
    (True, False)
    """
    ending = project.encode()
    if not key.endswith(ending):
        return False
    rest = key[: len(key) - len(ending)]
    try:
        count, at = struct.unpack_from("<I", rest)[0], 4
        for _ in range(2 * count):  # names, then values
            at += _LENGTHS.size + _LENGTHS.unpack_from(rest, at)[1]
    except struct.error:
        return False
    return at == len(rest)


class _OwnKeys:
    """A client of Redis that finds the keys of one project only."""

    def __init__(self, client: Any, project: str) -> None:  # redis has types of its own
        self._client, self._project = client, project

    def scan_iter(self, pattern: bytes) -> Iterator[bytes]:
        return (key for key in self._client.scan_iter(pattern) if is_of(key, self._project))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@contextmanager
def own_keys(store: Any, config: Any) -> Generator[None, None, None]:
    """Let Feast's store find the keys of its own project only, if it is one of Redis."""
    if not any(kind.__name__ == "RedisOnlineStore" for kind in type(store).__mro__):
        yield
        return
    client = store._get_client(config.online_store)  # noqa: SLF001  # Feast has no other way
    store._client = _OwnKeys(client, config.project)  # noqa: SLF001  # as above
    try:
        yield
    finally:
        store._client = client  # noqa: SLF001  # as above
