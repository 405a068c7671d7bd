"""The records of a CSV file: which cells it has, as text, and on which lines they are."""

import csv
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
from returns.result import Result, Success

from foreset.domain.errors.files import CsvUnfit
from foreset.domain.errors.problem import refuse

_BOM: Final = b"\xef\xbb\xbf"
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
_OTHER_SEPARATORS: Final = (";", "\t", "|")
_QUOTE, _COMMA, _FEED, _RETURN = (ord(sign) for sign in '",\n\r')

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Records:
    """The cells of a CSV file as text, null where nothing is written, and the line on which each record begins."""

    cells: pl.DataFrame
    lines: Places


class _Unfit(Exception):  # noqa: N818  # it is caught below and becomes a CsvUnfit
    def __init__(self, line: int, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.line, self.problem, self.remedy = line, problem, remedy


def records(path: str, content: bytes) -> Result[Records, CsvUnfit]:
    """What RFC 4180 says the bytes of a file are: UTF-8, commas, a header, quotes where needed, lines of one width."""
    try:
        return Success(_records(content.removeprefix(_BOM)))
    except _Unfit as fault:
        return refuse(CsvUnfit(spine=path, line=fault.line, problem=fault.problem, remedy=fault.remedy))


def _records(content: bytes) -> Records:
    _decodable(content)
    signs = np.frombuffer(content, np.uint8)
    quoted = _quoted(signs)
    feeds = np.flatnonzero(signs == _FEED)
    _single_returns(signs, quoted, feeds)
    ends = feeds if quoted is None else feeds[~quoted[feeds]]
    if not content.endswith(b"\n"):
        ends = np.append(ends, signs.size)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lines = np.searchsorted(feeds, starts) + 1
    names = _header(content[: ends[0]])
    body, kept = _of_one_width(signs, quoted, starts, ends, lines, names)
    if kept == 1:
        return Records(pl.DataFrame(schema=dict.fromkeys(names, pl.String)), lines[1:1])
    cells = pl.read_csv(
        BytesIO(content[body : ends[kept - 1]]),
        has_header=False,
        schema=dict.fromkeys(names, pl.String),
    )
    assert cells.height == kept - 1, (cells.height, kept)  # noqa: S101  # two readings of one file
    return Records(cells, lines[1:kept])


def _decodable(content: bytes) -> None:
    convert = (
        "save it as UTF-8, for example by `iconv -f ENCODING -t UTF-8`, or give a frame that was read with its encoding"
    )
    if content.startswith(_WIDE):
        raise _Unfit(1, "it is UTF-16, and not UTF-8", convert)
    if (at := content.find(b"\0")) >= 0:
        raise _Unfit(_line(content, at), f"byte {at + 1} of the file is NUL, which no text has", convert)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as fault:
        problem = f"byte {fault.start + 1} of the file, 0x{content[fault.start]:02x}, is not UTF-8"
        raise _Unfit(_line(content, fault.start), problem, convert) from None
    if not content.strip():
        raise _Unfit(1, "the file is empty", "write a line with the names of the columns, and the rows under it")


def _line(content: bytes, at: int) -> int:
    return content.count(b"\n", 0, at) + 1


def _quoted(signs: npt.NDArray[np.uint8]) -> Flags | None:
    """Which bytes are inside quotes; None where there are no quotes."""
    quotes = signs == _QUOTE
    places = np.flatnonzero(quotes)
    if not places.size:
        return None
    inside: Flags = np.logical_xor.accumulate(quotes)
    padded = np.concatenate([[_FEED], signs, [_FEED]])
    before, after = padded[places[0::2]], padded[places[1::2] + 2]
    wrong = np.concatenate([
        places[0::2][~np.isin(before, [_COMMA, _FEED, _QUOTE])],
        places[1::2][~np.isin(after, [_COMMA, _FEED, _RETURN, _QUOTE])],
    ])  # fmt: skip
    if wrong.size:
        raise _Unfit(
            _line(signs.tobytes(), int(wrong.min())),
            "a quote stands in the middle of a cell",
            'put the whole cell in quotes, and write "" for a quote inside it',
        )
    if inside[-1]:
        line = _line(signs.tobytes(), int(places[-1]))
        raise _Unfit(
            line, "a quote that opens here is never closed", 'close it, and write "" for a quote inside a cell'
        )
    return inside


def _single_returns(signs: npt.NDArray[np.uint8], quoted: Flags | None, feeds: Places) -> None:
    returns = np.flatnonzero(signs == _RETURN)
    if quoted is not None:
        returns = returns[~quoted[returns]]
    alone = returns[~np.isin(returns + 1, feeds)]
    if alone.size:
        line = int(np.searchsorted(feeds, alone[0])) + 1
        problem = "it has a carriage return without a line feed outside of quotes"
        raise _Unfit(line, problem, "end lines with a line feed, or with a carriage return and a line feed")


def _header(text: bytes) -> list[str]:
    try:
        names = next(csv.reader(StringIO(text.decode("utf-8").removesuffix("\r"), newline=""), strict=True), [])
    except csv.Error:
        problem = f"a column's name has more than {csv.field_size_limit():,} characters"
        raise _Unfit(1, problem, "write the names of the columns in the first line, with commas") from None
    if not any(names):
        raise _Unfit(1, "the first line names no columns", "write the names of the columns there, with commas")
    if len(names) == 1 and (sign := next((sign for sign in _OTHER_SEPARATORS if sign in names[0]), None)):
        raise _Unfit(
            1,
            f"the header is one column, {names[0]!r}: it seems to be separated by {sign!r}, and not by commas",
            f"save it with commas, or give a frame, for example of polars.read_csv(path, separator={sign!r})",
        )
    first: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if not name.strip():
            remedy = "name it, or leave out the index, which pandas writes without a name"
            raise _Unfit(1, f"column {number} has no name", remedy)
        if name != name.strip():
            raise _Unfit(1, f"the column name {name!r} begins or ends with white space", "take the white space away")
        if first.setdefault(name, number) != number:
            problem = f"columns {first[name]} and {number} are both named {name!r}"
            raise _Unfit(1, problem, "give each column a name of its own")
    return names


def _of_one_width(  # noqa: PLR0913, PLR0917  # the file, and where its records are
    signs: npt.NDArray[np.uint8], quoted: Flags | None, starts: Places, ends: Places, lines: Places, names: list[str]
) -> tuple[int, int]:
    """Where the rows begin, and how many records there are without blank lines at the end."""
    commas = np.flatnonzero(signs == _COMMA)
    if quoted is not None:
        commas = commas[~quoted[commas]]
    widths = np.searchsorted(commas, ends) - np.searchsorted(commas, starts) + 1
    returns = (ends > starts) & (np.append(signs, 0)[np.maximum(ends - 1, 0)] == _RETURN)
    blank = ends - returns == starts
    kept = int(np.flatnonzero(~blank)[-1]) + 1 if len(names) > 1 else len(starts)
    bad = np.flatnonzero((widths[:kept] != len(names)) | blank[:kept])
    if bad.size:
        raise _ragged(int(lines[bad[0]]), 0 if blank[bad[0]] else int(widths[bad[0]]), len(names))
    return int(ends[0]) + 1, kept


def _ragged(line: int, cells: int, columns: int) -> _Unfit:
    if not cells:
        return _Unfit(line, "it is blank", 'take it out; an empty text is written ""')
    problem = f"it has {cells} {'cell' if cells == 1 else 'cells'}, and the header names {columns} columns"
    return _Unfit(line, problem, "write as many cells as there are columns, and cells with commas in quotes")
