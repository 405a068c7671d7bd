"""The connections that Feast opens and never closes, and how they are closed. Feast opens them again when needed."""

from typing import Any, Final

from feast import FeatureStore

_ENGINES: Final = ("write_engine", "read_engine")
"""Of a registry in a database: SQLAlchemy's engines, which may be one."""
_CONNECTIONS: Final = ("_conn", "_conn_pool")
"""Of an online store in SQLite or PostgreSQL: what it has opened so far, else None."""


def close_connections(store: FeatureStore) -> None:
    """Close the connections of the store's registry and of the online store that it writes through."""
    for name in _ENGINES:
        engine = getattr(_opened(store, "_registry"), name, None)
        if engine is not None:
            engine.dispose()
    close_online(getattr(_opened(store, "_provider"), "_online_store", None))


def _opened(store: FeatureStore, name: str) -> Any:
    """What the store has opened under a private name, None where it has not: the public property would open it."""
    return vars(store).get(name)


def close_online(online: Any) -> None:  # Feast's stores are typed in part
    """Close the connections of an online store of Feast's, or of none."""
    for name in _CONNECTIONS:
        connection = getattr(online, name, None)
        if connection is not None:
            setattr(online, name, None)
            connection.close()
