"""What can be wrong between processes: what a forked child lacks, and what cannot be sent to another process."""

from foreset.domain.errors.problem import CallerFault


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
