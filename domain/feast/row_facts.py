"""What was observed of a view's rows that decides whether readers agree on them."""

from datetime import datetime

import msgspec


class RowColumns(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of a table that a view takes, by their names in the table.

    `loaded_until` is the event time up to which the rows were loaded into an online store, None where none were.
    """

    keys: tuple[str, ...]
    time: str
    created: str | None = None
    features: tuple[str, ...] = ()
    loaded_until: datetime | None = None


class RowFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows are like; `rows` were looked at, which are all where `whole`.

    `null_times` and `null_keys` count rows. `ties` counts pairs of key and event time that several rows have whose
    features differ, and that no created time tells apart; `superseded` those that the created time does. `late` counts
    rows whose event time was loaded already when they were created.
    """

    rows: int
    whole: bool = True
    null_times: int = 0
    null_keys: int = 0
    ties: int = 0
    superseded: int = 0
    late: int = 0
