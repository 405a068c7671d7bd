"""Read what an online store serves, by the laws of training sets: no row is dropped, and no value is too old."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from returns.result import Result, Success

from foreset.application.ports.feast import OnlineStore, OnlineValues
from foreset.domain.definitions.registry import Catalog
from foreset.domain.definitions.specs import TrainingSetSpec
from foreset.domain.errors.online import OnlineError, OnlineKeysUnfit
from foreset.domain.errors.problem import refuse
from foreset.domain.errors.retrieval import NameClash, PlanError
from foreset.domain.planning.planner import Selection, select

Columns = Mapping[str, Sequence[object]]
"""Rows as columns of one length."""


@dataclass(frozen=True)
class Asked:
    """Features, as a training set asks for them, and the rows of keys for which they are read."""

    features: Sequence[str]
    rows: Columns
    full_feature_names: bool = False


def read_online(
    asked: Asked, online: OnlineStore, catalog: Catalog, now: datetime
) -> Result[dict[str, list[object]], OnlineError | PlanError]:
    """The columns of the rows, then the features, a value for each row.

    Null where the store has no value, where a key is null, and where the value is older than the view's ttl (to the
    second: online stores hold times no finer).
    """
    spec = TrainingSetSpec(asked.features, full_feature_names=asked.full_feature_names)
    return Result.do(
        found
        for selections in select(spec, catalog)
        for _ in _named_apart(selections, asked.rows)
        for found in _columns(asked.rows, selections, online, now)
    )


def _named_apart(selections: tuple[Selection, ...], rows: Columns) -> Result[None, NameClash]:
    sources: dict[str, list[str]] = {name: ["the rows of keys"] for name in rows}
    for selection in selections:
        for feature, name in selection.features:
            sources.setdefault(name, []).append(f"{selection.view.spec.name}:{feature}")
    clash = next((name for name, count in Counter({n: len(s) for n, s in sources.items()}).items() if count > 1), None)
    return Success(None) if clash is None else refuse(NameClash(name=clash, sources=tuple(sources[clash])))


def _columns(
    rows: Columns, selections: tuple[Selection, ...], online: OnlineStore, now: datetime
) -> Result[dict[str, list[object]], OnlineError]:
    found: dict[str, list[object]] = {name: list(values) for name, values in rows.items()}
    for selection in selections:
        values = _values(rows, selection, online)
        if not isinstance(values, Success):
            return refuse(values.failure())
        young = _young(values.unwrap(), selection.view.spec.age_limit, now)
        for feature, name in selection.features:
            column = values.unwrap().columns[feature]
            found[name] = [value if kept else None for value, kept in zip(column, young, strict=True)]
    return Success(found)


def _values(rows: Columns, selection: Selection, online: OnlineStore) -> Result[OnlineValues, OnlineError]:
    view, keys = selection.view.spec.name, selection.join_keys
    missing = next((key for key in keys if key not in rows), None)
    if missing is not None:
        return refuse(OnlineKeysUnfit(view=view, problem=f"they have no {missing!r}", keys=keys))
    features = tuple(dict.fromkeys(feature for feature, _ in selection.features))
    wanted = {key: rows[key] for key in keys} if keys else dict(list(rows.items())[:1])
    return online.read(view, wanted, features)


def _young(values: OnlineValues, limit: timedelta | None, now: datetime) -> list[bool]:
    if limit is None:
        return [True] * len(values.seconds)
    oldest = (now - limit).timestamp() // 1
    return [at is not None and at >= oldest for at in values.seconds]
