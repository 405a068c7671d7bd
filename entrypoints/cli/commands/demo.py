"""`demo`: the main job on real data."""

import argparse
from pathlib import Path

from returns.result import Result

from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import InvalidSpec
from foreset.entrypoints.cli.output import Answer


def demo(args: argparse.Namespace) -> Result[Answer, InvalidSpec] | int:
    """Run the demo; it prints as it goes, and gives the exit code."""
    from foreset.entrypoints.demo.command import run_demo  # loads polars

    if args.store or args.data_dir:
        problem = "its store and its tables are in its own folder"
        remedy = "leave --store and --data-dir out; --folder DIR names the folder"
        return refuse(InvalidSpec(spec="foreset demo", problem=problem, remedy=remedy))
    return run_demo(folder=Path(args.folder), quick=args.quick, json=args.json)
