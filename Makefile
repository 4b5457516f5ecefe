# Everything a person or a machine does with this repository. `make` alone explains itself.
#
# One environment, .venv, is made once. A stamp in it records each group that was installed, so a group is installed
# again only when pyproject.toml or constraints.txt has changed. All paths are relative, so the repository may
# lie in a folder whose name has spaces.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
WORKERS ?= 2
OUT ?= runs
# PYTEST_ARGS narrows `make test`, as in: make test PYTEST_ARGS="tests/kernels -k trend"
PYTEST_ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
RECIPE := pyproject.toml constraints.txt tools/environment.sh
RUN_STAMP := $(VENV)/.installed-run
TEST_STAMP := $(VENV)/.installed-test
BENCH_STAMP := $(VENV)/.installed-bench
DOCS_STAMP := $(VENV)/.installed-docs

export PYTHON

.NOTPARALLEL:
.PHONY: help demo test lint format bench docs clean

help:  ## Show this list
	@echo "tael: linked finance tables in, a business decision out"
	@echo
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  Settings: PYTHON=$(PYTHON)  OUT=$(OUT)  WORKERS=$(WORKERS)  PYTEST_ARGS=\"$(PYTEST_ARGS)\""

demo: $(RUN_STAMP)  ## Set up, run credit-approval on simulated data, print where the report is
	@$(VENV)/bin/tael run credit-approval --out "$(OUT)"

test: $(TEST_STAMP)  ## Set up, then everything that .ci/run checks: lint, types, tests, doctests
	@bash tools/system-packages.sh
	@$(MAKE) --no-print-directory lint
	@bash tools/warm.sh $(PY)
	@# loadfile keeps the tests of one file in one process, so that what they share is made once.
	$(PY) -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

lint: $(TEST_STAMP)  ## Style, format and types (changes nothing)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: $(TEST_STAMP)  ## Mend style and format where it can be done without thinking
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(BENCH_STAMP)  ## Opponents in environments of their own, then every benchmarks/bench_*.py (an hour)
	@bash tools/bench.sh $(PY)

docs: $(DOCS_STAMP)  ## Build the site in English and Chinese, every lesson run: docs/_build/html (minutes)
	@$(PY) tools/docs.py
	@$(PY) tools/website.py

clean:  ## Remove the environment, caches and build outputs (never runs/)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist docs/_build
	find src tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN_STAMP): $(RECIPE)
	@bash tools/environment.sh run

# What tests need includes what a run needs, and the script stamps both.
$(TEST_STAMP): $(RECIPE)
	@bash tools/environment.sh test

$(BENCH_STAMP): $(RECIPE) $(TEST_STAMP)
	@bash tools/environment.sh bench

$(DOCS_STAMP): $(RECIPE) $(TEST_STAMP)
	@bash tools/environment.sh docs
