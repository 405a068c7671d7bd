"""Places that people name: a folder or file, or what was meant as an address."""

import os

from foreset.domain.safe_text.addresses import has_login, is_misspelt


def is_not_a_place(place: str) -> bool:
    """Whether a place is meant as a URL and is not one, so that no folder must be made of it.

    `ann:secret@host/t` is one unless its folder, `ann:secret@host`, is there; `./ann:secret@host/t` never is.
    """
    return is_misspelt(place) or (has_login(place) and not _is_there(place))


def _is_there(place: str) -> bool:
    """Whether a path, or the first folder in it, exists."""
    return not place.lstrip().startswith("//") and os.path.lexists(place.partition("/")[0])
