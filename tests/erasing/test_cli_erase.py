"""`foreset erase`: what it tells, what it does, how it ends."""

import json
from pathlib import Path

import pytest

from foreset import FeatureStore, TrainingSetSpec
from foreset.entrypoints.cli import main
from tests.erasing.conftest import ANN, SPINE, left_in

Output = pytest.CaptureFixture[str]


@pytest.fixture
def held(store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A training set that holds Ann's key."""
    monkeypatch.setenv("FORESET_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("FORESET_DATA_DIR", str(tmp_path / "data"))
    return store.training_set(TrainingSetSpec(["ages:age"]), SPINE).unwrap().id


def test_a_dry_run_tells_where_the_key_is_and_changes_nothing(
    store: FeatureStore, held: str, tmp_path: Path, capsys: Output
) -> None:
    before = store.log.events().unwrap()
    assert main(["erase", "--entity", "customer", "--key", ANN, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert f"{held}     2  in the spine that the store keeps" in told
    assert "customers  0, the newest     1  ages" in told
    assert "`foreset erase` without --dry-run removes 1 kept frame." in told
    assert "What Foreset leaves to you:\n1. Delete 1 row from customers" in told
    assert store.log.events().unwrap() == before
    assert left_in(tmp_path / "store", ANN) != []


def test_erasing_tells_what_went_and_the_set_says_so(store: FeatureStore, held: str, capsys: Output) -> None:
    command = ["erase", "--entity", "customer", "--key", f"mail={ANN}"]
    assert main([*command, "--requested-by", "dora", "--reason", "ticket 9"]) == 0
    told = capsys.readouterr().out
    assert f"Removed 1 kept frame and redacted 0 events. {held} can be rebuilt no more." in told
    assert main(["rebuild", held]) == 2
    assert "as dora asked (ticket 9)" in capsys.readouterr().err
    assert main(["show", held]) == 0
    shown = capsys.readouterr().out
    assert "as dora asked (ticket 9): a key of customer; it can be rebuilt no more" in shown
    assert main(["log"]) == 0
    assert (
        f"erased a key of customer, as dora asked (ticket 9), of which {held} can be rebuilt" in capsys.readouterr().out
    )
    assert store.log.verify().unwrap().whole


def test_as_json(held: str, capsys: Output) -> None:
    assert main(["erase", "--entity", "customer", "--key", ANN, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["erased"]["training_sets"] == [held]
    assert (told["nowhere"], told["whole"], told["completed"]) == (False, True, 0)
    assert told["tables"][0]["table"] == "customers"
    assert len(told["steps"]) == 2
    assert main(["show", held, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["erased"][0]["entity"] == "customer"


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_a_key_that_is_nowhere_ends_with_one(options: list[str], capsys: Output) -> None:
    assert main(["erase", "--entity", "customer", "--key", "nobody", *options]) == 1
    assert "The key of customer was found nowhere" in capsys.readouterr().out


@pytest.mark.usefixtures("held")
def test_what_cannot_be_looked_at_ends_with_one(tmp_path: Path, capsys: Output) -> None:
    for path in (tmp_path / "store" / "spines").iterdir():
        path.write_bytes(b"broken")
    assert main(["erase", "--entity", "customer", "--key", ANN, "--dry-run"]) == 1
    assert "could not be looked at: " in (told := capsys.readouterr().out)
    assert "The key may be left there." in told


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["a", "b"], "of several values each needs the name of its join key"),
        (["mail=a", "mail=b"], "each of them once"),
        (["town=a"], "it names town. Its join keys are: mail."),
    ],
)
def test_a_key_that_is_none_is_refused(keys: list[str], said: str, capsys: Output) -> None:
    options = [option for key in keys for option in ("--key", key)]
    assert main(["erase", "--entity", "customer", *options]) == 2
    assert said in capsys.readouterr().err.replace("\n", " ")
