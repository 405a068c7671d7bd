"""Every field of every spec takes what is plainly meant, or refuses it by name: no value is kept that no log holds."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pytest

from foreset.domain.definitions.models import FeatureSpec, ModelSpec, Split
from foreset.domain.definitions.specs import (
    DeltaSource,
    EntitySpec,
    FeatureField,
    FeatureRef,
    FeatureViewSpec,
    Spec,
    SpineReference,
    TrainingSetSpec,
)
from foreset.domain.definitions.workflow import FeatureStoreSpec, FeatureStoreSpecBuilder
from foreset.domain.errors.problem import CallerError, ForesetError
from foreset.domain.tables.write_options import WriteOptions


class _Text(str, Enum):  # noqa: UP042  # its str() is not its text
    A = "a"


class _Number(IntEnum):
    A = 1


class _Mute:
    def __repr__(self) -> str:
        raise RuntimeError


class _Strange:
    def __getattr__(self, name: str) -> object:
        return self

    def __eq__(self, other: object) -> bool:
        raise TypeError

    __hash__ = None  # type: ignore[assignment]


_SOURCE = DeltaSource("t", "at")
SPECS: dict[type[Spec], dict[str, Any]] = {
    EntitySpec: {"name": "k", "join_keys": ["k"]},
    DeltaSource: {"table": "t", "timestamp_field": "at"},
    FeatureField: {"name": "x"},
    FeatureViewSpec: {"name": "v", "entities": ["k"], "source": _SOURCE, "features": ["x"]},
    FeatureRef: {"view": "v", "feature": "x"},
    TrainingSetSpec: {"features": ["v:x"]},
    SpineReference: {"path": "s"},
    FeatureSpec: {"columns": ["x"]},
    Split: {},
    ModelSpec: {},
    WriteOptions: {},
    FeatureStoreSpec: {},
    FeatureStoreSpecBuilder: {},
}
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**70, 1.5, math.nan, math.inf, Decimal(1), 1j, b"b", bytearray(b"b"), "", "a", "\0", "\ud800",
    "v:x", "30d", _Text.A, _Number.A, (), ("a", 1), [None], [["a"]], {"a"}, {"a": 1}, {"a": None}, {1: "a"},
    {"a": "\ud800"}, {"a": math.nan}, {"a": object()}, {"a": np.int64(1)}, range(2), iter(["a"]), object(), str, len,
    Path("p"), date(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC), timedelta.max, timedelta(-1), ZoneInfo("UTC"),
    np.str_("a"), np.int64(1), np.float32("nan"), np.bool_(True), np.array("a"), np.array(["a", "b"]), np.array([[1]]),  # noqa: FBT003  # a value
    np.datetime64("2024-01-01"), np.datetime64("NaT"), np.datetime64(1, "ns"), np.timedelta64(1, "D"),
    np.timedelta64("NaT", "s"), pd.NA, pd.NaT, pd.Timestamp("2024-01-01"), pd.Timestamp(1), pd.Timedelta("1d"),
    pd.Timedelta(1), pd.Series(["a"]), pd.DataFrame({"a": [1]}), pl.Series(["a"]), pl.DataFrame({"a": [1]}),
    pl.Float64, EntitySpec("k", ["k"]), _SOURCE, FeatureField("x"), _Mute(), _Strange(),
)  # fmt: skip
FIELDS = [(spec, field) for spec in SPECS for field in spec.__struct_fields__]


@pytest.mark.parametrize(("spec", "field"), FIELDS, ids=lambda part: getattr(part, "__name__", part))
def test_a_value_is_refused_or_reads_back_equal(spec: type[Spec], field: str) -> None:
    for value in VALUES:
        made = _made(spec, {**SPECS[spec], field: value})
        if isinstance(made, ForesetError):
            assert isinstance(made, CallerError)
            assert " Next: " in str(made)
            assert str(made).encode()
        else:
            assert _read_back(made) == _plain(made), (field, type(value))


def _made(spec: type[Spec], fields: dict[str, Any]) -> Spec | ForesetError:
    try:
        return spec(**fields)
    except ForesetError as refused:
        return refused


def _read_back(spec: Spec) -> object:
    return _plain(msgspec.json.decode(msgspec.json.encode(spec), type=type(spec)))


def _plain(value: object) -> object:
    """The spec with tuples in open values as the lists that JSON has."""
    return msgspec.json.decode(msgspec.json.encode(value))


PLAIN: list[tuple[Callable[[], Any], Any]] = [
    (lambda: DeltaSource(Path("a/b"), "at").table, "a/b"),
    (lambda: DeltaSource("t", "at", partition_time_zone=ZoneInfo("Europe/Paris")).partition_time_zone, "Europe/Paris"),
    (lambda: FeatureViewSpec("v", [EntitySpec("k", ["k"])], _SOURCE, ["x"]).entities, ("k",)),
    (lambda: TrainingSetSpec(np.array(["v:x", "v:y"])).features, ("v:x", "v:y")),
    (lambda: TrainingSetSpec("v:x", full_feature_names=np.True_).full_feature_names, True),
    (lambda: TrainingSetSpec("v:x", versions={"t": np.int64(3)}).versions, {"t": 3}),
    (
        lambda: TrainingSetSpec("v:x", known_at=np.datetime64("2024-01-02", "ns")).known_at,
        datetime(2024, 1, 2, tzinfo=UTC),
    ),
    (lambda: EntitySpec(_Text.A, ["k"]).name, "a"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "taken"), PLAIN)
def test_what_is_plainly_meant_is_taken(given: Callable[[], Any], taken: object) -> None:
    value = given()
    assert value == taken
    assert type(value) is type(taken)


@pytest.mark.parametrize(
    ("ttl", "taken"),
    [
        ("30d", timedelta(days=30)),
        ("1d 12h", timedelta(hours=36)),
        ("PT6H", timedelta(hours=6)),
        (pd.Timedelta("1d"), timedelta(days=1)),
        (np.timedelta64(90, "m"), timedelta(minutes=90)),
    ],
)
def test_lengths_of_time_are_taken_with_their_unit(ttl: Any, taken: timedelta) -> None:
    found = FeatureViewSpec("v", ["k"], _SOURCE, ["x"], ttl=ttl).ttl
    assert (found, type(found)) == (taken, timedelta)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: FeatureViewSpec("v", ["k"], _SOURCE, ["x"], tags={"version": 2}),  # type: ignore[dict-item]  # refused
        "FeatureViewSpec('v'): tags['version'] is 2 (int), which is not a text. Next: give a text.",
    ),
    (
        lambda: FeatureViewSpec("v", ["k"], _SOURCE, ["x"], ttl=86400),  # type: ignore[arg-type]  # refused
        (
            "FeatureViewSpec('v'): ttl is 86400 (int), which is not a length of time, for it has no unit. "
            "Next: give timedelta(days=30), or a text with units such as '30d', '1d 12h' or 'PT6H'."
        ),
    ),
    (
        lambda: FeatureViewSpec("v", ["k"], "t", ["x"]),  # type: ignore[arg-type]  # refused
        (
            "FeatureViewSpec('v'): source is 't' (str), which is not a DeltaSource. "
            "Next: give a DeltaSource(table=..., timestamp_field=...)."
        ),
    ),
    (
        lambda: DeltaSource("t", "at", storage_options={"allow_http": True}),  # type: ignore[dict-item]  # refused
        "DeltaSource: storage_options['allow_http'] is True (bool), which is not a text. Next: give a text.",
    ),
]


@pytest.mark.parametrize(("make", "text"), REFUSED)
def test_what_is_refused_is_named(make: Callable[[], Any], text: str) -> None:
    with pytest.raises(CallerError) as caught:
        make()
    assert str(caught.value) == text
