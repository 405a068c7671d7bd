"""`demo`: the main job on real data."""

import argparse
from pathlib import Path


def demo(args: argparse.Namespace) -> int:
    """Run the demo; it prints as it goes, and gives the exit code."""
    from foreset.entrypoints.demo.command import run_demo  # noqa: PLC0415

    return run_demo(folder=Path(args.folder), quick=args.quick, json=args.json)
