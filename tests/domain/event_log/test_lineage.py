from itertools import pairwise

import msgspec
import pytest

from foreset.domain.event_log.lineage import Lineage, LineageNode, lineage_of
from foreset.domain.event_log.lineage_text import as_mermaid, as_text
from foreset.domain.event_log.receipts import TableWritten
from tests.domain.happenings import LOG, recorded

WHOLE = lineage_of(LOG)


def keys(nodes: tuple[LineageNode, ...]) -> list[str]:
    return [node.key for node in nodes]


def test_the_whole_graph() -> None:
    assert [f"{edge.source} -> {edge.target}" for edge in WHOLE.edges] == [
        "entity:driver@1 -> view:stats@1",
        "table:trips -> view:stats@1",
        "entity:driver@1 -> view:notes@1",
        "table:trips -> view:notes@1",
        "table:trips -> table:trips@7",
        "view:stats@1 -> training set:ts-aa1",
        "table:trips@7 -> training set:ts-aa1",
        "spine:5f0d8e2c61b74a39aa -> training set:ts-aa1",
        "training set:ts-aa1 -> model:delay@1",
        "table:trips -> table:trips@8",
        "table:labels -> table:labels@2",
        "table:labels@2 -> spine:5f0d8e2c61b74a39aa",
        "view:notes@1 -> training set:ts-bb2",
        "table:trips@8 -> training set:ts-bb2",
        "spine:5f0d8e2c61b74a39aa -> training set:ts-bb2",
        "training set:ts-bb2 -> model:sklearn.linear_model.Ridge@1",
        "view:stats@1 -> online:stats in sqlite",
        "table:trips@8 -> online:stats in sqlite",
        "training set:ts-aa1 -> model:delay@2",
    ]
    ends = {key for edge in WHOLE.edges for key in (edge.source, edge.target)}
    assert ends == set(keys(WHOLE.nodes))


def test_a_node_tells_the_first_event_that_made_it() -> None:
    made = WHOLE.node("table:trips@7")
    assert (made.position, made.actor, made.about) == (4, "bob", "append, 1,000 rows")
    assert WHOLE.node("training set:ts-aa1").position == 5
    assert (WHOLE.node("table:trips").position, WHOLE.node("table:trips@8").at) == (None, None)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("stats", ["view:stats@1"]),
        ("stats@1", ["view:stats@1"]),
        ("trips", ["table:trips"]),
        ("table:trips@8", ["table:trips@8"]),
        ("view:trips", []),
        ("ts-aa1", ["training set:ts-aa1"]),
        ("bb2", ["training set:ts-bb2"]),
        ("training-set:aa", ["training set:ts-aa1"]),
        ("delay", ["model:delay@1", "model:delay@2"]),
        ("delay@2", ["model:delay@2"]),
        ("spine:5f0d", ["spine:5f0d8e2c61b74a39aa"]),
        ("trips@9", []),
        ("stat", []),
        ("", []),
    ],
)
def test_nodes_are_found_by_the_forms_of_a_name(name: str, found: list[str]) -> None:
    assert keys(WHOLE.find(name)) == found


def test_a_name_of_a_view_and_a_table_gives_both() -> None:
    log = recorded(
        *((r.actor, r.stream, r.event) for r in LOG),
        ("ann", "table/stats", TableWritten(table="stats", version=0, mode="error", rows=1)),
    )
    assert keys(lineage_of(log).find("stats")) == ["view:stats@1", "table:stats"]
    assert keys(lineage_of(log).find("table:stats")) == ["table:stats"]


def test_a_version_of_a_table_has_only_what_was_made_from_it() -> None:
    down = WHOLE.downstream(["table:trips@7"])
    assert down == {"training set:ts-aa1", "model:delay@1", "model:delay@2"}
    assert WHOLE.downstream(["table:trips"]) >= down | {"training set:ts-bb2", "view:notes@1"}
    assert WHOLE.upstream(["model:delay@1"]) == {
        "training set:ts-aa1", "view:stats@1", "entity:driver@1", "table:trips", "table:trips@7",
        "spine:5f0d8e2c61b74a39aa", "table:labels@2", "table:labels",
    }  # fmt: skip


def test_what_is_around_a_node_as_text() -> None:
    assert as_text(WHOLE.around(WHOLE.find("ts-bb2"))).splitlines() == [
        "ts-bb2 (daily: 100 rows), 2024-05-01 14:00:00Z by cid",
        "  made from",
        "  ├─ view notes v1 (features: note), 2024-05-01 10:00:00Z by ann",
        "  │  ├─ entity driver v1 (keys: driver_id), 2024-05-01 08:00:00Z by ann",
        "  │  └─ table trips",
        "  ├─ table trips@8",
        "  │  └─ table trips",
        "  └─ spine 5f0d8e2c61b7 (100 rows), 2024-05-01 12:00:00Z by bob",
        "     └─ table labels@2",
        "        └─ table labels",
        "  used for",
        "  └─ model sklearn.linear_model.Ridge v1 (r2 0.5000), 2024-05-01 15:00:00Z by cid",
    ]


def test_what_nothing_was_made_from_says_so() -> None:
    lines = as_text(WHOLE.around(WHOLE.find("delay@2"))).splitlines()
    assert lines[-1] == "  used for nothing that the log tells of"


def test_the_whole_as_text_shows_each_subtree_once() -> None:
    lines = as_text(WHOLE).splitlines()
    assert [line for line in lines if line[0] not in "├└│ "] == [
        "entity driver v1 (keys: driver_id), 2024-05-01 08:00:00Z by ann",
        "table trips",
        "table labels",
    ]
    opened = [line.lstrip("├└─│ ").partition(" (")[0].partition(", ")[0] for line in lines if not line.endswith(" ...")]
    of_more = {edge.source for edge in WHOLE.edges}
    assert all(opened.count(node.label) == 1 for node in WHOLE.nodes if node.key in of_more)


def test_nothing_has_no_lineage() -> None:
    assert lineage_of(()) == Lineage((), ())
    assert as_text(lineage_of(())) == ""
    assert as_mermaid(lineage_of(())) == "flowchart LR"


def test_mermaid_has_each_node_and_edge_once() -> None:
    around = WHOLE.around(WHOLE.find("delay@1"))
    lines = as_mermaid(around).splitlines()
    assert lines[0] == "flowchart LR"
    assert len(lines) == 1 + len(around.nodes) + len(around.edges) + 2
    assert lines[1] == '    n0(["entity driver v1"])'
    assert lines[-1] == f"    class n{keys(around.nodes).index('model:delay@1')} asked"


def test_mermaid_takes_names_as_names() -> None:
    log = recorded(("ann", "t", TableWritten(table='a"] --> x\n%%{`<b>#', version=0, mode="append", rows=1)))
    box = as_mermaid(lineage_of(log)).splitlines()[1]
    assert box == '    n0[("table a#34;] --#62; x#92;n%%{#96;#60;b#62;#35;")]'


def test_a_table_whose_name_ends_like_a_version_is_a_table_of_its_own() -> None:
    writes = [TableWritten(table=name, version=7, mode="append", rows=1) for name in ("trips", "trips@7")]
    graph = lineage_of(recorded(*(("ann", f"table/{write.table}", write) for write in writes)))
    assert [node.label for node in graph.nodes] == [
        "table trips", "table trips@7", "table trips@7", "table trips@7@7",
    ]  # fmt: skip
    assert [len(graph.around(graph.find(name)).nodes) for name in ("trips", "trips@7", "trips@7@7")] == [2, 2, 2]


def test_json_holds_the_graph() -> None:
    assert msgspec.json.decode(msgspec.json.encode(WHOLE), type=Lineage) == WHOLE


def test_a_long_chain_of_tables_and_spines_is_followed_to_its_end() -> None:
    steps = [f"t{number}" for number in range(2_000)]
    chain = Lineage(
        tuple(LineageNode(key=key, kind="table", name=key) for key in steps),
        tuple(msgspec.convert({"source": a, "target": b}, type(WHOLE.edges[0])) for a, b in pairwise(steps)),
    )
    assert len(chain.downstream(["t0"])) == 1_999
