"""Which tests `make quick` leaves out, and what becomes of Spark's tests without Java.

Without Java they are left out, and the last lines of a run say so; CI fails instead.
"""

from __future__ import annotations

import functools
import gc
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.pipeline import Engine
from ledger.policies.rules_folder import RulesFolder
from ledger.store.place import ServerAddress
from tests.support import default_policies, postgresql
from tests.support.compiled_once import compiled_once
from tests.support.kept_workers import kept_workers
from tests.support.large import IS_LARGE
from tests.support.postgresql import new_database

TESTS = Path(__file__).parent

os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
"""A query of a test runs once: optimising the code that Spark writes for it takes longer than running it as it is."""

if not IS_LARGE:
    _settings = ("spark.sql.codegen.wholeStage=false", "spark.sql.codegen.factoryMode=NO_CODEGEN")
    _options = " ".join(f"--conf {setting}" for setting in _settings)
    os.environ.setdefault("PYSPARK_SUBMIT_ARGS", f"{_options} pyspark-shell")
    """For the few rows of a test Spark writes no code at all: a third less time. `make large` runs the code."""

NO_JAVA = "no Java, which Spark's tests need; install it with: sudo apt-get install default-jre-headless"

SLOW = frozenset(
    {
        "files/batch/test_batch.py",
        "files/batch/test_batch_currencies.py",
        "files/batch/test_batch_deep_chains.py",
        "files/batch/test_batch_failures.py",
        "files/batch/test_batch_files.py",
        "files/batch/test_batch_lists.py",
        "files/batch/test_batch_records.py",
        "files/batch/test_batch_refused.py",
        "api/cli/test_cli_backtest.py",
        "api/cli/test_cli_init_currency.py",
        "api/cli/test_cli_output.py",
        "api/cli/test_cli_portfolio.py",
        "api/cli/test_cli_serve.py",
        "api/cli/test_cli_sql.py",
        "api/http/test_contract.py",
        "api/http/test_generated_clients.py",
        "api/http/test_failures.py",
        "api/http/test_guard.py",
        "api/http/test_keys.py",
        "api/http/test_tokens.py",
        "system/test_invisible_everywhere.py",
        "api/http/test_journal_trouble.py",
        "ledger/policies/test_looks.py",
        "api/http/test_pending.py",
        "api/test_policies_too_large.py",
        "api/http/test_reload.py",
        "api/http/test_two_apps.py",
        "files/maps/test_map_formulas_agree.py",
        "files/test_readers_agree.py",
        "files/test_spreadsheet.py",
        "api/test_worker.py",
        "engine/feel/runtime/test_feel_hostile.py",
        "receivables/backtest/test_backtest.py",
        "engine/deciding/test_decide.py::test_two_processes_give_the_same_bytes",
        "engine/deciding/test_decided.py",
        "engine/deciding/test_decisions.py::test_a_wrong_decision_is_noticed_and_written_on_demand",
        "engine/reading/test_document.py::test_no_bytes_raise",
        "engine/reading/test_document.py::test_no_mutation_of_a_real_file_raises",
        "engine/reading/test_document.py::test_no_text_raises",
        "engine/lowering/rete/test_durable_hazards.py",
        "engine/ruleset/test_formulas_against_feel.py",
        "engine/lowering/sql/test_choice_chains.py",
        "engine/deciding/test_matching.py::test_interpreter_python_and_rete_name_the_same_rules",
        "engine/test_oversized.py",
        "engine/reading/test_read_cases.py::test_any_cases_file_gives_a_suite_or_diagnostics",
        "engine/reading/test_read_policy.py::test_any_yaml_gives_a_policy_or_diagnostics",
        "engine/reading/test_read_vocabulary.py::test_any_facts_file_gives_a_vocabulary_and_diagnostics",
        "engine/reading/test_schemas.py::test_the_schema_accepts_what_binding_accepts",
        "engine/lowering/sql/test_sql_constants.py",
        "engine/lowering/sql/test_sql_form.py",
        "engine/deciding/test_unknown_rows.py",
        "engine/test_version.py",
        "ledger/journal/test_journal.py",
        "ledger/journal/test_journal_moved.py",
        "ledger/journal/test_journal_opened.py",
        "ledger/journal/test_policy_sets.py",
        "ledger/journal/test_both_places.py",
        "ledger/journal/test_on_postgresql.py",
        "ledger/store/test_server_rights.py",
        "ledger/verify/test_tampered_journal.py",
        "rules/test_dunning_plan.py",
        "rules/test_invoice_relations.py",
        "rules/test_limit_requests.py::test_leaving_a_fact_out_never_makes_a_grant",
        "rules/test_limit_requests.py::test_what_is_granted_may_be_granted_and_the_other_way_round",
        "rules/test_matchers_agree.py",
        "rules/test_percentages_for_rates.py",
        "rules/test_relations.py::test_the_relation_finds_what_is_planted",
        "rules/test_policies_of_november_2026.py",
        "system/test_added_case_kind.py",
        "system/test_crash.py",
        "system/test_fail_closed.py",
        "system/test_figures_in_docs.py",
        "system/test_image.py",
        "system/test_install.py",
        "system/test_languages.py",
        "system/test_optimized.py",
        "system/test_preflight.py",
        "system/test_rankings.py",
        "system/test_real_invoices.py",
        "system/test_shutdown.py",
        "system/test_site_timezone.py",
        "system/test_docs.py",
        "system/test_under_attack.py",
        "system/test_workers.py",
        "system/test_without_java.py",
    }
)
"""Files, and tests of others, that take seconds (see `--durations`); elsewhere `@pytest.mark.slow` does the same."""


@pytest.fixture(scope="session", name="default_folder")
def _default_folder() -> RulesFolder:
    """The files under rules/, as `credence check rules` reads them."""
    return default_policies.default_folder()


@pytest.fixture(scope="session", name="default_engine")
def _default_engine() -> Engine:
    """The policies that ship, compiled once; a test that closes an engine makes its own."""
    return default_policies.default_policies()


@pytest.fixture(scope="session", autouse=True)
def _policies_are_compiled_once() -> Iterator[None]:
    with compiled_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def _workers_are_kept() -> Iterator[None]:
    with kept_workers():
        yield


@pytest.fixture(scope="session", name="postgresql")
def _postgresql() -> Iterator[str]:
    """The folder of the socket of a PostgreSQL server, which starts when the first test asks for it."""
    with postgresql.server() as socket:
        yield socket


@pytest.fixture(name="database")
def _database(postgresql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerAddress]:
    """An empty one for one test, which runs in a folder of its own: the journal's keys are made there."""
    monkeypatch.chdir(tmp_path)
    with new_database(postgresql) as place:
        yield place


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as processors: a third of the time of all tests is waiting, for a service, a clock, Java."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


def pytest_collection_finish() -> None:
    """What is imported and collected stays to the end: to look through it again and again takes a fifth of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def pytest_unconfigure() -> None:
    """Libraries that count what is left of theirs at the end complain of what is frozen."""
    gc.unfreeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    _mark_slow(items)
    if hasattr(config, "workerinput"):  # of several processes: with the long files first, all of them end together
        first = {item.path for item in items if item.get_closest_marker("spark")}
        second = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: (item.path not in first, item.path not in second))


def _mark_slow(items: list[pytest.Item]) -> None:
    for item in items:
        file = item.path.relative_to(TESTS).as_posix()
        if file in SLOW or f"{file}::{item.originalname if isinstance(item, pytest.Function) else item.name}" in SLOW:
            item.add_marker("slow")


@functools.cache
def java_runs() -> bool:
    """Looked for where pyspark looks."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(f"{home}/bin/java" if home else "java")
    return java is not None and subprocess.run([java, "-version"], capture_output=True, check=False).returncode == 0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("spark") and not java_runs():
        if os.environ.get("CI"):
            pytest.fail(NO_JAVA, pytrace=False)
        pytest.skip(NO_JAVA)
