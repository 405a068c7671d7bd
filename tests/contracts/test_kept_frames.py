"""What everything does that keeps frames. An adapter is one more entry in FACTORIES."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest
from returns.result import Result, Success

from foreset.adapters.memory.kept import MemoryFrames
from foreset.adapters.polars.frames.fingerprint import fingerprint
from foreset.adapters.polars.frames.kept import ParquetFrames
from foreset.adapters.postgres import Database, PostgresBlobs
from foreset.adapters.shared.files.blobs import FolderBlobs
from foreset.adapters.shared.files.claims import claimed
from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.adapters.shared.frames.pandas_rows import PandasRows, PandasType, types_of
from foreset.application.ports.event_log import KeptFrames
from foreset.domain.errors.event_log import InvalidFrameName, KeptLost, StoreError, StoreUnwritable

FACTORIES: dict[str, Callable[[pytest.FixtureRequest], KeptFrames]] = {
    "memory": lambda _: MemoryFrames(),
    "folder": lambda request: ParquetFrames(
        FolderBlobs(request.getfixturevalue("tmp_path") / "repo", ".parquet"),
    ),
    "postgres": lambda request: ParquetFrames(
        PostgresBlobs(Database.open(f"postgresql://{request.getfixturevalue('postgres_database')}").unwrap(), part=100)
    ),
}
FRAME = pl.DataFrame({"k": [1, 2, None], "s": ["a", "b", None]})


@pytest.fixture(params=FACTORIES)
def kept(request: pytest.FixtureRequest) -> KeptFrames:
    return FACTORIES[request.param](request)


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> KeptFrames:
    return FACTORIES["folder"](request)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series(["b", "a", None], dtype=pl.Categorical),
        pl.Series(["b", None], dtype=pl.Enum(["a", "b"])),
        pl.Series([[1, None], None], dtype=pl.Array(pl.Int64, 2)),
        pl.Series([[{"a": [1, None]}, None], None, []]),
        pl.Series([{"a": None}, None], dtype=pl.Struct({"a": pl.Int64})),
        pl.Series([1, None], dtype=pl.Datetime("ms", "Asia/Tokyo")),
        pl.Series([1, None], dtype=pl.Datetime("ns")),
        pl.Series([1, None], dtype=pl.Duration("ms")),
        pl.Series([None, None], dtype=pl.Null),
        pl.Series([float("nan"), -0.0, None]),
        pl.Series([2**100, None], dtype=pl.Int128),
    ],
    ids=lambda column: str(column.dtype),
)
def test_a_kept_frame_comes_back_as_it_was(kept: KeptFrames, column: pl.Series) -> None:
    frame = pl.DataFrame({"x": column})
    kept.keep("spines/a", frame).unwrap()
    back = pl.DataFrame(kept.load("spines/a").unwrap())
    assert back.schema == frame.schema
    assert fingerprint(back) == fingerprint(frame)


def test_the_first_of_a_name_stays(kept: KeptFrames) -> None:
    kept.keep("spines/a", FRAME).unwrap()
    kept.keep("spines/a", FRAME.head(1)).unwrap()
    assert pl.DataFrame(kept.load("spines/a").unwrap()).equals(FRAME)


def test_names_are_found_by_their_beginning(kept: KeptFrames) -> None:
    assert kept.names("") == Success(())
    for name in ("spines/b", "spines/a", "pins/x/0", "pins/x/1", "pins/xy/0"):
        kept.keep(name, FRAME).unwrap()
    assert kept.names("spines/") == Success(("spines/a", "spines/b"))
    assert kept.names("pins/x/") == Success(("pins/x/0", "pins/x/1"))
    assert len(kept.names("").unwrap()) == 5
    assert kept.names("other/") == Success(())


def test_what_is_removed_is_gone(kept: KeptFrames) -> None:
    kept.keep("spines/a", FRAME).unwrap()
    assert kept.remove("spines/a").unwrap()
    assert not kept.remove("spines/a").unwrap()
    assert kept.names("") == Success(())
    assert isinstance(kept.load("spines/a").failure(), KeptLost)


def test_nothing_is_left_beside_a_kept_frame(folder: KeptFrames, tmp_path: Path) -> None:
    for _ in range(2):
        folder.keep("spines/a", FRAME).unwrap()
    assert [path.name for path in (tmp_path / "repo" / "spines").iterdir()] == ["a.parquet"]


def test_threads_keep_the_same_frame_at_once(kept: KeptFrames) -> None:
    name, at_once = "spines/a", threading.Barrier(4)

    def keep(_: int) -> Result[None, StoreError]:
        at_once.wait()
        return kept.keep(name, FRAME)

    with ThreadPoolExecutor(4) as threads:
        for number in range(20):
            name = f"spines/{number}"
            assert list(threads.map(keep, range(4))) == [Success(None)] * 4
            assert pl.DataFrame(kept.load(name).unwrap()).equals(FRAME)


def test_a_frame_that_cannot_be_kept_is_an_error(folder: KeptFrames, tmp_path: Path) -> None:
    hollow = pl.DataFrame({"x": [{}]}, schema={"x": pl.Struct([])})
    assert isinstance(folder.keep("spines/a", hollow).failure(), StoreUnwritable)
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("content", [None, b"", b"broken"])
def test_a_kept_frame_that_is_gone_or_broken(folder: KeptFrames, tmp_path: Path, content: bytes | None) -> None:
    folder.keep("spines/a", FRAME).unwrap()
    path = tmp_path / "repo" / "spines" / "a.parquet"
    path.write_bytes(content) if content is not None else path.unlink()
    error = folder.load("spines/a").failure()
    assert isinstance(error, KeptLost)
    assert str(error).startswith(f"{path}, which the store keeps, cannot be read: ")
    assert "Next: restore it from a backup" in str(error)


def test_a_kept_frame_has_a_size(kept: KeptFrames) -> None:
    kept.keep("pins/a", FRAME).unwrap()
    kept.keep("pins/b", pl.concat([FRAME, pl.DataFrame({"k": range(10_000), "s": map(str, range(10_000))})])).unwrap()
    assert 0 < kept.size("pins/a").unwrap() < kept.size("pins/b").unwrap()
    assert isinstance(kept.size("pins/c").failure(), KeptLost)


def test_columns_that_are_named_are_loaded_and_no_others(kept: KeptFrames) -> None:
    kept.keep("spines/a", FRAME).unwrap()
    assert pl.DataFrame(kept.load("spines/a", ["s", "other"]).unwrap()).equals(FRAME.select("s"))
    assert pl.DataFrame(kept.load("spines/a", ["other"]).unwrap()).columns == []
    assert isinstance(kept.load("spines/b", ["s"]).failure(), KeptLost)


def test_columns_with_a_field_of_the_name_are_loaded_and_notes_with_them(kept: KeptFrames) -> None:
    inside = pl.Series([[{"s": "a", "t": 1}]], dtype=pl.List(pl.Struct({"s": pl.String, "t": pl.Int8})))
    frame = pl.DataFrame({"s": ["b"], "t": ["c"], "in": inside})
    notes = {name: PandasType("category", categories=b"1") for name in ("s", "t")}
    kept.keep("spines/a", PandasRows(frame, notes)).unwrap()
    loaded = kept.load("spines/a", ["s"]).unwrap()
    assert polars_frame(loaded).columns == ["s", "in"]
    assert types_of(loaded) == {"s": notes["s"]}


def test_what_a_killed_process_left_is_swept_away(folder: KeptFrames, tmp_path: Path) -> None:
    folder.keep("spines/a", FRAME).unwrap()
    repo = tmp_path / "repo"
    write = (
        "import os, signal, sys; from pathlib import Path; from foreset.adapters.shared.files.claims import claim\n"
        "(claim(Path(sys.argv[1]), '.unfinished-').path / 'content').write_bytes(b'half')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", write, str(repo)], check=False)
    (repo / "spines" / f"b.{os.getpid()}.partial").write_bytes(b"as an earlier version named it")
    with claimed(repo, ".unfinished-") as own:
        (own / "content").write_bytes(b"half")
        folder.sweep().unwrap()
        assert (own / "content").read_bytes() == b"half"
    assert [path.relative_to(repo).as_posix() for path in repo.rglob("*") if path.is_file()] == ["spines/a.parquet"]


def test_sweeping_keeps_what_is_kept(kept: KeptFrames) -> None:
    kept.keep("spines/a", FRAME).unwrap()
    kept.sweep().unwrap()
    assert kept.names("") == Success(("spines/a",))


@pytest.mark.parametrize(
    "name",
    [
        "../victim/rows",
        "pins/x/../../../victim/rows",
        "/victim/rows",
        "pins//x",
        "pins/..",
        ".rows",
        "a\0b",
        "",
        "a\\b",
    ],
)
def test_a_name_that_is_not_the_stores_touches_nothing(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim" / "rows.parquet"
    victim.parent.mkdir()
    FRAME.write_parquet(victim)
    kept = ParquetFrames(FolderBlobs(tmp_path / "repo", ".parquet"))
    kept.keep("pins/x/0", FRAME).unwrap()
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    for call in (
        lambda: kept.keep(name, FRAME),
        lambda: kept.load(name),
        lambda: kept.size(name),
        lambda: kept.remove(name),
    ):
        error = call().failure()
        assert isinstance(error, InvalidFrameName)
        assert f"names the kept frame {name!r}, which is not a name that the store" in error.message
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before


def test_a_prefix_that_leaves_the_store_lists_nothing(folder: KeptFrames, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    FRAME.write_parquet(tmp_path / "victim" / "rows.parquet")
    for prefix in ("pins/../../victim/", "../victim", "/"):
        assert isinstance(folder.names(prefix).failure(), InvalidFrameName)


def test_a_link_in_the_store_leads_nowhere_else(folder: KeptFrames, tmp_path: Path) -> None:
    folder.keep("spines/a", FRAME).unwrap()
    (tmp_path / "victim").mkdir()
    FRAME.write_parquet(tmp_path / "victim" / "rows.parquet")
    (tmp_path / "repo" / "pins").symlink_to(tmp_path / "victim")
    assert isinstance(folder.remove("pins/rows").failure(), InvalidFrameName)
    assert isinstance(folder.names("pins/").failure(), InvalidFrameName)
    assert (tmp_path / "victim" / "rows.parquet").exists()
