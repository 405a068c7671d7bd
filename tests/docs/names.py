"""What a message may name: commands and their options, environment variables, functions and their parameters."""

import argparse
import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import feast
from deltalake import DeltaTable
from deltalake.table import TableOptimizer
from feast import data_format
from feast.infra.offline_stores import file_source

import foreset
from foreset.adapters.sklearn.saving import load_model
from foreset.entrypoints.cli.parser import parser
from foreset.entrypoints.store.parts.feast import StoreFeast
from foreset.entrypoints.store.parts.keys import StoreKeys
from foreset.entrypoints.store.parts.log import StoreLog
from foreset.entrypoints.store.parts.models import StoreModels
from foreset.entrypoints.store.parts.online import StoreOnline
from foreset.entrypoints.store.parts.tables import StoreTables
from foreset.entrypoints.store.parts.training_sets import StoredTrainingSets

ROOT = Path(__file__).parents[2]
ROOMS = ("domain", "application", "adapters", "entrypoints")
OTHERS = {
    "pandas.to_datetime",
    "str.to_datetime",
    "astype",
    "dt.to_timestamp",
    "map_elements",
    "return_dtype",
    "POLARS_MAX_THREADS",
    "multiprocessing.set_start_method",
    "multiprocessing.get_context",
    "mp_context",
    "manager.store.apply",
    "utc",
}
"""Names of other libraries."""


def unknown(text: str) -> list[str]:
    """What a text names that does not exist."""
    calls = re.findall(r"([A-Za-z_][\w.]*)\(", text)
    return [
        *(name for name in re.findall(r"\b(?:FORESET|POLARS)_[A-Z_]+\b", text) if name not in environment() | OTHERS),
        *(name for code in re.findall(r"`(foreset [^`]*)`", text) for name in _unknown_command(code)),
        *(
            name
            for name in re.findall(r"(?<![\w`-])(--[a-z-]+)", re.sub(r"`[^`]*`", "", text))
            if name not in _options()
        ),
        *(name for name in calls if name not in functions() | OTHERS),
        *(
            name
            for name in re.findall(r"\b([a-z_]+)=(?!=)", re.sub(r"'[^']*'", "", text))
            if name not in parameters() | OTHERS
        ),
    ]


def _unknown_command(code: str) -> Iterator[str]:
    name = code.split()[1]
    if name not in commands():
        yield f"foreset {name}"
    known = commands().get(name, set())
    yield from (option for option in re.findall(r"--[a-z-]+", code) if option not in known)


@cache
def commands() -> dict[str, set[str]]:
    """The commands and their options."""
    found: dict[str, set[str]] = {}
    for action in parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                found[name] = {option for of in command._actions for option in of.option_strings}
    return found


def _options() -> set[str]:
    return {option for options in commands().values() for option in options}


@cache
def environment() -> set[str]:
    """The environment variables that the code names as a whole, to read them."""
    return {
        node.value
        for tree in _trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[A-Z]+_[A-Z_]+", node.value)
    }


_KNOWN_BY = {
    "store": foreset.FeatureStore,
    "store.training_sets": StoredTrainingSets,
    "store.tables": StoreTables,
    "store.log": StoreLog,
    "store.models": StoreModels,
    "store.online": StoreOnline,
    "store.feast": StoreFeast,
    "store.keys": StoreKeys,
    "manager": foreset.FeastManager,
    "DeltaTable": DeltaTable,
    "optimize": TableOptimizer,
}
"""Beside classes by their names, how messages call objects."""


@cache
def _public() -> dict[str, Any]:
    found = {name: getattr(foreset, name) for name in foreset.__all__}
    found |= {"load_model": load_model, "DeltaTable": DeltaTable}
    classes = {name: kind for name, kind in found.items() if inspect.isclass(kind)}
    found |= {name: kind for home in (feast, data_format, file_source) for name, kind in _classes(home).items()}
    for name, kind in [*classes.items(), *_KNOWN_BY.items(), ("FeatureStore", feast.FeatureStore)]:
        for method in dir(kind):
            if not method.startswith("_"):
                found[f"{name}.{method}"] = found[method] = getattr(kind, method)
    return found


def _classes(home: ModuleType) -> dict[str, Any]:
    return {name: kind for name, kind in vars(home).items() if inspect.isclass(kind) and name not in foreset.__all__}


def functions() -> set[str]:
    """The public functions, classes and methods, by the names that messages call them by."""
    return set(_public())


@cache
def parameters() -> set[str]:
    """The names of all parameters of public functions, classes and methods."""
    return {name for found in _public().values() if callable(found) for name in _parameters(found)}


def _parameters(function: Any) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except ValueError:  # of a builtin
        return []


# === Texts in the code ===


def remedies() -> list[str]:
    """The second halves of messages that are written where an error is made."""
    return sorted({_text(node) for tree in _trees() for node in _remedies(tree)} - {""})


def _remedies(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and any("remedy" in ast.unparse(target) for target in node.targets):
            yield node.value.elts[-1] if isinstance(node.value, ast.Tuple) else node.value
        if isinstance(node, ast.Call):
            yield from (keyword.value for keyword in node.keywords if keyword.arg in {"remedy", "then"})
            if ast.unparse(node.func) == "reject" and len(node.args) > 2:
                yield node.args[2]


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "X" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@cache
def _trees() -> list[ast.Module]:
    return [ast.parse(path.read_text("utf-8")) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
