"""Values in the form in which they may be shown."""

from typing import Any

import msgspec


def public(value: object) -> Any:  # whatever the value's JSON form is
    """A value's JSON form, with the contents of storage options hidden: they may be secrets."""
    return _hidden(msgspec.to_builtins(value))


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: dict.fromkeys(item, "***") if key == "storage_options" and isinstance(item, dict) else _hidden(item)
            for key, item in value.items()
        }
    return [_hidden(item) for item in value] if isinstance(value, (list, tuple)) else value
