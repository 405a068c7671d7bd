"""What a deep check finds in the data itself."""

from foreset.domain.finding import Finding, Severity


class PagesBroken(Finding, frozen=True, kw_only=True):
    """A column of a file that cannot be decoded, or whose checksum is wrong."""

    severity: Severity = "error"
    file: str
    column: str
    row_group: int
    problem: str
    says = "The column {column!r} of the file {file} is damaged in row group {row_group}: {problem}."
    then = "restore the file from a backup, or restore the table to a version without it."


class StatisticsWrong(Finding, frozen=True, kw_only=True):
    """Statistics of a file in the log that its data contradicts: readers skip rows by them."""

    severity: Severity = "error"
    file: str
    column: str
    measure: str
    said: str
    found: str
    says = "The log says that the {measure} of {column!r} in the file {file} is {said}, and it is {found}."
    then = (
        "restore the file from a backup if its data was changed; if the data is right, write its rows again, because "
        "readers skip rows by these statistics."
    )


class FooterWrong(Finding, frozen=True, kw_only=True):
    """Statistics in a Parquet footer that its data contradicts."""

    severity: Severity = "error"
    file: str
    column: str
    row_group: int
    measure: str
    said: str
    found: str
    says = (
        "The footer of the file {file} says that the {measure} of {column!r} in row group {row_group} is {said}, "
        "and it is {found}."
    )
    then = "restore the file from a backup: a bit of its data or its footer was flipped."


class StatisticsUnreadable(Finding, frozen=True, kw_only=True):
    """Statistics in the log that are no JSON object."""

    severity: Severity = "warning"
    file: str
    problem: str
    says = "The statistics of the file {file} in the log cannot be read: {problem}."
    then = "write the file's rows again; until then nothing is skipped by them, or a reader fails on them."
