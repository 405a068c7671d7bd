"""The store that a command works on."""

import argparse
import os
from pathlib import Path

from returns.result import Result, Success

from foreset.adapters.shared.files.places import is_not_a_place
from foreset.domain.errors.event_log import NoLog, RepositoryNeeded, StoreError
from foreset.domain.errors.problem import refuse
from foreset.domain.safe_text.addresses import is_address
from foreset.entrypoints.cli.parser import STORE
from foreset.entrypoints.store.feature_store import FeatureStore
from foreset.entrypoints.wiring.locations import feast_folder

DEFAULT = "feature_repo"


def store_path(args: argparse.Namespace) -> str | None:
    """The folder or URL that was asked for by option or environment, None where none was."""
    return args.store or os.environ.get(STORE) or None


def store_folder(args: argparse.Namespace) -> str:
    """The folder of the store, or its URL."""
    return store_path(args) or DEFAULT


def store_to_write(args: argparse.Namespace) -> Result[FeatureStore, StoreError]:
    """The store in the folder, which is made where it is missing."""
    return FeatureStore.open(store_folder(args))


def store_is_there(args: argparse.Namespace) -> bool:
    """Whether there is a folder of the store; a database is looked for when it is opened."""
    place = store_folder(args)
    return is_address(place) or is_not_a_place(place) or Path(place).exists()


def store_to_read(args: argparse.Namespace) -> Result[FeatureStore, StoreError]:
    """The store in the folder; an empty one in memory where there is none, so that looking makes no folder."""
    if store_is_there(args):
        return FeatureStore.open(store_folder(args))
    return Success(FeatureStore.in_memory())


def store_that_is_there(args: argparse.Namespace) -> Result[FeatureStore, StoreError | NoLog]:
    """The store, which is not made."""
    if store_is_there(args):
        opened = FeatureStore.open(store_folder(args))
        return opened if isinstance(opened, Success) else refuse(opened.failure())
    return refuse(NoLog(place=store_folder(args)))


def repository_folder(args: argparse.Namespace) -> Result[str, RepositoryNeeded]:
    """The folder of Feast's repository: the one that is named, else that of the store."""
    return feast_folder(args.repo or store_folder(args))
