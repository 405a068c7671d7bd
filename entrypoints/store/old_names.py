"""The names that calls of a store had before they were grouped: they work, and warn."""

import warnings
from typing import TYPE_CHECKING, Any, Final

_MOVED: Final = {
    "audit": "training_sets.audit",
    "changes": "tables.changes",
    "check": "tables.check",
    "erase": "keys.erase",
    "find_key": "keys.find",
    "history": "log.events",
    "import_feast": "feast.import_repository",
    "lineage": "log.lineage",
    "move_log": "log.move",
    "optimize": "tables.optimize",
    "pin": "training_sets.pin",
    "pins": "training_sets.pins",
    "report": "training_sets.report",
    "report_page": "training_sets.report_page",
    "retention": "tables.retention",
    "send_lineage": "log.send_lineage",
    "table": "tables.info",
    "unpin": "training_sets.unpin",
    "vacuum": "tables.vacuum",
    "verify_log": "log.verify",
    "write": "tables.write",
}


class OldNames:
    """Finds calls by the names that they had."""

    if not TYPE_CHECKING:  # checkers know only the new names

        def __getattr__(self, name: str) -> Any:
            """The call that had this name. Warns (`DeprecationWarning`) with the name that it has."""
            if name not in _MOVED:
                message = f"{type(self).__name__!r} object has no attribute {name!r}"
                raise AttributeError(message)
            group, _, call = _MOVED[name].partition(".")
            message = f"store.{name} is now store.{group}.{call}, and will be removed. Next: use the new name."
            warnings.warn(message, DeprecationWarning, stacklevel=2)
            return getattr(getattr(self, group), call)
