"""`diff`: what differs between two training sets, and what caused it."""

import argparse

from returns.result import Result

from foreset.application.diff.compare import DiffError
from foreset.domain.diff.report import TrainingSetDiff
from foreset.domain.errors.event_log import StoreError
from foreset.entrypoints.cli.output import Answer, public
from foreset.entrypoints.cli.stores import store_to_read


def diff(args: argparse.Namespace) -> Result[Answer, DiffError | StoreError]:
    """What differs from one training set to another."""
    return Result.do(
        _told(found) for store in store_to_read(args) for found in store.diff(args.a, args.b, examples=args.examples)
    )


def _told(found: TrainingSetDiff) -> Answer:
    return Answer({"same": found.same, "changed_cells": found.cells, **public(found)}, [found.explain()])
