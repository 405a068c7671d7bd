"""Feast's file sources as tables of Foreset's, and the versions that feature_store.yaml names for them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from feast import FileSource
from feast.data_format import DeltaFormat, ParquetFormat
from feast.infra.registry.base_registry import BaseRegistry

from foreset.adapters.feast.offline.options import Options
from foreset.adapters.shared.tables.by_format import parquet_table
from foreset.domain.definitions.specs import DeltaSource
from foreset.domain.errors.feast import SourceRefused, UnknownPin
from foreset.domain.errors.problem import raised
from foreset.domain.feast import tags as feast_tags

_LOCAL: Final = "file://"


def source_of(owner: str, source: Any, options: Options) -> DeltaSource:
    """The table behind a source of Feast's; `owner` names what reads it.

    A folder with a Delta log is a Delta table, whatever the source says: its files alone do not tell its rows.
    """
    if not isinstance(source, FileSource):
        raise raised(_refused(owner, f"a {type(source).__name__}", "which is no FileSource"))
    if source.file_format is not None and not isinstance(source.file_format, DeltaFormat | ParquetFormat):
        kind = type(source.file_format).__name__
        raise raised(_refused(owner, repr(source.path), f"whose format is {kind}, and Delta and Parquet are read here"))
    return DeltaSource(
        table=_table(source, options.repo),
        timestamp_field=source.timestamp_field or "event_timestamp",
        created_timestamp_field=source.created_timestamp_column or None,
        field_mapping=dict(source.field_mapping or {}),
        storage_options=_storage_options(source),
        valid_until_field=feast_tags.valid_until_field(source.tags or {}),
        timestamp_unit=feast_tags.timestamp_unit(source.tags or {}),
        partition_time_zone=feast_tags.partition_time_zone(source.tags or {}) or options.partition_time_zone,
    )


def _refused(owner: str, source: str, problem: str) -> SourceRefused:
    return SourceRefused(view=owner, source=source, problem=problem)


def location(path: str, repo: Path) -> str:
    """The URL, or the absolute path: Feast takes relative ones from its repository."""
    uri: object = FileSource.get_uri_for_file_path(repo_path=repo, uri=path.removeprefix(_LOCAL))
    return str(uri)


def _table(source: FileSource, repo: Path) -> str:
    place = location(source.path, repo)
    if isinstance(source.file_format, DeltaFormat) or ("://" not in place and (Path(place) / "_delta_log").is_dir()):
        return place
    return parquet_table(place)


def _storage_options(source: FileSource) -> dict[str, str]:
    """What opens a source in an object store; without an address of its own and credentials, the environment does."""
    endpoint = source.s3_endpoint_override or ""
    options = feast_tags.storage_options(source.tags or {}, endpoint)
    if endpoint.startswith("http://"):
        options = {"AWS_ALLOW_HTTP": "true", **options}
    return options | (source.resolve_credentials() or {})


# === Versions ===


def pinned_version(source: FileSource, options: Options) -> int | None:
    """The version that feature_store.yaml names for a source, by its name, its path, or its absolute path."""
    found = (options.versions[name] for name in _names(source, options.repo) if name in options.versions)
    return next(found, None)


def check_pins(options: Options, registry: BaseRegistry, project: str) -> None:
    """Refuse a version that is named for no source of the project."""
    if not options.versions:
        return
    views: Iterable[Any] = registry.list_all_feature_views(project, allow_cache=True)
    sources = [source for view in views if isinstance(source := getattr(view, "batch_source", None), FileSource)]
    known = {name for source in sources for name in _names(source, options.repo)}
    strange = next((name for name in options.versions if name not in known), None)
    if strange is not None:
        named = tuple(dict.fromkeys(source.name for source in sources))
        raise raised(UnknownPin(table=strange, known=named))


def _names(source: FileSource, repo: Path) -> tuple[str, ...]:
    return source.name, source.path, location(source.path, repo)
