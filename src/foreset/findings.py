"""Every finding of a check, a report or an import by its name, such as `findings.OrphanFiles`.

docs/findings.md lists them with their texts. They are loaded when one of the names is first used.
"""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from foreset.domain.finding import Finding

_HOMES: Final = ("finding", "table_health.findings", "feast.findings", "leakage.findings", "event_log.chain_findings")


@cache
def _kinds() -> "dict[str, type[Finding]]":
    from foreset.domain.finding import Finding

    return {
        name: kind
        for home in _HOMES
        for name, kind in vars(import_module(f"foreset.domain.{home}")).items()
        if isinstance(kind, type) and issubclass(kind, Finding)
    }


def __getattr__(name: str) -> "type[Finding]":
    """A finding by its name."""
    if not name.startswith("_") and name in _kinds():
        return _kinds()[name]
    message = f"module 'foreset.findings' has no attribute {name!r}: docs/findings.md lists the findings"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """The names of the findings."""
    return sorted(_kinds())
