"""Invariants proved, refuted or neither; a witness is what the engine decides, and nothing else is a proof."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from engine.pipeline import Engine, load
from engine.proofs.dead_rules import Finding, dead_rules
from engine.proofs.prove import Proof, prove
from engine.proving.smt import products, settle, solver
from engine.proving.smt.rounding import rounded
from engine.proving.smt.settle import ProofVerdict
from engine.proving.smt.solver import Answer, Found
from engine.proving.smt.terms import Term, Terms
from tests.support.paths import ROOT
from tests.support.small_invariants import POLICY, files

TODAY = date(2026, 7, 15)


@cache
def _engine() -> Engine:
    loaded = load(files())
    assert loaded.engine is not None, loaded.diagnostics
    return loaded.engine


def _prove(name: str, engine: Engine | None = None) -> Proof:
    return prove(engine or _engine(), name, TODAY, TODAY)


@pytest.mark.parametrize("name", ("smaller-never-worse", "insolvent-rejected", "more-guarantee-never-worse"))
def test_what_holds_is_proved(name: str) -> None:
    proof = _prove(name)

    assert (proof.verdict, proof.witness, proof.mistake) == (ProofVerdict.PROVED, (), None)


def test_what_is_broken_is_shown_by_two_decisions_of_the_engine() -> None:
    proof = _prove("larger-never-worse")
    before, after = proof.witness

    assert proof.verdict is ProofVerdict.REFUTED
    assert (before.decision.outcome, after.decision.outcome) == ("approve", "hold")
    differing = {key for key in before.facts["order"] if before.facts["order"][key] != after.facts["order"][key]}
    assert differing == {"amount"}
    assert before.facts["account"] == after.facts["account"]
    assert _engine().decide("order", after.facts, after.as_of, "witness") == after.decision


def test_a_whole_that_is_held_passes_in_parts() -> None:
    proof = _prove("halves-never-both-pass")

    assert [side.side for side in proof.witness] == ["whole", "first", "second"]
    assert [side.decision.outcome for side in proof.witness] == ["hold", "approve", "approve"]


def test_an_invariant_that_speaks_of_no_case_is_a_mistake() -> None:
    proof = _prove("speaks-of-nobody")

    assert proof.verdict is ProofVerdict.UNDECIDED
    assert proof.mistake is not None
    assert str(proof.mistake).startswith("rules/invariants.yaml:25:1: V001 the invariant `speaks-of-nobody` speaks of")


def test_without_time_nothing_is_proved() -> None:
    for name in ("smaller-never-worse", "more-guarantee-never-worse"):
        proof = prove(_engine(), name, TODAY, TODAY, restarts=(0.000001,))
        assert proof.verdict is not ProofVerdict.PROVED
        assert prove(_engine(), name, TODAY, TODAY, restarts=()).verdict is ProofVerdict.UNDECIDED


def test_what_a_question_does_not_reach_gives_the_solver_no_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    import z3

    asked: list[str] = []

    def written(self: z3.Solver) -> z3.CheckSatResult:
        asked.append(self.sexpr())
        return z3.unknown

    monkeypatch.setattr(z3.Solver, "check", written)
    for unrelated in (0, 3):
        terms = Terms()
        for index in range(unrelated):
            rounded(terms, terms.unknown(f"other {index}"), 10, "half_even")
        third = rounded(terms, terms.unknown("amount"), 3, "half_even")
        solver.ask(terms, [terms.below(third, terms.constant(5))], seconds=1, seed=1)

    assert "derived" in asked[0]
    assert asked[0] == asked[1]


def test_a_witness_that_the_engine_does_not_confirm_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver is made to say that it found something whatever it is asked."""
    found = Found(answer=Answer.FOUND, unknowns={}, derived={})
    monkeypatch.setattr(settle, "ask", lambda *_, **__: found)

    proof = _prove("smaller-never-worse")

    assert (proof.verdict, proof.witness) == (ProofVerdict.UNDECIDED, ())


def test_a_wrong_truth_about_products_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """With it the solver proves what is not so: a policy that a larger guarantee makes worse. The tests of truths on
    small numbers find it; here is what it would do."""
    worse = POLICY.replace("- deposit - covered}", "- deposit + covered}")
    engine = load(files(desk=worse)).engine
    assert engine is not None
    assert _prove("more-guarantee-never-worse", engine).verdict is ProofVerdict.REFUTED
    said = products._same_share

    def wrong(terms: Terms, y: Term, first: tuple[Term, Term], second: tuple[Term, Term], most: int) -> Iterable[Term]:
        return said(terms, y, (first[0], second[1]), (second[0], first[1]), most)

    monkeypatch.setattr(products, "_same_share", wrong)

    assert _prove("more-guarantee-never-worse", engine).verdict is not ProofVerdict.REFUTED


def test_a_changed_policy_is_refuted() -> None:
    """The same invariants, broken by one word."""
    engine = load(
        files(
            desk=POLICY.replace("when: account.insolvent\n    then: reject", "when: account.insolvent\n    then: hold")
        )
    ).engine
    assert engine is not None

    assert _prove("insolvent-rejected", engine).verdict is ProofVerdict.REFUTED


def test_rules_that_never_fire_or_never_decide_alone_are_named() -> None:
    found = {each.rule: each.finding for each in dead_rules(_engine(), "order", TODAY, 5)}

    assert found == {"desk.dead": Finding.NEVER_FIRES, "desk.small": Finding.NEVER_ALONE}


def test_one_module_imports_the_solver() -> None:
    importing = [
        path
        for room in ("engine", "files", "receivables", "ledger", "api")
        for path in sorted((ROOT / room).rglob("*.py"))
        if _imports_z3(path)
    ]

    assert importing == [Path(solver.__file__)]


def _imports_z3(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)) if "z3" in text else ():
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return any(name.partition(".")[0] == "z3" for name in names)
