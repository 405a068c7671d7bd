"""Values in the form in which they may be shown."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from foreset.domain.addresses import redacted
from foreset.domain.secret_names import HIDDEN

_OPTIONS: Final = ("storage_options", "foreset.storage_options")


def public(value: object, plain: Callable[[object], object] | None = None) -> Any:  # whatever the value's JSON form is
    """A value's JSON form, without credentials; of storage options only the names. `plain` is for types of others."""
    return _hidden(msgspec.to_builtins(value, str_keys=True, enc_hook=plain))


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {redacted(key): _options(item) if key in _OPTIONS else _hidden(item) for key, item in value.items()}
    return [_hidden(item) for item in value] if isinstance(value, (list, tuple)) else value


def _options(value: Any) -> Any:
    return dict.fromkeys(value, HIDDEN) if isinstance(value, dict) else HIDDEN if isinstance(value, str) else value
