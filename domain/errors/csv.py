"""What can be wrong with a CSV file of label rows."""

from foreset.domain.errors.problem import CallerFault


class CsvUnfit(CallerFault, frozen=True, kw_only=True):
    """A CSV file that is not one by RFC 4180, in UTF-8, with a header of different names."""

    spine: str
    line: int
    problem: str
    remedy: str
    says = "The spine {spine}, line {line}: {problem}."
    then = "{remedy}."


class CsvCellUnfit(CallerFault, frozen=True, kw_only=True):
    """A cell of a CSV file that is not of the type of its column."""

    spine: str
    line: int
    column: str
    value: str
    dtype: str
    remedy: str
    says = "The spine {spine}, line {line}, column {column!r}: {value!r} is not {dtype}."
    then = "{remedy}."


class CsvSchemaUnfit(CallerFault, frozen=True, kw_only=True):
    """Types or formats for columns that a CSV file does not have, or for a spine that is not a CSV file."""

    spine: str
    problem: str
    remedy: str
    says = "The spine {spine}: {problem}."
    then = "{remedy}."
