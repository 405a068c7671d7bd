"""A Delta table's folder as a reader sees it that does not look at the log: every Parquet file under it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from foreset.domain.tables.delta_log import LogState

_OF_THE_LOG: Final = ("_delta_log/", "_change_data/")


class FolderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What lies beside the files of a table's newest version, by relative path.

    `removed` were files of the table, and their rows were deleted or changed since; `rewritten` are those whose rows
    were moved to other files as they are; `unnamed` are in no commit that the log still has. `of_the_log` are Parquet
    files that hold no rows of the table: checkpoints, and the change data feed. `rows` is how many rows the removed and
    unnamed files have, None where that was not counted. `deleted_rows` are rows that deletion vectors take out of files
    of the table.
    """

    table: str
    version: int
    removed: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    of_the_log: tuple[str, ...] = ()
    rows: int | None = None
    deleted_rows: int = 0

    @property
    def brought_back(self) -> tuple[str, ...]:
        """The files whose rows such a reader takes for rows of the table."""
        return (*self.removed, *self.unnamed)


def folder_facts(
    table: str,
    state: LogState,
    checkpoint: LogState | None,
    listing: Iterable[str],
    named: Mapping[str, Collection[str]],
) -> FolderFacts:
    """What else is in the folder of a table than the files of `state`.

    `named` has, for each file of the folder that the log names, the paths by which it does. Whether a file was only
    rewritten is known from commits; `checkpoint`, from which the state was built, does not say.
    """
    in_use = {add.path for add in state.files.values()}
    removes = {remove.path: remove for remove in state.removed.values()}
    unsure = {remove.path for remove in (checkpoint.removed if checkpoint else {}).values()}
    live = {path for path, names in named.items() if in_use.intersection(names)}
    known = {path: removes[name] for path, names in named.items() for name in names if name in removes}
    found: dict[str, list[str]] = {"removed": [], "rewritten": [], "unnamed": [], "of_the_log": []}
    for path in sorted(listing):
        if path.endswith(".parquet") and path not in live:
            remove = known.get(path)
            if path.startswith(_OF_THE_LOG):
                kind = "of_the_log"
            elif remove is None:
                kind = "unnamed"
            else:
                kind = "removed" if remove.data_change or remove.path in unsure else "rewritten"
            found[kind].append(path)
    vectors = (add.deletion_vector for add in state.files.values())
    return FolderFacts(
        table=table,
        version=state.version,
        removed=tuple(found["removed"]),
        rewritten=tuple(found["rewritten"]),
        unnamed=tuple(found["unnamed"]),
        of_the_log=tuple(found["of_the_log"]),
        deleted_rows=sum(vector.cardinality for vector in vectors if vector is not None),
    )


def with_rows(facts: FolderFacts, rows: Mapping[str, int | None]) -> FolderFacts:
    """The facts with the rows of the files that are brought back, where all were counted."""
    counts = [rows.get(path) for path in facts.brought_back]
    total = None if None in counts else sum(count for count in counts if count is not None)
    return msgspec.structs.replace(facts, rows=total)
