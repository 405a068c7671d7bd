"""The page in a browser without a network: nothing asked for, nothing complained of, nothing cut off."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from foreset.adapters.html.page import Place
from foreset.domain.leakage.report import ColumnReport
from tests.adapters.html.reports import COLUMNS, LONG, WHOLE, html, receipt, report, view
from tests.chromium import Chromium, chromium

__all__ = ["chromium"]
HOSTILE = "<script>window.taken = 1</script>\"'><img src=x onerror='window.taken = 1'>"


def pages() -> dict[str, str]:
    many = report(
        views=tuple(view(f"{LONG}_{number}", table=f"s3://lake/{LONG}", features=(LONG,)) for number in range(12)),
        columns=(*COLUMNS, *(ColumnReport(name=f"{LONG}_{n}", dtype="list<string>", role="spine") for n in range(40))),
    )
    versions = {f"s3://lake/{LONG}/{number}": number for number in range(30)}
    hostile = report(views=(view(HOSTILE, table=HOSTILE),), target=HOSTILE)
    return {
        "usual": html(),
        "many": html(many, replace(receipt(), versions=versions, spec=replace(receipt().spec, name=LONG)), WHOLE),
        "hostile": html(hostile, place=Place(HOSTILE, HOSTILE)),
        "nothing": html(report(findings=(), target=None, sample_rows=None, views=(view(served=0, ages=None),))),
    }


@pytest.mark.parametrize("name", ["usual", "many", "hostile", "nothing"])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1_200])
def test_it_opens_without_a_network_and_fits(
    chromium: Chromium,  # the fixture
    tmp_path: Path,
    name: str,
    dark: bool,  # noqa: FBT001  # a parameter of the test
    width: int,
) -> None:
    page = tmp_path / "report.html"
    page.write_text(pages()[name], encoding="utf-8")
    chromium.open(page, width, dark=dark)
    assert chromium.requests() == []
    assert chromium.complaints() == []
    assert chromium.evaluate("document.documentElement.scrollWidth") == width
    assert chromium.evaluate("window.taken === undefined")
    background = chromium.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")


def test_the_browser_would_tell(chromium: Chromium, tmp_path: Path) -> None:  # the fixture
    page = tmp_path / "bad.html"
    page.write_text('<div style="width:999px">x</div><img src="http://localhost:9/x.png"><script>nothing()</script>')
    chromium.open(page, 360)
    assert chromium.requests() == ["http://localhost:9/x.png"]
    assert len(chromium.complaints()) >= 1
    assert chromium.evaluate("document.documentElement.scrollWidth") > 360
