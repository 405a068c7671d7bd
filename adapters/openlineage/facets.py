"""Datasets and their facets, as the OpenLineage specification has them (https://openlineage.io/spec).

Its names of datasets: a namespace that says where, and a name in it ("Naming" in its documentation).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    column_lineage_dataset,
    dataset_type_dataset,
    dataset_version_dataset,
    output_statistics_output_dataset,
    schema_dataset,
    storage_dataset,
)

from foreset.adapters.shared.tables.by_format import parquet_path
from foreset.domain.facts import Column
from foreset.domain.planning.nodes import Gather, Match, Scan
from foreset.domain.planning.plan import RetrievalPlan

PRODUCER: Final = "urn:foreset"
"""Who tells of runs, as a URI, which OpenLineage asks for."""
_Facet = TypeVar("_Facet")

Place = tuple[str, str]
"""A dataset's namespace and name."""


def facet(kind: Callable[..., _Facet], **fields: Any) -> _Facet:
    """A facet that says who made it."""
    return kind(**fields, producer=PRODUCER)


def place_of(uri: str, namespace: str) -> Place:
    """What a table at a path or URL is called; in `namespace` where it is neither.

    >>> place_of("s3://lake/rain/day", "ours"), place_of("/data/rain", "ours"), place_of("rain", "ours")
    (('s3://lake', 'rain/day'), ('file', '/data/rain'), ('ours', 'rain'))
    """
    path = (parquet_path(uri) or uri).removeprefix("file://")
    if "://" in path:
        parts = urlsplit(path, allow_fragments=False)  # a key may have a #
        host = parts.netloc.rpartition("@")[2]  # without a name and a password
        return f"{parts.scheme}://{host}", parts.path.lstrip("/")
    return ("file", path) if path.startswith("/") else (namespace, path)


def table_facets(
    version: str | None, columns: Iterable[Column], *, kind: str = "TABLE", layer: str | None = None
) -> dict[str, Any]:
    """Version, schema and kind of a dataset; `layer` is the format of a table."""
    fields = [
        schema_dataset.SchemaDatasetFacetFields(name=column.name, type=column.dtype or None) for column in columns
    ]
    found: dict[str, Any] = {"datasetType": facet(dataset_type_dataset.DatasetTypeDatasetFacet, datasetType=kind)}
    if version is not None:
        found["version"] = facet(dataset_version_dataset.DatasetVersionDatasetFacet, datasetVersion=version)
    if fields:
        found["schema"] = facet(schema_dataset.SchemaDatasetFacet, fields=fields)
    if layer is not None:
        found["storage"] = facet(storage_dataset.StorageDatasetFacet, storageLayer=layer, fileFormat="parquet")
    return found


def layer_of(table: str) -> str:
    """The format of a table, by its name."""
    return "delta" if parquet_path(table) is None else "parquet"


def read(place: Place, facets: dict[str, Any]) -> InputDataset:
    """A dataset that was read."""
    return InputDataset(namespace=place[0], name=place[1], facets=facets)


def written(place: Place, facets: dict[str, Any], rows: int | None = None) -> OutputDataset:
    """A dataset that was written, with how many rows it has."""
    statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet
    counted: dict[str, Any] = {} if rows is None else {"outputStatistics": facet(statistics, rowCount=rows)}
    return OutputDataset(namespace=place[0], name=place[1], facets=facets, outputFacets=counted)


# === Columns ===


def column_lineage(
    plan: RetrievalPlan, spine: Place, tables: Mapping[str, Place]
) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    """Which column each column of a training set was made from, and which columns chose the rows."""
    of_spine = {c.name: _fields([_field(spine, c.name, "DIRECT", "IDENTITY")]) for c in plan.spine.columns}
    of_tables = {
        output.name: _fields([_field(tables[scan.table], output.source, "DIRECT", "IDENTITY")])
        for gather, _, scan in plan.gathers
        for output in gather.columns
    }
    chosen = [field for triple in plan.gathers for field in _chosen(triple, spine, tables)]
    chosen.append(_field(spine, plan.spine.time, "INDIRECT", "FILTER"))
    unique = {(f.namespace, f.name, f.field): f for f in chosen}
    return facet(
        column_lineage_dataset.ColumnLineageDatasetFacet,
        fields={**of_spine, **of_tables},
        dataset=list(unique.values()),
    )


def _chosen(
    triple: tuple[Gather, Match, Scan], spine: Place, tables: Mapping[str, Place]
) -> Iterable[column_lineage_dataset.InputField]:
    """The keys that are joined, and the times by which rows serve or do not."""
    _, match, scan = triple
    for key in match.keys:
        yield _field(spine, key.spine, "INDIRECT", "JOIN")
        yield _field(tables[scan.table], key.table, "INDIRECT", "JOIN")
    for name in match.times:
        yield _field(tables[scan.table], name, "INDIRECT", "FILTER")


def _field(place: Place, name: str, kind: str, subtype: str) -> column_lineage_dataset.InputField:
    transformation = column_lineage_dataset.Transformation(type=kind, subtype=subtype)
    return column_lineage_dataset.InputField(place[0], place[1], name, [transformation])


def _fields(inputs: list[column_lineage_dataset.InputField]) -> column_lineage_dataset.Fields:
    return column_lineage_dataset.Fields(inputFields=inputs)
