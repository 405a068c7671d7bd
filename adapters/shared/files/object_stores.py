"""Object stores: how long they are waited for, and what they say when something is wrong.

deltalake and polars reach them through one Rust library, object_store, and give its options (endpoint, region, keys and
so on) the same names. They differ in those of retries.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from returns.result import Result, Success

from foreset.domain.safe_text.secret_names import Options, filled

T = TypeVar("T")
E = TypeVar("E")

_LIMITS: Final = {"connect_timeout": "5s", "retry_timeout": "30s"}
"""What bounds a wait: object_store by itself tries again for three minutes. A request may take 30 seconds."""
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_SPAN: Final = re.compile(r"(\d+)\s*(ms|sec|s|min|m|h)")
_IN_MS: Final = {
    "retry_timeout": "retry_timeout_ms",
    "backoff_config.init_backoff": "retry_init_backoff_ms",
    "backoff_config.max_backoff": "retry_max_backoff_ms",
}
"""deltalake's names of times, as texts such as `30s`, and those of polars, as whole milliseconds."""
_OTHERWISE: Final = {*_IN_MS, "backoff_config.base", "max_retries"}
"""What polars does not take as deltalake does."""


def bounded(options: Mapping[str, str] | None) -> dict[str, str]:
    """Options for deltalake, with a limit of how long a store is waited for where they set none.

    >>> bounded({"Retry_Timeout": "2m"})
    {'connect_timeout': '5s', 'Retry_Timeout': '2m'}
    """
    given = dict(options or {})
    known = {name.lower() for name in given}
    return {name: value for name, value in _LIMITS.items() if name not in known} | given


_GIVEN: Final[dict[str, Options]] = {}
"""What was last given for each table in this process: logs do not hold the credentials among it."""


class StorageOptions:
    """The options of tables, as a call that succeeded has last given them for each."""

    def __init__(self) -> None:
        """Know of none."""
        self._given: dict[str, Options] = {}

    def tried(self, table: str, options: Mapping[str, str] | None, call: Callable[[], Result[T, E]]) -> Result[T, E]:
        """What a call gives by the options of a table, which are kept for later calls only where it succeeds.

        None and no options leave those that are known. Credentials that were recorded as `***` are those that are
        known, else the environment's.
        """
        if not options:
            return call()
        known, whole = self._given.get(table), filled(options, _GIVEN.get(table, {}))
        self._given[table], kept = whole, False
        try:
            found = call()
            kept = isinstance(found, Success)
            return found
        finally:
            if kept:
                _GIVEN[table] = Options(_GIVEN.get(table, {}) | whole)
            elif self._given.get(table) is whole:  # else another call has given its own
                self._given.pop(table)
                self._given |= {} if known is None else {table: known}

    def of(self, table: str) -> Options:
        """A table's options: with limits where it is in an object store, even if none were given."""
        given = self._given.get(table, Options())
        return Options(bounded(given)) if "://" in table and not table.startswith("file:") else given


def polars_options(options: Mapping[str, str]) -> dict[str, str | int] | None:
    """The same options as polars takes them; None for none.

    >>> polars_options({"aws_region": "eu-west-1", "retry_timeout": "1m 30s", "max_retries": "3"})
    {'aws_region': 'eu-west-1', 'retry_timeout_ms': 90000, 'max_retries': 3}
    """
    taken: dict[str, str | int] = {}
    for name, value in options.items():
        known = name.lower()
        if known in _IN_MS and _milliseconds(value):
            taken[_IN_MS[known]] = _milliseconds(value)
        elif known == "max_retries" and value.isdecimal():
            taken[known] = int(value)
        elif known not in _OTHERWISE:
            taken[name] = value
    return taken or None


def _milliseconds(text: str) -> int:
    return round(sum(int(amount) * _SECONDS[unit] for amount, unit in _SPAN.findall(text)) * 1000)


# === What a store says ===

_FAILED: Final = re.compile(
    r"Generic (S3|GCS|MicrosoftAzure|HTTP) error|object-store error|NoSuchBucket"
    r"|(loading|no) credentials|lacked (valid authentication|the necessary privileges)",
    re.IGNORECASE,
)
_FILE_GONE: Final = re.compile(r"Object at location (\S+) not found")
_ADDRESS: Final = re.compile(r"https?://[^\s?)]+")
_IN_XML: Final = re.compile(r"<Code>(.*?)</Code>(?:.*?<Message>(.*?)</Message>)?", re.DOTALL)
_STEP: Final = re.compile(r"^(?:\x1b\[\d+m)?↳?(?:\x1b\[0m)?\s*(?:\d+: )?")
_CREDENTIALS: Final = ("169.254.169.254", "metadata.google.internal", "loading credentials", "no credentials")
"""What stands in the text where credentials were looked for on the machine, because none were given."""
_PLAIN_HTTP: Final = "http is used only where the option allow_http is 'true'"
_LONGEST: Final = 200


def gone(fault: BaseException) -> str | None:
    """The file that a store does not have, where that is what is wrong."""
    found = _FILE_GONE.search(str(fault))
    return found[1] if found and "NoSuchBucket" not in str(fault) else None


def store_problem(fault: BaseException) -> str | None:
    """What an object store, or the way to it, made of a request; None where the fault is of another kind.

    The address is told without what follows a question mark, where signatures stand.

    >>> store_problem(OSError("Generic S3 error: Error performing GET http://host/b?sig=1: HTTP error: timed out"))
    'timed out, at http://host/b'
    """
    text = str(fault)
    if not _FAILED.search(text) or gone(fault):
        return None
    if any(sign in text for sign in _CREDENTIALS):
        return "no credentials were given, and the machine has none"
    address = _ADDRESS.search(text)
    return f"{_cause(text)[:_LONGEST]}, at {address[0]}" if address else _cause(text)[:_LONGEST]


def _cause(text: str) -> str:
    """The innermost of the causes that the text lists, which stand in XML, or in the last line."""
    if coded := _IN_XML.search(text):
        return ": ".join(part.rstrip(".") for part in coded.groups() if part)
    lines = [_STEP.sub("", line.strip()) for line in text.splitlines() if line.strip()]
    told = lines[-1].partition(" (path: ")[0].rpartition("status code: ")[2]
    said = told.rpartition(" error: ")[2].rstrip(". ")
    return _PLAIN_HTTP if said == "URL scheme is not allowed" else said
