"""The commands of the parser, and a folder to call them in."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foreset.entrypoints.cli.parser import parser


def _commands(of: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in of._actions:  # argparse names its commands nowhere else
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield " ".join((*path, name)), below
                yield from _commands(below, (*path, name))


EVERY_COMMAND = dict(_commands(parser()))
"""Every command with its parser, and those below it, such as `log verify`."""


@contextmanager
def working_in(place: Path) -> Iterator[Path]:
    """With a folder as the working directory, its data folder and the store's default place in it, and a log."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("FORESET_DATA_DIR", str(place / "data"))
        patch.setenv("FORESET_LOG", "info")
        patch.delenv("FORESET_STORE", raising=False)
        yield place
