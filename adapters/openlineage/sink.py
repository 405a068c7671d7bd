"""Sends lineage to a file or a service, by the transports of OpenLineage's client."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from openlineage.client import OpenLineageClient
from openlineage.client.transport.file import FileConfig, FileTransport
from openlineage.client.transport.http import HttpConfig, HttpTransport
from requests import RequestException
from returns.result import Result, Success

from foreset.adapters.openlineage.run_events import RunEvents
from foreset.adapters.shared.files.places import is_not_a_place
from foreset.domain.errors.history import LineageUnsent
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.event_log.lineage import LineageSent
from foreset.domain.event_log.receipts import Recorded
from foreset.domain.safe_text.addresses import is_address, without_secrets

API_KEY: Final = "OPENLINEAGE_API_KEY"
"""Where the client has its key from, too."""
_FAULTS: Final = (RequestException, OSError, RuntimeError, ValueError)
"""What the transports raise."""
_RETRIES: Final = 2


class OpenLineageSink:
    """A file that run events are added to, one JSON document a line, or a service by its URL."""

    def __init__(self, target: str, namespace: str, place: Callable[[str], str], version: str) -> None:
        """Send to `target`; `place` gives the path or URL of a table, `version` is that of the sender."""
        self._target = target
        self._namespace = namespace
        self._place = place
        self._version = version

    def send(self, log: tuple[Recorded, ...], after: int) -> Result[LineageSent, LineageUnsent]:
        """Send what was done after a position of the log, in its order."""
        events = RunEvents(_identity(log), self._namespace, self._place, self._version)
        position, sent = min(after, len(log)), 0
        try:
            client = OpenLineageClient(transport=self._transport())
            try:
                for recorded in log:
                    for event in events.told(recorded):
                        if recorded.position > after:
                            client.emit(event)
                            sent += 1
                    position = max(position, recorded.position)
            finally:
                client.close()
        except _FAULTS as fault:
            unsent = LineageUnsent(target=without_secrets(self._target), problem=self._told(fault), position=position)
            return refuse(because(unsent, fault))
        return Success(LineageSent(target=without_secrets(self._target), events=sent, position=position))

    def _transport(self) -> Any:
        if not _is_url(self._target):
            if is_address(self._target) or is_not_a_place(self._target):
                text = "it is no file, and no URL of http or https"
                raise ValueError(text)
            path = Path(self._target).absolute()
            path.parent.mkdir(parents=True, exist_ok=True)
            return FileTransport(FileConfig(log_file_path=str(path), append=True))
        parts = urlsplit(self._target)
        config: dict[str, Any] = {"url": f"{parts.scheme}://{parts.netloc}", "retry": {"total": _RETRIES}}
        if parts.path.strip("/"):
            config["endpoint"] = parts.path.strip("/")
        if key := os.environ.get(API_KEY):
            config["auth"] = {"type": "api_key", "apiKey": key}
        return HttpTransport(HttpConfig.from_dict(config))

    def _told(self, fault: BaseException) -> str:
        """What went wrong, without the name and password that a URL may have."""
        root = fault.__cause__ if isinstance(fault.__cause__, OSError) else fault
        return told(root) if _parts(self._target) else "it is no URL that can be read"


def _is_url(target: str) -> bool:
    return target.startswith(("http://", "https://"))


def _parts(target: str) -> SplitResult | None:
    """The parts of a URL; None where it is none."""
    try:
        return urlsplit(target)
    except ValueError:
        return None


def _identity(log: tuple[Recorded, ...]) -> str:
    """What tells a log from others, wherever it lies: when, by whom and where it was begun."""
    return f"{log[0].at.isoformat()}/{log[0].actor}/{log[0].stream}" if log else ""
