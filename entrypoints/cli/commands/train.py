"""`train`: a whole workflow from a file."""

import argparse

from msgspec.structs import replace
from returns.result import Result

from foreset.entrypoints.cli.output import Answer, Table
from foreset.entrypoints.cli.stores import store_path
from foreset.entrypoints.feast.workflow import WorkflowResult, run_ml_workflow
from foreset.entrypoints.spec_files.specs import SpecFileError
from foreset.entrypoints.spec_files.workflows import Workflow, read_workflow
from foreset.entrypoints.wiring.engines import chosen_store
from foreset.entrypoints.wiring.raising import given, reject


def train(args: argparse.Namespace) -> Result[Answer, SpecFileError]:
    """Retrieve, train and evaluate; `ForesetError` where that fails."""
    read = read_workflow(args.spec, repo_path=store_path(args), allow=args.allow_package)
    return read.map(lambda workflow: _run(_on_store(_known(workflow, args), args)))


def _known(workflow: Workflow, args: argparse.Namespace) -> Workflow:
    """The workflow, with the knowledge and the version of the command line in place of the file's."""
    spec = workflow.feature_store
    strange = next((table for table, _ in args.versions if table != spec.dataset_name), None)
    if strange is not None:
        reject("foreset train --version", f"it names {strange!r}", f"name the dataset: --version {spec.dataset_name}=V")
    version = dict(args.versions).get(spec.dataset_name, spec.version)
    return replace(workflow, feature_store=replace(spec, known_at=args.known_at or spec.known_at, version=version))


def _on_store(workflow: Workflow, args: argparse.Namespace) -> Workflow:
    """The workflow, with the offline store of the command line in place of the file's."""
    if args.offline_store is None and args.accept is None:
        return workflow
    spec = workflow.feature_store
    accept = spec.accept if args.accept is None else ()  # what is given here stands in the environment
    chosen = given(chosen_store(args.offline_store or spec.offline_store, accept))
    store = spec.offline_store_type if chosen.store is None else chosen.store.name
    return replace(
        workflow,
        feature_store=replace(
            spec, offline_store_type=store, offline_store_options=chosen.options, accept=chosen.accept
        ),
    )


def _run(workflow: Workflow) -> Answer:
    result = run_ml_workflow(workflow.features, workflow.model, feature_store_spec=workflow.feature_store)
    return _trained(result, workflow)


def _trained(result: WorkflowResult, workflow: Workflow) -> Answer:
    rows, features = result.X.shape
    data = {
        "training_set_id": result.training_set_id,
        "rows": rows,
        "features": features,
        "metrics": result.metrics,
        "saved_to": result.saved_to,
        "repo_path": workflow.feature_store.repo_path,
    }
    saved = [] if result.saved_to is None else [f"The fitted pipeline is in {result.saved_to}."]
    measured = [(name, f"{value:.4f}") for name, value in result.metrics.items()]
    metrics = Table(("metric", "on the test rows"), measured, frozenset({"on the test rows"}))
    trained = f"Trained on {result.training_set_id}: {rows:,} rows, {features} features."
    return Answer(data, [trained, metrics, *saved, f"Next: `foreset show {result.training_set_id}`."])
