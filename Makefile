# What a person runs. `make demo` is the main job, `make test` is what CI runs.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SPARK_VENV := .venv-spark
SPARK_STAMP := $(SPARK_VENV)/.installed

export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

EVENTS ?= 100000
INCREMENT ?= 10000
BATCHES ?= 100
KEEP ?=

.PHONY: help setup demo test lint unit proof test-spark ui lock lock-spark generate bench clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# Compiled apart: pip does it on one core.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Tieout needs Python 3.11 to 3.13; {sys.executable} is {v[0]}.{v[1]}. Name another: make PYTHON=python3.12 setup")'
	@echo "Setting up $(VENV) from requirements.lock"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 -x '/tests?/' $(VENV)/lib orchestration simulator
	@touch $@

$(SPARK_STAMP): requirements-spark.lock
	@tests/spark/java.sh
	@echo "Setting up $(SPARK_VENV) from requirements-spark.lock"
	@$(PYTHON) -m venv $(SPARK_VENV)
	@$(SPARK_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@touch $@

setup: $(STAMP)  ## the virtual environment alone

demo: $(STAMP)  ## a month of simulated business, landed, built, reconciled and published
	@$(BIN)/python -m orchestration.demo

test: $(STAMP)  ## everything that CI runs; lint beside the tests, which wait for processes now and then
	@$(MAKE) --no-print-directory -j 2 lint unit

lint: $(STAMP)  ## style, types, generated files, SQL
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m orchestration.contracts.generate --check
	@mkdir -p $(VENV)/lint
	@TIEOUT_WAREHOUSE=$(VENV)/lint/tieout.duckdb $(BIN)/sqlfluff lint --processes 2 --disable-progress-bar models tests/dbt

unit: $(STAMP)  ## the tests
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

proof: $(STAMP)  ## the proofs of docs/proofs.md in full (about an hour on two cores)
	@$(BIN)/pytest -m proof -n 2 --dist loadfile --junit-xml .tieout/proof.xml
	@$(BIN)/python tests/support/proof_summary.py .tieout/proof.xml

bench: $(STAMP)  ## measurements: EVENTS=100000 INCREMENT=10000 BATCHES=100; KEEP=--keep puts them into docs/benchmarks.md
	@$(BIN)/python -m benchmarks --events $(EVENTS) --increment $(INCREMENT) --batches $(BATCHES) $(KEEP)

test-spark: $(STAMP) $(SPARK_STAMP)  ## the models on Spark, equal to DuckDB's to the last row (docs/spark.md)
	@$(BIN)/pytest -m spark tests/spark

ui: $(STAMP)  ## Dagster on a free port, over the same state
	@$(BIN)/python -m orchestration.ui

generate: $(STAMP)  ## what is generated from the contract's schemas and the KPI register
	@$(BIN)/python -m orchestration.contracts.generate

lock: $(STAMP)  ## requirements.in to requirements.lock (needs uv)
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-strip-extras --python-version 3.11 requirements.in -o requirements.lock

lock-spark:  ## requirements-spark.in to requirements-spark.lock (needs uv)
	@uv pip compile --quiet --universal --generate-hashes --no-header --no-strip-extras --python-version 3.11 requirements-spark.in -o requirements-spark.lock

clean:  ## the environment and the local state
	@rm -rf $(VENV) $(SPARK_VENV) .tieout
