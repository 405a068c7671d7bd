"""Writes docs/findings.md from the findings in the code and their examples: `make docs`."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Final

from msgspec.structs import fields

from docs.finding_examples import EXAMPLES
from docs.markdown import example_of, quoted
from foreset.domain.finding import SEVERITIES, Finding, Severity

_MODULES: Final = (
    "table_health.log_findings",
    "table_health.file_findings",
    "table_health.data_findings",
    "feast.findings",
    "leakage.findings",
    "event_log.chain_findings",
)
PAGE: Final = Path(__file__).parent / "findings.md"

_INTRO: Final = """\
# Findings

What `foreset check TABLE` and `store.tables.check(table)` find, each with what to do next; `--deep` and `deep=True`
read the data too. A severity is the usual one: some findings are milder where only old versions are concerned. After
them stands what `foreset import PATH` and `store.feast.import_repository(path)` find in a Feast repository, then what
`store.training_sets.report(id)` and `store.training_sets.audit(...)` find in a training set or a frame, then what
`foreset log verify` and `store.log.verify()` find in the store's own log.

| severity | means |
|---|---|
| error | rows are lost, doubled, wrong or unreadable |
| warning | those of older versions are, or something may be |
| advice | the table is whole and could be kept better |

This page is made from the code by `make docs`.
"""


def modules() -> list[ModuleType]:
    """The modules that define findings, in the order of the page."""
    return [import_module(f"foreset.domain.{name}") for name in _MODULES]


def kinds(module: ModuleType) -> list[type[Finding]]:
    """The findings that a module defines, the worst first, else in their order in the code."""
    found = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Finding)]
    own = [kind for kind in found if kind.__module__ == module.__name__ and hasattr(kind, "says")]
    return sorted(own, key=lambda kind: SEVERITIES.index(_usual(kind)))


def page() -> str:
    """The page's text."""
    examples = {type(example): example for example in EXAMPLES}
    return "\n".join([_INTRO, *(line for module in modules() for line in _section(module, examples))])


def _section(module: ModuleType, examples: dict[type[Finding], Finding]) -> Iterator[str]:
    if own := kinds(module):
        yield f"## {str(module.__doc__).splitlines()[0].rstrip('.')}\n"
        for kind in own:
            yield f"### {kind.__name__}\n"
            yield f"{str(kind.__doc__).splitlines()[0]} Severity: {_usual(kind)}.\n"
            example = example_of(kind, examples, "docs/finding_examples.py")
            yield quoted(example.what, example.next)


def _usual(kind: type[Finding]) -> Severity:
    severity: Severity = next(field.default for field in fields(kind) if field.name == "severity")
    return severity


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
