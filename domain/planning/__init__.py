"""From a spec to a plan, as data; and the laws: which row serves which label (`point_in_time`).

`planner` makes a plan of the nodes in `nodes`, `rules` improve it, `explain` prints it, `measurements` and `ages` are
what a retrieval counts, `provenance` and `row_query` turn a plan into one that gives the rows that serve. `semantics`
has the versions of the laws.
"""
