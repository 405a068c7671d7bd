"""What is kept so that training sets can be rebuilt: pins, and vacuums that respect them. Their events and names.

A pin is the rows of tables that served a training set, each scan of its plan in a frame of its own, and the spine where
the store has not kept it. From these, and the receipt, the set is rebuilt without any table.
"""

from typing import Final

import msgspec


class PinnedFrame(msgspec.Struct, frozen=True, kw_only=True):
    """A frame of a pin, kept under `name`. `table` is what its rows are of, None for the spine.

    `size_bytes` is what it takes where it is kept, `fingerprint` a hash of its content.
    """

    name: str
    table: str | None
    rows: int
    size_bytes: int
    fingerprint: str


class TrainingSetPinned(msgspec.Struct, frozen=True, kw_only=True, tag="training-set-pinned.v1"):
    """The rows that served a training set were kept, and it was rebuilt from them, equal to the first."""

    id: str
    frames: tuple[PinnedFrame, ...]
    fingerprint: str

    @property
    def rows(self) -> int:
        """How many rows it keeps."""
        return sum(frame.rows for frame in self.frames)

    @property
    def size_bytes(self) -> int:
        """What it takes where it is kept."""
        return sum(frame.size_bytes for frame in self.frames)


class TrainingSetUnpinned(msgspec.Struct, frozen=True, kw_only=True, tag="training-set-unpinned.v1"):
    """A pin was given up: its frames, of these names, are to be gone."""

    id: str
    frames: tuple[str, ...]


class TableVacuumed(msgspec.Struct, frozen=True, kw_only=True, tag="table-vacuumed.v1"):
    """Files of a table, at its version, were deleted that are no part of it since `hours` or longer.

    `lost` are the training sets that cannot be rebuilt from the table any more, which whoever asked for it has named;
    `pinned` those that can be from their pins alone.
    """

    table: str
    version: int
    hours: float
    files: int
    size_bytes: int
    lost: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()


PINS: Final = "pins/"
"""How the names of all that pins keep begin."""


def pin_name(identifier: str, scan: int) -> str:
    """The name under which the rows of a scan are kept: of the scan that is the plan's `scan`-th, counted from 0."""
    return f"{pin_prefix(identifier)}{scan}"


def pinned_spine_name(identifier: str) -> str:
    """The name under which the spine is kept that the store has not kept as such."""
    return f"{pin_prefix(identifier)}spine"


def pin_prefix(identifier: str) -> str:
    """How the names of a training set's pin begin."""
    return f"{PINS}{identifier}/"
