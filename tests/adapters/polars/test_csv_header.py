"""Headers of CSV files of any length: refused or read in a time that grows with their length alone."""

from pathlib import Path

import pytest

from foreset.adapters.polars.csv.spines import csv_spine
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.errors.files import CsvUnfit


def read(place: Path, content: str) -> object:
    path = place / "spine.csv"
    path.write_text(content)
    done = csv_spine(SpineReference(str(path)), None)
    return done.swap().value_or(None) or done.unwrap()


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_name_that_is_too_long_is_refused_with_the_bound(tmp_path: Path, quote: str) -> None:
    error = read(tmp_path, f"{quote}{'k' * 200_000}{quote}\n1\n")
    assert isinstance(error, CsvUnfit)
    assert "more than 131,072 characters" in str(error)


def test_two_columns_of_one_name_are_found_among_many(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(50_000)]
    error = read(tmp_path, ",".join([*names, "c7"]) + "\n")
    assert isinstance(error, CsvUnfit)
    assert "columns 8 and 50001 are both named 'c7'" in str(error)
