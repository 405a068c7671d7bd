"""Profiles for the property tests: `--hypothesis-profile=thorough` runs ten thousand cases of each law.

Fixtures that several folders share are imported here, which is how pytest finds them.
"""

from hypothesis import HealthCheck, settings

from tests.postgres_server import postgres_alone, postgres_database, postgres_server  # noqa: F401  # fixtures
from tests.redis_server import redis_server  # noqa: F401  # as above

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
settings.register_profile("default", max_examples=100, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("thorough", max_examples=10_000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("default")
