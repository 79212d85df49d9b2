# Every target starts from a checkout alone: what it needs is made first, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate
CODE := lakehouse bronze silver gold ml app

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-cluster app mlflow check bench clean setup lock
.DELETE_ON_ERROR:

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup  ## build the lake from a sample, train, promote, score and show what is there
	@$(BIN)/lakehouse sample --if-empty then run then ml train promote --bootstrap score then status

test: $(VENV)/.dev  ## run all tests, the site's in a real browser
	@$(BIN)/lakehouse setup --tests
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: $(VENV)/.dev  ## run the tests of tables, contracts and the platform's parts, in a minute
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not apache_spark" tests/silver tests/gold tests/lakehouse/storage tests/lakehouse/landing \
		tests/lakehouse/test_settings.py tests/lakehouse/test_table.py tests/bronze/test_header.py tests/bronze/test_preflight.py

test-cluster: $(VENV)/.dev  ## run the whole lake on a cluster of Apache Spark and an object store, both started here
	@$(BIN)/lakehouse setup --tests
	@$(BIN)/python -m pytest -v -m "cluster or not cluster" tests/cluster tests/lakehouse/storage/test_store_faults.py

app: setup  ## serve the site
	@$(BIN)/lakehouse app

mlflow: setup  ## serve MLflow's pages on this lake
	@$(BIN)/lakehouse mlflow

check: $(VENV)/.dev  ## format, lint and types, without changing anything
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: setup $(VENV)/.dev  ## measure loads, single days after many, the way to the site, Ctrl-C, the site, its doors and jobs, make run; over an hour
	@$(BIN)/lakehouse setup --tests
	@failed=0; for part in full_load increments watch_to_site interruption site_latency http_latency batch_scoring preset_run; do \
		$(BIN)/python -m tests.bench.$$part || failed=1; done; exit $$failed

clean:  ## remove the virtual environment and caches, never the lake
	@rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find $(CODE) tests -type d -name __pycache__ -prune -exec rm -rf {} +
	@echo "Your lake stays: $(or $(LAKEHOUSE_LAKE),lake)"

setup: $(VENV)/.project  ## make .venv, find or install Java, fetch Spark's two JARs
	@$(BIN)/lakehouse setup

lock: $(VENV)/.dev  ## pin the newest versions that pyproject.toml allows: what runs, and beside it what tests need
	@$(COMPILE) --output-file requirements.lock pyproject.toml
	@$(COMPILE) --output-file requirements-dev.lock --extra dev --constraint requirements.lock pyproject.toml \
		$$(sed -n 's/^\([^ =]*\)==.*/--no-emit-package \1/p' requirements.lock)

# The packages. setuptools goes first and builds pyspark's source package without pip fetching an unpinned copy of it.
$(VENV)/.packages: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { \
		echo "$(PYTHON) is not Python 3.11, 3.12 or 3.13. Name one that is: PYTHON=python3.12 make run" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) comes without venv. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Making $(VENV) from requirements.lock; this takes some minutes, once."
	@$(PYTHON) -m venv --clear $(VENV)
	@awk '/^[^ ]/ { wanted = /^setuptools==/ } wanted' requirements.lock > $(VENV)/setuptools.lock
	@$(PIP) --require-hashes -r $(VENV)/setuptools.lock
	@$(PIP) --require-hashes --no-build-isolation --use-pep517 -r requirements.lock
	@touch $@

# The project itself: only this is done again when pyproject.toml changes without a new lock.
$(VENV)/.project: pyproject.toml $(VENV)/.packages
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# What only tests, checks and benchmarks need; the lock names nothing that requirements.lock names.
$(VENV)/.dev: requirements-dev.lock $(VENV)/.project
	@$(PIP) --require-hashes --no-deps -r requirements-dev.lock
	@touch $@
