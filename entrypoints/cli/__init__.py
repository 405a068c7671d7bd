"""The command line, `foreset`."""

from foreset.entrypoints.cli.main import main

__all__ = ["main"]
