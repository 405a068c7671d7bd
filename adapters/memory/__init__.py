"""Tables, event log, clock and the reference executor, in memory: shipped, so that users' tests can swap them in."""

from foreset.adapters.memory.clock import MemoryClock
from foreset.adapters.memory.events import MemoryEventStore
from foreset.adapters.memory.executor import MemoryExecutor
from foreset.adapters.memory.tables import MemoryTables

__all__ = ["MemoryClock", "MemoryEventStore", "MemoryExecutor", "MemoryTables"]
