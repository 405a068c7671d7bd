"""Which events name a key, and what stands in their place."""

from collections.abc import Callable, Collection, Iterable

from msgspec.structs import replace

from foreset.domain.erasure.key import SoughtKey, as_dtype
from foreset.domain.event_log.erasures import ERASED
from foreset.domain.event_log.receipts import Event, Recorded, TableWritten, TrainingSetRetrieved
from foreset.domain.facts import bound
from foreset.domain.planning.nodes import Bounds, Match, Scan
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.unreadable import UnreadableEvent


def positions_naming(events: Iterable[Recorded], key: SoughtKey, others: Collection[str] = ()) -> tuple[int, ...]:
    """The positions of the events that name a key: in a condition, or as a bound of a plan.

    In training sets among `others` the same name is another key.
    """
    return tuple(
        recorded.position
        for recorded in events
        if getattr(recorded.event, "id", None) not in others and _names(recorded.event, key)
    )


def _names(event: Event | UnreadableEvent, key: SoughtKey) -> bool:
    match event:
        case TableWritten(replace_where=str(condition)):
            return key.is_named(condition)
        case TrainingSetRetrieved():
            reference = event.spine.reference
            filtered = "" if reference is None else reference.filter or ""
            return key.is_named(filtered) or _bounded(event.plan, key)
        case _:
            return False


def positions_telling(events: Iterable[Recorded], key: SoughtKey, sets: Collection[str]) -> tuple[int, ...]:
    """The positions of the receipts of training sets whose plans have a value of a key as a bound, or all of them."""
    return tuple(
        recorded.position
        for recorded in events
        if isinstance(recorded.event, TrainingSetRetrieved)
        and recorded.event.id in sets
        and _bounded(recorded.event.plan, key, any)
    )


def _bounded(plan: RetrievalPlan, key: SoughtKey, enough: Callable[[Iterable[bool]], bool] = all) -> bool:
    """Whether a scan's bounds tell the key: all of its values, by the columns that its matches compare them with.

    With `any` as `enough`, one of them.
    """
    for number, node in enumerate(plan.nodes):
        if not isinstance(node, Scan):
            continue
        bounds = {bounds.column: bounds for bounds in node.bounds}
        for match in plan.matches(number):
            for form in key.forms:
                pairs = [(pair, form[pair.spine]) for pair in match.keys if pair.spine in form]
                told = [_tells(bounds.get(pair.table), value, pair.dtype) for pair, value in pairs]
                if len(told) == len(form) and enough(told):
                    return True
    return False


def _tells(bounds: Bounds | None, value: object, dtype: str) -> bool:
    wanted = as_dtype(value, dtype)
    if bounds is None or wanted is None:
        return False
    if bounds.values is not None:
        return wanted in bounds.values
    return bound(wanted) in {bounds.least, bounds.greatest} - {None}


def redacted(event: Event) -> Event:
    """The event without any text or bound that can name a key."""
    match event:
        case TableWritten(replace_where=str()):
            return replace(event, replace_where=ERASED)
        case TrainingSetRetrieved(spine=spine):
            reference = spine.reference
            if reference is not None and reference.filter is not None:
                spine = replace(spine, reference=replace(reference, filter=ERASED))
            return replace(event, plan=_boundless(event.plan), spine=spine)
        case _:
            return event


def _boundless(plan: RetrievalPlan) -> RetrievalPlan:
    keys = {(match.scan, pair.table) for match in plan.nodes if isinstance(match, Match) for pair in match.keys}
    return RetrievalPlan(
        tuple(
            replace(node, bounds=tuple(bounds for bounds in node.bounds if (number, bounds.column) not in keys))
            if isinstance(node, Scan)
            else node
            for number, node in enumerate(plan.nodes)
        )
    )
