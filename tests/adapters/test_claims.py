"""Folders for unfinished files belong to the process that made them, by a lock and not by a process id."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from foreset.adapters.shared.files.claims import claim, claimed, sweep

HOLDER = """
import sys; from pathlib import Path
from foreset.adapters.shared.files.claims import claim
owned = claim(Path(sys.argv[1]), "result-")
(owned.path / "rows").write_text("rows")
print(owned.path.name, flush=True)
sys.stdin.read()
"""


def holder(folder: Path, *before: str) -> subprocess.Popen[str]:
    command = [*before, sys.executable, "-c", HOLDER, str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def in_folder(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_running_process_holds_stays_and_goes_after_it_however_it_ends(tmp_path: Path) -> None:
    for end in (signal.SIGKILL, signal.SIGTERM):
        with holder(tmp_path) as process:
            assert process.stdout is not None
            name = process.stdout.readline().strip()
            assert sweep(tmp_path, "result-") == 1
            assert in_folder(tmp_path) == [name]
            process.send_signal(end)
            process.wait()
        assert sweep(tmp_path, "result-") == 0
        assert in_folder(tmp_path) == []


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare, to make process namespaces")
def test_two_containers_with_the_same_process_ids_keep_apart(tmp_path: Path) -> None:
    container = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    if subprocess.run([*container, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine makes no process namespaces")
    with holder(tmp_path, *container) as one, holder(tmp_path, *container) as other:
        assert one.stdout is not None
        assert other.stdout is not None
        names = sorted((one.stdout.readline().strip(), other.stdout.readline().strip()))
        assert names[0] != names[1]
        assert sweep(tmp_path, "result-") == 2
        one.kill()
        one.wait()
        while sweep(tmp_path, "result-") > 1:  # the kernel ends the namespace after its first process
            pass
        other.communicate("")
    assert sweep(tmp_path, "result-") == 0
    assert in_folder(tmp_path) == []


def test_a_forked_child_deletes_nothing_of_its_parent(tmp_path: Path) -> None:
    owned = claim(tmp_path, "result-")
    (owned.path / "rows").write_text("rows")
    child = os.fork()
    if child == 0:
        owned.release()
        os._exit(0)
    os.waitpid(child, 0)
    assert (owned.path / "rows").read_text() == "rows"
    assert sweep(tmp_path, "result-") == 1  # the parent still holds its lock
    owned.release()
    assert in_folder(tmp_path) == []


def test_many_makers_and_sweepers_at_once_lose_nothing(tmp_path: Path) -> None:
    done = threading.Event()
    faults: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:  # noqa: BLE001  # told by the test
            faults.append(fault)

    def make() -> None:
        for number in range(150):
            with claimed(tmp_path, "result-") as folder:
                (folder / "rows").write_text(str(number))
                assert (folder / "rows").read_text() == str(number)

    def clean() -> None:
        while not done.is_set():
            sweep(tmp_path, "result-")

    makers = [threading.Thread(target=guarded, args=(make,)) for _ in range(4)]
    cleaners = [threading.Thread(target=guarded, args=(clean,)) for _ in range(2)]
    for thread in (*makers, *cleaners):
        thread.start()
    for thread in makers:
        thread.join()
    done.set()
    for thread in cleaners:
        thread.join()
    assert faults == []
    assert in_folder(tmp_path) == []


def test_files_and_folders_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "result-file").write_text("a file")
    (tmp_path / "result-folder").mkdir()
    (tmp_path / "result-folder" / "rows").write_text("without a lock")
    (tmp_path / "other").mkdir()
    assert sweep(tmp_path, "result-") == 0
    assert in_folder(tmp_path) == ["other", "result-file", "result-folder"]
