"""Findings in words, and the exit code that they make."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from foreset.domain.finding import Finding
from foreset.domain.table_health.findings import SEVERITIES, Severity

CODES: Final[dict[Severity | None, int]] = {None: 0, "advice": 0, "warning": 1, "error": 2}
"""The exit code of a command that looks for something, by the worst that it found."""
_OF_A_KIND: Final = 20  # findings that are shown; --json has them all


def as_data(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings for programs: their fields, what is wrong, and what to do next."""
    return [{**msgspec.to_builtins(found), "what": found.what, "next": found.next} for found in findings]


def lines(findings: Sequence[Finding]) -> Iterator[str]:
    """Each finding with what to do next; of a kind of which there are many, the first of them."""
    shown: Counter[type[Finding]] = Counter()
    many = Counter(type(finding) for finding in findings)
    for finding in findings:
        kind = type(finding)
        shown[kind] += 1
        if shown[kind] <= _OF_A_KIND:
            yield f"{finding.severity}: {finding.what}\n  Next: {finding.next}"
        elif shown[kind] == many[kind]:
            yield f"and {many[kind] - _OF_A_KIND:,} more of the same kind; --json tells them all."


def counted(findings: Sequence[Finding]) -> str:
    """How many findings there are, by their severity."""
    count = Counter(finding.severity for finding in findings)
    told = ", ".join(_counted(count[severity], severity) for severity in SEVERITIES if count[severity])
    return told or "Nothing is wrong"


def _counted(count: int, severity: Severity) -> str:
    if severity == "advice":
        return "1 piece of advice" if count == 1 else f"{count:,} pieces of advice"
    return f"1 {severity}" if count == 1 else f"{count:,} {severity}s"
