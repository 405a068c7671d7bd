"""How a table is written: the modes, and what a write may ask beside them."""

from collections.abc import Iterator
from typing import Final, Literal, get_args

import msgspec

from foreset.domain.definitions.field_hints import MaybeInteger, Names, taken
from foreset.domain.definitions.specs import Spec
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.facts import TableFacts

WriteMode = Literal["append", "overwrite", "error", "merge"]
"""Add the rows; replace what is there; only make a new table; replace rows by key."""
SchemaMode = Literal["merge", "overwrite"]

TARGET_BYTES: Final = 256_000_000
"""How large a file grows before another is begun."""


class WriteOptions(Spec, frozen=True):
    """What a write asks beside its mode.

    - `partition_by`: the columns that a new table is partitioned by.
    - `replace_where`: an SQL condition on the table's columns. With mode="overwrite" only the rows for which it is true
      are replaced, and it must be true for every new row.
    - `merge_on`: the key columns of mode="merge". Rows of the frame replace those of the table with an equal key.
    - `schema_mode`: "merge" adds the frame's new columns, and fills those that it lacks with nulls; "overwrite", with
      mode="overwrite", gives the table the frame's schema. By default the frame must have the table's columns.
    - `expected_version`: write only if this is the table's newest version.
    - `app_id`, `app_version`: who writes, and a number that this writer counts up. Nothing is written where the table
      has the number, or a later one, already: a job that is run again does not write twice.
    """

    partition_by: Names = taken(default=())
    replace_where: str | None = None
    merge_on: Names = taken(default=())
    schema_mode: SchemaMode | None = None
    expected_version: MaybeInteger = taken(default=None)
    app_id: str | None = None
    app_version: MaybeInteger = taken(default=None)

    def _validate(self) -> None:
        for field in ("partition_by", "merge_on"):
            self._names(field, required=False)
            self._distinct(field, getattr(self, field))
        for field in ("expected_version", "app_version"):
            number = getattr(self, field)
            if number is not None and number < 0:
                self._refuse(f"{field} is {number!r}", f"give a whole number of 0 or more as {field}, or leave it out")
        if (self.app_id is None) != (self.app_version is None):
            self._refuse("of app_id and app_version one is given", "give both, or leave both out")
        for field in ("replace_where", "app_id"):
            text = getattr(self, field)
            if text is not None and not text.strip():
                self._refuse(f"{field} is {text!r}", f"give a text that says something as {field}, or leave it out")


DEFAULTS: Final = WriteOptions()


def contradiction(table: str, mode: str, options: WriteOptions) -> InvalidSpec | None:
    """Why a mode and options contradict one another; None where they do not."""
    found = next(_contradictions(mode, options), None)
    return None if found is None else InvalidSpec(spec=f"Writing {table!r}", problem=found[0], remedy=found[1])


def _contradictions(mode: str, options: WriteOptions) -> Iterator[tuple[str, str]]:
    if mode not in get_args(WriteMode):
        yield f"mode is {mode!r}", f"give one of {', '.join(map(repr, get_args(WriteMode)))}"
    if options.replace_where is not None and mode != "overwrite":
        yield f"replace_where is given and mode is {mode!r}", "use replace_where with mode='overwrite'"
    if options.merge_on and mode != "merge":
        yield f"merge_on is given and mode is {mode!r}", "use merge_on with mode='merge'"
    if mode == "merge" and not options.merge_on:
        yield "mode is 'merge' and merge_on is not given", "name the key columns: merge_on=('key',)"
    if options.schema_mode == "overwrite" and mode != "overwrite":
        remedy = "use schema_mode='overwrite' with mode='overwrite', or schema_mode='merge'"
        yield f"schema_mode is 'overwrite' and mode is {mode!r}", remedy
    if options.schema_mode == "overwrite" and options.replace_where is not None:
        remedy = "replace the whole table, or use schema_mode='merge'"
        yield "schema_mode is 'overwrite' and replace_where keeps some rows", remedy
    if options.expected_version is not None and mode == "error":
        remedy = "leave expected_version out, or use mode='overwrite'"
        yield "expected_version is given and mode='error' only makes new tables", remedy


class Untouched(TableFacts, frozen=True, kw_only=True):
    """A table that a write left as it is, for it has the write's app_version already."""


class Compaction(msgspec.Struct, frozen=True, kw_only=True):
    """What putting small files together did: `merged` files became `into` larger ones; 0 of each where none were.

    `facts` are of the table afterwards.
    """

    facts: TableFacts
    merged: int
    into: int
