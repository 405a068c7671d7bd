"""A bit that flips in a file which Foreset wrote never becomes a wrong row: it is an error that names the file."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec, write_to_delta_lake

WORKER = Path(__file__).with_name("retrieving.py")
FLIPS = 240
UTC_TIME = pl.Datetime("us", "UTC")


def rows(count: int) -> pl.DataFrame:
    generator = np.random.default_rng(3)
    return pl.DataFrame(
        {
            "k": generator.integers(0, 50, count),
            "at": pl.Series(generator.integers(0, 10**12, count)).cast(UTC_TIME),
            "f": generator.random(count),
            "i": generator.integers(0, 10**6, count),
            "s": generator.integers(0, 300, count).astype(str),
            "b": generator.random(count) > 0.5,
            "l": [[float(row)] * (row % 4) for row in range(count)],
        }
    )


class Case:
    """A store over a table of one file, and a process that retrieves from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        table = folder / "t"
        write_to_delta_lake(rows(3_000), table)
        spine = rows(400).select("k", event_timestamp="at")
        spine.write_parquet(folder / "spine.parquet")
        with FeatureStore.open(folder / "store").unwrap() as store:
            source = DeltaSource(str(table), "at")
            store.register(EntitySpec("e", ["k"]), FeatureViewSpec("w", ["e"], source, list("fisbl"))).unwrap()
            store.training_set(TrainingSetSpec(["w:*"]), spine).unwrap().frame.write_ipc(folder / "right.arrow")
        [self.file] = table.glob("*.parquet")
        self.content = self.file.read_bytes()
        self.footer = len(self.content) - 8 - int.from_bytes(self.content[-8:-4], "little")
        self._worker: subprocess.Popen[str] | None = None

    def answer(self, content: bytes) -> str:
        """What a retrieval says where the file has this content; empty where it ended the process."""
        self.file.write_bytes(content)
        worker = self._running()
        assert worker.stdin is not None
        assert worker.stdout is not None
        print(file=worker.stdin, flush=True)
        line = worker.stdout.readline().strip()
        if not line:
            self.close()
        return line

    def flipped(self, at: int, bit: int) -> str:
        damaged = bytearray(self.content)
        damaged[at] ^= 1 << bit
        return self.answer(bytes(damaged))

    def _running(self) -> "subprocess.Popen[str]":
        if self._worker is None:
            command = [sys.executable, str(WORKER), str(self.folder)]
            environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
            pipe = subprocess.PIPE
            self._worker = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True)
            assert self._worker.stdout is not None
            assert self._worker.stdout.readline().strip() == "ready"
        return self._worker

    def close(self) -> None:
        if self._worker is not None:
            self._worker.communicate()
            self._worker = None


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Generator[Case]:
    made = Case(tmp_path_factory.mktemp("damage"))
    yield made
    made.close()


def test_a_file_that_is_whole_gives_the_right_rows(case: Case) -> None:
    assert case.answer(case.content) == "right"


def test_no_flipped_bit_of_pages_gives_wrong_rows(case: Case) -> None:
    drawn = random.Random(13)  # noqa: S311  # the same bits in every run
    answers = [case.flipped(drawn.randrange(4, case.footer - 12), drawn.randrange(8)) for _ in range(FLIPS)]
    damaged = [answer for answer in answers if answer != "right"]  # some bits are of bounds that nobody looks at
    assert Counter(answer.split()[1] for answer in damaged) == {"FileDamaged": len(damaged)}
    assert len(damaged) > FLIPS * 0.95
    assert all(str(case.file) in answer and "in row group 0 of the column '" in answer for answer in damaged)


def test_no_flipped_bit_of_the_footer_gives_wrong_rows(case: Case) -> None:
    drawn = random.Random(14)  # noqa: S311  # the same bits in every run
    for _ in range(FLIPS // 2):
        answer = case.flipped(drawn.randrange(case.footer, len(case.content) - 8), drawn.randrange(8))
        assert answer.startswith("error FooterDamaged"), answer
        assert str(case.file) in answer


def test_no_flipped_bit_at_the_ends_of_the_file_gives_wrong_rows(case: Case) -> None:
    ends = [*range(4), *range(case.footer - 12, case.footer), *range(len(case.content) - 8, len(case.content))]
    for at in ends:
        answer = case.flipped(at, at % 8)
        assert answer == "right" or answer.startswith("error"), (at - case.footer, answer)


def test_no_zeroed_or_lost_stretch_gives_wrong_rows(case: Case) -> None:
    drawn = random.Random(15)  # noqa: S311  # the same bits in every run
    for _ in range(FLIPS // 8):
        at, length = drawn.randrange(4, len(case.content)), drawn.randrange(1, 5_000)
        zeroed = case.content[:at] + bytes(len(case.content[at : at + length])) + case.content[at + length :]
        for damaged in (zeroed, case.content[:at] + case.content[at + length :], case.content[:at]):
            if damaged != case.content:
                assert case.answer(damaged).startswith("error"), (at, length)
