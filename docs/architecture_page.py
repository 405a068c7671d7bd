"""Writes the folders and the drawing of the domain in ARCHITECTURE.md from the code: `make docs`."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "ARCHITECTURE.md"
ROOMS: Final = ("domain", "application", "adapters", "entrypoints")
_PLACE: Final = r"(?<=<!-- {0} -->\n).*?(?=<!-- end of {0} -->)"


def packages() -> list[Path]:
    """The folders with code, each before those in it."""
    found = {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")}
    return sorted(found, key=lambda path: (ROOMS.index(path.relative_to(ROOT).parts[0]), path.parts))


def purpose(package: Path) -> str:
    """What lives in a package: the first paragraph of its docstring, or nothing."""
    init = package / "__init__.py"
    text = ast.get_docstring(ast.parse(init.read_text("utf-8"))) if init.exists() else None
    return " ".join((text or "").split("\n\n")[0].split())


def folders() -> str:
    """A line for each folder, in a table for each room."""
    lines = [_line(package) for package in packages()]
    return "\n".join(["", "| folder | what lives there |", "|---|---|", *lines, "", ""])


def _line(package: Path) -> str:
    name = package.relative_to(ROOT).as_posix()
    return (
        f"| **`{name}/`** | {purpose(package)} |" if package.parent == ROOT else f"| `{name}/` | {purpose(package)} |"
    )


def drawing() -> str:
    """The rooms of the domain by their imports, as Mermaid has them, without what follows from other arrows."""
    above = uses()
    arrows = (f"    {room} --> {other}" for room in sorted(above) for other in sorted(_direct(room, above)))
    return "\n".join(["", "```mermaid", "flowchart TD", *arrows, "```", "", ""])


def uses() -> dict[str, set[str]]:
    """Which parts of the domain import which others."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "domain").rglob("*.py")):
        part = path.relative_to(ROOT / "domain").parts[0].removesuffix(".py")
        if part != "__init__":
            found.setdefault(part, set()).update(name for name in _imported(path) if name != part)
    return found


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "foreset.domain":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("foreset.domain."):
            yield str(node.module).split(".")[2]


def reached(room: str, above: Mapping[str, set[str]]) -> set[str]:
    """All parts that a part imports, directly or through others."""
    found: set[str] = set()
    ahead = [room]
    while ahead:
        new = above.get(ahead.pop(), set()) - found
        found |= new
        ahead.extend(new)
    return found


def _direct(room: str, above: Mapping[str, set[str]]) -> set[str]:
    through = {far for other in above[room] for far in reached(other, above)}
    return above[room] - through


def page(text: str) -> str:
    """The page with its folders and its drawing written again."""
    for name, new in (("folders", folders()), ("drawing", drawing())):
        text = re.sub(_PLACE.format(name), lambda _, new=new: new, text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
