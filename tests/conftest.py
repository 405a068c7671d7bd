"""Profiles for the property tests: `default` runs the same forty cases of each law every time, so that a red run means
that a change broke something; `fast` runs ten others each time, `thorough` ten thousand.

Which folders are slow as a whole is said here; single tests elsewhere have the mark themselves.

Fixtures that several folders share are imported here, which is how pytest finds them.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.postgres_server import postgres_alone, postgres_database, postgres_server  # noqa: F401  # fixtures
from tests.redis_server import redis_server  # noqa: F401  # as above

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
settings.register_profile("default", max_examples=40, derandomize=True, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("fast", max_examples=10, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("thorough", max_examples=10_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("default")

_TESTS = Path(__file__).parent
_SLOW_PLACES = {
    "crash",  # processes that are killed
    "diff",  # histories of tables, built one by one
    "erasing",  # as above
    "golden_tables",  # two hundred tables of other writers
    "memory",  # tables larger than the budget
    "processes",  # every entry point in processes of many kinds
    "s3",  # a server
    "trust",  # as diff
    "test_demo.py",  # the whole demo, several times
    "test_examples.py",  # whole programs
    "test_feast_stores.py",  # stock stores of Feast, with their engines
    "test_histories.py",  # as diff
    "test_wrong_answers.py",  # a suite for each broken executor
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of the slow places."""
    for item in items:
        if item.path.is_relative_to(_TESTS) and _SLOW_PLACES.intersection(item.path.relative_to(_TESTS).parts):
            item.add_marker(pytest.mark.slow)
