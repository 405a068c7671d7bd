"""Addresses of stores, such as `postgresql://ann@db.example.com/features`."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

POSTGRES: Final = ("postgresql", "postgres")
"""The schemes of PostgreSQL."""


def is_address(place: str) -> bool:
    """Whether a place is a URL, and no folder."""
    return "://" in place


def is_postgres(place: str) -> bool:
    """Whether a place is a database of PostgreSQL."""
    return place.partition("://")[0].lower() in POSTGRES and is_address(place)


def is_ambiguous(address: str) -> bool:
    """Whether an address has signs in its password that end it too early."""
    head, *rest = re.split(r"[/?#]", address.partition("://")[2], maxsplit=1)
    return head.count("@") > 1 or any("@" in part for part in rest)


def without_password(address: str) -> str:
    """The address as it may be shown and kept: no password, wherever it stands.

    >>> without_password("postgresql://ann:secret@db:5432/features?sslmode=require&password=secret")
    'postgresql://ann@db:5432/features?sslmode=require'
    >>> without_password("postgresql://ann:sec/ret@db/features")
    'postgresql://[...]'
    """
    scheme = address.partition("://")[0]
    try:
        parts = urlsplit(address)
    except ValueError:
        return f"{scheme}://[...]"
    if is_ambiguous(address):
        return f"{scheme}://[...]"
    user, at, host = parts.netloc.rpartition("@")
    options = [part for part in parts.query.split("&") if "password" not in unquote(part.partition("=")[0]).lower()]
    query = "?" + "&".join(options) if any(options) else ""
    return f"{parts.scheme}://{user.partition(':')[0]}{at}{host}{parts.path}{query}"
