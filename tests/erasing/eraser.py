"""A process that erases Ann's key until it is killed. Usage: eraser.py FOLDER."""

import sys
from pathlib import Path

from tests.erasing.conftest import ANN, opened

if __name__ == "__main__":
    store = opened(Path(sys.argv[1]))
    print("open", flush=True)
    store.erase("customer", ANN, requested_by="dora").unwrap()
    print("done", flush=True)
