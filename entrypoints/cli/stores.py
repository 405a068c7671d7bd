"""The store that a command works on."""

import argparse
import os
from pathlib import Path

from returns.result import Result, Success

from foreset.domain.errors.store import StoreError
from foreset.entrypoints.cli.parser import STORE
from foreset.entrypoints.feature_store import FeatureStore

DEFAULT = "feature_repo"


def store_path(args: argparse.Namespace) -> str | None:
    """The folder that was asked for by option or environment, None where none was."""
    return args.store or os.environ.get(STORE) or None


def store_folder(args: argparse.Namespace) -> str:
    """The folder of the store."""
    return store_path(args) or DEFAULT


def store_to_write(args: argparse.Namespace) -> Result[FeatureStore, StoreError]:
    """The store in the folder, which is made where it is missing."""
    return FeatureStore.open(store_folder(args))


def store_to_read(args: argparse.Namespace) -> Result[FeatureStore, StoreError]:
    """The store in the folder; an empty one in memory where there is none, so that looking makes no folder."""
    folder = store_folder(args)
    if "://" in folder or Path(folder).exists():
        return FeatureStore.open(folder)
    return Success(FeatureStore.in_memory())
