"""The events of a log as run events of OpenLineage: one for each retrieval, rebuild, training, load and write.

The log tells when something was done, and not when it was begun, so each run is told by one event, COMPLETE.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import job_type_job, processing_engine_run, symlinks_dataset, tags_run

from foreset.adapters.openlineage.facets import (
    PRODUCER,
    Place,
    column_lineage,
    facet,
    layer_of,
    place_of,
    read,
    table_facets,
    written,
)
from foreset.domain.definitions.models import ModelTrained
from foreset.domain.definitions.registry import FeatureViewRegistered
from foreset.domain.event_log.receipts import Recorded, TableWritten, TrainingSetRebuilt, TrainingSetRetrieved
from foreset.domain.facts import Column
from foreset.domain.online.loading import ViewMaterialized
from foreset.domain.planning.nodes import Scan

_UNKNOWN: Final = "unknown"


class RunEvents:
    """Translates a log, event by event in its order; what comes later is told with what came before."""

    def __init__(self, log: str, namespace: str, place: Callable[[str], str], version: str) -> None:
        """Tell of the log `log`, with jobs in `namespace`; `place` gives the path or URL of a table."""
        self._log = log
        self._namespace = namespace
        self._place = place
        self._version = version
        self._sets: dict[str, TrainingSetRetrieved] = {}
        self._columns: dict[str, dict[str, str]] = {}

    def told(self, recorded: Recorded) -> Iterator[RunEvent]:
        """The run event of an event; none for what is no run."""
        match recorded.event:
            case FeatureViewRegistered() as event:
                known = self._columns.setdefault(event.spec.source.table, {})
                known.update((column.name, column.dtype) for column in event.columns)
            case TrainingSetRetrieved() as event:
                self._sets[event.id] = event
                yield self._run(recorded, _job_of(event), "TRAINING_SET", *self._of_set(event))
            case TrainingSetRebuilt() as event:
                if event.id in self._sets:
                    yield self._run(recorded, f"rebuild.{event.id}", "REBUILD", *self._of_set(self._sets[event.id]))
            case ModelTrained() as event:
                yield self._trained(recorded, event)
            case TableWritten() as event:
                facets = self._table_facets(event.table, event.version, self._columns.get(event.table, {}))
                output = written(self._table(event.table), facets, event.rows)
                yield self._run(recorded, f"write.{event.table}", event.mode.upper(), [], [output])
            case ViewMaterialized() as event:
                facets = self._table_facets(event.table, event.version, self._columns.get(event.table, {}))
                stored = written(self._own(f"online/{event.store}/{event.view}"), table_facets(None, ()), event.rows)
                name = f"materialize.{event.view}"
                yield self._run(recorded, name, "MATERIALIZE", [read(self._table(event.table), facets)], [stored])
            case _:
                pass

    # === Runs ===

    def _run(
        self, recorded: Recorded, job: str, kind: str, inputs: list[InputDataset], outputs: list[OutputDataset]
    ) -> RunEvent:
        what = facet(job_type_job.JobTypeJobFacet, processingType="BATCH", integration="FORESET", jobType=kind)
        return RunEvent(
            eventType=RunState.COMPLETE,
            eventTime=recorded.at.isoformat(),
            producer=PRODUCER,
            run=Run(runId=self._run_id(recorded), facets=self._run_facets(recorded)),
            job=Job(namespace=self._namespace, name=job, facets={"jobType": what}),
            inputs=inputs,
            outputs=outputs,
        )

    def _run_id(self, recorded: Recorded) -> str:
        """Always the same for an event of a log, so that what is sent twice is one run."""
        return str(uuid5(NAMESPACE_URL, f"{PRODUCER}/{self._log}/{recorded.position}"))

    def _run_facets(self, recorded: Recorded) -> dict[str, Any]:
        tags = {"actor": recorded.actor, "position": str(recorded.position)}
        if isinstance(recorded.event, ModelTrained):
            tags |= {f"metric.{name}": str(value) for name, value in recorded.event.measured.items()}
        engine = facet(processing_engine_run.ProcessingEngineRunFacet, version=self._version, name="foreset")
        fields = [tags_run.TagsRunFacetFields(key=key, value=value, source="FORESET") for key, value in tags.items()]
        return {"processing_engine": engine, "tags": facet(tags_run.TagsRunFacet, tags=fields)}

    # === Training sets and models ===

    def _of_set(self, receipt: TrainingSetRetrieved) -> tuple[list[InputDataset], list[OutputDataset]]:
        """What a training set is read from, and the set, with the lineage of its columns."""
        spine, spine_facets = self._spine(receipt)
        scans = receipt.plan.scans
        tables = {scan.table: self._table(scan.table) for scan in scans}
        inputs = [read(tables[scan.table], self._scan_facets(scan)) for scan in scans]
        facets = {**self._set_facets(receipt), "columnLineage": column_lineage(receipt.plan, spine, tables)}
        reference = receipt.spine.reference
        if reference is None or (spine, reference.version) not in {(tables[s.table], s.version) for s in scans}:
            inputs.append(read(spine, spine_facets))
        return inputs, [written(self._set_place(receipt.id), facets, receipt.rows)]

    def _spine(self, receipt: TrainingSetRetrieved) -> tuple[Place, dict[str, Any]]:
        reference, columns = receipt.spine.reference, receipt.plan.spine.columns
        if reference is not None:
            facets = table_facets(str(reference.version), columns, layer=layer_of(reference.path))
            return self._table(reference.path), facets
        fingerprint = receipt.spine.fingerprint
        return self._own(f"spines/{fingerprint}"), table_facets(fingerprint, columns)

    def _set_place(self, identifier: str) -> Place:
        return self._own(f"training_sets/{identifier}")

    def _set_facets(self, receipt: TrainingSetRetrieved) -> dict[str, Any]:
        outputs = {o.name: o.dtype for gather, _, _ in receipt.plan.gathers for o in gather.columns}
        dtypes = {column.name: column.dtype for column in receipt.plan.spine.columns} | outputs
        return table_facets(receipt.fingerprint, [Column(name, dtypes.get(name, "")) for name in receipt.columns])

    def _trained(self, recorded: Recorded, event: ModelTrained) -> RunEvent:
        receipt = self._sets.get(event.training_set_id)
        facets = table_facets(None, ()) if receipt is None else self._set_facets(receipt)
        name = event.name or event.estimator
        made = table_facets(event.fingerprint, (), kind="MODEL")
        if event.saved_to is not None:
            namespace, path = place_of(event.saved_to, "file")
            identifier = symlinks_dataset.Identifier(namespace=namespace, name=path, type="FILE")
            made["symlinks"] = facet(symlinks_dataset.SymlinksDatasetFacet, identifiers=[identifier])
        inputs = [read(self._set_place(event.training_set_id), facets)]
        return self._run(recorded, f"train.{name}", "TRAINING", inputs, [written(self._own(f"models/{name}"), made)])

    # === Datasets ===

    def _own(self, name: str) -> Place:
        return self._namespace, name

    def _table(self, table: str) -> Place:
        return place_of(self._place(table), self._namespace)

    def _scan_facets(self, scan: Scan) -> dict[str, Any]:
        known = self._columns.get(scan.table, {})
        return self._table_facets(scan.table, scan.version, {name: known.get(name, "") for name in scan.columns})

    def _table_facets(self, table: str, version: int, columns: Mapping[str, str]) -> dict[str, Any]:
        named = [Column(name, dtype) for name, dtype in columns.items()]
        return table_facets(str(version), named, layer=layer_of(table))


def _job_of(receipt: TrainingSetRetrieved) -> str:
    """The job that builds a training set: by the spec's name, or by the views where it has none."""
    views = "+".join(dict.fromkeys(match.view for _, match, _ in receipt.plan.gathers))
    return f"training_set.{receipt.spec.name or views or _UNKNOWN}"
