"""docs/judgement.md says of the hard cases what is decided today.

After a policy has changed on purpose, UPDATE_DOCS=1 (with `-n 0`) writes the page anew; the change is then read in
`git diff`.
"""

from __future__ import annotations

import os

import pytest

from api.cli.tests_and_maps import read_suites
from engine.pipeline import Engine
from engine.reading.policy_test import Suite
from ledger.policies.rules_folder import RulesFolder
from scripts.judgement_page import PREFIX, judgement_page, wrapped
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "judgement.md"
CASES_MIN = 40


@pytest.fixture(scope="module")
def hard(default_folder: RulesFolder, default_engine: Engine) -> list[Suite]:
    suites, diagnostics = read_suites(default_folder, default_engine.vocabulary, default_engine)
    assert not diagnostics
    return [suite for suite in suites if suite.name.startswith(PREFIX)]


def test_the_page_of_hard_cases_is_what_is_decided(hard: list[Suite], default_engine: Engine) -> None:
    page = "\n".join(wrapped(judgement_page(hard, default_engine))) + "\n"
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text("utf-8") == page


def test_each_hard_case_says_why_and_asserts_numbers(hard: list[Suite]) -> None:
    cases = [case for suite in hard for case in suite.cases]
    assert len(cases) >= CASES_MIN
    for case in cases:
        assert case.title is not None, case.name
        assert case.expected.results or case.expected.conditions, f"{case.name} asserts no number"
