"""`python -m foreset`: the command line."""

from foreset.entrypoints.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
