"""docs/findings.md is what the code gives, and every finding's message is a whole sentence of things that exist."""

import pytest

from docs.finding_examples import EXAMPLES
from docs.finding_page import PAGE, kinds, modules, page
from foreset.domain.finding import Finding
from tests.docs.names import unknown
from tests.docs.wording import misfit

KINDS = [kind for module in modules() for kind in kinds(module)]


def test_the_page_is_what_the_code_gives() -> None:
    assert PAGE.read_text("utf-8") == page(), "docs/findings.md is old: run `make docs`, and commit what it writes"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_finding_has_an_example(kind: type[Finding]) -> None:
    found = [example for example in EXAMPLES if type(example) is kind]
    assert len(found) == 1, f"{kind.__name__} has {len(found)} examples: see docs/finding_examples.py, then `make docs`"


def test_each_finding_is_on_the_page() -> None:
    strange = {kind for kind in Finding.__subclasses__() if kind.__module__.startswith("foreset.")} - set(KINDS)
    assert not strange, "name the module that defines the finding in docs/finding_page.py"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_each_message_is_whole(example: Finding) -> None:
    assert misfit(example.what) is None
    assert misfit(example.next) is None
    assert not unknown(example.message)
