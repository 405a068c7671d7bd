"""How the changes between two versions are told, by what the commits in between did to the table's files."""

import pytest

from foreset.domain.facts import DataFile
from foreset.domain.tables.changes import CommitFiles, FileAction, reading

ODD = "what the commits in between say of their files does not add up"


def data_file(path: str, rows: int | None = 10, deleted: bytes = b"") -> DataFile:
    return DataFile(path=path, rows=rows, size_bytes=100, modified_ms=0, deleted=deleted)


A, B, C, D = (data_file(path) for path in "ABCD")


def add(file: DataFile, *, data_change: bool = True) -> FileAction:
    return FileAction(path=file.path, data_change=data_change, file=file)


def remove(file: DataFile, *, data_change: bool = True) -> FileAction:
    return FileAction(path=file.path, data_change=data_change)


def test_commits_that_only_rearrange_rows_change_nothing() -> None:
    both = data_file("AB", rows=20)
    compaction = CommitFiles(
        version=1,
        added=(add(both, data_change=False),),
        removed=(remove(A, data_change=False), remove(B, data_change=False)),
    )
    found = reading([A, B], [both], [compaction])
    assert (found.how, found.files) == ("nothing changed", ())


def test_files_that_were_appended_are_read_as_they_were_written() -> None:
    compaction = CommitFiles(version=2, added=(add(D, data_change=False),), removed=(remove(B, data_change=False),))
    found = reading([A], [A, D], [CommitFiles(version=1, at_us=7, added=(add(B),)), compaction])
    assert (found.how, found.files) == ("appended files", (B,))
    assert (found.parts[0].change, found.parts[0].version, found.parts[0].at_us) == ("insert", 1, 7)


def test_what_commits_recorded_is_read_in_place_of_their_files() -> None:
    update = CommitFiles(version=1, feed=True, added=(add(B),), removed=(remove(A),), recorded=(C,))
    found = reading([A], [B], [update])
    assert (found.how, found.files, found.parts[0].change) == ("change data feed", (C,), None)


def test_a_commit_of_the_feed_that_recorded_nothing_changed_whole_files() -> None:
    found = reading([A], [B], [CommitFiles(version=1, feed=True, added=(add(B),), removed=(remove(A),))])
    assert found.how == "change data feed"
    assert [(part.change, part.files) for part in found.parts] == [("delete", (A,)), ("insert", (B,))]


def test_a_file_may_come_back() -> None:
    away = CommitFiles(version=1, feed=True, removed=(remove(A),))
    back = CommitFiles(version=2, feed=True, added=(add(A),))
    assert reading([A], [A], [away, back]).files == (A, A)


@pytest.mark.parametrize(
    ("commit", "last", "why"),
    [
        (
            CommitFiles(version=1, added=(add(B),), removed=(remove(A),)),
            [B],
            "version 1 changed rows while the change data feed was off",
        ),
        (
            CommitFiles(version=1, added=(add(B),), removed=(remove(A),), recorded=(C,)),
            [B],
            "version 1 changed rows while the change data feed was off",
        ),
        (
            CommitFiles(version=1, feed=True, added=(add(A),), removed=(remove(A),)),
            [data_file("A", rows=9, deleted=b"\1")],
            "version 1 marked rows as deleted, or no longer",
        ),
        (
            CommitFiles(version=1, added=(FileAction(path="B", data_change=True),)),
            [A, B],
            "version 1 has files that its log entry alone does not tell how to read",
        ),
        (
            CommitFiles(version=1, removed=(remove(C, data_change=False),)),
            [A],
            "version 1 removes a file that is not in the table, or adds one that is",
        ),
        (
            CommitFiles(version=1, added=(add(A),)),
            [A],
            "version 1 removes a file that is not in the table, or adds one that is",
        ),
        (
            CommitFiles(version=1, feed=True, recorded=(C,)),
            [A],
            "version 1 recorded changes without changing a file",
        ),
        (CommitFiles(version=1, added=(add(B),)), [A, C], ODD),
        (CommitFiles(version=1, added=(add(data_file("B")),)), [A, data_file("B", rows=11)], ODD),
        (CommitFiles(version=1, added=(add(B, data_change=False),)), [A, B], ODD),
    ],
)
def test_what_the_log_does_not_tell_exactly_is_found_by_a_difference(
    commit: CommitFiles, last: list[DataFile], why: str
) -> None:
    found = reading([A], last, [commit])
    assert (found.how, found.why) == ("difference", why)


def test_two_compactions_at_once_do_not_hide_that_they_doubled_the_rows() -> None:
    gone = (remove(A, data_change=False),)
    twice = [
        CommitFiles(version=v, added=(add(file, data_change=False),), removed=gone) for v, file in ((1, B), (2, C))
    ]
    found = reading([A], [B, C], twice)
    assert (found.how, found.files) == ("difference", (A, B, C))


def test_counts_that_the_log_has_not_are_not_held_against_it() -> None:
    unknown = data_file("B", rows=None)
    assert reading([A], [A, unknown], [CommitFiles(version=1, added=(add(unknown),))]).how == "appended files"


def test_a_difference_reads_only_files_that_one_version_has() -> None:
    marked = data_file("B", rows=9, deleted=b"\1")
    found = reading([A, B], [A, marked], None)
    assert found.why == "the log no longer has all commits in between"
    assert [(part.change, part.files) for part in found.parts] == [("delete", (B,)), ("insert", (marked,))]
    assert reading([A], [A], None).files == ()


def test_unfit_files_are_no_hindrance_where_none_is_read() -> None:
    append = CommitFiles(version=1, added=(add(B),))
    assert reading([A], [A, B], [append], "the column 'x' was renamed").why == "the column 'x' was renamed"
    assert reading([A], [A], [CommitFiles(version=1)], "the column 'x' was renamed").how == "nothing changed"


def test_the_cost_is_told() -> None:
    append = CommitFiles(version=4, added=(add(B), add(data_file("C", rows=1_190))))
    facts = reading([A], [A, B, data_file("C", rows=1_190)], [append]).facts("orders", 3, 4)
    assert (facts.files, facts.rows, facts.size_bytes) == (2, 1_200, 200)
    assert facts.explain() == (
        "changes of orders after version 3, up to version 4\n"
        "appended files: reads 2 files, 1,200 rows, 200 B; all commits in between only added rows"
    )
    nothing = reading([A], [A], []).facts("orders", 4, 4)
    assert nothing.explain().endswith("nothing changed: reads nothing; no commit in between changed rows")
