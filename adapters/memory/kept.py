"""Frames kept in memory."""

from collections.abc import Collection

import polars as pl
from returns.result import Result, Success

from foreset.adapters.shared.frames.arrow_types import polars_frame
from foreset.adapters.shared.frames.named_parts import columns_with
from foreset.adapters.shared.frames.pandas_rows import noted, types_of
from foreset.application.ports.tables import ArrowStream
from foreset.domain.errors.event_log import KeptLost, StoreError
from foreset.domain.errors.problem import refuse


class MemoryFrames:
    """Frames that are kept as long as this object."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._frames: dict[str, ArrowStream] = {}

    def keep(self, name: str, frame: ArrowStream) -> Result[None, StoreError]:
        """Keep a frame, unless there is one of its name."""
        self._frames.setdefault(name, frame)
        return Success(None)

    def load(self, name: str, columns: Collection[str] | None = None) -> Result[ArrowStream, StoreError]:
        """A frame that was kept, or the `columns` that it has."""
        if name not in self._frames:
            return refuse(KeptLost(place=name, problem="it is not in memory any more"))
        if columns is None:
            return Success(self._frames[name])
        kept = self._frames[name]
        frame = polars_frame(kept)
        return Success(noted(frame.select(columns_with(frame.schema, columns)), types_of(kept)))

    def names(self, prefix: str) -> Result[tuple[str, ...], StoreError]:
        """The names of the kept frames that begin so, in order."""
        return Success(tuple(sorted(name for name in self._frames if name.startswith(prefix))))

    def size(self, name: str) -> Result[int, StoreError]:
        """How many bytes a kept frame takes in memory."""
        return self.load(name).map(lambda frame: int(pl.DataFrame(frame).estimated_size()))

    def remove(self, name: str) -> Result[bool, StoreError]:
        """Forget a frame; whether it was there."""
        return Success(self._frames.pop(name, None) is not None)

    def sweep(self) -> Result[None, StoreError]:
        """Nothing is left in memory."""
        return Success(None)
