"""What can be wrong with reports of training sets, and with frames that are held against one."""

from foreset.domain.errors.problem import CallerFault


class ReportColumnMissing(CallerFault, frozen=True, kw_only=True):
    """A target that the training set does not have."""

    id: str
    column: str
    columns: tuple[str, ...]
    says = "The training set {id} has no column {column!r}. It has: {columns}."
    then = "{hint}Name one of its columns as the target."
    hint = ("column", "columns")


class NoFeaturesToAudit(CallerFault, frozen=True, kw_only=True):
    """A frame that has none of the features of the spec."""

    features: tuple[str, ...]
    columns: tuple[str, ...]
    says = "The frame has none of the features that are asked for ({features}). It has: {columns}."
    then = "name its columns as the training set does, or ask for features by other names with `view:feature as name`."


class AuditRowsDiffer(CallerFault, frozen=True, kw_only=True):
    """A frame whose rows are not those of the spine."""

    frame_rows: int
    spine_rows: int
    problem: str
    says = "The frame ({frame_rows:,} rows) is not the spine ({spine_rows:,} rows) with more columns: {problem}."
    then = (
        "give the frame in the order of the spine, a row for each of its rows; or leave the spine out: then it is "
        "taken from the frame's own columns."
    )


class AuditTypeMismatch(CallerFault, frozen=True, kw_only=True):
    """A column of a frame that cannot be compared with what serves."""

    column: str
    dtype: str
    served: str
    says = "The frame's column {column!r} is {dtype}, and some of its values are no {served}, as is what serves."
    then = "cast the column to {served} before the audit."


AuditFrameError = NoFeaturesToAudit | AuditRowsDiffer | AuditTypeMismatch
"""Why a frame cannot be held against a training set."""
