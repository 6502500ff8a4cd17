# `make` lists the commands. Everything runs in .venv; only Python 3.11+, pip and make are needed.
SHELL := bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
BIN := .venv/bin
PYTEST ?= -m "not browser and not long"
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help setup dev demo serve test check bench docs lock coverage enough clean

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: .venv/.core  ## make .venv and install Lodd with its locked dependencies
dev: .venv/.dev  ## the same, with what tests and checks need

.venv/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Lodd needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) --version). Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements/uv.txt
	@touch $@

.venv/.core: .venv/.uv requirements/core.txt pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/core.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps -e .
	@touch $@

.venv/.dev: .venv/.core requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

.venv/.site: .venv/.core requirements/site.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/site.txt
	@touch $@

serve: .venv/.site  ## the trial's site with an invented trial, on http://127.0.0.1:8000
	$(BIN)/lodd serve --demo --port 8000

demo: setup  ## simulate the Supported Employment trial, evaluate it, write the report
	$(BIN)/lodd demo

test: dev check  ## the tests (under five minutes); .ci/run adds real browsers, PostgreSQL and killed workers
	$(BIN)/python -m pytest $(PYTEST)

check: dev  ## style, types, import contracts, generated documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/generate_docs.py --check

coverage: dev  ## tests with line and branch coverage; the rooms that numbers rest on at least 95 %
	LODD_TEST_ENGINES=postgresql $(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered
	$(MAKE) --no-print-directory enough

enough: dev  ## is the coverage of the last run enough?
	for room in identity protocol allocation registers evaluation; do $(BIN)/coverage report --include="src/lodd/$$room/*" --fail-under=95 --format=total | sed "s/^/$$room: /; s/$$/ % of lines and branches covered/" || exit 1; done

bench: dev  ## speed and memory against peers and limits, as ratios; coverage of the intervals
	$(BIN)/python -m benchmarks

docs: dev  ## write the generated documents again
	$(BIN)/python tools/generate_docs.py

lock: .venv/.uv  ## resolve the dependencies again (requirements/*.txt)
	for set in uv core site spark dev; do case $$set in uv) src="requirements/uv.in"; extra="";; core) src="pyproject.toml requirements/build.in"; extra="--extra nsw -c requirements/pins.in";; site) src="pyproject.toml requirements/build.in"; extra="--extra site -c requirements/core.txt";; spark) src="pyproject.toml requirements/build.in"; extra="--extra spark -c requirements/core.txt";; dev) src="pyproject.toml requirements/build.in"; extra="--extra nsw --extra site --extra postgresql --extra microdata --extra dev -c requirements/core.txt";; esac; \
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $$src $$extra -o requirements/$$set.txt || exit 1; done

clean:  ## remove what was made (.venv, caches, the demo)
	rm -rf .venv demo se-demo build dist .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
