"""A commit of a table, as its log tells it."""

from datetime import datetime

import msgspec


class TableCommit(msgspec.Struct, frozen=True, kw_only=True):
    """Which version a commit made, when, by what and by whom; `at` is None, and texts are empty, where nobody says.

    `operation` is the writer's word for it, such as `MERGE`; `author` is the user, else the program that wrote.
    `changes_columns`: it set the table's columns or settings, and perhaps rows too.
    """

    version: int
    at: datetime | None = None
    operation: str = ""
    author: str = ""
    changes_columns: bool = False
