"""Write a table and record that it was written."""

from collections.abc import Mapping
from typing import Final

from returns.result import Result, Success

from foreset.application.ports.engine import Adapters
from foreset.application.ports.tables import ArrowStream
from foreset.domain.definitions.recordable import secret_in
from foreset.domain.errors.event_log import StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import SpineError
from foreset.domain.errors.specs import SecretInAddress, StaleWrite
from foreset.domain.errors.tables import TableWriteError
from foreset.domain.event_log.receipts import TableWritten
from foreset.domain.facts import TableFacts
from foreset.domain.tables.write_options import DEFAULTS, TARGET_BYTES, Compaction, Untouched, WriteMode, WriteOptions

WriteError = SecretInAddress | SpineError | TableWriteError | StaleWrite | StoreError
"""Why a frame was not read, a table not written, or the write not recorded."""
_NOTHING: Final[Result[object, StaleWrite | StoreError]] = Success(None)


def write_table(  # noqa: PLR0913  # a write, and where it goes
    table: str,
    frame: ArrowStream,
    adapters: Adapters,
    *,
    mode: WriteMode = "append",
    options: WriteOptions = DEFAULTS,
    storage_options: Mapping[str, str] | None = None,
) -> Result[TableFacts, WriteError]:
    """Write a table; gives its facts at the new version. A write that was made before is no event."""
    secret = secret_in(table)
    if secret is not None:
        return refuse(secret)
    return Result.do(
        facts
        for facts in adapters.tables.write(table, frame, mode, options, storage_options)
        for _ in (_recorded(adapters, _written(facts, mode, options)) if not isinstance(facts, Untouched) else _NOTHING)
    )


def optimize_table(
    table: str,
    adapters: Adapters,
    *,
    target_bytes: int = TARGET_BYTES,
    storage_options: Mapping[str, str] | None = None,
) -> Result[Compaction, WriteError]:
    """Put small files of a table together; no event where there were none."""
    return Result.do(
        compaction
        for compaction in adapters.tables.optimize(table, target_bytes, storage_options)
        for _ in (_recorded(adapters, _optimized(compaction.facts)) if compaction.merged else _NOTHING)
    )


def _recorded(adapters: Adapters, event: TableWritten) -> Result[object, StaleWrite | StoreError]:
    return adapters.events.append(
        f"table/{event.table}", (event,), expected=None, at=adapters.clock.now(), actor=adapters.actor
    )


def _written(facts: TableFacts, mode: WriteMode, options: WriteOptions) -> TableWritten:
    return TableWritten(
        table=facts.table,
        version=facts.version,
        mode=mode,
        rows=facts.rows or 0,
        replace_where=options.replace_where,
        merge_on=tuple(options.merge_on),
        app_id=options.app_id,
        app_version=options.app_version,
    )


def _optimized(facts: TableFacts) -> TableWritten:
    return TableWritten(table=facts.table, version=facts.version, mode="optimize", rows=facts.rows or 0)
