"""What type checkers accept is accepted when it runs, and what they report is refused."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from foreset import CallerError
from tests.typed.accepted import calls, held, others, sources, training_sets, views
from tests.typed.refused import REFUSED


def test_what_checkers_accept_is_accepted(tmp_path: Path) -> None:
    assert {source.table for source in sources()} == {"t"}
    assert {view.ttl for view in views()} == {timedelta(days=30)}
    assert {view.entities for view in views()} == {("customer",)}
    assert {spec.features for spec in training_sets()} == {("v:x",)}
    assert all(others())
    assert len(calls(tmp_path)) == 9
    assert held() == ("t", timedelta(days=30), {}, ("v:x",), True)


@pytest.mark.parametrize("call", REFUSED)
def test_what_checkers_report_is_refused(call: Callable[[], object]) -> None:
    with pytest.raises(CallerError, match=r" Next: give "):
        call()
