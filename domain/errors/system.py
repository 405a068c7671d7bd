"""What can be wrong with the operating system, and between processes, whatever the files hold."""

from typing import TypeVar

from msgspec.structs import replace

from foreset.domain.errors.problem import CallerFault, Problem, WorldFault, because
from foreset.domain.system_codes import meaning_of, remedy_of


class OutOfReach(WorldFault, frozen=True, kw_only=True):
    """A file or folder that the operating system does not open, read or write now."""

    place: str
    reason: str
    remedy: str
    says = "{place} cannot be used now: {reason}. Nothing was found to be wrong with what it holds."
    then = "{remedy}."


E = TypeVar("E", bound=Problem)


def or_out_of_reach(error: E, place: str, fault: BaseException) -> E | OutOfReach:
    """The error that a fault is reported as, with the fault as its cause.

    `OutOfReach` where the operating system refused `place` for a reason that is not about its content, so that nobody
    takes a file for damaged or lost; `error` otherwise.
    """
    meaning = meaning_of(fault)
    if meaning is None:
        return because(error, fault)
    filename = getattr(fault, "filename", None)
    where = f"{place} ({told_place})" if (told_place := _other(filename, place)) else place
    return because(OutOfReach(place=where, reason=meaning.reason, remedy=meaning.remedy), fault)


def by_code(error: E, fault: BaseException) -> E:
    """An error with the next step after what the operating system says in a fault, which is its cause.

    `error` has a `remedy`, and keeps its own where the fault has no code of the operating system's, or one of no
    meaning of its own.
    """
    remedy = remedy_of(fault)
    return because(replace(error, remedy=remedy) if remedy else error, fault)


def _other(filename: object, place: str) -> str | None:
    return filename if isinstance(filename, str) and filename and filename not in place else None


class ForkedProcess(CallerFault, frozen=True, kw_only=True):
    """A call in a forked child, which lacks the threads of its parent that the call needs."""

    call: str
    says = (
        "{call} cannot run in this process: it was forked from a process in which polars or deltalake had started "
        "threads. The fork has none of them, and the call would never return."
    )
    then = (
        'start processes by spawn: `multiprocessing.set_start_method("spawn")` at the beginning of the program, or '
        '`mp_context=multiprocessing.get_context("spawn")` for a ProcessPoolExecutor; "forkserver" works too. '
        "See docs/processes.md."
    )


class NotPickled(CallerFault, frozen=True, kw_only=True):
    """Something that cannot be sent to another process, or must not."""

    what: str
    problem: str
    remedy: str
    says = "{what} cannot be pickled: {problem}."
    then = "{remedy}."
