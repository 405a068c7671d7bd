"""What a log's commits say is held against what they hold, by plain values."""

from typing import Any

import pytest
from msgspec.structs import replace

from foreset.domain.table_health.history_audit import Checksum
from foreset.domain.table_health.log_audit import CheckpointSeen, LogSeen, audit_log
from foreset.domain.tables.delta_log import (
    NOTHING,
    Action,
    Add,
    ChangeFile,
    Commit,
    DeletionVector,
    LogState,
    Metadata,
    Protocol,
    Remove,
    replay,
)

VECTOR = DeletionVector("u", "ab^-aqEH.-t@S}K{vb[*k^", size_in_bytes=4, cardinality=1)
FIRST = (
    Action(protocol=Protocol(min_reader_version=1, min_writer_version=2)),
    Action(meta_data=Metadata(id="1", schema_string="{}")),
)


def add(path: str, *, rows: int | None = None, vector: bool = False, data_change: bool = True) -> Action:
    stats = None if rows is None else f'{{"numRecords": {rows}}}'
    return Action(
        add=Add(path=path, size=1, stats=stats, data_change=data_change, deletion_vector=VECTOR if vector else None)
    )


def remove(path: str, *, data_change: bool = True) -> Action:
    return Action(remove=Remove(path=path, data_change=data_change))


def commit(version: int, *actions: Action, at: int | None = None, **info: Any) -> Commit:
    told = {"timestamp": version if at is None else at, **info}
    own = FIRST if version == 0 else ()
    return Commit(
        version=version, name=f"{version}.json", size=9, actions=(Action(commit_info=told), *own, *actions), lines=9
    )


def kinds(*commits: Commit, **seen: Any) -> list[tuple[str, str]]:
    findings = audit_log(LogSeen(commits, **seen)).findings
    return [(finding.severity, type(finding).__name__) for finding in findings]


# === Replay ===


def test_files_are_told_by_path_and_deletion_vector() -> None:
    commits = [commit(0, add("a"), add("b")), commit(1, remove("a"), add("a", vector=True)), commit(2, remove("b"))]
    state = replay(NOTHING, ((c.version, c.actions) for c in commits))
    assert state.version == 2
    assert list(state.files) == [("a", "uab^-aqEH.-t@S}K{vb[*k^")]
    assert set(state.removed) == {("a", None), ("b", None)}
    assert state.protocol is not None
    assert state.metadata is not None


def test_paths_are_the_same_however_they_are_written() -> None:
    commits = [commit(0, add("file:///t/a%20b")), commit(1, remove("/t/a b"))]
    assert replay(NOTHING, ((c.version, c.actions) for c in commits)).files == {}


# === Counts of writers ===

COUNTED: list[tuple[dict[str, Any], list[Action], str | None]] = [
    ({"num_added_files": 2}, [add("a")], "counted 2 (num_added_files), and it has 1 files added."),
    ({"num_added_files": 2}, [add("a"), Action(cdc=ChangeFile(path="c"))], None),
    ({"num_added_files": 1}, [add("a"), add("b")], None),
    ({"num_removed_files": 1}, [add("a")], "counted 1 (num_removed_files), and it has 0 files removed."),
    ({"numRemovedFiles": "1"}, [], "counted 1 (numRemovedFiles), and it has 0 files removed."),
    ({"numOutputRows": "5", "numFiles": "1"}, [], "counted 5 (numOutputRows), and it has 0 rows in the files added."),
    ({"numOutputRows": "5", "numFiles": "2"}, [add("a", rows=5)], None),  # Spark counts files without a row
    ({"numOutputRows": "5"}, [add("a", rows=3), add("b")], None),  # nobody knows how many rows b has
    ({"numAddedChangeFiles": "1"}, [add("a")], "(numAddedChangeFiles), and it has 0 files of the change data feed."),
    ({"numDeletionVectorsAdded": "1"}, [add("a")], "and it has 0 files with a deletion vector."),
    ({"numDeletionVectorsAdded": "1", "numAddedFiles": "0"}, [add("a", vector=True)], None),
    ({"numRestoredFile": 2, "numRemovedFile": 0}, [add("a")], "counted 2 (numRestoredFile), and it has 1 files added."),
    ({"numDeletedFiles": 8, "sizeOfDataToDelete": 100}, [], None),
    ({"num_added_files": "many", "num_removed_files": None}, [], None),
    ({"num_added_files": True}, [], None),
]


@pytest.mark.parametrize(("metrics", "actions", "told"), COUNTED)
def test_a_commit_is_held_against_what_its_writer_counted(
    metrics: dict[str, Any], actions: list[Action], told: str | None
) -> None:
    found = audit_log(LogSeen((commit(0, *actions, operation="WRITE", operationMetrics=metrics),))).findings
    assert (told is None and found == ()) or str(found[0]).partition(" Next: ")[0].endswith(told or "nothing")


@pytest.mark.parametrize("metrics", [None, "text", [1], {}])
def test_counts_that_are_none_are_left_alone(metrics: Any) -> None:
    assert kinds(commit(0, add("a"), operationMetrics=metrics)) == []


# === Files removed twice ===


def rewritten(second: tuple[Action, ...], *later: Commit, first: tuple[Action, ...] = (add("b"),)) -> LogSeen:
    """`a` is removed by version 1 with `first`, and by version 2 with `second`."""
    return LogSeen(
        (
            commit(0, add("a")),
            commit(1, remove("a"), *first, operation="OPTIMIZE"),
            commit(2, remove("a"), *second, operation="UPDATE"),
            *later,
        )
    )


@pytest.mark.parametrize(
    ("first", "second", "effect"),
    [
        ((add("b"),), (add("c", data_change=False),), "the rows of these files are there twice."),
        ((add("b"),), (add("c"),), "the rows that version 1 wrote stand beside those of version 2."),
        ((add("b"),), (), "the rows that version 2 was to delete are still there."),
        ((), (add("c"),), "rows that version 1 deleted are back."),
    ],
)
def test_what_removing_twice_did(first: tuple[Action, ...], second: tuple[Action, ...], effect: str) -> None:
    [twice] = audit_log(rewritten(second, first=first)).findings
    assert twice.severity == "error"
    assert twice.what == (
        "Version 1 (OPTIMIZE) and version 2 (UPDATE) removed the same files, so they ran at once and neither saw the "
        f"other: {effect[:-1]}. Files: a."
    )


def test_two_that_deleted_the_same_rows_did_no_harm() -> None:
    assert audit_log(rewritten((), first=())).findings == ()


@pytest.mark.parametrize(
    ("later", "severity"),
    [
        (
            commit(3, remove("b"), remove("c"), add("d"), operation="WRITE", operationParameters={"mode": "Overwrite"}),
            1,
        ),
        (commit(3, remove("b"), remove("c"), operation="DELETE"), 1),
        (commit(3, remove("c"), operation="RESTORE"), 1),
        (commit(3, remove("b"), remove("c"), add("d"), operation="CREATE OR REPLACE TABLE AS SELECT"), 1),
        (commit(3, remove("b"), remove("c"), add("d"), operation="OPTIMIZE"), 0),
        (commit(3, remove("b"), remove("c"), add("d"), operation="DELETE"), 0),
        (commit(3, remove("b"), operation="RESTORE"), 0),
        (
            commit(
                3,
                remove("b"),
                remove("c"),
                add("d"),
                operation="WRITE",
                operationParameters={"mode": "Overwrite", "predicate": "k > 1"},
            ),
            0,
        ),
    ],
)
def test_only_replacing_or_restoring_puts_it_right(later: Commit, severity: int) -> None:
    [twice] = audit_log(rewritten((add("c"),), later)).findings
    assert twice.severity == ("error", "warning")[severity]
    assert ("until version 3 replaced or restored the table" in twice.what) == bool(severity)


def test_files_that_were_added_again_may_be_removed_again() -> None:
    assert kinds(commit(0, add("a")), commit(1, remove("a")), commit(2, add("a")), commit(3, remove("a"))) == []


def test_nothing_is_said_of_what_a_missing_commit_may_have_added() -> None:
    commits = (commit(0, add("a")), commit(1, remove("a"), add("b")), commit(3, remove("a"), add("c")))
    assert kinds(*commits) == [("error", "CommitsMissing")]
    assert kinds(*commits, checksums={3: Checksum(name="3.crc", files=7, size_bytes=7)}) == [
        ("error", "CommitsMissing")
    ]


# === Overwrites ===


@pytest.mark.parametrize(
    ("actions", "info", "told"),
    [
        ((remove("a"), add("c")), {}, True),
        ((remove("a"),), {"operation": "DELETE", "operationParameters": {}}, True),
        ((remove("a"), remove("b"), add("c")), {}, False),
        ((remove("b"), add("c")), {}, False),  # early releases of deltalake replaced partitions without saying so
        ((add("c"),), {}, False),
        ((remove("a"), add("c")), {"operationParameters": {"mode": "Overwrite", "predicate": "k = 1"}}, False),
        ((remove("a"), add("c")), {"operationParameters": {"mode": "Append"}}, False),
        ((remove("a"), add("c")), {"engineInfo": "Apache-Spark/3.5.3"}, False),
    ],
)
def test_an_overwrite_that_left_only_what_is_newer(
    actions: tuple[Action, ...], info: dict[str, Any], *, told: bool
) -> None:
    whole: dict[str, Any] = {
        "operation": "WRITE",
        "engineInfo": "delta-rs",
        "operationParameters": {"mode": "Overwrite"},
    }
    whole |= info
    found = kinds(commit(0, add("a")), commit(1, add("b")), commit(2, *actions, **whole))
    assert found == ([("warning", "OverwriteIncomplete")] if told else [])


@pytest.mark.parametrize("predicate", [[], ["k = 1"], {"k": 1}, 7])
def test_parameters_of_any_type_are_taken(predicate: Any) -> None:
    info: dict[str, Any] = {"engineInfo": "delta-rs", "operationParameters": {"predicate": predicate}}
    assert kinds(commit(0, add("a"), add("b")), commit(1, remove("a"), operation="DELETE", **info)) == []


def test_a_file_that_a_commit_removes_twice_is_no_matter() -> None:
    assert kinds(commit(0, add("a")), commit(1, remove("a"), remove("a"), add("b"))) == []


# === Checkpoints and checksums ===


def test_the_newest_checkpoint_is_held_against_the_commits_up_to_it() -> None:
    commits = (commit(0, add("a")), commit(1, add("b")), commit(2, add("c")))
    state = replay(NOTHING, ((c.version, c.actions) for c in commits[:2]))
    seen: dict[str, Any] = {"checkpoints": (CheckpointSeen(1, "1.checkpoint"),)}
    assert kinds(*commits, **seen, state=state) == []
    forgot = LogState(version=1, files={("x", None): Add(path="x")}, protocol=state.protocol, metadata=state.metadata)
    [differs] = audit_log(LogSeen(commits, **seen, state=forgot)).findings
    assert "Only in the commits: a, b. Only in the checkpoint: x." in differs.what
    more = replay(state, [(1, (add("x"),))])
    assert kinds(*commits, **seen, state=more) == [("error", "CheckpointDiffers")]


def test_checksums_are_compared_where_all_files_are_known() -> None:
    commits = (commit(0, add("a")), commit(1, add("b")), commit(2, add("c")))
    wrong = {1: Checksum(name="1.crc", files=3, size_bytes=None), 2: Checksum(name="2.crc", files=9, size_bytes=None)}
    [differs] = audit_log(LogSeen(commits, checksums=wrong)).findings
    assert differs.what == "1.crc counts 3 files at version 1, and the log 2."
    state = replay(NOTHING, ((c.version, c.actions) for c in commits[:2]))
    seen: dict[str, Any] = {"checkpoints": (CheckpointSeen(1, "1.checkpoint"),), "state": state}
    assert audit_log(LogSeen(commits[2:], checksums={2: wrong[2]}, **seen)).findings != ()
    assert kinds(*commits[1:], checksums={1: wrong[2], 2: Checksum(name="2.crc", files=3, size_bytes=3)}, **seen) == [
        ("error", "ChecksumDiffers")
    ]


@pytest.mark.parametrize("first", [0, 1])
def test_a_broken_checkpoint_is_as_bad_as_what_stands_in_for_it(first: int) -> None:
    commits = tuple(commit(version, add(str(version))) for version in (0, 1, 2))[first:]
    broken = CheckpointSeen(1, "1.checkpoint", problem="it is torn")
    found = kinds(*commits, checkpoints=(broken,))
    assert found[0] == ("error" if first else "warning", "CheckpointUnreadable")
    assert (("error", "CommitsMissing") in found) == bool(first)


# === Times ===


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ([1, 2, 2, 3], None),
        ([5, None, 6], None),
        ([100_000, 1, 200_000, 2, 3], "at 1970-01-01T00:00:00.002+00:00, after version 2 at 1970-01-01T00:03:20.000"),
        ([9**18, 0], None),  # no calendar has the first
    ],
)
def test_the_worst_step_back_is_told(times: list[int | None], told: str | None) -> None:
    timed = [commit(version, Action(cdc=ChangeFile(path="c")), at=time or 0) for version, time in enumerate(times)]
    commits = [
        known if time is not None else replace(known, actions=known.actions[1:])
        for known, time in zip(timed, times, strict=True)
    ]
    found = audit_log(LogSeen(tuple(commits))).findings
    assert (told is None and found == ()) or (told or "") in found[0].what
