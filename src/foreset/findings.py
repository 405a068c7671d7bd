"""Every finding of a check, a report or an import by its name, such as `findings.OrphanFiles`.

docs/findings.md lists them with their texts. A module of findings is loaded when one of its names is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType

    from foreset.domain.finding import Finding

_HOMES: Final = ("finding", "table_health.findings", "feast.findings", "leakage.findings", "event_log.chain_findings")


def _modules() -> "list[ModuleType]":
    return [import_module(f"foreset.domain.{home}") for home in _HOMES]


def __getattr__(name: str) -> "type[Finding]":
    """A finding by its name."""
    from foreset.domain.finding import Finding

    for module in () if name.startswith("_") else _modules():
        found = getattr(module, name, None)
        if isinstance(found, type) and issubclass(found, Finding):
            globals()[name] = found
            return found
    message = f"module 'foreset.findings' has no attribute {name!r}: docs/findings.md lists the findings"
    raise AttributeError(message)


def __dir__() -> list[str]:
    """The names of the findings."""
    modules = _modules()
    found = {name: kind for module in modules for name, kind in vars(module).items() if isinstance(kind, type)}
    return sorted(name for name, kind in found.items() if issubclass(kind, modules[0].Finding))
