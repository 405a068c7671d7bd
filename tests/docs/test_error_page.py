"""docs/errors.md is what the code gives, and every error's message is a whole sentence of things that exist."""

from importlib import import_module
from pkgutil import walk_packages

import pytest

import foreset
from docs.error_examples import EXAMPLES
from docs.error_page import PAGE, kinds, modules, page
from foreset.domain.errors.problem import Problem
from tests.docs.names import commands, environment, parameters, remedies, unknown
from tests.docs.wording import misfit

KINDS = [kind for module in modules() for kind in kinds(module)]


def test_the_page_is_what_the_code_gives() -> None:
    assert PAGE.read_text("utf-8") == page(), "docs/errors.md is old: run `make docs`, and commit what it writes"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_error_has_an_example(kind: type[Problem]) -> None:
    found = [example for example in EXAMPLES if type(example) is kind]
    assert len(found) == 1, (
        f"{kind.__name__} has {len(found)} examples: put one into docs/error_examples.py, `make docs`"
    )


def test_each_error_is_on_the_page() -> None:
    for found in walk_packages(foreset.__path__, "foreset."):
        import_module(found.name)
    strange = {kind for kind in _below(Problem) if kind.__module__.startswith("foreset.") and hasattr(kind, "says")}
    assert strange == set(KINDS), "define errors in domain/errors, or name their module in docs/error_page.py"


def _below(kind: type[Problem]) -> set[type[Problem]]:
    return {kind for below in kind.__subclasses__() for kind in (below, *_below(below))}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_each_message_is_whole(example: Problem) -> None:
    says, separator, then = example.message.partition(" Next: ")
    assert separator
    assert len(then) > 10
    assert misfit(says) is None
    assert misfit(then) is None


# === What messages name ===


TEXTS = [half for kind in KINDS for half in (kind.says, kind.then)]
TEXTS += [example.message.partition(" Next: ")[2] for example in EXAMPLES] + remedies()


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_message_names_exists(text: str) -> None:
    assert not unknown(text)


def test_what_is_no_sentence_is_seen() -> None:
    halves = ("it has {x}.", "it has: .", "it ends", "it has  two.", "it ends..", "it has ().", "it has [] left.")
    assert all(misfit(half) for half in halves)


def test_what_does_not_exist_is_seen() -> None:
    text = "use `foreset chekc --deeep`, --memry, FORESET_DTA, write_to_lake(...), FeatureStore.opn(pth=1)"
    assert unknown(text) == [
        "FORESET_DTA",
        "foreset chekc",
        "--deeep",
        "--memry",
        "write_to_lake",
        "FeatureStore.opn",
        "pth",
    ]
    assert "check" in commands()
    assert "FORESET_STORE" in environment()
    assert "memory" in parameters()
