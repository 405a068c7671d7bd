"""YAML within bounds, which are counted while the text is parsed: before anything is built of it.

PyYAML builds by recursion, in C where it can, so deep nesting would end the process; and aliases and merges make few
bytes into any number of values. So the events of the parser, which come one by one, are counted first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

LARGEST: Final = 100_000
"""How many values a file may hold, each alias counted as all that it stands for."""
LONGEST: Final = 32_000_000
"""How many characters its texts may have, counted in the same way."""
DEEPEST: Final = 50
"""How deep values may be nested."""
LONGEST_NUMBER: Final = 1_000
"""How many characters a number or a time may have."""
TOO_DEEP: Final = "it is nested too deeply"

SafeLoader: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser where it was built
_BUILD_FAULTS: Final = (ValueError, LookupError, AttributeError, TypeError, ArithmeticError)
"""What PyYAML's safe constructors raise over a tag that its text does not fit, such as `!!bool maybe`."""


class YamlUnfit(ValueError):  # noqa: N818  # it says what the text is
    """Text that is not YAML, or more of it than is read. Line and column count from 1; None where they are unknown."""

    def __init__(self, problem: str, place: tuple[int, int] | None = None) -> None:
        """Carry the problem and its place."""
        at = f" (line {place[0]}, column {place[1]})" if place else ""
        super().__init__(problem + at)
        self.problem, self.place = problem, place


class BoundedLoader(SafeLoader):  # type: ignore[misc]  # one of two classes of PyYAML
    """The safe loader, which says where a value is that its tag does not fit."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  # its signature
        """The value of a node, or a `ConstructorError` that says where it is."""
        kind = node.tag.rpartition(":")[2]
        if (
            isinstance(node, yaml.ScalarNode)
            and kind in {"int", "float", "timestamp"}
            and len(node.value) > LONGEST_NUMBER
        ):
            problem = f"a number has more than {LONGEST_NUMBER:,} characters"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        try:
            return super().construct_object(node, deep=deep)
        except _BUILD_FAULTS as fault:
            problem = f"{str(node.value)[:50]!r} cannot be read as a value of the kind {kind}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from fault


def yaml_documents(text: str, loader: type[Any] = BoundedLoader) -> list[object]:
    """The documents of a text, as PyYAML's safe loader builds them. Raises `YamlUnfit`, and nothing else."""
    try:
        _Count().all_of(text)
        return list(yaml.load_all(text, Loader=loader))  # a safe loader
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        raise YamlUnfit(fault.problem or str(fault), _at(mark)) from fault
    except yaml.reader.ReaderError as fault:
        before = text[: fault.position] if isinstance(fault.position, int) else ""
        raise YamlUnfit(str(fault.reason), (before.count("\n") + 1, len(before) - before.rfind("\n"))) from fault
    except RecursionError as fault:
        raise YamlUnfit(TOO_DEEP) from fault
    except YamlUnfit:
        raise
    except (*_BUILD_FAULTS, yaml.YAMLError) as fault:  # such as the 31st of February
        raise YamlUnfit(str(fault)) from fault


def _at(mark: Any) -> tuple[int, int] | None:
    return (mark.line + 1, mark.column + 1) if mark else None


@dataclass
class _Part:
    """An open collection: how many values and characters it holds so far, and how deep they go below it."""

    anchor: str | None
    values: int = 1
    characters: int = 0
    height: int = 0


@dataclass
class _Count:
    """Counts what the events of a parser stand for."""

    open: list[_Part] = field(default_factory=lambda: [_Part(None, 0)])
    known: dict[str, _Part] = field(default_factory=dict)

    def all_of(self, text: str) -> None:
        """Raise `YamlUnfit` at the first event that is too much."""
        for event in _events(text):
            self._take(event)
            self._within(event.start_mark)

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.known.clear()
        elif isinstance(event, yaml.ScalarEvent):
            self._put(_Part(event.anchor, 1, len(event.value)))
        elif isinstance(event, yaml.AliasEvent):
            self._put(self._meant(event))
        elif isinstance(event, yaml.CollectionStartEvent):
            self.open.append(_Part(event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._put(self.open.pop())

    def _put(self, part: _Part) -> None:
        """A value is whole: it counts for what holds it, and is what its anchor means from here on."""
        if part.anchor is not None:
            self.known[part.anchor] = part
        holder = self.open[-1]
        holder.values += part.values
        holder.characters += part.characters
        holder.height = max(holder.height, part.height + 1)

    def _meant(self, event: Any) -> _Part:
        """What an alias stands for. Its anchor may be that of a collection that is not at its end."""
        if any(part.anchor == event.anchor for part in self.open):
            problem = f"{TOO_DEEP}: {event.anchor!r} holds itself"
            raise YamlUnfit(problem, _at(event.start_mark))
        meant = self.known.get(event.anchor, _Part(None))  # an anchor that is missing is reported by PyYAML
        return _Part(None, meant.values, meant.characters, meant.height)

    def _within(self, mark: Any) -> None:
        values = sum(part.values for part in self.open)
        characters = sum(part.characters for part in self.open)
        if len(self.open) - 1 + self.open[-1].height > DEEPEST + 1:
            problem = f"{TOO_DEEP}: more than {DEEPEST} levels"
            raise YamlUnfit(problem, _at(mark))
        if values > LARGEST:
            problem = f"it holds more than {LARGEST:,} values, aliases counted as what they stand for"
            raise YamlUnfit(problem, _at(mark))
        if characters > LONGEST:
            problem = f"its texts have more than {LONGEST:,} characters, aliases counted in full"
            raise YamlUnfit(problem, _at(mark))


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=SafeLoader)
