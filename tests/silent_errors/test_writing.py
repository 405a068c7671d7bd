"""What other writers lose without a word, Foreset keeps or refuses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from returns.result import Failure

from foreset import FeatureStore, ForesetError, read_delta_table, write_to_delta_lake
from foreset.domain.errors.table_writes import TableBusy
from foreset.domain.errors.tables import SchemaMismatch

LOSSY: dict[str, tuple[object, object]] = {
    "a fraction into whole numbers": (1, 1.5),
    "a text into whole numbers": (1, "5"),
    "a whole number into fractions": (0.5, 2**53 + 1),
    "more decimals than the table has": (Decimal("1.5"), Decimal("1.55")),
}


def rows(path: Path) -> list[object]:
    """What deltalake, who has no hand in Foreset's reading, finds."""
    return sorted(pl.DataFrame(DeltaTable(path).scan())["k"].to_list())


@pytest.fixture
def three_commits(tmp_path: Path) -> Path:
    for k in range(3):
        write_to_delta_lake(pl.DataFrame({"k": [k]}), tmp_path / "t")
    return tmp_path / "t"


@pytest.mark.parametrize("case", LOSSY)
@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_a_value_that_the_table_does_not_hold_is_refused(tmp_path: Path, case: str, mode: str) -> None:
    held, given = LOSSY[case]
    write_to_delta_lake(pl.DataFrame({"k": [held]}), tmp_path / "t")
    with pytest.raises(ForesetError, match=r"does not hold it(: .* at row 0)?. Nothing was written") as caught:
        write_to_delta_lake(pl.DataFrame({"k": [given]}), tmp_path / "t", mode=mode)  # type: ignore[arg-type]
    assert isinstance(caught.value.error, SchemaMismatch)
    assert rows(tmp_path / "t") == [held]


def test_rows_are_replaced_by_exact_decimals(tmp_path: Path) -> None:
    amounts = pl.Series([Decimal("22222.22222"), Decimal("22222.22223")], dtype=pl.Decimal(10, 5))
    frame = pl.DataFrame({"k": [1, 2], "amount": amounts})
    write_to_delta_lake(frame, tmp_path / "t")
    other = frame.head(1).with_columns(k=pl.lit(9, pl.Int64))
    write_to_delta_lake(other, tmp_path / "t", mode="overwrite", replace_where="amount = 22222.22222")
    assert rows(tmp_path / "t") == [2, 9]


def test_deltalake_cuts_fractions_off(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "t", pl.DataFrame({"k": [1]}))
    write_deltalake(tmp_path / "t", pl.DataFrame({"k": [1.9]}), mode="append")
    assert rows(tmp_path / "t") == [1, 1]


def test_tables_that_are_put_together_twice_at_once_have_each_row_once(three_commits: Path) -> None:
    stores = [FeatureStore.open(three_commits.parent / name).unwrap() for name in ("a", "b")]
    for store in stores:
        store.tables.info(str(three_commits)).unwrap()  # both have it open now
    with ThreadPoolExecutor() as workers:
        done = list(workers.map(lambda store: store.tables.optimize(str(three_commits)), stores))
    assert {type(failed.failure()) for failed in done if isinstance(failed, Failure)} <= {TableBusy}
    assert rows(three_commits) == [0, 1, 2]
    assert len(DeltaTable(three_commits).file_uris()) == 1
    assert stores[0].tables.check(str(three_commits), deep=True).unwrap().worst in {None, "advice"}


def test_overwriting_after_a_compaction_leaves_the_new_rows_alone(three_commits: Path) -> None:
    read_delta_table(three_commits)  # from now on it is open
    DeltaTable(three_commits).optimize.compact()
    write_to_delta_lake(pl.DataFrame({"k": [200]}), three_commits, mode="overwrite")
    assert rows(three_commits) == [200]
    assert read_delta_table(three_commits)["k"].to_list() == [200]


def test_deltalakes_open_table_keeps_the_old_rows(three_commits: Path) -> None:
    opened = DeltaTable(three_commits)
    DeltaTable(three_commits).optimize.compact()
    write_deltalake(opened, pl.DataFrame({"k": [200]}), mode="overwrite")
    assert rows(three_commits) == [0, 1, 2, 200]


GIVEN: dict[str, Callable[[pl.DataFrame], object]] = {
    "polars": lambda frame: frame,
    "pyarrow": lambda frame: frame.to_arrow(),
    "pandas": lambda frame: frame.to_pandas(),
}


@pytest.mark.parametrize("chunks", [1, 12])
@pytest.mark.parametrize("library", GIVEN)
def test_rows_keep_their_order(tmp_path: Path, chunks: int, library: str) -> None:
    """deltalake writes the batches of such a pyarrow table in the order in which its threads are done."""
    parts = np.array_split(np.arange(1_200_000), chunks)
    frame = pl.concat([pl.DataFrame({"k": part}) for part in parts], rechunk=False)
    write_to_delta_lake(GIVEN[library](frame), tmp_path / "t")
    assert read_delta_table(tmp_path / "t").equals(frame)
