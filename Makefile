# Set-up is part of every target: .venv is made from the lock file by the standard library's venv and pip.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: install help demo test coverage test-fast fuzz check docs bench bench-quick lock wheel clean

install: $(READY)  ## makes .venv from the lock file

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info < (3, 15), "Foreset needs Python 3.11 to 3.14: make PYTHON=python3.12"'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: install  ## runs `foreset demo`
	$(BIN)/foreset demo

test: install  ## all tests
	$(BIN)/python -m pytest -n 2

coverage: install  ## all tests, with branch coverage, which has a floor
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term

# Without the tests that are marked as slow, and with fewer cases of each law.
test-fast: install  ## the tests that are not slow, with fewer cases of each law
	$(BIN)/python -m pytest -n 2 -q -m "not slow" --hypothesis-profile=fast

# Generated input for everything that parses: an hour is FUZZ_SECONDS=3600.
FUZZ_SECONDS ?= 60

fuzz: install  ## generated input for everything that parses, for FUZZ_SECONDS
	$(BIN)/python tests/fuzz/run.py --seconds $(FUZZ_SECONDS)

check: install  ## lint, format, types, architecture, doctests, code in the docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p foreset
	$(BIN)/mypy --explicit-package-bases -p tests.typed
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q --doctest-modules --pyargs foreset.domain foreset.application foreset.adapters foreset.entrypoints
	$(BIN)/python -m pytest -q README.md docs

docs: install  ## writes the pages that are made from the code
	$(BIN)/python -m docs.error_page
	$(BIN)/python -m docs.finding_page
	$(BIN)/python -m docs.store_tables
	$(BIN)/python -m docs.architecture_page

bench: install  ## the whole benchmark
	$(BIN)/python benchmarks/run.py

bench-quick: install  ## the benchmark on smaller data
	$(BIN)/python benchmarks/run.py --quick

lock: install  ## writes the lock file
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra demo --universal --python-version 3.11 --no-strip-extras \
		--generate-hashes --no-header --no-annotate --quiet -o requirements.lock

wheel: install  ## builds the package
	$(BIN)/python -m hatchling build

clean:  ## removes .venv and everything that was made
	rm -rf .venv .venv-3.* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* htmlcov benchmarks/work foreset-demo
