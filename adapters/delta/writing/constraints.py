"""CHECK constraints, invariants and generated columns, held by deltalake's own check.

They are SQL in the dialect of engines, so an engine judges them: deltalake writes the rows to a table of the same rules
in a folder of its own, which goes afterwards, or refuses them.
"""

from tempfile import TemporaryDirectory
from uuid import uuid4

import polars as pl
from deltalake import write_deltalake
from msgspec.structs import replace
from returns.result import Result, Success

from foreset.adapters.delta.commit.local_storage import LocalStorage
from foreset.adapters.delta.log.faults import WRITE_FAULTS
from foreset.adapters.delta.writing.target_schema import Target
from foreset.adapters.shared.frames.fitting import row_shown
from foreset.adapters.shared.rows.condition_bounds import too_long
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.table_writes import RowRefused, UnwritableTable
from foreset.domain.tables.delta_commit import TableChange
from foreset.domain.tables.delta_log import Protocol
from foreset.domain.tables.writer_features import rules_of

_BROKEN = "failed validation check"


def held(table: str, frame: pl.DataFrame, target: Target) -> Result[None, RowRefused | UnwritableTable]:
    """Refuse the first row that breaks a rule of the table; or the table, if its rules cannot be told."""
    rules = rules_of(target.settings)
    if not rules or not frame.height:
        return Success(None)
    for name, rule in rules.items():
        if (problem := too_long(rule)) is not None:
            return refuse(UnwritableTable(table=table, feature=f"{name}, which is not judged: {problem}"))
    try:
        if not _breaks(frame, target):
            return Success(None)
        row = _first_broken(frame, target)
    except WRITE_FAULTS as fault:
        feature = f"{'; '.join(rules)}, which cannot be told: {told(fault)}"
        return refuse(because(UnwritableTable(table=table, feature=feature), fault))
    problem = f"it breaks {'; '.join(f'{name} ({rule})' for name, rule in rules.items())}"
    remedy = "mend the row, or leave it out"
    values = row_shown(frame, row, frame.columns[:8])
    return refuse(RowRefused(table=table, row=row, values=values, problem=problem, remedy=remedy))


def _first_broken(frame: pl.DataFrame, target: Target) -> int:
    """The first row that breaks a rule, where one does."""
    start, end = 0, frame.height
    while end - start > 1:
        middle = (start + end) // 2
        if _breaks(frame[start:middle], target):
            end = middle
        else:
            start = middle
    return start


def _breaks(frame: pl.DataFrame, target: Target) -> bool:
    """Whether a row breaks a rule. Raises what deltalake raises where it cannot tell."""
    rules = {
        name: rule for name, rule in target.settings.configuration.items() if name.startswith("delta.constraints.")
    }
    settings = replace(target.settings, partition_columns=(), configuration=rules)
    made = TableChange(operation="CREATE TABLE", settings=settings, protocol=_ruled(target.protocol))
    with TemporaryDirectory(prefix="foreset-") as place:
        LocalStorage(place).commit(0, made, str(uuid4()))
        try:
            write_deltalake(place, frame.rechunk(), mode="append")
        except WRITE_FAULTS as fault:
            if _BROKEN in str(fault):
                return True
            raise
    return False


def _ruled(protocol: Protocol) -> Protocol:
    """A protocol with the table's rules and types, and nothing else."""
    ntz = "timestampNtz" in (protocol.writer_features or ())
    features = ("checkConstraints", "generatedColumns", "invariants", *(("timestampNtz",) if ntz else ()))
    return Protocol(
        min_reader_version=3 if ntz else 1,
        min_writer_version=7,
        reader_features=("timestampNtz",) if ntz else None,
        writer_features=features,
    )
