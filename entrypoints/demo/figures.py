"""The figures of a demo: what it prints, and what `--json` gives."""

import msgspec


class TableGrown(msgspec.Struct, frozen=True, kw_only=True):
    """A table after its growth: `commits` versions, the newest of which is `version`."""

    table: str
    commits: int
    version: int
    rows: int
    files: int
    size_bytes: int


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that replaced a table's rows."""

    table: str
    version: int
    rewritten: int
    deleted: int


class Appended(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that appended rows."""

    table: str
    version: int
    rows: int


class SpineCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The flights: all of them, those with a label, and the share of late ones among those."""

    flights: int
    labelled: int
    unlabelled: int
    late_share: float


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A training set that was built. `null_shares` has the share of rows without a value, per feature."""

    id: str
    fingerprint: str
    versions: dict[str, int]
    rows: int
    features: tuple[str, ...]
    null_shares: dict[str, float]
    ties: dict[str, int]
    seconds: float


class Leaks(msgspec.Struct, frozen=True, kw_only=True):
    """What the careless join holds that was not known, as an audit counts it: rows, and the largest lead.

    Values `from_the_future` are of after departure, values `not_yet_written` of before it and published after it.
    """

    rows: int
    from_the_future: int
    not_yet_written: int
    largest_lead_us: int

    @property
    def share(self) -> float:
        """The share of rows that hold values of after departure."""
        return self.from_the_future / max(self.rows, 1)


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Areas under the ROC curve on the later flights, of the same model trained on the earlier ones.

    `careless` is what a careless join reports, `honest` what the training set gives, and `careless_in_service` what
    the model of the careless join scores on what is known at departure. `leaks` are those of the careless join.
    """

    careless: float
    honest: float
    careless_in_service: float
    leaks: Leaks
    trained_rows: int
    tested_rows: int
    seconds: float


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """The training set rebuilt by its id after the tables changed, and the same question asked anew.

    `recorded` is the fingerprint of its receipt, `fingerprint` that of the rebuild. `anew_cells` counts the cells that
    are other now, by the commit that changed them.
    """

    id: str
    recorded: str
    fingerprint: str
    rows: int
    identical: bool
    seconds: float
    versions_now: dict[str, int]
    anew_id: str
    anew_fingerprint: str
    anew_rows_that_differ: int
    anew_cells: dict[str, int]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of a demo, in the order of its steps."""

    folder: str
    store: str
    data: str
    training_set: str
    spine: SpineCounts
    tables: tuple[TableGrown, ...]
    correction: Corrected
    plan: str
    built: Built
    compared: Compared
    change: Corrected
    late: Appended
    rebuilt: Rebuilt
    seconds: float
