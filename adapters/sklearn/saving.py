"""Fitted pipelines: their fingerprint, and their files, by skops. Nothing is ever pickled or unpickled."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

import skops.io
from returns.result import Result, Success
from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException

from foreset.adapters.shared.files.input_files import input_bytes
from foreset.adapters.shared.files.places import is_not_a_place
from foreset.adapters.sklearn.model_bounds import LARGEST_MODEL, MODEL_FAULTS, require_modest
from foreset.domain.errors.problem import because, refuse, told
from foreset.domain.errors.system import by_code
from foreset.domain.errors.training import (
    BadParameters,
    ModelLoadError,
    ModelUnreadable,
    ModelUnwritable,
    UntrustedModel,
)
from foreset.domain.safe_text.addresses import is_address, without_secrets

_HARMLESS: Final = ("numpy.dtype",)
"""Types that skops asks about and that only describe an array."""

_FLEETING: Final = ("__id__", "_skops_version", "n_threads")
"""What differs between dumps of equal pipelines: addresses in memory, skops' version, how many threads fitted it."""


def dump(pipeline: Any, path: str) -> Result[bytes, BadParameters]:
    """The pipeline as skops writes it. `path` is the estimator's import path, for the message."""
    try:
        return Success(skops.io.dumps(pipeline, compression=ZIP_DEFLATED))
    except UnsupportedTypeException as fault:
        error = BadParameters(estimator=path, problem=f"skops cannot record it ({told(fault)})")
        return refuse(because(error, fault))


def fingerprint(dumped: bytes) -> str:
    """SHA-256 over what a dump says of the pipeline, 64 hexadecimal digits. Equal pipelines have equal ones."""
    with ZipFile(BytesIO(dumped)) as archive:
        files = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
        state = json.loads(archive.read("schema.json"))
    canonical = json.dumps(_canonical(state, files), sort_keys=False, separators=(",", ":"))
    return hashlib.sha256(f"foreset-model.v1/{canonical}".encode()).hexdigest()


def _canonical(node: Any, files: dict[str, str]) -> Any:  # JSON
    """A node of the dump with files by their content and sets in an order of their own."""
    if isinstance(node, list):
        return [_canonical(item, files) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _canonical(value, files) for key, value in node.items() if key not in _FLEETING}
    if isinstance(node.get("file"), str):
        kept["file"] = files.get(node["file"], node["file"])
    if node.get("__loader__") == "SetNode" and isinstance(kept.get("content"), list):
        kept["content"] = sorted(kept["content"], key=json.dumps)
    return kept


def save_model(dumped: bytes, path: str) -> Result[str, ModelUnwritable]:
    """Write a dump, whole or not at all, making the folder where it is missing; gives the absolute path."""
    if is_address(path) or is_not_a_place(path):
        return refuse(ModelUnwritable(path=without_secrets(path), problem="it is an address, not a file"))
    place = Path(path).expanduser().absolute()
    temporary = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(dumped)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(place)
    except FileExistsError:
        return refuse(ModelUnwritable(path=str(place), problem="a file stands where its folder would be"))
    except OSError as fault:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        return refuse(by_code(ModelUnwritable(path=str(place), problem=told(fault)), fault))
    return Success(str(place))


def load_model(path: str | Path, trusted: Iterable[str] = ()) -> Result[Any, ModelLoadError]:
    """A pipeline that was saved. Types that skops does not know as harmless must be named in `trusted`."""
    allowed = {*_HARMLESS, *((trusted,) if isinstance(trusted, str) else trusted)}
    try:
        data = input_bytes(path, LARGEST_MODEL)
        require_modest(data)
        strange = tuple(name for name in skops.io.get_untrusted_types(data=data) if name not in allowed)
        if strange:
            return refuse(UntrustedModel(path=str(path), types=strange))
        return Success(skops.io.loads(data, trusted=sorted(allowed)))
    except OSError as fault:
        return refuse(because(ModelUnreadable(path=str(path), problem=told(fault)), fault))
    except UntrustedTypesFoundException as fault:
        return refuse(because(UntrustedModel(path=str(path), types=(told(fault),)), fault))
    except MODEL_FAULTS as fault:
        problem = f"it is no whole skops file ({told(fault)})"
        return refuse(because(ModelUnreadable(path=str(path), problem=problem), fault))
