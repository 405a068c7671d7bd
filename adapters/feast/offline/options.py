"""What feature_store.yaml says to the offline store, and the engine that does so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast

from feast.repo_config import RepoConfig

from foreset.adapters.shared.files.places import is_not_a_place
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec, TrainingSetSpec
from foreset.domain.facts import TableFacts
from foreset.domain.planning.row_query import Pull
from foreset.domain.safe_text.addresses import is_address
from foreset.domain.tables.write_options import WriteMode, WriteOptions

ENGINE: Final = "foreset.entrypoints.feast.offline_engine"
"""Where the engine is put together. Feast makes the store by its name, so nobody can hand it one."""

ArrowTable = Any
"""A `pyarrow.Table`; pyarrow has no types."""
Specs = Sequence[EntitySpec | FeatureViewSpec]


class Engine(Protocol):
    """What does the work. Whatever fails raises `ForesetError`."""

    def training_set(self, specs: Specs, spec: TrainingSetSpec, spine: Any) -> ArrowTable:
        """The rows of the spine with the features."""
        ...

    def training_set_between(self, specs: Specs, spec: TrainingSetSpec, since_us: int, until_us: int) -> ArrowTable:
        """The same for every key at every time at which a view has a row of it."""
        ...

    def pull(self, pull: Pull, source: DeltaSource) -> ArrowTable:
        """Rows of a table as they are."""
        ...

    def facts(self, source: DeltaSource) -> TableFacts:
        """What is known of a table now."""
        ...

    def columns(self, source: DeltaSource) -> list[tuple[str, str]]:
        """The names of a table's columns and of their types, as pyarrow calls them."""
        ...

    def is_there(self, source: DeltaSource) -> bool:
        """Whether there is such a table."""
        ...

    def write(self, source: DeltaSource, frame: Any, mode: WriteMode, options: WriteOptions) -> None:
        """Write rows to a table, and record it."""
        ...


@dataclass(frozen=True)
class Options:
    """The options, beside the repository's folder, from which relative paths are taken."""

    repo: Path
    engine: Engine
    known_at: object
    versions: Mapping[str, int]
    partition_time_zone: str | None


def options_of(config: RepoConfig) -> Options:
    """The options of a repository's offline store."""
    given: Any = config.offline_store
    repo = Path(config.repo_path or ".").absolute()
    folder = _folder(repo, given.store)
    recorded = given.record and (config.repo_path or given.store)  # a configuration made in code may have no folder
    make: Any = import_module(ENGINE).FeastEngine
    return Options(
        repo=repo,
        engine=cast("Engine", make(folder if recorded else None, given.memory, given.threads)),
        known_at=_moment(given.known_at),
        versions=dict(given.versions),
        partition_time_zone=given.partition_time_zone,
    )


def _folder(repo: Path, store: str | None) -> Path | str:
    """Where the store is: a URL as it is, a folder relative to the repository, which it is in by default."""
    if store is not None and (is_address(store) or is_not_a_place(store)):
        return store
    return repo / store if store else repo


def _moment(given: object) -> object:
    """YAML makes dates and times of what looks like such; a date is its beginning, in UTC."""
    if isinstance(given, list):
        return [_moment(item) for item in cast("list[object]", given)]
    return given.isoformat() if isinstance(given, date) and not isinstance(given, datetime) else given
