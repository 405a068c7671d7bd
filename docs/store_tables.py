"""Writes the tables of Feast's stores in docs/feast.md from domain/feast/engines.py: `make docs`."""

import re
from pathlib import Path
from typing import Final

from docs.markdown import plain
from foreset.domain.feast.engines import OBSERVED, STORES, Defect

PAGE: Final = Path(__file__).parent / "feast.md"
_PLACE: Final = re.compile(r"(?<=<!-- stores -->\n).*?(?=<!-- end of stores -->)", re.DOTALL)
_GIVEN: Final = {"files": "a copy of the rows that may serve", "warehouse": "a query of `warehouse_table`"}


def tables() -> str:
    """The stores, and the defects of each."""
    lines = ["", "| store | is given | checked | to accept |", "|---|---|---|---|"]
    for store in STORES.values():
        accept = ", ".join(f"`{name}`" for name in store.to_accept) or "-"
        lines.append(f"| `{store.name}` | {_GIVEN[store.kind]} | {store.checked} | {accept} |")
    lines += [
        "",
        f"What was seen of the stores of Feast {OBSERVED}:",
        "",
        "| store | defect | law | what it shows | mended |",
    ]
    lines.append("|---|---|---|---|---|")
    known: dict[tuple[Defect, ...], list[str]] = {}
    for store in STORES.values():
        known.setdefault(store.defects, []).append(store.name)
    for defects, stores in known.items():
        named = stores[0] if len(stores) == 1 else f"{stores[0]}; the other warehouses are taken to be alike"
        lines += (
            f"| {named} | `{d.name}` | {plain(d.law)} | {plain(d.shows)} | {plain(d.mended or 'no: to be accepted')} |"
            for d in defects
        )
    return "\n".join([*lines, "", ""])


def page(text: str) -> str:
    """The page with its tables made anew."""
    return _PLACE.sub(lambda _: tables(), text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
