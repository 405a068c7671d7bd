"""A check of golden tables finds what is odd about them, and nothing else."""

from pathlib import Path

from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.table_health.log_findings import HintBroken, ZonelessPartition

ODD = {
    "corrupted-last-checkpoint-kernel": HintBroken,
    "data-reader-partition-values": ZonelessPartition,
    "kernel-timestamp-int96": ZonelessPartition,
    "kernel-timestamp-pst": ZonelessPartition,
    "kernel-timestamp-timestamp_micros": ZonelessPartition,
    "kernel-timestamp-timestamp_millis": ZonelessPartition,
}
"""What their makers meant to be so."""


def test_golden_tables_have_no_findings_beside_the_odd(golden_tables: list[Path], tmp_path: Path) -> None:
    tables = DeltaTables(tmp_path)
    for table in golden_tables:
        report = tables.check(str(table / "delta"), deep=True).unwrap()
        found = {type(finding) for finding in report.findings if finding.severity != "advice"}
        assert found == {ODD[table.name]} if table.name in ODD else not found, f"{table.name}: {report.findings}"
