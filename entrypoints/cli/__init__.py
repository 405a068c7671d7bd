"""The command line, `foreset`: arguments, output for people and as JSON, exit codes. Its commands are in `commands`."""

from foreset.entrypoints.cli.main import main

__all__ = ["main"]
