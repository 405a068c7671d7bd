"""Addresses of stores, tables and services, such as `postgresql://ann@db.example.com/features`, and what they show.

`without_secrets` is for an address, `redacted` for a text that may hold some: whatever is printed, logged, raised or
kept goes through one of the two.
"""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from foreset.domain.safe_text.secret_names import HIDDEN, STEMS, is_credential, is_secret_name

POSTGRES: Final = ("postgresql", "postgres")
"""The schemes of PostgreSQL."""
_NAMELESS: Final = frozenset({"http", "https", "s3", "s3a", "s3n", "gs", "gcs", "r2"})
"""Schemes whose user is a key or a token; those of others are names, or containers."""
_HEAD: Final = re.compile(r"(\s*[A-Za-z][A-Za-z0-9+.:-]*[A-Za-z0-9+.-]:/+)(.*)", re.DOTALL)
_REMOTE: Final = (
    r"postgres\w*|mysql\w*|mariadb|sqlite\d?|redis|rediss|mongodb|snowflake|jdbc|odbc|s3[an]?|gs|gcs|r2|azure?|abfss?"
    r"|wasbs?|adl|hdfs|dbfs|https?|ftps?|sftp|ssh"
)
_MISSPELT: Final = re.compile(
    rf"\s*(?:[a-z][a-z0-9+.-]+:/(?!/)|(?:{_REMOTE}|file)\s*(?::(?!//)|;|//|\\))", re.IGNORECASE
)
_MISSPELT_SECRET: Final = re.compile(
    rf"\b({_REMOTE})\s?(?::/?(?![/\s])|;|(?<!:)//|\\)(?!\[\.\.\.\])[^\n<>]{{0,400}}@[^\s\"'<>]*", re.IGNORECASE
)


_LOGIN: Final = re.compile(r"\s*(?://)?(?![A-Za-z]:[/\\])[^\s/:@.\\][^\s/:@\\]*:.*@(?=[^\s@/])", re.DOTALL)
"""A user, a password and the beginning of a host, without a scheme before them."""


def is_address(place: str) -> bool:
    """Whether a place is a URL, and no folder."""
    return "://" in place


def is_misspelt(place: str) -> bool:
    r"""Whether a place is meant as a URL and is not one: then it must not become a folder of that name.

    >>> [is_misspelt(place) for place in ("postgresql:/u@h/d", "s3:bucket", "http:\\host", "postgres//u@h")]
    [True, True, True, True]
    >>> [is_misspelt(place) for place in ("s3://bucket", "a:b/c", "C:/data", "files/x", "./s3:/x")]
    [False, False, False, False, False]
    """
    return bool(_MISSPELT.match(place))


def has_login(place: str) -> bool:
    """Whether a place begins with a user and a password, as the rest of an address does that lost its scheme.

    >>> [has_login(place) for place in ("ann:secret@db:5432/x", "//u:pw@host", "u:p@ss/w@host/t")]
    [True, True, True]
    >>> [has_login(place) for place in ("./u:pw@host", "/data/a:b@c", "C:/data/a@b", "a:b/c", "ann@host/t", "s3://k:s@b")]
    [False, False, False, False, False, False]
    """
    return "://" not in place.partition("@")[0] and bool(_LOGIN.match(place))


def file_host(address: str) -> str:
    """The host that a URL of a file names, with whatever stands before it; empty for a file of this machine.

    >>> file_host("file:///data/t"), file_host("file://localhost/t"), file_host("file://ann:pw@nas/t"), file_host("s3://b")
    ('', '', 'ann:pw@nas', '')
    """
    scheme, _, rest = address.strip().partition("://")
    host = rest.partition("/")[0]
    return host if scheme.lower() == "file" and host.lower() != "localhost" else ""


def is_postgres(place: str) -> bool:
    """Whether a place is a database of PostgreSQL."""
    return place.partition("://")[0].lower() in POSTGRES and is_address(place)


def is_ambiguous(address: str) -> bool:
    """Whether an address has signs in its password that end it too early."""
    return _is_unclear(address.partition("://")[2])


def _is_unclear(rest: str) -> bool:
    head, *tail = re.split(r"[/?#]", rest, maxsplit=1)
    return head.count("@") > 1 or any("@" in part for part in tail)


# === One address ===


def has_secrets(address: str) -> bool:
    """Whether an address holds a password, a key or a token."""
    return without_secrets(address) != address


def without_secrets(address: str) -> str:
    """The address as it may be shown and kept: no password, key, token or signature, wherever they stand.

    >>> without_secrets("postgresql://ann:secret@db:5432/features?sslmode=require&password=secret")
    'postgresql://ann@db:5432/features?sslmode=require'
    >>> without_secrets("postgresql://ann:sec/ret@db/features")
    'postgresql://[...]'
    >>> without_secrets("s3://KEY:SECRET@bucket/rain"), without_secrets("https://host/api?api_key=abc&v=1")
    ('s3://bucket/rain', 'https://host/api?v=1')
    """
    if is_misspelt(address) and re.search("[@=?]", address):
        return _MISSPELT_SECRET.sub(r"\1:[...]", address)
    found = _HEAD.fullmatch(address)
    if found is None:
        return f"[...]@{address.rpartition('@')[2]}" if has_login(address) else address
    head, rest = found.groups()
    if head.strip().lower().startswith("file:"):
        return f"{head}[...]" if "@" in file_host(address) else address
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    unclear = _is_unclear(rest) and (":" in authority or "@" in authority or "%3a" in authority.lower())
    user, at, host = authority.rpartition("@")
    if unclear or "\\" in authority or not _is_url(f"x://{authority}"):
        return f"{head}[...]"
    scheme = head.strip().partition(":")[0].lower()
    user, at = ("", "") if scheme in _NAMELESS else (re.split(":|%3a", user, maxsplit=1, flags=re.IGNORECASE)[0], at)
    return f"{head}{user}{at}{host}{_without_options(rest[len(authority) :])}"


def _is_url(address: str) -> bool:
    try:
        urlsplit(address)
    except ValueError:
        return False
    return True


def _without_options(tail: str) -> str:
    """Path, query and fragment, without the options that are credentials."""
    found = re.fullmatch(r"([^?#;]*)([?#;].*)?", tail, re.DOTALL)
    if found is None or found[2] is None:
        return tail
    pieces = re.findall(r"([?&#;])([^?&#;]*)", found[2])
    kept = [(sign, option) for sign, option in pieces if not _is_secret(option)]
    if len(kept) == len(pieces):
        return tail
    if kept and pieces[0][0] == "?":
        kept[0] = ("?" if kept[0][0] in "&;" else kept[0][0], kept[0][1])
    return found[1] + "".join(sign + option for sign, option in kept)


def _is_secret(option: str) -> bool:
    name, equal, value = option.partition("=")
    plain = unquote(value)
    return bool(equal) and (is_credential(name, value) or is_secret_name(name) or redacted(plain) != plain)


# === Texts ===

_START: Final = r"[A-Za-z][A-Za-z0-9+.-]{1,20}:/+"
_PORT: Final = r"\d{1,5}(?=[\s\"'),;.\]]|$)"
# A password may have any sign, also spaces, quotes, colons and slashes: it ends at the last @ before another address of
# a known scheme.
_WITH_PASSWORD: Final = re.compile(
    rf"({_START})(?!/|\[\.\.\.\])([^\s/@:?#<>]*):(?!{_PORT})((?:(?!\b(?i:{_REMOTE}|file)://)[^<>]){{0,400}}@)([^\s\"'<>]*)"
)
_IN_TEXT: Final = re.compile(rf"{_START}[^\s\"'<>`]*")
# Without a scheme it is one where a host follows, which has a dot, a port or a path, or where slashes begin it.
_LOGIN_IN_TEXT: Final = re.compile(
    r"(?<![\w:/.@+%-])(?:(//)|(?=[^\s\"'<>]{3,300}@[\w-]+(?:\.\w|:\d|/)))[\w.+~%-]{1,64}:(?![/\s])[^\s\"'<>]{1,200}@(?=[\w\[])"
)
_ASSIGNED: Final = re.compile(
    rf"([\w.-]{{0,40}}(?:{STEMS})[\w.-]{{0,40}}|(?<=[?&;])(?:key|sig|sas|pw|pass|code|auth)|&(?:sig|key)|[A-Za-z]{{1,40}}Key)"
    r"(['\"]?=|['\"]\s*:\s*|=>)"
    r"('[^']*'|\"[^\"]*\"|[^\s\"'&;,<>)}\]]+)",
    re.IGNORECASE,
)
_BEARER: Final = re.compile(r"\b(bearer|authorization:\s*\w+)\s+[\w.~+/=-]{6,}", re.IGNORECASE)


def redacted(text: str) -> str:
    """A text without the credentials in it: those in addresses, and those after a name that means one.

    >>> redacted("cannot reach 'postgresql://ann:my pass@db/x', with api_key=abc and {'token': 'abc'}")
    "cannot reach 'postgresql://[...]', with api_key=*** and {'token': ***}"
    """
    if ":" not in text and "=" not in text and "earer" not in text:
        return text
    text = _MISSPELT_SECRET.sub(r"\1:[...]", text)
    text = _WITH_PASSWORD.sub(_without_password, text)
    text = _LOGIN_IN_TEXT.sub("[...]@", text)
    text = _IN_TEXT.sub(_without_secrets, text)
    text = _ASSIGNED.sub(_without_value, text)
    return _BEARER.sub(rf"\1 {HIDDEN}", text)


def _without_password(found: re.Match[str]) -> str:
    start, user, password, after = found.groups()
    if start.lower().startswith("file:"):
        return f"{start}[...]" if "@" in file_host(found.group()) else found.group()
    if re.search(r"[\s/?#@\"']", password[:-1]):
        return f"{start}[...]"
    return without_secrets(f"{start}{user}:{password}{after}")


def _without_secrets(found: re.Match[str]) -> str:
    address = found.group()
    whole = address.rstrip(",;.)]}") if not address.endswith("[...]") else address
    return without_secrets(whole) + address[len(whole) :] if not whole.endswith("[...]") else address


def _without_value(found: re.Match[str]) -> str:
    name, equal, value = found.groups()
    secret = is_secret_name(name.lstrip("&")) and value.strip("'\"").lower() not in {
        "",
        HIDDEN,
        "true",
        "false",
        "none",
    }
    return f"{name}{equal}{HIDDEN}" if secret else found.group()


def unquoted(problem: str, address: str) -> str:
    """What somebody said about an address, without what it quotes of it: a piece of a password may look like anything.

    >>> unquoted('unexpected spaces found in "my secret", use %20', "postgresql://ann:my secret@db")
    'unexpected spaces found in "***", use %20'
    """
    public = without_secrets(address)

    def hidden(found: re.Match[str]) -> str:
        piece = found.group(2)
        return found.group() if piece and piece in public else f"{found[1]}{HIDDEN}{found[1]}"

    return redacted(re.sub(r"([\"'])(.*?)\1", hidden, problem)) if public != address else redacted(problem)
