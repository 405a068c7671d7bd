"""What is fuzzed: each target parses generated input, and lets nothing out but values and Foreset's own errors.

A target is a strategy and what is done with its examples. `python tests/fuzz/run.py` runs them for a time.
"""
# ruff: noqa: ARG001, SIM105, E501
# All targets are called alike; what is generated is listed in lines as long as it is.

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from hypothesis import strategies as st

from foreset.adapters.delta.log.checkpoints import CHECKPOINT_FAULTS, _actions
from foreset.adapters.delta.log.folders import LocalFolder
from foreset.adapters.delta.log.log import commit_of, open_log
from foreset.adapters.feast.repository.registry_path import is_registry
from foreset.adapters.feast.repository.settings import read_settings
from foreset.adapters.polars.csv.spines import csv_spine
from foreset.adapters.shared.event_log.event_rows import as_recorded
from foreset.adapters.shared.files.bounded_yaml import YamlUnfit, yaml_documents
from foreset.adapters.shared.rows.sql_conditions import condition
from foreset.adapters.sklearn.saving import load_model
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.errors.problem import Problem
from foreset.domain.event_log.decoding import TAGS
from foreset.domain.facts import Column
from foreset.domain.safe_text.addresses import without_secrets
from foreset.domain.tables.delta_log import Add, Metadata, recorded_rows, relative_to, spellings
from foreset.domain.tables.delta_schema import leaves_of
from foreset.entrypoints.spec_files.specs import read_registrations, read_training_set
from foreset.entrypoints.spec_files.workflows import read_workflow
from foreset.entrypoints.wiring.limits import limits
from foreset.entrypoints.wiring.locations import location

WORDS = [
    "entities",
    "views",
    "name",
    "join_keys",
    "source",
    "table",
    "timestamp_field",
    "features",
    "ttl",
    "spine",
    "add",
    "remove",
    "metaData",
    "protocol",
    "path",
    "stats",
    "minValues",
    "maxValues",
    "nullCount",
    "numRecords",
    "schemaString",
    "partitionValues",
    "type",
    "fields",
    "struct",
    "feature_store",
    "model",
    "params",
    "project",
    "registry",
    "registry_type",
    "sql",
    "offline_store",
    "online_store",
    "id",
    "result",
    "views",
    "at",
    "k",
    "s",
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "CASE",
]
ODD = (
    "\0",
    "\ud800",
    "\x1b[31m",
    "\u202e",
    "!!bool",
    "!!timestamp",
    "&a",
    "*a",
    "<<",
    "9" * 5000,
    "1e999",
    "-0",
    "NaN",
    "://",
)

texts = st.one_of(st.text(max_size=20), st.sampled_from(WORDS), st.sampled_from(ODD))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), texts, st.integers(min_value=2**60, max_value=2**400),
    st.datetimes(), st.sampled_from(["30d", "2024-01-01", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00"]),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=20,
)


@st.composite
def deep(draw: st.DrawFn) -> str:
    """One part many times over, and its ends."""
    start, end = draw(
        st.sampled_from(
            [
                ("[", "]"),
                ('{"a":', "}"),
                ("- ", ""),
                ("? ", ""),
                ("(", ")"),
                ("k=1 OR ", "k=1"),
                ("a.", ""),
                ("NOT ", ""),
                ("[[", "]]"),
                ("&a [", "]"),
                ("k+", ""),
                ("'", "'"),
            ]
        )
    )
    times = draw(st.sampled_from([1, 10, 49, 50, 51, 200, 999, 1_001, 5_000, 40_000]))
    return start * times + draw(st.sampled_from(["", "1", "*a", "k"])) + end * draw(st.sampled_from([0, times]))


def _json(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


written = st.one_of(
    values.map(_json),
    deep(),
    st.text(max_size=200),
    st.lists(texts, max_size=12).map(" ".join),
    st.lists(texts, max_size=12).map(": ".join),
)
content = st.one_of(written.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=300))


def _message(found: Any) -> None:
    """A refusal can be shown."""
    error = found.failure() if hasattr(found, "failure") and type(found).__name__ != "Success" else None
    assert error is None or isinstance(error, Problem), error
    assert error is None or error.message


def _file(place: Path, name: str, data: bytes) -> Path:
    path = place / name
    path.write_bytes(data)
    return path


def specs(place: Path, data: tuple[str, bytes]) -> None:
    """Spec files of all three formats."""
    path = _file(place, f"spec.{data[0]}", data[1])
    for read in (read_registrations, read_training_set, read_workflow):
        _message(read(path))


def yaml(place: Path, text: str) -> None:
    """YAML as such."""
    try:
        yaml_documents(text)
    except YamlUnfit:
        pass


def feast_settings(place: Path, data: bytes) -> None:
    """feature_store.yaml."""
    _file(place, "feature_store.yaml", data)
    _message(read_settings(place))


def events(place: Path, row: tuple[Any, ...]) -> None:
    """Rows of an event log."""
    as_recorded(row)  # type: ignore[arg-type]  # whatever a damaged file holds


def commits(place: Path, data: bytes) -> None:
    """Commits of a Delta log, with their statistics and schemas."""
    for action in commit_of(0, "0.json", data).actions:
        if action.add:
            recorded_rows(action.add)
            spellings(action.add.path, "/data/t")
        if action.meta_data:
            schema(place, action.meta_data.schema_string)


def schema(place: Path, text: str) -> None:
    """Schemas of Delta tables."""
    try:
        leaves_of(Metadata(schema_string=text))
    except ValueError:
        pass


def statistics(place: Path, text: str) -> None:
    """Statistics of files."""
    recorded_rows(Add(path="a", stats=text))


def checkpoints(place: Path, data: bytes) -> None:
    """Checkpoints in JSON and in Parquet."""
    (place / "_delta_log").mkdir(exist_ok=True)
    log = open_log(LocalFolder(str(place)))
    for ending in ("json", "parquet"):
        name = f"_delta_log/{0:020}.checkpoint.{ending}"
        _file(place, name, data)
        try:
            list(_actions(log, name))
        except CHECKPOINT_FAULTS:
            pass


def conditions(place: Path, text: str) -> None:
    """SQL conditions."""
    _message(condition("t", text, [Column(name="k", dtype="int64"), Column(name="s", dtype="string")]))


def csv(place: Path, data: bytes) -> None:
    """Spines in CSV files."""
    _message(csv_spine(SpineReference(str(_file(place, "spine.csv", data))), "at"))


def addresses(place: Path, text: str) -> None:
    """Addresses of stores and paths of logs."""
    without_secrets(text)
    relative_to(text, "/data/t")
    if "://" in text and not text.lower().startswith("postgres"):
        _message(location(text))


def sizes(place: Path, text: str) -> None:
    """Budgets."""
    _message(limits(text, None))


def models(place: Path, entries: tuple[dict[str, bytes], bytes]) -> None:
    """Files of models."""
    with ZipFile(place / "model.skops", "w") as archive:
        for name, data in entries[0].items():
            archive.writestr(name, data)
    _message(load_model(place / "model.skops"))
    _message(load_model(_file(place, "raw.skops", entries[1])))


def registries(place: Path, data: bytes) -> None:
    """Feast's registries."""
    is_registry(data)


_actions_of_a_log = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {
                "add": st.fixed_dictionaries(
                    {"path": texts, "stats": written}, optional={"size": scalars, "partitionValues": values}
                )
            }
        ),
        st.fixed_dictionaries({"metaData": st.fixed_dictionaries({"schemaString": written})}),
        values,
    ),
    max_size=4,
).map(lambda lines: "\n".join(map(_json, lines)).encode("utf-8", "surrogatepass"))
_rows = st.tuples(
    st.one_of(st.integers(), texts), texts, st.one_of(st.integers(), texts),
    st.one_of(texts, scalars, st.datetimes(timezones=st.timezones()).map(str), st.sampled_from(["9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59"])),
    texts, st.one_of(st.sampled_from(sorted(TAGS)), texts), written,
)  # fmt: skip
_columns = st.lists(st.lists(texts, min_size=2, max_size=2).map(",".join), max_size=6).map("\n".join)
_numpy_header = st.builds(
    lambda shape, kind: b"\x93NUMPY\x01\x00" + len(text := f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()).to_bytes(2, "little") + text,
    st.sampled_from(["(1,)", "(10**12,)", "(1000000000000,)", "(-1,)", "()", "(" * 200]), st.sampled_from(["<f8", "|O", "<U99999999", "V9"]),
)  # fmt: skip
_models = st.tuples(
    st.dictionaries(
        st.sampled_from(["schema.json", "1.npy", "../x.npy", "a"]), st.one_of(content, _numpy_header), max_size=3
    ),
    content,
)

TARGETS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Path, Any], None]]] = {
    "specs": (st.tuples(st.sampled_from(["yaml", "json", "toml"]), content), specs),
    "yaml": (written, yaml),
    "feast_settings": (content, feast_settings),
    "events": (_rows, events),
    "commits": (st.one_of(_actions_of_a_log, content), commits),
    "schemas": (written, schema),
    "statistics": (written, statistics),
    "checkpoints": (st.one_of(_actions_of_a_log, content), checkpoints),
    "conditions": (written, conditions),
    "csv": (st.one_of(content, _columns.map(lambda text: text.encode("utf-8", "surrogatepass"))), csv),
    "addresses": (st.one_of(texts, st.lists(texts, max_size=6).map("/".join), texts.map("s3://".__add__)), addresses),
    "sizes": (st.one_of(texts, st.from_regex(r"\A[0-9.]{1,400} ?[KMGTP]?i?B\Z")), sizes),
    "models": (_models, models),
    "registries": (content, registries),
}
"""Each target by its name."""
