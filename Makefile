# Every target works on a new machine: `install` makes its own environment.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PYTHON ?= python3
BIN := $(VENV)/bin
RUN := $(BIN)/python
INSTALLED := $(VENV)/.installed
PYTEST := $(BIN)/coverage run -m pytest
# Each process has a control plane and a database server of its own.
TEST_PROCESSES ?= 2
# Where a run of tests leaves its coverage, so that levels add up.
export COVERAGE_FILE := $(CURDIR)/build/coverage/data

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

.PHONY: install
install: $(INSTALLED) ## Make .venv with the locked tools and the package itself

$(INSTALLED): requirements-dev.txt pyproject.toml
	@echo "installing the locked packages into $(VENV)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: lock
lock: install ## Resolve the lock files anew
	$(BIN)/uv pip compile -q pyproject.toml --extra embedded --generate-hashes --universal \
	  --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --upgrade \
	  -o requirements.txt
	$(BIN)/uv pip compile -q pyproject.toml --extra embedded --group dev --generate-hashes \
	  --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header \
	  --upgrade -c requirements.txt -o requirements-dev.txt
	printf 'editables>=0.5\nhatchling>=1.27\n' | $(BIN)/uv pip compile -q - --generate-hashes \
	  --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header \
	  --upgrade -c requirements-dev.txt -o requirements-build.txt
	printf 'ministack>=1.5\n' | $(BIN)/uv pip compile -q - --generate-hashes --universal \
	  --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --upgrade \
	  -o tests/fixtures/ministack-requirements.txt

.PHONY: fmt
fmt: install ## Format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: lint
lint: install ## Check format and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

.PHONY: types
types: install ## Check types
	$(BIN)/mypy

.PHONY: imports
imports: install ## Check that imports go one way
	$(BIN)/lint-imports

.PHONY: crds
crds: install ## Generate crds/ from the models
	$(BIN)/cloudops crds

.PHONY: manifests
manifests: crds ## Render the chart's CRDs and manifests/ from the chart
	$(RUN) scripts/render_manifests.py

.PHONY: docs-tables
docs-tables: install ## Generate the tables in docs/
	$(RUN) scripts/docs_tables.py

.PHONY: cloudcontrol-types
cloudcontrol-types: install ## Make the table of types that Cloud Control lists anew
	$(RUN) -m scripts.cloudcontrol_types

.PHONY: generated
generated: install ## Check that generated files are up to date
	$(BIN)/cloudops crds --check
	$(RUN) scripts/render_manifests.py --check
	$(RUN) scripts/docs_tables.py --check
	$(RUN) -m scripts.cloudcontrol_types --check

.PHONY: check
check: lint types imports generated test-unit ## Every gate that needs no server

# Each level runs alone; `test` runs all of them and adds up their coverage.
# In the order of their names: slow files first, or one process has the last of them alone.
.PHONY: test
test: cluster-tools ## Run every test but the slow suites, with coverage
	rm -rf build/coverage && mkdir -p build/coverage
	$(PYTEST) --numprocesses=$(TEST_PROCESSES) --dist=loadfile --no-loadscope-reorder \
	  $(PYTEST_OPTIONS) tests
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=90 --precision=1
	$(BIN)/coverage report --fail-under=100 --include='*/cloudops/domain/*,*/cloudops/api/*'

.PHONY: test-unit
test-unit: install ## Unit tests
	$(BIN)/pytest tests/unit

.PHONY: test-integration
test-integration: cluster-tools ## Integration tests: PostgreSQL, a kube-apiserver, AWS emulators
	$(BIN)/pytest tests/integration

.PHONY: test-e2e
test-e2e: cluster-tools ## The operator as processes, from YAML to status
	$(BIN)/pytest tests/e2e

# How long random orders of faults are tried out by `soak`.
SOAK_MINUTES ?= 20

.PHONY: soak
soak: cluster-tools ## The slow suites; random faults for SOAK_MINUTES (20)
	CLOUDOPS_SOAK_MINUTES=$(SOAK_MINUTES) $(BIN)/pytest -m slow tests

# For each protection, some minutes at most: `MUTATION=name` for one of tests/mutations/*.toml.
.PHONY: mutations
mutations: cluster-tools ## Take each protection out, and see its tests fail (hours; MUTATION=name)
	$(RUN) -m tests.mutations run $(MUTATION)

# Figures, never assertions: `BENCH=loader` for one of them, `SCALE=0.05` for a try.
.PHONY: bench
bench: cluster-tools ## Measure speed, memory and calls for docs/performance.md (BENCH=name, SCALE=0.05)
	$(RUN) -m tests.benchmarks run --scale $(or $(SCALE),1) $(BENCH)

.PHONY: bench-docs
bench-docs: install ## Put the figures of build/bench into docs/performance.md again
	$(RUN) -m tests.benchmarks docs

.PHONY: cluster-tools
cluster-tools: install ## Build the Kubernetes binaries (minutes the first time, then cached)
	@[ -n "$${CLOUDOPS_CLUSTER:-}" ] || $(RUN) -m tests.cluster build >/dev/null

.PHONY: cluster-up
cluster-up: cluster-tools ## Start a Kubernetes control plane in build/cluster
	$(RUN) -m tests.cluster up
	@echo 'next: eval "$$($(RUN) -m tests.cluster env)"'

.PHONY: cluster-down
cluster-down: install ## Stop it and remove its data
	$(RUN) -m tests.cluster down

.PHONY: demo
demo: cluster-tools ## Bring up a cluster, a database, an AWS organization and the operator
	$(RUN) -m tests.demo up

.PHONY: demo-down
demo-down: install ## Stop what `make demo` started
	$(RUN) -m tests.demo down

.PHONY: clean
clean: ## Remove what was built here (after demo-down and cluster-down)
	rm -rf build dist .coverage* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
