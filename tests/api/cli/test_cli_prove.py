"""`credence prove` and `credence dead`: what is printed, how they end, and that nothing that fails is a proof."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import pytest

from api import proof_job
from api.proof_job import NOT_INSTALLED, limits_for, restarts_within, settled
from api.worker import JobFailed
from engine.pipeline import load
from engine.proving.smt.settle import ProofVerdict
from ledger.policies.check_limits import CheckLimits
from tests.support.command_line import credence
from tests.support.small_invariants import files

TODAY = date(2026, 7, 15)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, content in files().items():
        (folder / Path(name).name).write_bytes(content)
    return folder


def test_proofs_are_printed_with_their_witnesses_and_a_goal_fails_nothing(rules: Path) -> None:
    text = (rules / "invariants.yaml").read_text()
    mended = text.partition("speaks-of-nobody")[0] + "...\n"
    (rules / "invariants.yaml").write_text(mended)

    result = credence("prove", rules, "--as-of", "2026-07-15")

    assert result.exit_code == 0, result.output
    assert "proved    must  smaller-never-worse\n    Smaller is never worse\n" in result.stdout
    assert "refuted   goal  larger-never-worse" in result.stdout
    assert "before: approve (2026-07-15); order.amount " in result.stdout
    assert "3 proved, 1 refuted, 0 undecided" in result.stderr
    assert credence("prove", rules, "--as-of", "2026-07-15", "--level", "goal").exit_code == 1


def test_an_invariant_of_no_case_fails_also_as_a_goal(rules: Path) -> None:
    result = credence("prove", rules, "--only", "speaks-of-nobody", "--lang", "zh")

    assert result.exit_code == 1
    assert "未定" in result.stdout
    assert "V001" in result.stdout


def test_json_holds_the_facts_of_both_sides(rules: Path) -> None:
    result = credence("prove", rules, "--only", "larger-never-worse", "--json")
    (invariant,) = json.loads(result.stdout)["invariants"]

    assert (invariant["verdict"], invariant["level"], result.exit_code) == ("refuted", "goal", 0)
    assert [side["decision"]["outcome"] for side in invariant["witness"]] == ["approve", "hold"]


def test_without_time_a_must_is_undecided_and_the_command_fails(rules: Path) -> None:
    result = credence("prove", rules, "--only", "more-guarantee-never-worse", "--seconds", "0.001")

    assert result.exit_code == 1
    assert "undecided must  more-guarantee-never-worse" in result.stdout


def test_an_unknown_invariant_is_refused(rules: Path) -> None:
    result = credence("prove", rules, "--only", "smaller-never-wors")

    assert result.exit_code == 2
    assert "did you mean `smaller-never-worse`?" in result.stderr


def test_without_a_solver_nothing_is_proved(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_job, "is_there", lambda: False)

    result = credence("prove", rules)

    assert result.exit_code == 1
    assert "0 proved, 0 refuted, 6 undecided" in result.stderr
    assert NOT_INSTALLED in result.stdout
    assert credence("dead", rules).exit_code == 1


def test_a_solver_that_cannot_be_imported_is_said_by_its_process() -> None:
    error = JobFailed("Traceback …\nModuleNotFoundError: No module named 'z3'")

    assert proof_job._why(error) == NOT_INSTALLED


def test_a_process_that_is_killed_leaves_its_question_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_job, "settle_one", os._exit)
    monkeypatch.setattr(proof_job, "_arguments", lambda *_: (9,))
    engine = load(files()).engine
    assert engine is not None
    asked = [(each, TODAY) for each in engine.invariants("order", TODAY)][:2]

    proofs = settled(files(), asked, TODAY, 5, lambda _: None)

    assert [proof.verdict for proof in proofs] == [ProofVerdict.UNDECIDED, ProofVerdict.UNDECIDED]
    assert all("process" in proof.open_because or "exit" in proof.open_because for proof in proofs)


def test_too_little_memory_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    tight = CheckLimits(processor_seconds=60, seconds=120, memory=50 << 20)
    monkeypatch.setattr(proof_job, "limits_for", lambda _: tight)
    engine = load(files()).engine
    assert engine is not None
    asked = [(each, TODAY) for each in engine.invariants("order", TODAY)][:1]

    (proof,) = settled(files(), asked, TODAY, 5, lambda _: None)

    assert proof.verdict is ProofVerdict.UNDECIDED


def test_dead_rules_are_named_with_their_place(rules: Path) -> None:
    result = credence("dead", rules, "--as-of", "2026-07-15")

    assert result.exit_code == 1
    assert "desk.dead never fires" in result.stdout
    assert "desk.small never decides alone" in result.stdout
    found = json.loads(credence("dead", rules, "--as-of", "2026-07-15", "--json").stdout)
    assert [each["rule"] for each in found["rules"]] == ["desk.dead", "desk.small"]


def test_attempts_fit_into_the_time_that_is_given() -> None:
    assert restarts_within(0.5) == (0.5,)
    assert restarts_within(9) == (2, 2, 4)
    assert sum(restarts_within(60)) <= 60
    assert limits_for(60).processor_seconds >= 60
