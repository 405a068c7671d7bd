"""The arguments of `foreset`. Imports nothing heavy: `--help` is quick."""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from foreset.domain.safe_text.addresses import redacted
from foreset.domain.safe_text.escaping import escaped

STORE = "FORESET_STORE"

_ABOUT = "Training sets from Delta Lake that do not leak and can be rebuilt bit for bit."
_CODES = "exit codes: 0 done, 2 change the call, 1 anything else"


class CommandParser(argparse.ArgumentParser):
    """A parser whose command may have an exit code of its own, `unable`, for every failure and mistake."""

    unable: int | None = None

    def error(self, message: str) -> NoReturn:
        """End with the usage and what is wrong with the arguments."""
        self.print_usage(sys.stderr)
        self.exit(2 if self.unable is None else self.unable, f"{self.prog}: error: {escaped(redacted(message))}\n")


class _Version(argparse.Action):
    """Print the version, which is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and end."""
        from importlib.metadata import version

        sys.stdout.write(f"foreset {version('foreset')}\n")
        parser.exit()


class _Commands:
    """The subcommands, each with the function that runs it."""

    def __init__(self, whole: CommandParser, *, required: bool = True) -> None:
        self._commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=required)

    def add(self, name: str, run: str, about: str) -> CommandParser:
        """A subcommand. `run` is `module:function` within this package."""
        made = self._commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
        made.set_defaults(run=run, parser=made)
        _add_globals(made)
        return made


def parser() -> CommandParser:
    """The parser. Every command takes the global options before and after its name."""
    whole = CommandParser(prog="foreset", description=_ABOUT, epilog=_CODES)
    whole.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    _add_globals(whole)
    whole.set_defaults(store=None, data_dir=None, memory=None, threads=None, json=False, verbose=False, log_json=False)
    whole.set_defaults(offline_store=None, accept=None, files_from=None, verify=None)
    commands = _Commands(whole)
    _add_data(commands)
    _add_definitions(commands)
    _add_online(commands)
    _add_retrieval(commands)
    _add_reports(commands)
    _add_keeping(commands)
    _add_history(commands)
    _add_erasing(commands)
    return whole


def _add_globals(to: argparse.ArgumentParser) -> None:
    group = to.add_argument_group("global options")
    none = argparse.SUPPRESS  # so that a command does not reset what stood before its name
    group.add_argument(
        "--store", metavar="DIR|URL", default=none, help=f"the store's folder or database (${STORE}; feature_repo)"
    )
    group.add_argument(
        "--data-dir", metavar="DIR", default=none, help="where dataset names are looked up ($FORESET_DATA_DIR)"
    )
    group.add_argument(
        "--memory", metavar="SIZE", default=none, help="what the process may take, such as 4GB ($FORESET_MEMORY; half)"
    )
    group.add_argument("--threads", metavar="N", default=none, help="of retrievals ($FORESET_THREADS; all)")
    group.add_argument(
        "--offline-store", metavar="NAME", default=none,
        help="what runs plans: a store of Feast's, or a YAML file with its options ($FORESET_OFFLINE_STORE; delta)",
    )  # fmt: skip
    group.add_argument(
        "--accept", metavar="NAMES", default=none, help="defects of it that may show, with commas ($FORESET_ACCEPT)"
    )
    group.add_argument(
        "--files-from", metavar="PLACES", default=none,
        help="where files of tables may be beyond their folders, with commas ($FORESET_FILES_FROM)",
    )  # fmt: skip
    group.add_argument(
        "--verify", metavar="yes|no", choices=("yes", "no"), default=none,
        help="whether retrievals look at the checksums of files ($FORESET_VERIFY; yes)",
    )  # fmt: skip
    group.add_argument("--json", action="store_true", default=none, help="answer with one JSON document")
    group.add_argument("--verbose", action="store_true", default=none, help="log what is done to standard error")
    group.add_argument("--log-json", action="store_true", default=none, help="the same, as JSON lines")


def _add_data(commands: _Commands) -> None:
    demo = commands.add("demo", "demo:demo", "the main job on real data, end to end")
    demo.add_argument("--folder", metavar="DIR", default="foreset-demo", help="where to work (default: %(default)s)")
    demo.add_argument("--quick", action="store_true", help="on two months instead of twelve")
    generate = commands.add("generate", "tables:generate", "write a sample Delta table")
    generate.add_argument("name", metavar="NAME", help="classification_data or regression_data")
    generate.add_argument("--rows", type=_count, default=1000, metavar="N", help="rows (default: %(default)s)")
    generate.add_argument("--features", type=_count, metavar="N", help="features (default: 20; 15 for regression)")
    generate.add_argument("--seed", type=_natural, default=42, metavar="S", help="of the random numbers (%(default)s)")
    commands.add("tables", "tables:tables", "the Delta tables in the data folder")
    optimize = commands.add("optimize", "tables:optimize", "put small files of a table together")
    optimize.add_argument("table", metavar="TABLE", help="a dataset name, or the path or URL of a Delta table")
    optimize.add_argument("--target-size", metavar="SIZE", default="256MB", help="how large files may become (256MB)")
    check = commands.add("check", "tables:check", "tell what is wrong with a table, and what to do")
    check.unable = 3
    check.epilog = "exit codes: 0 nothing or only advice, 1 warnings, 2 errors, 3 the table could not be checked"
    check.add_argument("table", metavar="TABLE", help="a dataset name, or the path or URL of a Delta table")
    check.add_argument("--deep", action="store_true", help="read all data too, and hold it against the statistics")
    changes = commands.add("changes", "tables:changes", "the rows that changed between two versions of a table")
    changes.add_argument("table", metavar="TABLE", help="a dataset name, or the path or URL of a Delta table")
    changes.add_argument("first", type=_natural, metavar="FROM", help="changes after this version")
    changes.add_argument("last", type=_natural, nargs="?", metavar="TO", help="up to this one (default: the newest)")
    _add_output(changes, required=False)


def _add_definitions(commands: _Commands) -> None:
    apply = commands.add("apply", "definitions:apply", "register entities and views from files, all or none")
    apply.add_argument("files", nargs="+", metavar="FILE", help="a YAML, TOML or JSON file")
    imported = commands.add("import", "definitions:import_repository", "register a Feast repository's definitions")
    imported.epilog = "with --check: exit code 0 nothing or only advice, 1 warnings, 2 errors, 3 it could not be read"
    imported.add_argument("path", metavar="PATH", help="the folder that holds feature_store.yaml")
    imported.add_argument("--check", action="store_true", help="register nothing; only tell what maps and goes wrong")
    imported.add_argument(
        "--look-rows", type=_natural, default=2_000_000, metavar="N", help="rows of each view to look at (%(default)s)"
    )
    commands.add("views", "definitions:views", "the registered feature views")
    commands.add("entities", "definitions:entities", "the registered entities")
    publish = commands.add("publish", "definitions:publish", "bring the Feast registry up to date")
    _add_repository(publish)


def _add_repository(command: argparse.ArgumentParser) -> None:
    command.add_argument("--repo", metavar="DIR", help="the Feast repository (default: the store's folder)")
    command.add_argument("--project", metavar="NAME", help="its project (default: what it says; ml_workflow if new)")


def _add_online(commands: _Commands) -> None:
    load = commands.add("materialize", "online:materialize", "load the newest values of views into the online store")
    load.add_argument("views", nargs="*", metavar="VIEW", help="feature views (default: all that are online)")
    load.add_argument("--full", action="store_true", help="load all keys, not only those that changed")
    online = commands.add("online", "online:online", "the values that the online store has for some keys")
    online.add_argument("features", nargs="+", metavar="FEATURE", help="view:feature, or view:* for all of a view")
    online.add_argument("--key", action="append", default=[], metavar="K=V", help="a join key; again for more rows")
    online.add_argument("--keys", metavar="FILE", help="rows of keys: a Parquet or CSV file, or a Delta table")
    _add_csv(online, "keys")
    check = commands.add("check-online", "online:check_online", "whether the online values are those that serve now")
    check.unable = 3
    check.epilog = "exit codes: 0 they are, 1 no: newer versions are not loaded, 2 no, 3 it could not be checked"
    check.add_argument("view", metavar="VIEW", help="a feature view")
    check.add_argument("--limit", type=_count, default=10, metavar="N", help="differing keys to show (%(default)s)")
    for command in (load, online, check):
        _add_repository(command)


def _add_retrieval(commands: _Commands) -> None:
    plan = commands.add("plan", "training_sets:plan", "show how a training set would be built; reads no features")
    get = commands.add("get", "training_sets:get", "build a training set and write it to a file or table")
    for command in (plan, get):
        command.add_argument("spec", metavar="SPEC", help="the training set: a YAML, TOML or JSON file")
        _add_spine(command, required=True)
        _add_knowledge(command)
    _add_output(get, required=True)
    get.add_argument("--explain", action="store_true", help="tell the plan, and what it took beside what was expected")
    get.add_argument("--no-keep-spine", action="store_true", help="keep only the spine's fingerprint")
    rebuild = commands.add(
        "rebuild", "training_sets:rebuild", "build a training set again and prove that it is the same"
    )
    rebuild.add_argument(
        "id", metavar="ID", help="its id or a beginning of it, or its name: the newest of it; NAME~1: the one before"
    )
    rebuild.add_argument("--from-pin", action="store_true", help="from its pin, even if its tables would serve")
    _add_spine(rebuild, required=False)
    _add_output(rebuild, required=False)
    train = commands.add("train", "train:train", "retrieve, train and evaluate, as a file says")
    train.add_argument("spec", metavar="SPEC", help="the workflow: a YAML, TOML or JSON file")
    train.add_argument(
        "--allow-package", action="append", default=[], metavar="P", help="take estimators of this package too"
    )
    _add_knowledge(train)


def _add_spine(command: argparse.ArgumentParser, *, required: bool) -> None:
    kinds = "a dataset name, or the path of a Delta table, Parquet or CSV file"
    command.add_argument("--spine", required=required, metavar="S", help=f"the label rows: {kinds}")
    command.add_argument("--spine-version", type=_natural, metavar="V", help="a version of the Delta table")
    command.add_argument("--spine-filter", metavar="SQL", help="a condition, such as \"carrier = 'UA'\"")
    _add_csv(command, "spine")


def _add_csv(command: argparse.ArgumentParser, of: str) -> None:
    """How the cells of a CSV file are read: options that begin with what it is given for."""
    command.add_argument(
        f"--{of}-schema", action="append", type=_named, default=[], metavar="COLUMN=TYPE",
        help="the type of a column of the CSV file, such as id=string; again for more columns",
    )  # fmt: skip
    command.add_argument(
        f"--{of}-format", action="append", type=_named, default=[], metavar="COLUMN=FORMAT",
        help="the format of a column of times of the CSV file, such as day=%%d/%%m/%%Y; again for more (ISO 8601)",
    )  # fmt: skip


def _add_knowledge(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--known-at", action="append", default=[], metavar="T",
        help="what had been written by a time, or by each row's own with event_time; again for both (the spec's)",
    )  # fmt: skip
    command.add_argument(
        "--version", action="append", type=_pinned, default=[], metavar="TABLE=V", dest="versions",
        help="the Delta version of a table; again for more tables (the spec's)",
    )  # fmt: skip


def _add_output(command: argparse.ArgumentParser, *, required: bool) -> None:
    kinds = "FILE.parquet, FILE.csv, or the folder of a Delta table"
    command.add_argument("-o", "--output", required=required, metavar="F", help=kinds)
    command.add_argument(
        "--overwrite", action="store_true", help="even if a view, the spine or the training set is read from there"
    )


def _add_reports(commands: _Commands) -> None:
    report = commands.add("report", "leakage:report", "what leaks in a training set, what is missing, how old it is")
    report.add_argument(
        "id", metavar="ID", help="its id or a beginning of it, or its name: the newest of it; NAME~1: the one before"
    )
    report.add_argument("--target", metavar="COLUMN", help="what is to be predicted: look for columns that tell it")
    report.add_argument("-o", "--output", metavar="F.html", help="write a page for a browser too")
    audit = commands.add("audit", "leakage:audit", "hold a frame made without Foreset against the training set")
    audit.add_argument("file", metavar="FILE", help="rows with features: a Parquet or CSV file, or a Delta table")
    audit.add_argument("--spec", required=True, metavar="SPEC", help="the training set: a YAML, TOML or JSON file")
    _add_knowledge(audit)
    for command in (report, audit):
        command.unable = 3
        command.epilog = "exit codes: 0 nothing or only advice, 1 warnings, 2 errors, 3 it could not be told"
        _add_spine(command, required=False)


def _add_keeping(commands: _Commands) -> None:
    pin = commands.add(
        "pin", "retention:pin", "keep the rows that served a training set, so that no vacuum can lose it"
    )
    unpin = commands.add("unpin", "retention:unpin", "give up the pin of a training set")
    for command in (pin, unpin):
        command.add_argument(
            "id",
            metavar="ID",
            help="its id or a beginning of it, or its name: the newest of it; NAME~1: the one before",
        )
    _add_spine(pin, required=False)
    unpin.add_argument("--force", action="store_true", help="even if it could not be rebuilt any more")
    commands.add("pins", "retention:pins", "the pinned training sets, with the sizes of their pins")
    retention = commands.add("retention", "retention:retention", "which training sets a vacuum of a table would lose")
    vacuum = commands.add("vacuum", "retention:vacuum", "delete old files of a table, and no training set by accident")
    for command in (retention, vacuum):
        command.add_argument("table", metavar="TABLE", help="a dataset name, or the path or URL of a Delta table")
        command.add_argument(
            "--hours", type=float, metavar="N", help="keep what was removed within N hours (default: the table's own)"
        )
    vacuum.add_argument("--dry-run", action="store_true", help="delete nothing; tell what would be deleted")
    vacuum.add_argument("--pin-first", action="store_true", help="pin the training sets that would be lost")
    vacuum.add_argument(
        "--lose", action="append", default=[], metavar="ID", help="a training set that may be lost; again for more"
    )
    vacuum.add_argument("--force", action="store_true", help="keep fewer hours than the table asks for")


def _add_history(commands: _Commands) -> None:
    log = commands.add("log", "history:log", "what happened in the store, the newest last")
    log.add_argument("--limit", type=_count, default=50, metavar="N", help="how many events (default: %(default)s)")
    _add_filter(log)
    parts = _Commands(log, required=False)
    verify = parts.add("verify", "event_log:verify", "prove that the log is whole, or name what was changed")
    verify.epilog = "exit codes: 0 whole, 1 not, or it could not be read"
    verify.add_argument("--expect", metavar="POSITION:HASH", help="a head that an earlier run printed")
    move = parts.add("move", "event_log:move", "move the log and what is kept beside it, exactly, to another place")
    move.add_argument("to", metavar="TO", help="a folder, or postgresql://user@host:port/database, without a log")
    show = commands.add("show", "history:show", "the receipt of a training set, or what is known of another name")
    show.add_argument(
        "id", metavar="ID", help="its id or a beginning of it, or its name; a view, table, entity or model"
    )
    diff = commands.add("diff", "diff:diff", "what differs between two training sets, and what caused it")
    for side in ("a", "b"):
        diff.add_argument(side, metavar=side.upper(), help="the id of a training set, or a beginning of it")
    diff.add_argument("--examples", type=_natural, default=5, metavar="N", help="of each column (default: %(default)s)")
    lineage = commands.add("lineage", "history:lineage", "what came of what: tables, views, training sets, models")
    lineage.add_argument("name", nargs="?", metavar="NAME", help="what to look at: NAME, view:NAME, table:NAME@VERSION")
    lineage.add_argument("--format", choices=("text", "mermaid", "json"), help="(default: text)")
    lineage.add_argument("--openlineage", metavar="FILE|URL", help="send what was done as OpenLineage events instead")
    lineage.add_argument(
        "--after",
        type=_natural,
        metavar="POSITION",
        help="send what was done after this position of the log",
    )
    lineage.add_argument("--namespace", metavar="N", help="of the jobs that are sent (foreset)")


def _add_erasing(commands: _Commands) -> None:
    erase = commands.add("erase", "erasure:erase", "erase a key from what the store keeps, and tell where else it is")
    erase.epilog = "exit codes: 0 found, and erased where the store keeps it; 1 found nowhere, or not all was looked at"
    erase.add_argument("--entity", required=True, metavar="E", help="the entity, which may have been removed since")
    erase.add_argument(
        "--key", required=True, action="append", metavar="K", help="its join key's value; of several COLUMN=VALUE each"
    )
    erase.add_argument("--requested-by", metavar="WHO", help="who asked for it, which is recorded")
    erase.add_argument("--reason", metavar="TEXT", help="why, such as the number of a ticket, which is recorded")
    erase.add_argument("--dry-run", action="store_true", help="only tell where the key is")


def _add_filter(log: argparse.ArgumentParser) -> None:
    """Which events are shown: those that meet all that is given."""
    log.add_argument("--actor", metavar="A", help="what A did")
    log.add_argument("--view", metavar="V", help="what is of a feature view, or was made from it")
    log.add_argument("--table", metavar="T", help="what is of a table, or was made from it")
    log.add_argument("--model", metavar="M", help="the trainings of a model, and the sets that it was trained on")
    log.add_argument("--training-set", metavar="ID", help="what is of a training set, by its id or a beginning of it")
    log.add_argument("--since", type=_moment, metavar="TIME", help="in ISO 8601, UTC where it has no zone; or a date")
    log.add_argument("--until", type=_last_moment, metavar="TIME", help="the same, inclusive; a date is that whole day")


def _moment(text: str) -> datetime:
    """A time in ISO 8601, in UTC where it has no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no time: give one such as 2026-01-31 or 2026-01-31T18:00+01:00"
        raise argparse.ArgumentTypeError(message) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _last_moment(text: str) -> datetime:
    """The same; of a date, its last microsecond."""
    at = _moment(text)
    return at + timedelta(days=1, microseconds=-1) if len(text) <= len("2026-01-31") else at


def _count(text: str) -> int:
    """A whole number of 1 or more."""
    return _at_least(1, text)


def _natural(text: str) -> int:
    """A whole number of 0 or more."""
    return _at_least(0, text)


def _pinned(text: str) -> tuple[str, int]:
    """A table and its version."""
    table, sign, version = text.rpartition("=")
    if not (sign and table):
        message = f"{text!r} is not of the form TABLE=VERSION"
        raise argparse.ArgumentTypeError(message)
    return table, _natural(version)


def _named(text: str) -> tuple[str, str]:
    """A column, and what is named for it."""
    column, sign, named = text.partition("=")
    if not (sign and column and named):
        message = f"{text!r} is not of the form COLUMN=VALUE"
        raise argparse.ArgumentTypeError(message)
    return column, named


def _at_least(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        message = f"{text!r} is not a whole number of {least} or more"
        raise argparse.ArgumentTypeError(message)
    return number
