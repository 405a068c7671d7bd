"""How a feature column is looked up: all that decides its values, beside the rows of the spine and of the table."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from foreset.domain.definitions.registry import Catalog, FeatureView
from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.dtypes import column_unit, joined_key
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.domain.facts import SpineFacts, TableFacts
from foreset.domain.planning.nodes import Assemble, Gather, KeyPair, Match, Output, Scan, Spine, scan_of
from foreset.domain.planning.plan import RetrievalPlan


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """A column's lookup. `keys` are pairs of a spine's and a table's column, `time` is the spine's time column.

    `view` and `feature`, `known_at` and `time` are as the training set's spec asks; the rest is as the view defines.
    """

    view: str
    feature: str
    known_at: int | str | tuple[int, str] | None
    time: str
    table: str
    partition_time_zone: str | None
    source: str
    keys: tuple[tuple[str, str], ...]
    event_time: str
    created_time: str | None
    ttl_us: int | None
    valid_until: str | None = None
    time_unit: str | None = None
    closed: Literal["right", "left"] = "right"

    @property
    def times(self) -> tuple[str, ...]:
        """The table's time columns that it reads."""
        return tuple(name for name in (self.event_time, self.created_time, self.valid_until) if name is not None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns that it reads."""
        return tuple(dict.fromkeys((*(table for _, table in self.keys), *self.times, self.source)))

    @property
    def spine_columns(self) -> tuple[str, ...]:
        """The spine's columns that it reads."""
        return (*(spine for spine, _ in self.keys), self.time)


ASKED = (("features", ("view", "feature")), ("known_at", ("known_at",)), ("timestamp_field", ("time",)))
"""The fields of a spec, and those of a lookup that follow from them."""
DEFINED = (
    "table",
    "partition_time_zone",
    "source",
    "keys",
    "event_time",
    "created_time",
    "valid_until",
    "time_unit",
    "ttl_us",
    "closed",
)
"""The fields of a lookup that a view's definition decides."""


# === From a receipt, and from a definition ===


def lookups(receipt: TrainingSetRetrieved) -> dict[str, Lookup]:
    """The lookup of each feature column, by its name."""
    return {
        output.name: Lookup(
            view=match.view,
            feature=_feature(receipt.spec, match.view, output.name),
            known_at=match.known_at,
            time=receipt.plan.spine.time,
            table=scan.table,
            partition_time_zone=scan.partition_time_zone,
            source=output.source,
            keys=tuple((key.spine, key.table) for key in match.keys),
            event_time=match.event_time,
            created_time=match.created_time,
            ttl_us=match.ttl_us,
            valid_until=match.ends,
            time_unit=match.epoch_unit,
            closed=match.closed or "right",
        )
        for gather, match, scan in receipt.plan.gathers
        for output in gather.columns
    }


def _feature(spec: TrainingSetSpec, view: str, name: str) -> str:
    """The feature that a spec asks for under a name."""
    bare = name.removeprefix(f"{view}__") if spec.full_feature_names else name
    named = {ref.alias: ref.feature for ref in spec.references if ref.view == view and ref.alias is not None}
    return named.get(name, bare)


def defined(view: FeatureView, catalog: Catalog, feature: str) -> dict[str, object]:
    """What a definition decides of a feature's lookup, by field; while the catalog stood."""
    spec, source = view.spec, view.spec.source
    created, ttl = source.created_timestamp_field, spec.age_limit
    return {
        "table": source.table,
        "partition_time_zone": source.partition_time_zone,
        "source": source.column(feature),
        "keys": tuple((key, source.column(key)) for key in catalog.join_keys(spec)),
        "event_time": source.column(source.timestamp_field),
        "created_time": source.column(created) if created else None,
        "valid_until": source.column(source.valid_until_field) if source.valid_until_field else None,
        "time_unit": source.timestamp_unit,
        "closed": spec.closed,
        "ttl_us": ttl and (ttl.days * 86_400 + ttl.seconds) * 1_000_000 + ttl.microseconds,
    }


# === To a plan ===


def plan_of(asked: Mapping[str, Lookup], table: TableFacts, spine: SpineFacts) -> RetrievalPlan | None:
    """The plan that looks columns up in a table at a version, in the types that it has there; without advice.

    All lookups are equal but for their sources. None where the table lacks a column, or has a key or a time of another
    kind: so that no row of it serves.
    """
    like = next(iter(asked.values()))
    needed = tuple(dict.fromkeys(column for lookup in asked.values() for column in lookup.columns))
    keys = tuple(_key(pair, table, spine) for pair in like.keys)
    if any(table.dtype(column) is None for column in needed) or any(key is None for key in keys):
        return None
    if any(column_unit(table.dtype(time) or "", like.time_unit) is None for time in like.times):
        return None
    facts = spine.key_facts(tuple(name for name, _ in like.keys))
    match = Match(
        spine=0,
        scan=1,
        view=like.view,
        view_version=0,
        keys=tuple(key for key in keys if key is not None),
        event_time=like.event_time,
        created_time=like.created_time,
        ttl_us=like.ttl_us,
        known_at=like.known_at,
        closed="left" if like.closed == "left" else msgspec.UNSET,
        valid_until=like.valid_until or msgspec.UNSET,
        time_unit=like.time_unit or msgspec.UNSET,
        distinct_keys=facts.distinct if facts else 0,
        most_rows=facts.most_rows if facts else 0,
    )
    outputs = tuple(Output(of.source, name, table.dtype(of.source) or "") for name, of in asked.items())
    names = (*(column.name for column in spine.columns), *asked)
    assembled = Assemble(spine=0, gathers=(3,), columns=names)
    nodes = (_spine(like, spine), _scan(like, table, needed), match, Gather(match=2, columns=outputs), assembled)
    return RetrievalPlan(nodes)


def _key(pair: tuple[str, str], table: TableFacts, spine: SpineFacts) -> KeyPair | None:
    dtype = joined_key(spine.dtype(pair[0]) or "", table.dtype(pair[1]) or "")
    return None if dtype is None else KeyPair(*pair, dtype)


def _spine(like: Lookup, spine: SpineFacts) -> Spine:
    return Spine(
        columns=spine.columns, time=like.time, rows=spine.rows, time_range=spine.time_range, one_time=spine.one_time
    )


def _scan(like: Lookup, table: TableFacts, columns: tuple[str, ...]) -> Scan:
    return msgspec.structs.replace(scan_of(table, columns), partition_time_zone=like.partition_time_zone)
