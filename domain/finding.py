"""What a finding is: how bad it is, what is wrong, and what to do next."""

from collections.abc import Sequence
from typing import ClassVar, Final, Literal

import msgspec

from foreset.domain.errors.problem import listed
from foreset.domain.safe_text.notebooks import card

Severity = Literal["error", "warning", "advice"]
"""`error`: rows are lost, doubled, wrong or unreadable. `warning`: older versions are, or something may be. `advice`:
the table is whole and could be kept better."""
SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "advice")
"""The worst first."""
_SHOWN: Final = 5  # names in a message; the fields hold them all


class Finding(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="finding"):
    """Something about a table that its owner should know.

    `says` and `then` are the two halves of the message, with the fields by name in braces.
    """

    severity: Severity
    says: ClassVar[str]
    then: ClassVar[str]

    @property
    def what(self) -> str:
        """What is wrong."""
        return self._told(self.says)

    @property
    def next(self) -> str:
        """What to do next."""
        return self._told(self.then)

    @property
    def message(self) -> str:
        """Both."""
        return f"{self.what} Next: {self.next}"

    def __str__(self) -> str:
        """The message."""
        return self.message

    def _told(self, text: str) -> str:
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        shown = {name: listed(v, _SHOWN) if isinstance(v, tuple) else v for name, v in values.items()}
        return text.format(**shown)


def counted_findings(findings: Sequence[Finding]) -> str:
    """How many findings there are of each severity.

    >>> counted_findings(())
    'no findings'
    """
    counts = {severity: sum(f.severity == severity for f in findings) for severity in SEVERITIES}
    return ", ".join(f"{count} {severity}" for severity, count in counts.items() if count) or "no findings"


def findings_card(findings: Sequence[Finding]) -> str:
    """Findings as HTML for notebooks."""
    if not findings:
        return ""
    return card("Findings", columns=("severity", "what", "next"), rows=[(f.severity, f.what, f.next) for f in findings])
