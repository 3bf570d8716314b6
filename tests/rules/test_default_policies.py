"""The policies that ship: they check, their tests pass, and every rule, row and band is hit by one of them."""

from __future__ import annotations

import pytest

from api.cli.tests_and_maps import read_map, read_suites, row_maps
from engine.pipeline import Engine
from engine.reading.list_file import is_list_file
from engine.testing.case_result import CasesRun
from engine.testing.run_cases import run_cases
from engine.vocabulary.case_kinds import CASE_KINDS
from ledger.policies.rules_folder import RulesFolder


@pytest.fixture(scope="module")
def folder(default_folder: RulesFolder) -> RulesFolder:
    return default_folder


@pytest.fixture(scope="module")
def engine(default_engine: Engine) -> Engine:
    return default_engine


@pytest.fixture(scope="module")
def run(folder: RulesFolder, engine: Engine) -> CasesRun:
    suites, diagnostics = read_suites(folder, engine.vocabulary, engine)
    assert not diagnostics, "\n".join(map(str, diagnostics))
    return run_cases(suites, engine)


def test_every_policy_test_passes(run: CasesRun) -> None:
    failed = {f"{result.case.place} {result.case.name}": list(map(str, result.differences)) for result in run.failed}

    assert failed == {}
    assert len(run.results) >= 150


def test_every_rule_row_and_band_is_hit(run: CasesRun) -> None:
    assert [str(item.place) + " " + item.id for item in run.coverage.uncovered] == []


def test_every_case_kind_has_tests_and_each_of_its_outcomes_is_expected_by_one(run: CasesRun) -> None:
    expected = {(result.case.case_kind, result.case.expected.outcome) for result in run.results}

    assert expected == {(kind.name, outcome) for kind in CASE_KINDS.values() for outcome in kind.ladder}


def test_the_row_maps_that_ship_check(folder: RulesFolder, engine: Engine) -> None:
    assert row_maps(folder)
    for name, content in row_maps(folder).items():
        found, diagnostics = read_map(content, name, engine.vocabulary)
        assert found is not None, "\n".join(map(str, diagnostics))


def test_every_file_tells_editors_its_schema(folder: RulesFolder) -> None:
    for files, up, subject in (
        ({name: each for name, each in folder.policies.items() if not is_list_file(name)}, "..", "policy"),
        (folder.cases, "../..", "cases"),
        (row_maps(folder), "../..", "map"),
    ):
        for name, content in files.items():
            kind = {"rules/facts.yaml": "facts", "rules/invariants.yaml": "invariants"}.get(name, subject)
            hint = f"# yaml-language-server: $schema={up}/schema/{kind}.schema.json"
            assert content.decode().splitlines()[0] == hint, name
