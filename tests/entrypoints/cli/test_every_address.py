"""Secrets in each argument of each command are in nothing that goes out: terminals, logs, files and their names."""

import argparse
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from returns.result import Result

from foreset import (
    DeltaSource,
    EntitySpec,
    FeastManager,
    FeatureStore,
    FeatureViewSpec,
    ForesetError,
    TrainingSetSpec,
    get_table_info,
    read_delta_table,
    write_to_delta_lake,
)
from foreset.entrypoints.cli.main import main
from foreset.entrypoints.cli.parser import parser
from tests.entrypoints.cli.every_command import EVERY_COMMAND, working_in

SECRET = "Pl4ntedS3cret"  # noqa: S105  # what is to be found
ADDRESSES = [
    f"ann:{SECRET}@db.example.com:5432/x",
    f"//ann:{SECRET}@host",
    f"u:p@{SECRET}@host/t",
    f"postgresql:/ann:{SECRET}@127.0.0.1:1/d",
    f"mysql://ann:{SECRET}@127.0.0.1:1/d?api_key={SECRET}",
]
VALID = {
    "get": ["s.yaml", "--spine", "spine.parquet"],
    "plan": ["s.yaml", "--spine", "spine.parquet"],
    "audit": ["spine.parquet", "--spec", "s.yaml"],
    "changes": ["rain", "0"],
    "erase": ["--entity", "city", "--key", "none"],
    "diff": ["wet", "wet"],
    "materialize": ["rain"],
    "online": ["rain:mm", "--key", "city=a"],
    "check-online": ["rain"],
    **{command: ["rain"] for command in ("optimize", "check", "retention", "vacuum")},
    **{command: ["wet"] for command in ("rebuild", "report", "pin", "unpin", "lineage", "show")},
}
"""Arguments that a command takes, so that the others are looked at too."""
COMMANDS = {name: command for name, command in EVERY_COMMAND.items() if name != "demo"}  # which takes a minute
GLOBAL = {action.dest for action in parser()._actions} - {"store"}
LOOKED_AT = "show"
"""The command that is called with the global options, which are the same for all."""


def takes_text(action: argparse.Action) -> bool:
    """Whether an argument takes a text that may be an address."""
    is_flag = action.nargs == 0 or isinstance(action, argparse._SubParsersAction)
    return (
        not is_flag and not action.choices and action.dest not in {"help", "store", "spine_filter"}
    )  # the last is SQL


def calls(command: str, address: str) -> Iterator[list[str]]:
    """Calls of a command with an address for each of its arguments in turn, and for all positional ones."""
    takes = [action for action in COMMANDS[command]._actions if takes_text(action)]
    actions = [action for action in takes if action.dest not in GLOBAL or command in {LOOKED_AT, "tables"}]
    valid = VALID.get(command, [])
    positional = [action for action in actions if not action.option_strings]
    if command != "erase":
        yield [*command.split(), *[address] * len(positional)]
    for place in range(len(positional)):
        if place < len(valid):
            yield [*command.split(), *valid[:place], address, *valid[place + 1 :]]
    for action in actions:
        if action.option_strings and not ("=" in address and "=" in (action.metavar or "=")):
            yield [*command.split(), *valid, max(action.option_strings, key=len), address]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a store, made while all may write what nobody forbids."""
    place = tmp_path_factory.mktemp("here")
    with working_in(place):
        before = os.umask(0)
        try:
            fill(place)
            yield place
        finally:
            os.umask(before)


def fill(place: Path) -> None:
    at = pl.col("at").cast(pl.Datetime("us", "UTC"))
    rows = pl.DataFrame({"city": ["a", "b"], "at": [1, 2], "mm": [1.0, 2.0]}).with_columns(at)
    write_to_delta_lake(rows, "rain")
    Path("s.yaml").write_text("features: ['rain:mm']\n")
    rows.select("city", event_timestamp="at").write_parquet("spine.parquet")
    with FeatureStore.open(place / "feature_repo").unwrap() as store:
        view = FeatureViewSpec("rain", ["city"], DeltaSource("rain", "at"), ["mm"])
        store.register(EntitySpec("city", ["city"]), view).unwrap()
        store.training_set(TrainingSetSpec(["rain:mm"], name="wet"), place / "spine.parquet").unwrap()


def made(place: Path) -> set[Path]:
    return set(place.rglob("*"))


@pytest.mark.parametrize("command", COMMANDS)
def test_no_argument_of_a_command_brings_a_secret_into_what_goes_out(
    here: Path, command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = made(here)
    for number, address in enumerate(ADDRESSES):
        for place, call in enumerate(calls(command, address)):
            if command != LOOKED_AT and place > 1 and (place + number) % 2:
                continue  # half of the addresses for each further argument
            json = ["--json", "--log-json"] if number % 2 else ["--verbose"]
            with suppress(SystemExit):
                main([*call, *json])
            captured = capfd.readouterr()
            assert SECRET not in captured.out + captured.err, call
    for path in made(here) - before:
        assert SECRET not in str(path), "a folder is named by a password"
    for path in made(here):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path


def test_what_a_store_makes_is_its_owners_alone_whatever_the_umask(here: Path) -> None:
    main(["publish"])
    main(["pin", "wet"])
    main(["rebuild", "wet", "-o", "again.parquet"])
    main(["report", "wet", "-o", "report.html"])
    store = here / "feature_repo"
    assert stat.S_IMODE((store / "data").stat().st_mode) == 0o700  # what is in it is made by Feast
    for path in (store, *store.glob("*"), *store.glob("[!d]*/**/*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize("address", ADDRESSES[:3])
def test_a_login_without_a_scheme_is_no_folder(tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    error = FeatureStore.open(address).failure()
    assert type(error).__name__ == "UnknownLocation"
    assert SECRET not in error.message
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_looks_like_a_login_is_used_where_it_is_or_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    FeatureStore.open("./u:pw@host/t").unwrap().close()
    assert (tmp_path / "u:pw@host" / "t" / "events.db").exists()
    FeatureStore.open("u:pw@host/t").unwrap().close()
    FeatureStore.open("u:pw@host/other").unwrap().close()


CALLS: dict[str, Callable[[FeatureStore, str], object]] = {
    "open": lambda _, address: FeatureStore.open(address),
    "open a data folder": lambda _, address: FeatureStore.open("other", data_dir=address),
    "move the log": lambda store, address: store.log.move(address),
    "send lineage": lambda store, address: store.log.send_lineage(address),
    "import": lambda store, address: store.feast.import_repository(address),
    "read label rows": lambda store, address: store.training_set(TrainingSetSpec(["rain:mm"]), address),
    "register a table": lambda store, address: store.register(
        FeatureViewSpec("w", ["city"], DeltaSource(address, "at"), ["mm"])
    ),
    "write Parquet": lambda store, address: store.rebuild("wet").unwrap().write_parquet(address),
    "write Delta": lambda store, address: store.rebuild("wet").unwrap().write_delta(address),
    "write a table": lambda _, address: write_to_delta_lake(pl.DataFrame({"a": [1]}), address),
    "read a table": lambda _, address: read_delta_table(address),
    "look at a table": lambda _, address: get_table_info(address),
    "manage Feast": lambda _, address: FeastManager(address),
    "check a table": lambda store, address: store.tables.check(address),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_no_call_shows_a_secret_or_makes_a_folder_of_one(here: Path, call: str, address: str) -> None:
    before = made(here)
    with FeatureStore.open(here / "feature_repo").unwrap() as store:
        try:
            result = CALLS[call](store, address)
            error = result.failure() if isinstance(result, Result) else pytest.fail(f"taken: {result!r}")
            said = f"{error} {error!r} {error.message}"
        except ForesetError as fault:
            said = f"{fault} {fault!r} {fault.__cause__!r}"
    assert SECRET not in said
    assert "Next: " in said
    assert not [path for path in made(here) - before if SECRET in str(path)]
