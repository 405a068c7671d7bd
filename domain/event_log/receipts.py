"""The events of use: training sets retrieved and rebuilt, tables written; and the envelope of every event.

A receipt holds all that is needed to make a training set again: the spec, the plan with the versions of the
tables, and fingerprints of what went in and what came out.
"""

import hashlib
from datetime import datetime
from typing import Final, Literal

import msgspec

from foreset.domain.definitions.models import ModelTrained
from foreset.domain.definitions.registry import RegistryEvent
from foreset.domain.definitions.specs import SpineReference, TrainingSetSpec
from foreset.domain.event_log.erasures import EventsRedacted, KeyErased
from foreset.domain.event_log.pins import TableVacuumed, TrainingSetPinned, TrainingSetUnpinned
from foreset.domain.online.loading import ViewMaterialized
from foreset.domain.planning.measurements import Verified, ViewServed
from foreset.domain.planning.plan import RetrievalPlan
from foreset.domain.unreadable import UnreadableEvent

SEMANTICS = 1
"""The version of the laws of `point_in_time`; a receipt says under which one it was made."""
_WITH_OPTIONS = 2


def semantics_for(plan: RetrievalPlan) -> int:
    """The first version of the laws that has all that a plan asks, so that an older Foreset refuses what it has not."""
    new = any(match.closed or match.valid_until or match.time_unit for _, match, _ in plan.gathers)
    return _WITH_OPTIONS if new else SEMANTICS


FIRST_IDENTITY: Final = 1
"""Fingerprints of spines in which categories were texts, and arrays lists."""
IDENTITY: Final = 2
"""Fingerprints of spines with their types as they are: two spines of different types never share one."""


class SpineRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Where the spine is: kept by its fingerprint, or a Delta table at a version, or with the caller.

    `identity` is which fingerprint it is; records without it are of the first.
    """

    fingerprint: str
    rows: int
    kept: bool
    reference: SpineReference | None = None
    identity: int = FIRST_IDENTITY


class ExecutedBy(msgspec.Struct, frozen=True):
    """What ran a plan: an offline store of Feast's by its name, or `foreset`; and which defects of it were accepted."""

    store: str
    accepted: tuple[str, ...] = ()


OURSELVES = ExecutedBy("foreset")
"""Foreset's own engine."""


class TrainingSetRetrieved(msgspec.Struct, frozen=True, kw_only=True, tag="training-set-retrieved.v1"):
    """A training set was built: the receipt. `ties` counts, per view, rows that only the snapshot's order decided.

    `served` has what each view gave; empty in receipts that were written before it was counted. `verified` says of how
    many files checksums were looked at; it is absent where they were not, and in older receipts.
    """

    id: str
    spec: TrainingSetSpec
    plan: RetrievalPlan
    versions: dict[str, int]
    spine: SpineRecord
    fingerprint: str
    rows: int
    columns: tuple[str, ...]
    ties: dict[str, int]
    libraries: dict[str, str]
    semantics: int = SEMANTICS
    executed_by: ExecutedBy = OURSELVES
    served: tuple[ViewServed, ...] = ()
    verified: Verified | msgspec.UnsetType = msgspec.UNSET


class TrainingSetRebuilt(msgspec.Struct, frozen=True, kw_only=True, tag="training-set-rebuilt.v1"):
    """A training set was built again from its receipt, and its fingerprint was the recorded one.

    `source` is `tables`, or `pin`; then `why` tells why the tables did not serve.
    """

    id: str
    fingerprint: str
    libraries: dict[str, str]
    executed_by: ExecutedBy = OURSELVES
    source: Literal["tables", "pin"] = "tables"
    why: str | None = None


class TableWritten(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="table-written.v1"):
    """A table was written through the store. `mode` is that of the write, or `optimize`; `rows` are the table's."""

    table: str
    version: int
    mode: str
    rows: int
    replace_where: str | None = None
    merge_on: tuple[str, ...] = ()
    app_id: str | None = None
    app_version: int | None = None


Event = (
    RegistryEvent
    | TrainingSetRetrieved
    | TrainingSetRebuilt
    | TrainingSetPinned
    | TrainingSetUnpinned
    | ModelTrained
    | TableWritten
    | TableVacuumed
    | ViewMaterialized
    | EventsRedacted
    | KeyErased
)
"""Everything that the event log holds."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the log holds it: its place in the whole log and in its stream, both counted from 1.

    One that cannot be decoded is an `UnreadableEvent`, whose place counts too.
    """

    position: int
    stream: str
    version: int
    at: datetime
    actor: str
    event: Event | UnreadableEvent


SPINES: Final = "spines/"
"""How the names of kept spines begin."""


def spine_name(fingerprint: str) -> str:
    """The name under which a spine is kept."""
    return f"{SPINES}{fingerprint}"


def training_set_id(plan: RetrievalPlan, spine: str, result: str) -> str:
    """The id of a training set: equal for equal plans, spines and results, so a repeated retrieval has the same."""
    return "ts-" + hashlib.sha256(f"{plan.digest}/{spine}/{result}".encode()).hexdigest()[:16]


def training_set_stream(identifier: str) -> str:
    """The stream that holds all events of a training set."""
    return f"training-set/{identifier}"
