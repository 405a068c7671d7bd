"""A wire to a server that is cut once, at the moment when a client commits."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

Cut = Literal["before", "after"]


class CutWire:
    """Carries bytes between a port of its own and a server.

    The next COMMIT cuts the wire: before it reaches the server, which does not learn of it, or after it did and before
    the answer comes back. With `for_good` nobody is let through any more.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._cut: Cut | None = None
        self._for_good = False
        self.cuts = 0
        self.port: int = self._listener.getsockname()[1]
        self._wires: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    def cut(self, when: Cut, *, for_good: bool = False) -> None:
        self._cut, self._for_good = when, for_good

    def mend(self) -> None:
        self._cut, self._for_good = None, False

    def close(self) -> None:
        for wire in [self._listener, *self._wires]:
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for wire in [self._listener, *self._wires]:
            wire.close()

    def _run(self, target: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._for_good and self.cuts:
                client.close()
                continue
            server = socket.create_connection(self._server)
            self._wires += [client, server]
            self._run(self._carry, client, server, True)  # noqa: FBT003  # a thread's argument
            self._run(self._carry, server, client, False)  # noqa: FBT003  # as above

    def _carry(self, start: socket.socket, end: socket.socket, watched: bool) -> None:  # noqa: FBT001  # a thread's argument
        try:
            while content := start.recv(65536):
                if watched and self._cut is not None and b"COMMIT" in content:
                    self._hang_up(start, end, content)
                    return
                end.sendall(content)
        except OSError:
            pass
        for wire in (start, end):
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def _hang_up(self, client: socket.socket, server: socket.socket, content: bytes) -> None:
        when, self._cut = self._cut, None
        self.cuts += 1
        client.shutdown(socket.SHUT_RDWR)
        if when == "after":
            server.sendall(content)
            time.sleep(0.2)  # the server is done before the client asks again
