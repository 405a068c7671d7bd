"""Write a table and record that it was written."""

from returns.result import Result

from foreset.application.ports import Adapters, ArrowStream, WriteMode
from foreset.domain.errors.retrieval import SpineError
from foreset.domain.errors.specs import StaleWrite
from foreset.domain.errors.store import StoreError
from foreset.domain.errors.tables import TableWriteError
from foreset.domain.facts import TableFacts
from foreset.domain.receipt import TableWritten

WriteError = SpineError | TableWriteError | StaleWrite | StoreError
"""Why a frame was not read, a table not written, or the write not recorded."""


def write_table(
    table: str,
    frame: ArrowStream,
    adapters: Adapters,
    *,
    mode: WriteMode = "append",
    partition_by: tuple[str, ...] = (),
) -> Result[TableFacts, WriteError]:
    """Append to a table or replace its rows; gives its facts at the new version."""
    return Result.do(
        facts
        for facts in adapters.tables.write(table, frame, mode, partition_by=partition_by)
        for _ in adapters.events.append(
            f"table/{table}",
            (TableWritten(table=table, version=facts.version, mode=mode, rows=facts.rows or 0),),
            expected=None,
            at=adapters.clock.now(),
            actor=adapters.actor,
        )
    )
