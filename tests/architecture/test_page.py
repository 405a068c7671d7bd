"""ARCHITECTURE.md is what the folders say of themselves, and folders stay small enough to be read."""

import re
from pathlib import Path

import pytest

from docs.architecture_page import PAGE, ROOT, drawing, packages, page, purpose, reached, uses

MOST = 15
FOLDERS = [pytest.param(package, id=package.relative_to(ROOT).as_posix()) for package in packages()]
TESTS = sorted({path.parent for path in (ROOT / "tests").rglob("*.py")})


def test_the_page_has_the_line_of_each_folder() -> None:
    text = PAGE.read_text("utf-8")
    assert text == page(text), "ARCHITECTURE.md is old: run `make docs`, and commit what it writes"
    for package in packages():
        assert f"`{package.relative_to(ROOT).as_posix()}/`" in text
    assert drawing() in text


@pytest.mark.parametrize("package", FOLDERS)
def test_each_folder_says_what_lives_there(package: Path) -> None:
    assert len(purpose(package)) > 20
    assert "TODO" not in purpose(package)


@pytest.mark.parametrize("package", [*FOLDERS, *(pytest.param(p, id=p.relative_to(ROOT).as_posix()) for p in TESTS)])
def test_no_folder_has_more_modules_than_a_reader_takes_in(package: Path) -> None:
    modules = [path.name for path in package.glob("*.py") if path.name not in {"__init__.py", "conftest.py"}]
    assert len(modules) <= MOST, f"{len(modules)} modules: merge those of one home, or make folders of capabilities"


def test_the_rooms_of_the_domain_make_no_circle() -> None:
    above = uses()
    assert not [room for room in above if room in reached(room, above)]
    assert len(above) <= MOST + 5


def test_a_circle_would_be_seen() -> None:
    circle = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    assert [room for room in circle if room in reached(room, circle)] == ["a", "b", "c"]


PAGES = [PAGE, ROOT / "CONTRIBUTING.md", ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target, _, anchor in (link.partition("#") for link in re.findall(r"\]\((?!\w+:)([^)\s]+)\)", _prose(path))):
        to = path.parent / target if target else path
        assert to.exists(), f"{target} is not there"
        if anchor:
            assert anchor in _anchors(to), f"{target} has no heading #{anchor}"


def _prose(path: Path) -> str:
    return re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def _anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", _prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


PLACES = ("domain/", "application/", "adapters/", "entrypoints/", "tests/", "docs/", "src/", "benchmarks/")


@pytest.mark.parametrize("path", [PAGE, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "decisions").glob("*.md"))])
def test_the_places_that_a_page_names_exist(path: Path) -> None:
    named = re.findall(r"`([\w./-]+/[\w./-]*)`", path.read_text("utf-8"))
    for place in (name for name in named if name.startswith(PLACES)):
        assert (ROOT / place).exists(), f"{place} is not there"
