"""The report of a training set as a page for a browser."""

from os import PathLike
from pathlib import Path
from typing import Final

from returns.result import Result, Success

from foreset.application.event_log.history import ReceiptError, lineage_around, receipt_among
from foreset.application.ports.engine import Adapters
from foreset.domain.errors.history import UnknownName
from foreset.domain.errors.problem import ForesetError, Problem, refuse
from foreset.domain.errors.retrieval import OutputUnwritable
from foreset.domain.errors.specs import InvalidSpec
from foreset.domain.leakage.report import LeakReport
from foreset.domain.safe_text.addresses import is_address, without_secrets
from foreset.entrypoints.store.outputs import unwritable, whole_file
from foreset.entrypoints.wiring.build import data_directory

PageError = InvalidSpec | ReceiptError | UnknownName | OutputUnwritable
"""Why there is no page."""
_ENDINGS: Final = (".html", ".htm")
_UNNAMED: Final = "STORE"  # where a store has no place


def report_page(
    report: LeakReport,
    adapters: Adapters,
    path: str | PathLike[str],
    place: str | None,
    data_dir: str | PathLike[str] | None,
) -> Result[Path, PageError | Problem]:
    """Write the page of a report to a file, whole or not at all; gives its path. `place` is the store's."""
    return Result.do(
        written
        for page in page_place(path)
        for html in _html(report, adapters, place, data_dir)
        for written in _written(html, page)
    )


def page_place(path: str | PathLike[str]) -> Result[Path, InvalidSpec | OutputUnwritable]:
    """The file to write, as it looks before the work; no file of another kind is replaced by mistake."""
    page = Path(path)
    if page.suffix.lower() not in _ENDINGS:
        return refuse(
            InvalidSpec(spec=f"The page {path}", problem="it does not end in .html", remedy="name an .html file")
        )
    if problem := unwritable(page):
        return refuse(OutputUnwritable(path=str(path), problem=problem))
    if page.is_dir():
        return refuse(InvalidSpec(spec=f"The page {path}", problem="it is a folder", remedy="name a file in it"))
    return Success(page)


def _html(
    report: LeakReport, adapters: Adapters, place: str | None, data_dir: str | PathLike[str] | None
) -> Result[str, PageError]:
    from foreset.adapters.html.page import Place, page  # Jinja is kept off the import of foreset

    return Result.do(
        page(
            report,
            receipt,
            [recorded for recorded in events if getattr(recorded.event, "id", None) == report.id],
            lineage,
            Place(shown_place(place), str(data_directory(data_dir))),
        )
        for events in adapters.events.read()
        for receipt in receipt_among(report.id, events)
        for lineage in lineage_around(f"training-set:{report.id}", events)
    )


def shown_place(place: str | None) -> str:
    """Where a store is, as it may be shown: a folder's whole path, or an address without its password.

    >>> shown_place("postgresql://ann:secret@db/features"), shown_place(None)
    ('postgresql://ann@db/features', 'STORE')
    """
    if place is None:
        return _UNNAMED
    return without_secrets(place) if is_address(place) else str(Path(place).absolute())


def _written(html: str, path: Path) -> Result[Path, Problem]:
    try:
        return Success(whole_file(path, lambda partial: partial.write_text(html, encoding="utf-8")))
    except ForesetError as fault:
        return refuse(fault.error)
