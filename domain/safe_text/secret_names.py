"""Which names of options stand for credentials, and the storage options of tables, whose values are never shown."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

HIDDEN: Final = "***"
"""Stands where a credential was."""

STEMS: Final = (
    r"passw|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|shared[_-]?access|credential|bearer"
    r"|private[_-]?key|connection[_-]?string|signature|assertion|x-amz-|x-goog-|authorization|jwt|cookie"
)
"""Parts of names that mean a credential wherever they stand."""
_MORE: Final = r"^(key|sig|sas|pw|pass|code|auth|pat)$|[a-z]Key$|[_-](?:key|sig|sas|pw|pass|pat)\b|_key_"
_NAMES: Final = re.compile(f"{STEMS}", re.IGNORECASE), re.compile(_MORE, re.IGNORECASE)
_PLACES: Final = re.compile(r"(file|path|enabled|kms_key_id|relative_uri|token_uri)$", re.IGNORECASE)
_FLAGS: Final = frozenset({"", "0", "1", "true", "false", "yes", "no", HIDDEN})
_VALUES: Final = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{12}|-----BEGIN |private_key|\beyJ[\w-]{8}|\bgh[pousr]_\w{8}|[?&;]sig="
)


def is_secret_name(name: str) -> bool:
    """Whether an option of this name holds a credential, and not the place of one.

    >>> [is_secret_name(name) for name in ("AccountKey", "aws_session_token", "X-Amz-Signature", "sig", "p%61ssword")]
    [True, True, True, True, True]
    >>> [is_secret_name(name) for name in ("aws_region", "sslmode", "token_file", "allow_http", "design")]
    [False, False, False, False, False]
    """
    plain = unquote(name).strip()
    return not _PLACES.search(plain) and any(pattern.search(plain) for pattern in _NAMES)


def is_credential(name: str, value: str) -> bool:
    """Whether an option is a credential: by its name, or because its value looks like one."""
    if value.strip().lower() in _FLAGS:
        return False
    return is_secret_name(name) or bool(_VALUES.search(value))


class Options(dict[str, str]):
    """The storage options of a table. They read as a dict; their text shows the names alone.

    >>> Options(aws_secret_access_key="abc")
    {'aws_secret_access_key': '***'}
    """

    __slots__ = ()

    def __repr__(self) -> str:
        """Show the names."""
        return repr(dict.fromkeys(self, HIDDEN))

    __str__ = __repr__


def filled(options: Mapping[str, str], known: Mapping[str, str]) -> Options:
    """Options as they were recorded, with the credentials that are known; those that are not known are left out.

    Credentials are recorded as `***`: where they are left out, the client takes those of the environment.

    >>> dict(filled({"aws_region": "eu", "token": "***", "sas_key": "***"}, {"token": "abc"}))
    {'aws_region': 'eu', 'token': 'abc'}
    """
    whole = {name: known.get(name, HIDDEN) if value == HIDDEN else value for name, value in options.items()}
    return Options({name: value for name, value in whole.items() if value != HIDDEN})
