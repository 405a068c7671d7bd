"""What receipts say of checksums, who may leave them out, and which files have none."""

from pathlib import Path

import msgspec
import polars as pl
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec, write_to_delta_lake
from foreset.adapters.shared.parquet.footer_marks import look_at_footer
from foreset.adapters.shared.parquet.verifying import verify_files
from foreset.domain.errors.event_log import UnfitLimit
from foreset.domain.errors.files import FileDamaged
from foreset.domain.event_log.receipts import TrainingSetRetrieved
from foreset.domain.facts import DataFile
from foreset.domain.planning.measurements import Verified
from foreset.entrypoints.store.training_set import TrainingSet

TIME = pl.Datetime("us", "UTC")
FEATURES = pl.DataFrame({"k": range(100), "at": pl.Series([0] * 100).cast(TIME), "v": [n / 7 for n in range(100)]})
SPINE = pl.DataFrame({"k": [3, 4], "event_timestamp": pl.Series([1, 1]).cast(TIME)})


def opened(folder: Path, *, verify: bool | None = None) -> FeatureStore:
    store = FeatureStore.open(folder / "store", verify=verify).unwrap()
    source = DeltaSource(str(folder / "t"), "at")
    store.register(EntitySpec("e", ["k"]), FeatureViewSpec("w", ["e"], source, ["v"])).unwrap()
    return store


def made(store: FeatureStore) -> TrainingSet:
    return store.training_set(TrainingSetSpec(["w:v"]), SPINE).unwrap()


def damage(folder: Path) -> None:
    """Change a value of `v`, in bytes that decode as before."""
    [file] = (folder / "t").glob("*.parquet")
    content = bytearray(file.read_bytes())
    column = pq.read_metadata(file).row_group(0).column(2)
    content[column.data_page_offset + column.total_compressed_size - 1] ^= 1
    file.write_bytes(content)


def test_receipts_say_how_many_files_were_verified(tmp_path: Path) -> None:
    write_to_delta_lake(FEATURES, tmp_path / "t")
    write_deltalake(str(tmp_path / "t"), FEATURES.to_arrow(), mode="append")  # its pages have no checksums
    with opened(tmp_path) as store:
        first = made(store)
        again = made(store)
    assert first.receipt.verified == again.receipt.verified == Verified(files=2, verified=1)
    assert first.id == again.id


def test_receipts_say_nothing_of_checksums_that_nobody_looked_at(tmp_path: Path) -> None:
    write_to_delta_lake(FEATURES, tmp_path / "t")
    with opened(tmp_path, verify=False) as store:
        unverified = made(store)
    with opened(tmp_path) as store:
        assert made(store).id == unverified.id
    assert unverified.receipt.verified is msgspec.UNSET
    assert b'"verified"' not in msgspec.json.encode(unverified.receipt)


def test_a_receipt_from_before_there_were_checksums_in_it_is_read(tmp_path: Path) -> None:
    write_to_delta_lake(FEATURES, tmp_path / "t")
    with opened(tmp_path) as store:
        receipt = made(store).receipt
    old = msgspec.json.decode(msgspec.json.encode(receipt))
    del old["verified"]
    assert msgspec.convert(old, TrainingSetRetrieved).verified is msgspec.UNSET


def test_a_file_that_is_damaged_after_it_was_read_is_verified_again(tmp_path: Path) -> None:
    write_to_delta_lake(FEATURES, tmp_path / "t")
    with opened(tmp_path) as store:
        made(store)
        damage(tmp_path)
        refused = store.training_set(TrainingSetSpec(["w:v"]), SPINE).failure()
    assert isinstance(refused, FileDamaged)
    assert (refused.column, refused.row_group) == ("v", 0)
    assert "Next: restore the file from a backup" in refused.message


def test_only_the_columns_that_are_read_are_verified(tmp_path: Path) -> None:
    write_to_delta_lake(FEATURES.with_columns(other=pl.col("v")), tmp_path / "t")
    with opened(tmp_path) as store:
        damage(tmp_path)
        source = DeltaSource(str(tmp_path / "t"), "at")
        store.register(FeatureViewSpec("x", ["e"], source, ["other"])).unwrap()
        assert store.training_set(TrainingSetSpec(["x:other"]), SPINE).unwrap().frame["other"].to_list() == [
            3 / 7,
            4 / 7,
        ]
        assert isinstance(store.training_set(TrainingSetSpec(["w:v"]), SPINE).failure(), FileDamaged)


@pytest.mark.parametrize(
    ("said", "verified"), [("yes", True), ("1", True), ("", True), ("no", False), ("False", False)]
)
def test_the_environment_says_whether_files_are_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, *, verified: bool
) -> None:
    monkeypatch.setenv("FORESET_VERIFY", said)
    write_to_delta_lake(FEATURES, tmp_path / "t")
    with opened(tmp_path) as store:
        assert (made(store).receipt.verified is not msgspec.UNSET) == verified


def test_what_is_neither_yes_nor_no_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORESET_VERIFY", "perhaps")
    refused = FeatureStore.open(tmp_path / "store").failure()
    assert isinstance(refused, UnfitLimit)
    assert "'perhaps' is neither yes nor no" in refused.message


def test_files_of_every_write_have_a_mark_before_their_footer(tmp_path: Path) -> None:
    write_to_delta_lake(FEATURES, tmp_path / "t")
    for file in (tmp_path / "t").glob("*.parquet"):
        with file.open("rb") as opened_file:
            look = look_at_footer(opened_file.fileno(), file.stat().st_size)
        assert look is not None
        assert look.proved
        assert pl.read_parquet(file).equals(FEATURES)
        assert pq.read_table(file).num_rows == FEATURES.height


@pytest.mark.parametrize("column", ["v", "s.inner"])
def test_a_name_that_changed_in_a_footer_without_a_checksum_is_damage(tmp_path: Path, column: str) -> None:
    rows = pl.DataFrame({"v": [1.5, 2.5], "s": [{"inner": 1}, {"inner": 2}]})
    path = tmp_path / "part.parquet"
    pq.write_table(rows.to_arrow(), path, store_schema=False)
    name = column.rpartition(".")[2].encode()
    content = path.read_bytes()
    schema = content.index(bytes([0x18, len(name)]) + name, len(content) - 8 - footer_length(content))
    path.write_bytes(content[: schema + 2] + bytes([name[0] ^ 1]) + content[schema + 3 :])
    damage = verify_files("t", [DataFile(path=str(path), size_bytes=len(content), rows=2, modified_ms=0)], ["v", "s"])
    assert isinstance(damage, FileDamaged)
    assert damage.column == column
    assert "its footer names it" in str(damage)


def footer_length(content: bytes) -> int:
    return int.from_bytes(content[-8:-4], "little")
