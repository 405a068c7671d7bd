"""What a check of a table gives."""

import msgspec

from foreset.domain.finding import counted_findings, findings_card
from foreset.domain.safe_text.addresses import without_secrets
from foreset.domain.safe_text.notebooks import card
from foreset.domain.table_health.findings import SEVERITIES, Severity, TableFinding


class TableReport(msgspec.Struct, frozen=True, kw_only=True):
    """A table as a check found it.

    `version` is the newest that the log names, None where it names none. `commits` and `files` count those of the log,
    `rows` is None where it does not tell how many the files have, deleted ones left out; `size_bytes` is of the files.
    `deep` says whether the data was read too. The findings stand worst first.
    """

    table: str
    version: int | None
    deep: bool
    commits: int
    files: int
    rows: int | None
    size_bytes: int
    findings: tuple[TableFinding, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding, None where there is none."""
        return self.findings[0].severity if self.findings else None

    def __repr__(self) -> str:
        """The table, and how many findings there are."""
        table = without_secrets(self.table)
        return f"TableReport({table}@{self.version}, {self.files:,} files, {counted_findings(self.findings)})"

    def _repr_html_(self) -> str:
        """The same for notebooks, with the findings."""
        return card(repr(self), body=findings_card(self.findings))


def worst_first(findings: list[TableFinding]) -> tuple[TableFinding, ...]:
    """Findings by severity, otherwise in their order."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
