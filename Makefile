PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --no-config --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command "make lock"
# A test waits more than it works: six processes keep two cores busy. Each has its own Temporal.
PYTEST := $(BIN)/python -m pytest --numprocesses 6 --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fmt lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

setup: $(INSTALLED) ## install the locked packages and this checkout into .venv

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Longtake needs Python 3.11 or newer with venv. Name one: make PYTHON=python3.11 setup" >&2; \
		exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## record a meeting against the emulator, everything on this machine
	$(BIN)/longtake demo

test: setup ## run the tests
	$(PYTEST)

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
