"""Files of models that would become too much are refused before they are unpacked, and made-up ones have an error."""

import resource
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foreset.adapters.sklearn import model_bounds
from foreset.adapters.sklearn.saving import load_model
from foreset.domain.errors.training import ModelUnreadable

MIB = 1 << 20
Entries = list[tuple[str, bytes]]


def array(shape: str, dtype: str = "<f8") -> bytes:
    """An array of this shape, by its header, without its values."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header


def of_array(shape: str) -> Entries:
    return [("schema.json", b"{}"), ("1.npy", array(shape))]


def problem(place: Path, entries: Entries) -> str:
    """What is said of a file with these entries, whose memory is looked at."""
    with zipfile.ZipFile(place / "m.skops", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = load_model(place / "m.skops").failure()
    assert isinstance(error, ModelUnreadable)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 512 * 1024
    return str(error)


ABSURD: dict[str, tuple[Callable[[], Entries], str]] = {
    "an array of a terabyte": (
        lambda: [("schema.json", b"{}"), ("1.npy", array("(125000000000,)"))],
        "is said to have",
    ),
    "an array of a shape beyond 64 bits": (
        lambda: [("schema.json", b"{}"), ("1.npy", array("(9" + "9" * 30 + ",)"))],
        "",
    ),
    "an array of a negative length": (lambda: [("schema.json", b"{}"), ("1.npy", array("(-1,)"))], ""),
    "a header that is too long": (lambda: [("schema.json", b"{}"), ("1.npy", array("(1,)" + " " * 60_000))], ""),
    "a bomb of zeros": (lambda: [("schema.json", b"{}"), *((f"{n}.npy", bytes(64 * MIB)) for n in range(2))], ""),
    "a description nested too deeply": (lambda: [("schema.json", b"[" * 5_000 + b"]" * 5_000)], ""),
    "no description": (lambda: [("1.npy", array("(1,)"))], ""),
    "a description that is no JSON": (lambda: [("schema.json", b"{")], ""),
    "a description of one number": (lambda: [("schema.json", b"7")], ""),
}


@pytest.mark.parametrize("kind", ABSURD)
def test_an_absurd_file_is_an_error_and_takes_no_memory(tmp_path: Path, kind: str) -> None:
    entries, said = ABSURD[kind]
    assert said in problem(tmp_path, entries())


def test_many_entries_are_counted_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_bounds, "MOST_ENTRIES", 3)
    assert "it has 4 entries, more than 3" in problem(tmp_path, [(f"{n}.npy", b"") for n in range(4)])


def test_what_it_becomes_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_bounds, "LARGEST_UNPACKED", MIB)
    assert "it becomes 1,048,578 bytes, more than 1,048,576" in problem(
        tmp_path, [("schema.json", b"{}"), ("a.npy", bytes(MIB))]
    )


def test_the_description_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_bounds, "LARGEST_SCHEMA", 10)
    assert "its description has 11 bytes, more than 10" in problem(tmp_path, [("schema.json", b"[1,2,3,4,5]")])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name_are_not_one(tmp_path: Path) -> None:
    assert "two entries of one name" in problem(tmp_path, [("schema.json", b"{}"), ("schema.json", b"[]")])


def test_a_directory_that_names_fewer_bytes_than_there_are_is_damage(tmp_path: Path) -> None:
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b'{"a": 1}' + b" " * MIB)
    data = held.getvalue().replace(struct.pack("<I", MIB + 8), struct.pack("<I", 8))
    (tmp_path / "m.skops").write_bytes(data)
    assert isinstance(load_model(tmp_path / "m.skops").failure(), ModelUnreadable)


@given(
    st.binary(max_size=30) | st.text("('\"[{}],:\n\t\\ 0", max_size=20).map(str.encode), st.sampled_from([1, 2, 3, 9])
)
def test_any_header_of_an_array_has_an_error(header: bytes, version: int) -> None:
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    data = b"\x93NUMPY" + bytes([version, 0]) + length + header
    with TemporaryDirectory() as place:
        problem(Path(place), [("schema.json", b"{}"), ("1.npy", data)])


@given(st.binary(max_size=200))
def test_any_bytes_have_an_error(data: bytes) -> None:
    with TemporaryDirectory() as place:
        (Path(place) / "m.skops").write_bytes(data)
        assert isinstance(load_model(Path(place) / "m.skops").failure(), ModelUnreadable)
