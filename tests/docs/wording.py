"""Whether the halves of a message read as sentences."""

import re


def misfit(half: str) -> str | None:
    """What does not belong into a half of a message: an empty value, a brace, a double sign; None where all does."""
    if not half.endswith("."):
        return "it does not end with a full stop"
    if half != " ".join(half.split()):
        return "it has two spaces or a line break"
    without_code = re.sub(r"`[^`]*`|[\w.]+\(.*?\)+|\{'[^}]*\}", "it", half)
    found = re.search(r"[{}]|\.\.$|\(\)|\[\]|None|[,:] \.(?= |$)|,,|;;", without_code)
    return found and found[0]
