"""Events in words."""

from datetime import UTC, datetime

from foreset.domain.definitions.models import ModelTrained
from foreset.domain.definitions.registry import (
    EntityRegistered,
    EntityRemoved,
    FeatureViewRegistered,
    FeatureViewRemoved,
)
from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.errors.problem import listed
from foreset.domain.event_log.erasures import EventsRedacted, KeyErased, asked_by
from foreset.domain.event_log.pins import TableVacuumed, TrainingSetPinned, TrainingSetUnpinned
from foreset.domain.event_log.receipts import Event, TableWritten, TrainingSetRebuilt, TrainingSetRetrieved
from foreset.domain.online.loading import ViewMaterialized
from foreset.domain.planning.explain import size
from foreset.domain.safe_text.addresses import redacted
from foreset.domain.safe_text.escaping import escaped
from foreset.domain.unreadable import UnreadableEvent


def happened(event: Event | UnreadableEvent) -> str:
    """What an event says, in one line, without credentials."""
    return escaped(redacted(_happened(event)))


def _happened(event: Event | UnreadableEvent) -> str:  # noqa: C901, PLR0911, PLR0912  # a line for each kind of event
    match event:
        case EntityRegistered():
            return f"registered the entity {event.spec.name} v{event.version} (keys: {listed(event.spec.join_keys)})"
        case FeatureViewRegistered():
            view = event.spec
            held = f"{len(view.fields)} features of {listed(view.entities)} from {view.source.table}"
            return f"registered the feature view {view.name} v{event.version} ({held})"
        case EntityRemoved():
            return f"removed the entity {event.name}"
        case FeatureViewRemoved():
            return f"removed the feature view {event.name}"
        case TrainingSetRetrieved():
            features = sum(len(gather.columns) for gather, _, _ in event.plan.gathers)
            return f"built {event.id}: {event.rows:,} rows, {features} features, from {at_versions(event.versions)}"
        case TrainingSetRebuilt():
            return f"rebuilt {event.id}{' from its pin' if event.source == 'pin' else ''}: identical"
        case TrainingSetPinned():
            return f"pinned {event.id}: {event.rows:,} rows that served, {size(event.size_bytes)}"
        case TrainingSetUnpinned():
            return f"unpinned {event.id}"
        case ModelTrained():
            return f"trained {event.name or event.estimator} on {event.training_set_id}: {measured(event.measured)}"
        case ViewMaterialized():
            source = f"{event.table} version {event.version}"
            return f"loaded {event.view} into {event.store} from {source} ({event.way}, {event.keys:,} keys)"
        case TableWritten():
            return f"wrote {event.table} version {event.version} ({event.mode}, {event.rows:,} rows)"
        case TableVacuumed():
            gone = f"{event.files:,} files, {size(event.size_bytes)}"
            lost = f", by which {listed(event.lost)} can be rebuilt no more" if event.lost else ""
            return f"vacuumed {event.table} of what it does not use for {event.hours:g} hours: {gone}{lost}"
        case KeyErased():
            sets = f", of which {listed(event.training_sets)} can be rebuilt no more" if event.training_sets else ""
            return f"erased a key of {event.entity}, {asked_by(event)}{sets}"
        case UnreadableEvent():
            return f"cannot be decoded: {event.kind} ({event.problem})"
        case EventsRedacted():
            return f"redacted the events {listed(event.digests)}{f': {event.reason}' if event.reason else ''}"


def at_versions(versions: dict[str, int]) -> str:
    """Tables with their versions."""
    return listed(f"{table}@{version}" for table, version in versions.items())


def known_at(spec: TrainingSetSpec) -> str:
    """What must have been known for a training set."""
    own = ["event_time"] if spec.known_by_each_row else []
    times = own if spec.known_by is None else [str(spec.known_by), *own]
    return " and ".join(times) or "any time (all that the versions hold)"


def measured(metrics: dict[str, float]) -> str:
    """Metrics with four digits."""
    return ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())


def moment(at: datetime) -> str:
    """A time to the second, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
