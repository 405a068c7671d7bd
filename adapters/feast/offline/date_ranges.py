"""The range of a retrieval that has no entity frame: what Feast's callers write, as times in UTC."""

from datetime import UTC, date, datetime, time
from typing import Final

from feast import FeatureView
from feast.utils import compute_non_entity_date_range

from foreset.domain.errors.feast import InvalidRange
from foreset.domain.errors.problem import because, raised

_FORMS: Final = "give a datetime, a date, or a text in ISO 8601 such as '2024-01-31'; without a zone it is UTC"


def date_range(views: list[FeatureView], start: object, end: object) -> tuple[datetime, datetime]:
    """From when to when, both inclusive; an end that is left out is now, a start that is left out is Feast's default.

    A date is its first moment, as in Feast. Raises `ForesetError` for what is not a time, and for a range that ends
    before it begins.
    """
    first, last = compute_non_entity_date_range(views, _moment("start_date", start), _moment("end_date", end))
    if first > last:
        problem = f"it begins at {first.isoformat()}, after its end at {last.isoformat()}"
        raise raised(InvalidRange(problem=problem, remedy="give a start_date that is not after the end_date"))
    return first, last


def _moment(name: str, given: object) -> datetime | None:
    if given is None:
        return None
    try:
        found = datetime.fromisoformat(given) if isinstance(given, str) else given
    except ValueError as fault:
        raise raised(because(InvalidRange(problem=f"{name} is {given!r}", remedy=_FORMS), fault)) from fault
    if isinstance(found, date) and not isinstance(found, datetime):
        return datetime.combine(found, time(), UTC)
    if not isinstance(found, datetime) or found != found:  # noqa: PLR0124  # pandas' NaT is a datetime
        raise raised(InvalidRange(problem=f"{name} is {given!r}", remedy=_FORMS))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
