"""A store over Delta tables of customers and orders, whose keys can be erased."""

import base64
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec

ANN = "ann@example.com"
BOB = "bob@example.com"


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


CUSTOMERS = pl.DataFrame({"mail": [ANN, BOB, "cyd@example.com"], "at": [day(1)] * 3, "age": [41, 52, 63]})
SPINE = pl.DataFrame({"mail": [ANN, BOB, ANN], "event_timestamp": [day(3), day(4), day(5)], "late": [0, 1, 1]})
OTHERS = SPINE.filter(pl.col("mail") == BOB)
CUSTOMER = EntitySpec("customer", ["mail"])
AGES = FeatureViewSpec("ages", ["customer"], DeltaSource("customers", "at"), ["age"])


ENCODED = re.compile(r"(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def opened(folder: Path) -> FeatureStore:
    return FeatureStore.open(folder / "store", data_dir=folder / "data").unwrap()


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    made = opened(tmp_path)
    made.tables.write(CUSTOMERS, "customers").unwrap()
    made.register(CUSTOMER, AGES).unwrap()
    return made


def left_in(folder: Path, text: str) -> list[str]:
    """The files under a folder that hold a text: in their bytes, in decoded Parquet, in SQLite as it is read.

    Of Parquet also what its metadata have in base64: Arrow's schema, and notes of pandas' types.
    """
    found = []
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        told = path.read_bytes()
        if path.suffix == ".parquet":
            told += str(pl.read_parquet(path).to_dicts()).encode()
            metadata = " ".join(map(str, pl.read_parquet_metadata(path).items()))
            told += b" ".join(base64.b64decode(part) for part in ENCODED.findall(metadata))
        if path.name == "events.db":
            with closing(sqlite3.connect(path)) as log:
                told += "\n".join(log.iterdump()).encode()
        if text.encode() in told:
            found.append(path.name)
    return found
