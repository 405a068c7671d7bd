"""What importing a Feast repository gives."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from foreset.domain.definitions.registry import Catalog, EntityRegistered, FeatureViewRegistered
from foreset.domain.feast.findings import FeastFinding
from foreset.domain.finding import counted_findings, findings_card
from foreset.domain.safe_text.notebooks import card
from foreset.domain.table_health.findings import Severity

Change = Literal["new", "changed", "same"]


class Changes(msgspec.Struct, frozen=True):
    """What entities and views are new or changed in the catalog, by name."""

    entities: dict[str, Change] = {}
    views: dict[str, Change] = {}


def changes_of(events: Iterable[object], catalog: Catalog) -> Changes:
    """What these events change in the catalog."""
    found = Changes({}, {})
    for event in events:
        match event:
            case EntityRegistered(spec):
                found.entities[spec.name] = "changed" if spec.name in catalog.entities else "new"
            case FeatureViewRegistered(spec):
                found.views[spec.name] = "changed" if spec.name in catalog.views else "new"
            case _:
                pass
    return found


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """A definition that has a counterpart here, and what importing changes in the catalog. `notes` say what differs."""

    kind: Literal["entity", "feature view"]
    name: str
    change: Change
    table: str | None = None
    notes: tuple[str, ...] = ()


class Unmapped(msgspec.Struct, frozen=True, kw_only=True):
    """Something of Feast's that has no counterpart here: why, and what to do next."""

    kind: str
    name: str
    problem: str
    next: str


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """A Feast repository as it was found: what maps, what does not, and its traps, worst first.

    `registered` says whether what maps was registered, or the repository only looked at. `offline_store` is the one
    that the traps are of.
    """

    path: str
    project: str
    registry: str
    offline_store: str
    registered: bool
    mapped: tuple[Mapped, ...] = ()
    unmapped: tuple[Unmapped, ...] = ()
    findings: tuple[FeastFinding, ...] = ()

    @property
    def changed(self) -> int:
        """How many definitions are new or changed in the catalog."""
        return sum(item.change != "same" for item in self.mapped)

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding, None where there is none."""
        return self.findings[0].severity if self.findings else None

    def __repr__(self) -> str:
        """The repository, what maps, and how many findings there are."""
        return (
            f"ImportReport({self.path}, {len(self.mapped)} mapped, {len(self.unmapped)} not, "
            f"{counted_findings(self.findings)})"
        )

    def _repr_html_(self) -> str:
        """The same for notebooks, with the findings."""
        return card(repr(self), body=findings_card(self.findings))
