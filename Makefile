# Two commands do everything: `make run` and `make test`. See README.md.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.installed
TEST   := $(VENV)/.installed-for-tests
PIP    := $(BIN)/pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench lock clean

help: ## list what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(RUN) ## virtual environment in .venv with the locked packages

$(RUN): requirements.lock requirements-build.lock pyproject.toml scripts/preflight.sh
	@sh scripts/preflight.sh "$(PYTHON)"
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements-build.lock
	$(PIP) --require-hashes --no-build-isolation -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(TEST): $(RUN) requirements-dev.lock
	$(PIP) --require-hashes --no-build-isolation -r requirements-dev.lock
	@touch $@

run: setup ## the service on 127.0.0.1:8000 with rules/ and an embedded journal
	$(BIN)/credence serve

test: check ## all checks and tests
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: $(TEST) ## ruff, mypy --strict, import-linter, and the policies under rules/
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/credence check rules
	$(BIN)/credence test rules --min-coverage 100

bench: $(TEST) ## the benchmarks, as tables on the terminal
	@for name in loading matching decide http bulk backtest; do $(BIN)/python -m bench.$$name || exit 1; done

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --quiet

lock: ## renew the lock files from pyproject.toml (needs uv)
	$(LOCK) pyproject.toml --extra bulk --output-file requirements.lock
	$(LOCK) pyproject.toml --all-extras --constraint requirements.lock --output-file requirements-dev.lock
	printf 'setuptools\nwheel\n' | $(LOCK) - --output-file requirements-build.lock

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
