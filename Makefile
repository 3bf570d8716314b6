# Two commands for a start: `make run` and `make test`. See README.md.
PYTHON ?=
VENV   := .venv
BIN    := $(VENV)/bin
INSTALL := sh scripts/install.sh $(VENV)
# a file to one process, in the order of tests/conftest.py: the long ones first
PYTEST  := $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

# what Python keeps of a module is read by every process that the tests start
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests run test test-long quick large check bench mutants lock clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 11

setup: ## virtual environment in .venv with the locked packages; PYTHON=python3.12 chooses who makes it
	@$(INSTALL) run "$(PYTHON)"

setup-tests:
	@$(INSTALL) test "$(PYTHON)"

run: setup ## the service on 127.0.0.1:8000 with rules/ and an embedded journal, for whoever is at this machine
	$(BIN)/credence serve --insecure-local

test: check ## all checks, and the tests of every behaviour: under a quarter of an hour
	$(PYTEST) -m "not long"

test-long: setup-tests ## the tests that `make test` leaves out, since they take long; CI runs both
	$(PYTEST) -m long

quick: setup-tests ## the inner loop, a few minutes: fast checks and the tests that are not marked slow, spark or long
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/credence check rules
	$(PYTEST) -m "not slow and not spark and not long"

large: setup-tests ## the generated tests with many times more cases, half an hour, not in CI
	LARGE_TESTS=1 $(PYTEST) $$(grep -rl "^from tests.support.large import" tests)

check: setup-tests ## ruff, mypy --strict, import-linter, and the policies under rules/
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/credence check rules
	$(BIN)/credence test rules --min-coverage 100

bench: setup-tests ## the benchmarks, as tables on the terminal
	@for name in loading matching decide http bulk backtest; do $(BIN)/python -m bench.$$name || exit 1; done

mutants: ## small slips made in the core, to see that tests notice them: half an hour, not in CI
	@$(INSTALL) mutants "$(PYTHON)"
	$(BIN)/python scripts/mutants.py $(MUTANTS)

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet $(UPGRADE)

lock: ## renew the locks from pyproject.toml (needs uv); UPGRADE=--upgrade takes newer releases
	$(LOCK) pyproject.toml --extra bulk --extra postgres --extra proofs --output-file locks/run.txt
	$(LOCK) pyproject.toml --all-extras --constraint locks/run.txt --output-file locks/test.txt
	printf 'pip>=24\nsetuptools\nwheel\n' | $(LOCK) - --output-file locks/build.txt
	printf 'cosmic-ray\n' | $(LOCK) - --constraint locks/test.txt --output-file locks/mutants.txt
	printf 'datamodel-code-generator\nopenapi-python-client\n' | $(LOCK) - --output-file locks/clients.txt

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
