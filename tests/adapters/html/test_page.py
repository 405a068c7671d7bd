"""The page of a training set: what it says, and that it says it by itself."""

import itertools
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest
from msgspec.structs import replace

from foreset.adapters.html.charts import bar, stacked_bar
from foreset.adapters.html.lineage_drawing import drawing
from foreset.adapters.html.page import Place, histogram, share
from foreset.domain.definitions.specs import SpineReference
from foreset.domain.event_log.lineage import Lineage, lineage_of
from foreset.domain.event_log.pins import PinnedFrame, TrainingSetPinned, TrainingSetUnpinned
from foreset.domain.event_log.receipts import TableWritten
from foreset.domain.leakage.findings import AllNull
from foreset.domain.leakage.report import ColumnReport, Leads
from tests.adapters.html.reports import AGES, COLUMNS, DAY, WHOLE, html, receipt, report, view
from tests.domain.happenings import recorded

HOSTILE = "<script>alert('1')</script>\"&{{ 7 * 7 }}</style><img src=x onerror=alert(1)>"
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page, and its text; a tag that closes what is not open is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_it_says_what_the_set_is() -> None:
    text = Page(html()).text
    for told in (
        "daily",
        "ts-aa1",
        "Built 2024-05-01 12:00 UTC by bob .",
        "Rebuilt, identical, once, last 2024-05-01 16:00 UTC by ann.",
        "This page was made 2026-11-24 13:05 UTC.",
        "rows 1,000",
        "2 errors , 1 warning , 1 advice",
    ):
        assert told.replace(" .", ".").replace(" ,", ",") in text.replace(" .", ".").replace(" ,", ",")


def test_findings_stand_as_they_are_given_with_what_to_do_next() -> None:
    page = Page(html())
    assert [item["class"] for item in page.all("li") if "class" in item] == ["error", "error", "warning", "advice"]
    assert "12 of 1,000 rows hold values of stats that were written to trips after the row's own time" in page.text
    assert "<code>known_at=&#34;event_time&#34;</code>" in html()


@pytest.mark.parametrize(("target", "told"), [("label", False), (None, True)])
def test_nothing_found_says_so_and_what_was_not_looked_for(target: str | None, told: bool) -> None:  # noqa: FBT001
    text = Page(html(report(findings=(), target=target, sample_rows=None))).text
    assert "Nothing was found." in text
    assert ("No target was named" in text) is told


def test_a_view_says_its_numbers_in_words_and_draws_them() -> None:
    page = Page(html())
    for told in (
        "served 800 (80 %)",
        "expired 50 (5 %)",
        "without a match 150 (15 %)",
        "all that its version holds, not older than 2 d",
        "12 rows (1 %), up to 5 d",
        "11 rows (1 %), up to 5 d",
        "2 d on average",
    ):
        assert told in page.text
    told = [svg["aria-label"] for svg in page.all("svg") if svg.get("role") == "img"]
    assert told[0] == "800 rows served, 50 expired, 150 without a match"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"created_time": None, "written_later": None}, "none: what was written when cannot be told"),
        ({"ages": None, "quantiles": (), "served": 0, "without_match": 950}, "Nothing was served."),
        ({"known_at": DAY, "ttl_us": None}, "what was written by 1970-01-02T00:00:00Z event time"),
        ({"known_at": "event_time"}, "what was written by each row's own time"),
        (
            {"known_at": (DAY, "event_time")},
            "what was written by 1970-01-02T00:00:00Z, and what was written by each row's own time",
        ),
        ({"under_later_writes": None}, "written after the row's time 12 rows"),
        ({"under_event_time": None}, "ties by the snapshot's order 12 rows"),
    ],
)
def test_what_a_view_does_not_have_is_said_or_left_out(fields: dict[str, Any], told: str) -> None:
    assert told in Page(html(report(views=(view(**fields),)))).text


def test_later_writes_are_told_with_the_version_that_has_them() -> None:
    fields = {"under_later_writes": Leads(3, DAY), "newest_version": 9}
    assert (
        "other with later writes, up to version 9 3 rows (<1 %), up to 1 d"
        in Page(html(report(views=(view(**fields),)))).text
    )


def test_columns_are_a_table_of_all() -> None:
    text = Page(html()).text
    for told in ("outcome bool spine 0 % 2 equals the target 7 rows after event_timestamp", "rate float64 stats 20 %"):
        assert told in text
    assert "source string stats 100 % constant" in text
    assert "What columns tell of the target label rests on a sample of 1,000 rows; it is a hint." in text


def test_the_plan_the_lineage_and_the_receipt_are_there() -> None:
    text = html()
    page = Page(text)
    assert receipt().plan.explain().splitlines()[0] in text
    assert "Lineage" in page.text
    assert "model delay v2" in page.text
    for told in (
        "tables trips@7",
        "features stats:rate",
        "spine kept in the store",
        "fingerprint f1",
        "run by foreset",
    ):
        assert told in page.text


def test_the_command_and_the_call_rebuild_it() -> None:
    text = html(place=Place("/home/ann/my repo", "/data/lake"))
    assert "foreset --store &#39;/home/ann/my repo&#39; --data-dir /data/lake rebuild ts-aa1 -o ts-aa1.parquet" in text
    assert "store = FeatureStore.open(&#39;/home/ann/my repo&#39;, data_dir=&#39;/data/lake&#39;).unwrap()" in text
    assert "frame = store.rebuild(&#39;ts-aa1&#39;).unwrap().frame" in text


def test_a_spine_that_was_not_kept_is_asked_for() -> None:
    spine = replace(receipt().spine, kept=False)
    text = html(of=replace(receipt(), spine=spine))
    assert "rebuild ts-aa1 --spine SPINE -o ts-aa1.parquet" in text
    assert "store.rebuild(&#39;ts-aa1&#39;, spine=spine)" in text
    reference = SpineReference("labels", version=3, filter="y > 0")
    assert "labels@3 where y > 0" in Page(html(of=replace(receipt(), spine=replace(spine, reference=reference)))).text


def test_a_pin_is_told_until_it_is_given_up() -> None:
    frames = (PinnedFrame(name="pins/ts-aa1/0", table="trips", rows=1_234, size_bytes=5_600, fingerprint="f"),)
    pinned = ("ann", "training-set/ts-aa1", TrainingSetPinned(id="ts-aa1", frames=frames, fingerprint="f"))
    unpinned = ("ann", "training-set/ts-aa1", TrainingSetUnpinned(id="ts-aa1", frames=("pins/ts-aa1/0",)))
    assert "pinned 1,234 rows, 5.6 kB:" in Page(html(more=recorded(pinned))).text
    assert "pinned" not in Page(html(more=recorded(pinned, unpinned))).text


def test_names_are_names_and_no_html() -> None:
    log = recorded(("ann", "t", TableWritten(table=HOSTILE, version=0, mode="append", rows=1)))
    text = html(
        report(
            views=(view(HOSTILE, table=HOSTILE, features=(HOSTILE,), event_time=HOSTILE, created_time=HOSTILE),),
            columns=(*COLUMNS, ColumnReport(name=HOSTILE, dtype=HOSTILE, role="feature", view=HOSTILE)),
            findings=(AllNull(column=HOSTILE, rows=1),),
            target=HOSTILE,
        ),
        replace(receipt(), versions={HOSTILE: 1}, libraries={HOSTILE: HOSTILE}, spec=replace(receipt().spec, name="x")),
        lineage_of(log),
        Place(HOSTILE, HOSTILE),
    )
    page = Page(text)
    assert page.all("script") == page.all("img") == []
    assert not [attributes for _, attributes in page.elements if any(name.startswith("on") for name in attributes)]
    assert page.text.count("{{ 7 * 7 }}") > 10
    assert "49" not in page.text
    assert text.count("</style>") == 1


def test_nothing_refers_to_anything_outside() -> None:
    text = html()
    page = Page(text)
    links = [value for _, attributes in page.elements for name, value in attributes.items() if name in {"href", "src"}]
    assert {link[0] for link in links if not link.startswith("data:,")} == {"#"}
    assert not re.search(r"url\(|@import|https?:|//[a-z]", text)
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert {link[1:] for link in links if link.startswith("#")} <= ids
    assert "default-src 'none'" in next(m["content"] for m in page.all("meta") if "content-security" in str(m).lower())


def test_headings_are_in_order_and_drawings_are_told() -> None:
    page = Page(html(report(views=(view(), view("other")))))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(level <= before + 1 for before, level in itertools.pairwise(levels))
    for svg in page.all("svg"):
        assert svg.get("aria-hidden") == "true" or (svg["role"] == "img" and svg["aria-label"])
    for box in page.all("div"):
        assert ("tabindex" in box) == ("aria-label" in box) == (box.get("class") == "scroll")
    assert next(attributes for tag, attributes in page.elements if tag == "html")["lang"] == "en"


# === Colours ===


def _themes() -> Iterator[dict[str, str]]:
    css = (files("foreset.adapters.html") / "page.css").read_text()
    for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL):
        yield dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block))


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    least, most = sorted((_luminance(one), _luminance(other)))
    return (most + 0.05) / (least + 0.05)


def test_colours_are_told_apart_in_light_and_dark() -> None:
    themes = list(_themes())
    assert len(themes) == 3  # light, dark, printed
    for theme in themes:
        for ground in (theme["page"], theme["panel"]):
            for name in ("text", "soft", "strong", "error", "warning", "advice", "good"):
                assert contrast(theme[name], ground) >= 4.5, name
            for name in ("served", "expired", "without"):
                assert contrast(theme[name], ground) >= 3, name


# === Shapes and numbers ===


def widths(svg: str) -> list[float]:
    return [float(width) for width in re.findall(r'<rect class="\w+"(?: x="[^"]*")? width="([^"]*)"', svg)]


def test_a_stacked_bar_is_divided_as_the_counts_are() -> None:
    drawn = str(stacked_bar([("served", 3), ("expired", 0), ("without", 1)], 'a "b"'))
    assert widths(drawn) == [750, 250]
    assert 'x="750" width="250"' in drawn
    assert 'aria-label="a &#34;b&#34;"' in drawn
    assert widths(str(stacked_bar([("served", 0)], "none"))) == []


@pytest.mark.parametrize(("part", "width"), [(0, 0), (0.5, 500), (1, 1_000), (7, 1_000), (1e-9, 8)])
def test_a_bar_is_never_too_short_to_be_seen_where_there_is_something(part: float, width: float) -> None:
    assert widths(str(bar(part))) == [width]


def test_a_histogram_has_the_bars_from_the_first_to_the_last_that_has_rows() -> None:
    assert histogram(AGES) == [
        ("1 min to 10 min", 1, 1 / 400),
        ("10 min to 1 h", 0, 0),
        ("1 h to 6 h", 99, 99 / 400),
        ("6 h to 1 d", 200, 0.5),
        ("1 d to 7 d", 400, 1),
        ("7 d to 30 d", 0, 0),
        ("30 d to 90 d", 100, 0.25),
    ]
    oldest = replace(AGES, counts=(0,) * 11 + (5,))
    assert histogram(oldest) == [("3,650 d or more", 5, 1)]


@pytest.mark.parametrize(
    ("part", "whole", "told"), [(994, 1_000, "99 %"), (996, 1_000, ">99 %"), (5, 1_000, "<1 %"), (6, 1_000, "1 %")]
)
def test_a_share_is_none_or_all_only_where_it_is(part: int, whole: int, told: str) -> None:
    assert share(part, whole) == told


def test_lineage_is_drawn_left_to_right() -> None:
    drawn = str(drawing(WHOLE))
    assert drawn.count("<path") == len(WHOLE.edges)
    assert drawn.count('<g class="node') == len(WHOLE.nodes)
    lines = [path.split() for path in re.findall(r'd="M([^"]*)"', drawn)]
    assert all(float(line[0]) < float(line[-2]) for line in lines)
    places = re.findall(r"translate\((\d+ \d+)\)", drawn)
    assert len(set(places)) == len(places)
    assert "<title>sklearn" not in drawn
    assert "\N{HORIZONTAL ELLIPSIS}" in drawn
    assert str(drawing(Lineage((), ()))).startswith("<svg")
