"""Workflow files: what `foreset train` runs, from YAML, TOML or JSON."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec
from returns.result import Result, Success

from foreset.domain.definitions.models import FeatureSpec, ModelSpec, Split
from foreset.domain.definitions.workflow import FeatureStoreSpec
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.specs import InvalidSpec, SpecUnreadable
from foreset.entrypoints.spec_files.documents import documents
from foreset.entrypoints.spec_files.fields import as_spec, unknown_field, wrong_kind
from foreset.entrypoints.spec_files.specs import SpecFileError

_SECTIONS = ("feature_store", "features", "model")


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of `run_ml_workflow`, as a file gives them."""

    feature_store: FeatureStoreSpec
    features: tuple[FeatureSpec, ...] | None
    model: ModelSpec


def read_workflow(
    path: str | PathLike[str], *, repo_path: str | None = None, allow: Iterable[str] = ()
) -> Result[Workflow, SpecFileError]:
    """The workflow of a file with the sections `feature_store`, `features` (a list) and `model`; all may be left out.

    `repo_path` is the store's folder, in place of the file's. A file cannot say which packages its estimator may come
    from: they are scikit-learn and those in `allow`, which the caller names.
    """
    return Result.do(
        Workflow(feature_store=store, features=features, model=model)
        for sections in _sections(Path(path))
        for store in _store(sections, str(path), repo_path)
        for features in _features(sections, str(path))
        for model in _model(sections, str(path), tuple(allow))
    )


def _sections(path: Path) -> Result[dict[str, Any], SpecFileError]:
    read = documents(path)
    if not isinstance(read, Success):
        return refuse(read.failure())
    if len(read.unwrap()) > 1:
        problem = f"it holds {len(read.unwrap())} documents, and one is wanted"
        return refuse(SpecUnreadable(path=str(path), where="", problem=problem))
    value = read.unwrap()[0]
    if not isinstance(value, dict):
        return refuse(wrong_kind(value, "a mapping with feature_store, features and model", at=str(path)))
    wrong = unknown_field(value, _SECTIONS, at=str(path))
    return Success(value) if wrong is None else refuse(wrong)


def _section(sections: dict[str, Any], name: str, path: str) -> Result[dict[str, Any], InvalidSpec]:
    value = sections.get(name, {})
    if isinstance(value, dict):
        return Success(value)
    return refuse(wrong_kind(value, "a mapping of names to values", at=f"{path}, {name}"))


def _store(sections: dict[str, Any], path: str, repo_path: str | None) -> Result[FeatureStoreSpec, SpecFileError]:
    given = {} if repo_path is None else {"repo_path": repo_path}
    return Result.do(
        spec
        for fields in _section(sections, "feature_store", path)
        for spec in as_spec({"enabled": True, **fields, **given}, FeatureStoreSpec, at=f"{path}, feature_store")
    )


def _features(sections: dict[str, Any], path: str) -> Result[tuple[FeatureSpec, ...] | None, SpecFileError]:
    values = sections.get("features")
    if values is None:
        return Success(None)
    if not isinstance(values, list):
        return refuse(wrong_kind(values, "a list", at=f"{path}, features"))
    found: list[FeatureSpec] = []
    for index, value in enumerate(values):
        read = as_spec(value, FeatureSpec, at=f"{path}, features[{index}]")
        if not isinstance(read, Success):
            return refuse(read.failure())
        found.append(read.unwrap())
    return Success(tuple(found))


def _model(sections: dict[str, Any], path: str, allow: tuple[str, ...]) -> Result[ModelSpec, SpecFileError]:
    at = f"{path}, model"
    section = _section(sections, "model", path)
    if not isinstance(section, Success):
        return refuse(section.failure())
    fields = section.unwrap()
    if "allowed_packages" in fields:
        problem = "a file cannot allow packages: whoever runs it does"
        return refuse(
            InvalidSpec(spec=at, problem=problem, remedy="leave allowed_packages out; --allow-package P allows P")
        )
    wrong = unknown_field(fields, tuple(f for f in ModelSpec.__struct_fields__ if f != "allowed_packages"), at=at)
    if wrong is not None:
        return refuse(wrong)
    packages = {"allowed_packages": ["sklearn", *allow]}
    if not isinstance(fields.get("split"), dict):
        return as_spec({**fields, **packages}, ModelSpec, at=at)
    return as_spec(fields["split"], Split, at=f"{at}.split").bind(
        lambda split: as_spec({**fields, **packages, "split": split}, ModelSpec, at=at)
    )
