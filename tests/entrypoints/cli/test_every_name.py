"""Names that act on a terminal, from a log and a table that others wrote, act in nothing that a command puts out."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from msgspec import json

from foreset import DeltaSource, EntitySpec, FeatureStore, FeatureViewSpec, TrainingSetSpec, write_to_delta_lake
from foreset.domain.definitions import recordable
from foreset.entrypoints.cli.main import main
from tests.domain.test_escaping import BIDI
from tests.entrypoints.cli.every_command import working_in
from tests.entrypoints.cli.test_every_address import COMMANDS

ACTING = ["\x1b", "\x07", "\x9b", "\r", "\x08", *BIDI, "\u2028", "\u200b", "\ufeff"]
NAME = "n" + "".join(f"{sign}x" for sign in ACTING)
VIEW, FEATURE, KEY, SET = (f"{kind}{NAME}" for kind in ("view", "feature", "key", "set"))
CALLS = {
    "get": ["s.json", "--spine", "spine.parquet", "-o", "out.parquet"],
    "plan": ["s.json", "--spine", "spine.parquet"],
    "audit": ["spine.parquet", "--spec", "s.json"],
    "train": ["s.json"],
    "changes": ["rain", "0"],
    "erase": ["--entity", "entity" + NAME, "--key", f"none{NAME}"],
    "diff": [SET, SET],
    "online": [f"{VIEW}:{FEATURE}", "--key", f"{KEY}=a"],
    "materialize": [VIEW],
    "check-online": [VIEW],
    "report": [SET, "-o", "page.html"],
    "apply": ["s.json"],
    "import": [NAME],
    "generate": [NAME],
    "log move": [f"{NAME}/events.db/x"],
    **{command: ["rain"] for command in ("optimize", "check", "retention", "vacuum")},
    **{command: [SET] for command in ("rebuild", "pin", "unpin", "lineage", "show")},
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a store of such names, which this version does not take but a log may hold."""
    place = tmp_path_factory.mktemp("names")
    with working_in(place):
        with pytest.MonkeyPatch.context() as lenient:
            lenient.setattr(recordable, "unfit_for_names", lambda _: None)
            fill(place)
        yield place


def fill(place: Path) -> None:
    rows = pl.DataFrame({KEY: ["a", NAME], "at": [1, 2], FEATURE: [1.0, 2.0]}).with_columns(
        pl.col("at").cast(pl.Datetime("us", "UTC"))
    )
    write_to_delta_lake(rows, "rain")
    rows.select(KEY, event_timestamp="at").write_parquet("spine.parquet")
    spec = TrainingSetSpec([f"{VIEW}:{FEATURE}"], name=SET)
    Path("s.json").write_bytes(json.encode({"features": list(spec.features), "name": SET}))
    with FeatureStore.open(place / "feature_repo").unwrap() as store:
        view = FeatureViewSpec(VIEW, ["entity" + NAME], DeltaSource("rain", "at"), [FEATURE])
        store.register(EntitySpec("entity" + NAME, [KEY]), view).unwrap()
        store.training_set(spec, place / "spine.parquet").unwrap()


def acting(text: str) -> list[str]:
    return [sign for sign in ACTING if sign in text]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_name_acts_on_a_terminal(here: Path, command: str, capfd: pytest.CaptureFixture[str]) -> None:
    del here
    for more in (
        [],
        ["--json", "--log-json"],
        *([["--format", "mermaid"], ["--format", "json"]] if command == "lineage" else []),
    ):
        with suppress(SystemExit):
            main([*command.split(), *CALLS.get(command, []), *more])
        captured = capfd.readouterr()
        assert acting(captured.out) == acting(captured.err) == [], (command, more)
        if "--json" in more and captured.out.strip():
            json.decode(captured.out)


def test_no_name_acts_on_a_page(here: Path) -> None:
    main(["report", SET, "-o", "page.html"])  # which warns, and so ends with 1
    assert acting((here / "page.html").read_text(encoding="utf-8")) == []
