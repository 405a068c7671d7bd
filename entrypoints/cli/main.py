"""Run one command: parse, call, show, and end with the exit code that tells whose fault a failure is.

0 only on success; 2 for what the caller can change, as for argparse's own errors; 1 for everything else; 130 when
interrupted; 141 when the reader of the output went away. Some commands, such as `check`, have codes of their own:
see docs/cli.md.
"""

import argparse
import errno
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from shlex import quote

from foreset.entrypoints.cli.parser import parser
from foreset.entrypoints.cli.streams import prepare, silence

FAILED, CALLER, INTERRUPTED, PIPE_CLOSED = 1, 2, 130, 141
_STREAM_FAULTS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in `argv` (default: the process's arguments); gives the exit code."""
    prepare()
    try:
        try:
            args, strange = parser().parse_known_args(argv)
            if strange:
                args.parser.error(f"unrecognized arguments: {' '.join(strange)}")
            with _environment(args):
                code = _run(args)
        finally:
            _flush()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        return PIPE_CLOSED
    except OSError as fault:  # of a stream: those of files are errors of commands
        if fault.filename is not None or fault.errno not in _STREAM_FAULTS:
            raise
        sys.stderr.write(f"error: standard output cannot be written: {fault.strerror}\n")
        return FAILED
    return code


def _flush() -> None:
    """Write what is left to both streams; a stream whose reader went away, or whose disk is full, is left."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            silence(stream)
            raise


def _run(args: argparse.Namespace) -> int:
    from returns.result import Success  # the start stays light

    from foreset.adapters.shared.processes.fork_guard import needs_threads
    from foreset.domain.errors.problem import ForesetError, Problem
    from foreset.entrypoints.cli.output import show, show_problem

    module, _, function = args.run.partition(":")
    command = getattr(import_module(f"foreset.entrypoints.cli.commands.{module}"), function)
    problems: tuple[Problem, ...] = ()
    code = 0
    try:
        result = needs_threads(command)(args)
    except ForesetError as fault:
        problems = (fault.error,)
    else:
        if isinstance(result, int):
            return result
        if isinstance(result, Success):
            answer = result.unwrap()
            show(answer, json=args.json)
            problems, code = answer.problems, answer.code
        else:
            problems = (result.failure(),)
    for problem in problems:
        show_problem(problem, json=args.json)
    _warn_of_open_files(args)
    return _exit_code([problem.fault for problem in problems], args.parser.unable) if problems else code


def _warn_of_open_files(args: argparse.Namespace) -> None:
    """Say once that others on the machine can read or replace the files of the store."""
    from foreset.adapters.shared.files.privacy import open_to_others
    from foreset.entrypoints.cli.output import show_warning
    from foreset.entrypoints.cli.stores import store_folder

    place = store_folder(args)
    found = () if "://" in place else open_to_others(Path(place))
    if found:
        files = ", ".join(found)
        problem = f"others on this machine can read or change the store {place}: {files}"
        show_warning(problem, f"chmod -R go-rwx {quote(place)}, or set FORESET_SHARED=group", json=args.json)


def _exit_code(faults: list[str], unable: int | None) -> int:
    """The code for failures: by whose fault they are, or the one that a command has for all of them."""
    if unable is not None:
        return unable
    return CALLER if set(faults) == {"caller"} else FAILED


@contextmanager
def _environment(args: argparse.Namespace) -> Generator[None, None, None]:
    """The global options as the environment variables that they stand for, while the command runs."""
    wanted = {
        "FORESET_DATA_DIR": args.data_dir,
        "FORESET_MEMORY": args.memory,
        "FORESET_THREADS": args.threads,
        "FORESET_OFFLINE_STORE": args.offline_store,
        "FORESET_ACCEPT": args.accept,
        "FORESET_FILES_FROM": args.files_from,
        "FORESET_VERIFY": args.verify,
        "FORESET_LOG": "info" if args.verbose or args.log_json else None,
        "FORESET_LOG_FORMAT": "json" if args.log_json else None,
    }
    given = {name: value for name, value in wanted.items() if value}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
