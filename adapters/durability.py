"""What outlives a power cut: contents that were synced, under names that their folder was synced with."""

import os
from pathlib import Path


def sync(place: Path) -> None:
    """Make a file's content, or what a folder lists, durable."""
    opened = os.open(place, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
