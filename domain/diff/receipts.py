"""What the receipts of two training sets tell of their difference, before any row is looked at."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from foreset.domain.definitions.specs import FeatureViewSpec, TrainingSetSpec
from foreset.domain.diff.parts import Change, TableVersions, ViewChange
from foreset.domain.diff.steps import Definition, between
from foreset.domain.errors.problem import listed
from foreset.domain.event_log.receipts import SpineRecord, TrainingSetRetrieved
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.tables.commits import TableCommit

_LABELS = ("name", "description", "tags", "owner")
"""Fields that say nothing of values."""
_SHOWN = 16
"""So much of a fingerprint is told."""
_SECRET = "storage_options"  # noqa: S105  # the name of a field


def spec_changes(a: TrainingSetSpec, b: TrainingSetSpec) -> tuple[Change, ...]:
    """The fields in which two specs differ. Of features, those that only one of them asks for, or the order."""
    fields = [name for name in a.__struct_fields__ if name not in {"features", *_LABELS}]
    changed = (Change(name, _text(getattr(a, name)), _text(getattr(b, name))) for name in fields)
    return (*_features(a.features, b.features), *(change for change in changed if change.old != change.new))


def _features(a: Iterable[str], b: Iterable[str]) -> tuple[Change, ...]:
    old, new = list(a), list(b)
    if old == new:
        return ()
    gone, come = ([one for one in these if one not in those] for these, those in ((old, new), (new, old)))
    if not gone and not come:
        return (Change("order of features", listed(old), listed(new)),)
    return (Change("features", ", ".join(gone), ", ".join(come)),)


# === Views ===


def view_changes(
    a: RetrievalPlan, b: RetrievalPlan, history: Callable[[str], Sequence[Definition]]
) -> tuple[ViewChange, ...]:
    """The views that only one side reads, or that are of another version."""
    old, new = ({match.view: match.view_version for _, match, _ in plan.gathers} for plan in (a, b))
    return tuple(
        _view_change(view, old.get(view), new.get(view), history(view))
        for view in dict.fromkeys((*old, *new))
        if old.get(view) != new.get(view)
    )


def _view_change(view: str, a: int | None, b: int | None, history: Sequence[Definition]) -> ViewChange:
    if a is None or b is None:
        return ViewChange(view=view, version_a=a, version_b=b)
    events = tuple(definition.event for definition in between(history, min(a, b), max(a, b)))
    known = {definition.event.version: definition for definition in history}
    changed = _defined_otherwise(view, known[a], known[b]) if a in known and b in known else ()
    return ViewChange(view=view, version_a=a, version_b=b, events=events, changed=changed)


def _defined_otherwise(view: str, a: Definition, b: Definition) -> tuple[Change, ...]:
    old, new = a.catalog.views[view], b.catalog.views[view]
    before, after = _fields(old.spec), _fields(new.spec)
    before["join keys"], after["join keys"] = (listed(d.catalog.join_keys(d.catalog.views[view].spec)) for d in (a, b))
    before["types"], after["types"] = (
        listed(f"{column.name} {column.dtype}" for column in of.columns) for of in (old, new)
    )
    return tuple(Change(name, before[name], after[name]) for name in before if before[name] != after[name])


def _fields(spec: FeatureViewSpec) -> dict[str, str]:
    """The fields of a definition as texts, of which none tells a secret."""
    of_view = {name: getattr(spec, name) for name in spec.__struct_fields__ if name not in {"name", "source"}}
    of_view["features"] = [
        field.name if field.dtype is None else f"{field.name} {field.dtype}" for field in spec.fields
    ]
    of_source = {name: getattr(spec.source, name) for name in spec.source.__struct_fields__ if name != _SECRET}
    return {name: _text(value) for name, value in {**of_view, **of_source}.items()}


# === Tables ===


def table_versions(
    a: RetrievalPlan, b: RetrievalPlan, commits: Callable[[str, int, int], tuple[TableCommit, ...]]
) -> tuple[TableVersions, ...]:
    """The tables that only one side reads, or reads at another version; `commits` gives those in between."""
    old, new = ({scan.table: (scan.version, scan.table_id) for scan in plan.scans} for plan in (a, b))
    return tuple(
        _versions(table, old.get(table), new.get(table), commits)
        for table in dict.fromkeys((*old, *new))
        if old.get(table) != new.get(table)
    )


def _versions(
    table: str,
    a: tuple[int, str] | None,
    b: tuple[int, str] | None,
    commits: Callable[[str, int, int], tuple[TableCommit, ...]],
) -> TableVersions:
    if a is None or b is None or a[1] != b[1]:
        return TableVersions(
            table=table, version_a=a and a[0], version_b=b and b[0], replaced=a is not None and b is not None
        )
    first, last = sorted((a[0], b[0]))
    found = commits(table, first, last)
    return TableVersions(table=table, version_a=a[0], version_b=b[0], commits=found, untold=last - first - len(found))


# === Spines ===


def spine_changes(a: TrainingSetRetrieved, b: TrainingSetRetrieved) -> tuple[Change, ...]:
    """Where the spines are from, their rows and columns; nothing where they are the same."""
    if a.spine.fingerprint == b.spine.fingerprint:
        return ()
    old, new = ({column.name: column.dtype for column in side.plan.spine.columns} for side in (a, b))
    columns = (
        Change(f"column {name}", old.get(name, ""), new.get(name, ""))
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    )
    places = Change("source", _source(a.spine), _source(b.spine))
    rows = Change("rows", f"{a.rows:,}", f"{b.rows:,}")
    prints = Change("fingerprint", *(side.spine.fingerprint[:_SHOWN] for side in (a, b)))
    return (*(change for change in (places, rows) if change.old != change.new), *columns, prints)


def _source(spine: SpineRecord) -> str:
    reference = spine.reference
    if reference is None:
        return "a frame"
    place = reference.path if reference.version is None else f"{reference.path}@{reference.version}"
    return place if reference.filter is None else f"{place} where {reference.filter}"


def _text(value: object) -> str:
    """A field's value for people."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ", ".join(_text(one) for one in value)
        case dict():
            return ", ".join(f"{name}: {_text(one)}" for name, one in value.items())
        case datetime():
            return value.isoformat()
        case _:
            return str(value)
