"""Each `must` of rules/invariants.yaml is proved for the policies that ship."""

from __future__ import annotations

from datetime import date

import pytest

from engine.proofs.prove import prove
from engine.proving.smt.settle import ProofVerdict
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.invariant_words import Level
from tests.support.default_policies import default_policies

TODAY = date(2026, 7, 15)
MUSTS = [
    each.id for case in CASE_KINDS for each in default_policies().invariants(case, TODAY) if each.level is Level.MUST
]


@pytest.mark.parametrize("name", MUSTS)
def test_a_must_is_proved(name: str) -> None:
    proof = prove(default_policies(), name, TODAY, TODAY)

    assert proof.verdict is ProofVerdict.PROVED, proof


def test_there_are_musts() -> None:
    assert len(MUSTS) >= 14
