"""Files of a table are what their paths name, however a log writes these: none that lives is deleted."""

import json
import re
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from deltalake import write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foreset import FeatureStore, ForesetError, read_delta_table
from foreset.adapters.delta.log.file_identity import named_files
from foreset.adapters.delta.log.folders import LocalFolder
from foreset.adapters.delta.tables import DeltaTables
from foreset.domain.errors.tables import FileOutside
from foreset.domain.table_health.file_findings import OrphanFiles
from tests.trust.conftest import rain
from tests.trust.retained import LABELS, RAIN, aged, overwritten

# Ways to write the path of a file (`path`, encoded, relative) of the table in `root`, which `root/../alias` leads to.
SPELLINGS: dict[str, Callable[[str, Path], str]] = {
    "as it is": lambda path, _: path,
    "from here": lambda path, _: f"./{path}",
    "through the parent": lambda path, root: f"../{quote(root.name)}/{path}",
    "through a folder": lambda path, _: f"_delta_log/../{path}",
    "absolute": lambda path, root: f"{root}/{path}",
    "absolute, doubled": lambda path, root: f"{root}//{path}",
    "a URL": lambda path, root: f"{root.as_uri()}/{path}",
    "a URL, doubled": lambda path, root: f"file:{root}//./{path}",
    "by a link": lambda path, root: f"{root.parent}/alias/{path}",
    "a URL by a link": lambda path, root: f"{(root.parent / 'alias').as_uri()}/{path}",
}


def respelled(root: Path, spell: Callable[[str, Path], str], *versions: int) -> None:
    """The log of the table in `root`, with the paths in the adds and removes of some versions written otherwise."""
    for version in versions:
        log = root / "_delta_log" / f"{version:020}.json"
        actions = [json.loads(line) for line in log.read_text().splitlines()]
        for action in actions:
            for kind in action.keys() & {"add", "remove"}:
                action[kind]["path"] = spell(action[kind]["path"], root)
        log.write_text("".join(json.dumps(action) + "\n" for action in actions))


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_vacuum_deletes_no_live_file_however_its_path_is_written(
    store: FeatureStore, tmp_path: Path, spell: Callable[[str, Path], str]
) -> None:
    root = tmp_path / "rain"
    (tmp_path / "alias").symlink_to(root)
    before = sorted(read_delta_table(root).rows())
    respelled(root, spell, 0, 1)
    for file in root.glob("*.parquet"):
        aged(file, 24 * 365)
    assert sorted(read_delta_table(root).rows()) == before
    assert store.tables.vacuum("rain").unwrap().deleted == ()
    assert store.tables.vacuum("rain", hours=0, force=True).unwrap().deleted == ()
    assert sorted(read_delta_table(root).rows()) == before
    assert not any(isinstance(finding, OrphanFiles) for finding in store.tables.check("rain").unwrap().findings)


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_sets_that_rest_on_a_removed_file_are_named_however_its_path_is_written(
    store: FeatureStore, tmp_path: Path, spell: Callable[[str, Path], str]
) -> None:
    root = tmp_path / "rain"
    (tmp_path / "alias").symlink_to(root)
    respelled(root, spell, 0, 1)
    made = store.training_set(RAIN, LABELS).unwrap()
    overwritten(store)
    respelled(root, lambda path, _: spell(path.rpartition("/")[2], root), 2)
    aged(root / "_delta_log" / f"{2:020}.json", 0)
    (lost,) = store.tables.retention("rain", hours=-0.0).unwrap().sets
    assert (lost.id, lost.fate) == (made.id, "lost")
    assert store.rebuild(made.id).unwrap().frame.equals(made.frame)


def test_a_removed_file_is_kept_for_its_hours_however_its_path_is_written(store: FeatureStore, tmp_path: Path) -> None:
    root = tmp_path / "rain"
    overwritten(store)
    for file in root.glob("*.parquet"):
        aged(file, 24 * 365)  # as a file that no commit names it would go
    respelled(root, lambda path, folder: f"../{folder.name}//{path.rpartition('/')[2]}", 2)
    assert store.tables.vacuum("rain").unwrap().deleted == ()


@given(chosen=st.lists(st.sampled_from(sorted(SPELLINGS)), min_size=2, max_size=2), gone=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_mix_of_spellings_and_tables_that_moved(
    tmp_path_factory: pytest.TempPathFactory, chosen: list[str], *, gone: bool
) -> None:
    folder = tmp_path_factory.mktemp("mixed")
    root = folder / "t"
    for day in range(2):
        write_deltalake(str(root), rain(day, day + 1, range(2)).to_arrow(), mode="append")
    (folder / "alias").symlink_to(root)
    for version, name in enumerate(chosen):
        respelled(root, SPELLINGS[name], version)
    if gone:  # absolute paths lead nowhere after a move
        root = shutil.move(root, folder / "moved")
        (folder / "alias").unlink()
    live = sorted(path.name for path in Path(root).glob("*.parquet"))
    for name in live:
        aged(Path(root) / name, 24 * 365)
    store = FeatureStore.open(folder / "store").unwrap()
    store.tables.vacuum(str(root), hours=0, force=True).unwrap()
    assert sorted(path.name for path in Path(root).glob("*.parquet")) == live


FORMS = ("NFC", "NFD")
NAMES = st.sampled_from(["\u00e9", "\u00fcber", "\u1e69", "\uac00", "\u212b", "a\u0323\u0307"])
"""Names whose composed and other form differ; some have more than two."""


def names_of(paths: list[str]) -> set[str]:
    return {str(Path(path).name) for path in paths}


@given(
    name=NAMES, logged=st.sampled_from(FORMS), held=st.sets(st.sampled_from(FORMS), min_size=1), encoded=st.booleans()
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
def test_a_name_in_either_form_of_unicode_is_live_and_no_other_file_is_read(
    tmp_path_factory: pytest.TempPathFactory, name: str, logged: str, held: set[str], *, encoded: bool
) -> None:
    root = tmp_path_factory.mktemp("forms") / "t"
    write_deltalake(str(root), rain(0, 1, range(2)).to_arrow())
    rows = sorted(read_delta_table(root).rows())
    [file] = root.glob("*.parquet")
    forms = {form: f"{unicodedata.normalize(form, name)}.parquet" for form in FORMS}
    for form in sorted(held):
        shutil.copy(file, root / forms[form])
        if form != logged:  # another file: whoever reads it shows other rows
            rain(5, 6, range(2)).write_parquet(root / forms[form])
        aged(root / forms[form], 24 * 365)
    file.unlink()
    respelled(root, lambda *_: quote(forms[logged]) if encoded else forms[logged], 0)
    before = names_of(list(map(str, root.glob("*.parquet"))))
    store = FeatureStore.open(root.parent / "store").unwrap()
    assert store.tables.vacuum(str(root), hours=0, force=True).unwrap().deleted == ()
    assert names_of(list(map(str, root.glob("*.parquet")))) == before
    found = store.tables.check(str(root)).unwrap().findings
    assert not any(isinstance(finding, OrphanFiles) for finding in found)
    if logged in held:
        assert sorted(read_delta_table(root).rows()) == rows
    else:
        with pytest.raises(ForesetError, match=re.escape(forms[logged])):
            read_delta_table(root)


def test_a_file_that_the_log_writes_below_the_other_form_of_its_folder_is_live(tmp_path: Path) -> None:
    root, other = (tmp_path / unicodedata.normalize(form, "\u00e9") for form in FORMS)
    write_deltalake(str(root), rain(0, 1, range(2)).to_arrow())
    shutil.copytree(root, other)
    respelled(root, lambda path, _: f"{other}/{path}", 0)
    for file in root.glob("*.parquet"):
        aged(file, 24 * 365)
    store = FeatureStore.open(tmp_path / "store").unwrap()
    assert store.tables.vacuum(str(root), hours=0, force=True).unwrap().deleted == ()
    with pytest.raises(ForesetError, match=r"is not below its folder|outside"):
        read_delta_table(root)


def test_a_vacuum_enters_no_table_and_no_store_in_the_folder(store: FeatureStore, tmp_path: Path) -> None:
    root = tmp_path / "rain"
    write_deltalake(str(root / "inner"), rain(0, 1, range(1)).to_arrow())
    inner = FeatureStore.open(root / "feature_repo", data_dir=tmp_path).unwrap()
    at_root = FeatureStore.open(root, data_dir=tmp_path).unwrap()
    for other in (inner, at_root):
        other.register(*(entity.spec for entity in store.catalog().unwrap().entities.values())).unwrap()
        other.register(*(view.spec for view in store.catalog().unwrap().views.values())).unwrap()
    made = [other.training_set(RAIN, LABELS).unwrap() for other in (inner, at_root)]
    for other, found in zip((inner, at_root), made, strict=True):
        other.training_sets.pin(found.id).unwrap()
    (root / "orphan.parquet").write_bytes(b"x")
    for file in root.rglob("*.parquet"):
        aged(file, 24 * 365)
    assert [Path(path).name for path in store.tables.vacuum("rain").unwrap().deleted] == ["orphan.parquet"]
    assert read_delta_table(root / "inner").height == 1
    for other, found in zip((inner, at_root), made, strict=True):
        assert other.rebuild(found.id, from_pin=True).unwrap().frame.equals(found.frame)


# === Files outside of the table's folder ===


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    folder = tmp_path / "secret"
    folder.mkdir()
    rain(0, 10, range(5)).write_parquet(folder / "part.parquet")
    return folder


@pytest.mark.parametrize("path", ["../secret/part.parquet", "{at}/part.parquet", "file://{at}/part.parquet"])
def test_a_file_elsewhere_is_read_only_from_an_allowed_place(
    store: FeatureStore, tmp_path: Path, secret: Path, path: str
) -> None:
    respelled(tmp_path / "rain", lambda _, __: path.format(at=secret), 1)
    error = store.training_set(RAIN, LABELS).failure()
    assert isinstance(error, FileOutside)
    assert f"names the file '{secret}/part.parquet', which is outside of the table's folder" in error.message
    assert f"FORESET_FILES_FROM={secret}" in error.message
    for places in ([secret], str(secret.parent)):
        opened = FeatureStore.open(tmp_path / "store", data_dir=tmp_path, files_from=places).unwrap()
        assert opened.training_set(RAIN, LABELS).unwrap().frame["x"].null_count() < LABELS.height


def test_no_address_in_the_log_of_a_local_table_is_asked(store: FeatureStore, tmp_path: Path) -> None:
    for address in ("http://127.0.0.1:9/part.parquet", "s3://bucket/part.parquet", "HTTP://127.0.0.1:9/p.parquet"):
        respelled(tmp_path / "rain", lambda _, __, address=address: address, 1)
        assert isinstance(store.training_set(RAIN, LABELS).failure(), FileOutside)
        assert isinstance(DeltaTables(tmp_path).changes("rain", 0).failure(), FileOutside)
        found = DeltaTables(tmp_path).check("rain", deep=True).unwrap().findings
        assert any("outside of the table's folder" in finding.what for finding in found)


def test_a_deletion_vector_elsewhere_is_not_opened(tmp_path: Path) -> None:
    root = tmp_path / "t"
    write_deltalake(str(root), rain(0, 1, range(4)).to_arrow())
    log = root / "_delta_log" / f"{0:020}.json"
    actions = [json.loads(line) for line in log.read_text().splitlines()]
    place = {"storageType": "p", "pathOrInlineDv": "file:///secret/v.bin", "offset": 1}
    vector = {**place, "sizeInBytes": 30, "cardinality": 1}
    names = ["deletionVectors"]
    features = {"readerFeatures": names, "writerFeatures": names}
    for action in actions:
        if "protocol" in action:
            action["protocol"] = {"minReaderVersion": 3, "minWriterVersion": 7, **features}
        if "add" in action:
            action["add"]["deletionVector"] = vector
    log.write_text("".join(json.dumps(action) + "\n" for action in actions))
    assert isinstance(DeltaTables(tmp_path).observe("t").failure(), FileOutside)


@pytest.mark.parametrize(
    "written",
    [
        "p-1 .parquet ",
        "p%252d1%20.parquet",
        "P-1%20.PARQUET",
        "p-1 .parquet.",
        "gone/p-1%2520.parquet",
        "p%252D1 .parquet%20",
    ],
)
def test_a_path_that_leads_to_no_file_names_what_it_may_mean(tmp_path: Path, written: str) -> None:
    (tmp_path / "p-1 .parquet").touch()
    (tmp_path / "p-2.parquet").touch()
    place = LocalFolder(str(tmp_path))
    assert named_files(place, place.listing(), [written]) == {"p-1 .parquet": frozenset({written})}
