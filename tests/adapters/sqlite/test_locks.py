"""A store that is opened twice in one process keeps its locks: nothing that was acknowledged is lost."""

import subprocess
import sys
from pathlib import Path

from foreset import EntitySpec, FeatureStore

READER = """
import sys
from foreset import FeatureStore
print(len(FeatureStore.open(sys.argv[1]).unwrap().history().unwrap()))
"""


def seen_elsewhere(folder: Path) -> int:
    command = [sys.executable, "-c", READER, str(folder)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_another_process_does_not_delete_the_write_ahead_log_that_is_written_here(tmp_path: Path) -> None:
    first = FeatureStore.open(tmp_path).unwrap()
    first.register(EntitySpec("one", ["k"])).unwrap()
    second = FeatureStore.open(tmp_path).unwrap()
    assert seen_elsewhere(tmp_path) == 1
    first.register(EntitySpec("two", ["k"])).unwrap()
    assert seen_elsewhere(tmp_path) == len(second.log.events().unwrap()) == 2
