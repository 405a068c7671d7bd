"""How much memory and how many threads the process may use, and whether it verifies what it reads."""

import os
import re
import sys
from typing import Final

from returns.result import Result, Success

from foreset.domain.errors.event_log import UnfitLimit
from foreset.domain.errors.problem import refuse

MEMORY: Final = "FORESET_MEMORY"
THREADS: Final = "FORESET_THREADS"
VERIFY: Final = "FORESET_VERIFY"
_POLARS: Final = "POLARS_MAX_THREADS"
_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?\s*", re.IGNORECASE)
_MOST_BITS: Final = 63
_LONGEST: Final = 40
"""How many characters a size may have, and how many bits a number of bytes."""
MOST_THREADS: Final = 256
"""The most threads that may be named, or four for each processor where that is more: each has a stack of its own."""
_TRUTHS: Final = {"": True, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_POWERS: Final = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


def limits(memory: int | str | None, threads: int | None) -> Result[tuple[int | None, int | None], UnfitLimit]:
    """Bytes and threads, as given, else as FORESET_MEMORY and FORESET_THREADS say; None where nothing says."""
    return Result.do(
        (size, count)
        for size in _memory(memory if memory is not None else os.environ.get(MEMORY))
        for count in _threads(threads if threads is not None else os.environ.get(THREADS))
    )


def verifies(given: bool | None) -> Result[bool, UnfitLimit]:  # noqa: FBT001  # as it was given
    """Whether retrievals verify the checksums of files: as given, else as FORESET_VERIFY says, else they do."""
    text = os.environ.get(VERIFY, "").strip().lower()
    if given is not None or text in _TRUTHS:
        return Success(_TRUTHS[text] if given is None else given)
    remedy = "give True or False, or set FORESET_VERIFY to yes or no"
    return refuse(UnfitLimit(limit="verify", problem=f"{text!r} is neither yes nor no", remedy=remedy))


def _memory(given: int | str | None) -> Result[int | None, UnfitLimit]:
    if given is None or given == "":
        return Success(None)
    return size_of("memory", given)


def size_of(limit: str, given: int | str) -> Result[int, UnfitLimit]:
    """The bytes that a size like `"4GB"` is, or a number; `limit` is what it is of.

    >>> size_of("memory", "1.5 KiB").unwrap()
    1536
    """
    text = str(given) if isinstance(given, str) or given.bit_length() <= _MOST_BITS else ""
    read = _SIZE.fullmatch(text) if len(text) <= _LONGEST else None
    size = 0 if read is None else int(float(read[1]) * (1024 if read[3] else 1000) ** _POWERS[read[2].upper()])
    if 0 < size.bit_length() <= _MOST_BITS:
        return Success(size)
    return refuse(UnfitLimit(limit=limit, problem=f"{given!r} is no size", remedy="give bytes, or a size like '4GB'"))


def _threads(given: int | str | None) -> Result[int | None, UnfitLimit]:
    """The threads, told to polars where it is not loaded yet: it takes their number when it is, once for all."""
    if given is None or given == "":
        return Success(None)
    if not str(given).isdecimal() or len(str(given)) > _LONGEST or int(given) < 1:
        remedy = "give a whole number of 1 or more"
        return refuse(UnfitLimit(limit="threads", problem=f"{given!r} is no number of threads", remedy=remedy))
    count, most = int(given), max(MOST_THREADS, 4 * (os.cpu_count() or 1))
    if count > most:
        problem, remedy = f"{count:,} were named, and at most {most:,} are started", f"name at most {most:,}"
        return refuse(UnfitLimit(limit="threads", problem=problem, remedy=remedy))
    if "polars" not in sys.modules:
        os.environ.setdefault(_POLARS, str(count))
    import polars as pl  # kept off the import of foreset

    running = int(pl.thread_pool_size())
    if running <= count:
        return Success(count)
    problem = f"polars was loaded before with {running} threads, and {count} were asked for"
    remedy = f"set {THREADS} or {_POLARS} to {count} and start anew, or open the store before polars is imported"
    return refuse(UnfitLimit(limit="threads", problem=problem, remedy=remedy))
