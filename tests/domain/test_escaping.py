"""Nothing from outside acts on a terminal or a page: escaped where it is shown, refused where it is a name."""

import sys
import unicodedata

import pytest
from msgspec import json

from foreset.domain.definitions.recordable import unrecordable
from foreset.domain.definitions.specs import DeltaSource, EntitySpec, FeatureViewSpec
from foreset.domain.errors.tables import TableUnreadable
from foreset.domain.event_log.lineage import Lineage, LineageNode
from foreset.domain.event_log.lineage_text import as_mermaid, as_text
from foreset.domain.safe_text.escaping import escaped, escaped_json, unfit_for_names
from foreset.entrypoints.cli.output import Table, aligned, as_json

CONTROLS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in {"Cc", "Zl", "Zp"}]
BIDI = [*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A)), "\u200e", "\u200f", "\u061c"]
ACTING = [*CONTROLS, *BIDI, "\u200b", "\ufeff", "\u2060"]


def test_what_acts_is_escaped_wherever_it_is_shown() -> None:
    for sign in ACTING:
        name = f"a{sign}b"
        node = LineageNode(key="table:x", kind="table", name=name)
        lineage = Lineage(nodes=(node,), edges=())
        shown = [
            escaped(name),
            TableUnreadable(table=name, problem=name).message,
            aligned(Table((name,), [(name,)])),
            as_mermaid(lineage),
            as_text(lineage),
            as_json({name: name}, sys.stdout),
        ]
        for text in shown:
            assert sign == "\n" or sign not in text, (sign, text)


def test_json_keeps_what_was_written() -> None:
    for sign in ACTING:
        assert json.decode(escaped_json(json.encode(f"a{sign}b").decode())) == f"a{sign}b"


@pytest.mark.parametrize("sign", [*BIDI, *CONTROLS, "\u200b", "\u200c", "\u200d", "\ufeff", "\xad", "\u3164"])
def test_names_have_no_characters_that_are_not_seen(sign: str) -> None:
    assert unfit_for_names(f"a{sign}b") is not None
    source = DeltaSource("rain", "at")
    for spec in (
        EntitySpec(f"a{sign}b", ["k"]) if sign != " " else EntitySpec("e", ["k"]),
        EntitySpec("e", [f"k{sign}b"]),
        FeatureViewSpec("v", ["e"], source, [f"f{sign}b"]),
        FeatureViewSpec("v", ["e"], DeltaSource("rain", "at", field_mapping={"x": f"y{sign}z"}), ["f"]),
    ):
        unfit = unrecordable(spec)
        assert unfit is not None
        assert sign not in unfit.message
