"""The plan of a retrieval: nodes in topological order.

A node names its inputs by their index, and the last node is the result. Nodes say what, not how: the same plan is run
by any executor, and its digest is of the what alone.

    spine     the rows to serve, in their order
    scan      columns of a table at a version, in the snapshot's order
    match     for each spine row, the table row that serves it (the laws of `point_in_time`), or none
    gather    the asked columns of those rows
    assemble  the spine's columns, then the gathered ones
"""

import hashlib

import msgspec
from msgspec.structs import replace

from foreset.domain.errors.problem import listed
from foreset.domain.planning.explain import explain
from foreset.domain.planning.nodes import Assemble, Gather, Match, Node, Scan, Spine
from foreset.domain.safe_text.notebooks import card


class RetrievalPlan(msgspec.Struct, frozen=True):
    """A plan. `explain()` prints it."""

    nodes: tuple[Node, ...]

    @property
    def spine(self) -> Spine:
        """The spine's node."""
        return next(node for node in self.nodes if isinstance(node, Spine))

    @property
    def scans(self) -> tuple[Scan, ...]:
        """The scans, in order."""
        return tuple(node for node in self.nodes if isinstance(node, Scan))

    @property
    def gathers(self) -> tuple[tuple[Gather, Match, Scan], ...]:
        """Each gather with its match and its scan."""
        found: list[tuple[Gather, Match, Scan]] = []
        for node in self.nodes:
            if isinstance(node, Gather):
                match = self.nodes[node.match]
                assert isinstance(match, Match)  # noqa: S101  # the planner builds it so
                scan = self.nodes[match.scan]
                assert isinstance(scan, Scan)  # noqa: S101  # the planner builds it so
                found.append((node, match, scan))
        return tuple(found)

    def matches(self, scan: int) -> tuple[Match, ...]:
        """The matches that read a scan, by its index."""
        return tuple(node for node in self.nodes if isinstance(node, Match) and node.scan == scan)

    @property
    def result(self) -> Assemble:
        """The last node."""
        last = self.nodes[-1]
        assert isinstance(last, Assemble)  # noqa: S101  # the planner builds it so
        return last

    @property
    def versions(self) -> dict[str, int]:
        """The version at which each table is read."""
        return {scan.table: scan.version for scan in self.scans}

    @property
    def parts(self) -> int:
        """In how many parts the spine is served."""
        how = self.result.how
        return 1 if how is None else how.parts(self.spine.rows)

    @property
    def digest(self) -> str:
        """A fingerprint of what is computed, equal for equal plans, whatever their advice."""
        bare = tuple(node if isinstance(node, (Spine, Gather)) else replace(node, how=None) for node in self.nodes)
        return hashlib.sha256(msgspec.json.encode(bare, order="sorted")).hexdigest()

    def __repr__(self) -> str:
        """Rows, features and tables; `explain()` says how."""
        tables = listed(f"{table}@{version}" for table, version in self.versions.items())
        return f"RetrievalPlan({self.spine.rows:,} rows, {len(self.result.columns)} columns, from {tables})"

    def _repr_html_(self) -> str:
        """The same for notebooks, with `explain()`."""
        return card(repr(self), text=self.explain())

    def explain(self) -> str:
        """The plan as text, for people."""
        return explain(self.spine, self.scans, self.gathers, self.result)
