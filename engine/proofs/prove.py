"""One invariant of a policy set → proved, refuted with a witness, or undecided. Verb of `engine.proofs`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic
from engine.pipeline import Engine
from engine.proofs.confirmation import Confirmation, ShownSide, plain
from engine.proving.smt.questions import Question, everyday, question_of
from engine.proving.smt.settle import RESTARTS, ProofVerdict, Settled, settle
from engine.proving.smt.solver import Answer, ask
from engine.ruleset.formula import IsNull, Variable, walk
from engine.ruleset.invariant import Invariant
from engine.ruleset.ruleset import RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number

SPEAKS_RESTARTS: tuple[float, ...] = (2, 4, 8)
"""Seconds of each attempt to find a case of which a proved invariant speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What is known of one invariant on one stretch of dates."""

    invariant: Invariant
    since: date | None
    """From when on the policies are what they were here; None: from ever."""
    verdict: ProofVerdict
    witness: tuple[ShownSide, ...]
    """Where it is refuted: cases that break it, as the engine decided them."""
    open_because: str
    """Where it is undecided: why, for readers."""
    silent_where: tuple[str, ...]
    """Optional facts that `given` reads and doesn't ask about: where one is missing the invariant says nothing."""
    mistake: Diagnostic | None
    """Where the invariant itself can't stand: it speaks of no case."""


def provable(engine: Engine, today: date) -> Iterator[tuple[str, date]]:
    """The invariants of a set by id, each with the days of which it is to be proved: one of every stretch of dates that
    isn't over today. Those of one kind of case come together."""
    for case in CASE_KINDS:
        for invariant in engine.invariants(case, today):
            yield from ((invariant.id, day) for day in _days(engine, today))


def _days(engine: Engine, today: date) -> Iterator[date]:
    yield today
    yield from (day for day in engine.days_of_stretches() if day > today)


def prove(engine: Engine, id: str, day: date, today: date, restarts: Sequence[float] = RESTARTS) -> Proof:
    """Settles one invariant for the cases of the stretch that holds `day`. `today` is when a witness is decided, where
    it can be. Raises `KeyError` for an id that the set doesn't have, and `ModuleNotFoundError` where there is no
    solver."""
    invariant = _invariant(engine, id, day)
    ruleset = engine.ruleset_to_prove(invariant.case, day)
    question = question_of(invariant, ruleset)
    confirmation = Confirmation(engine, invariant, question, ruleset)
    number = day_number(max(day, today))
    settled = settle(
        question,
        ordinary=tuple(everyday(question, number)),
        confirms=confirmation.confirms,
        restarts=restarts,
    )
    proof = Proof(
        invariant=invariant,
        since=ruleset.since,
        verdict=settled.verdict,
        witness=(),
        open_because=settled.open_because,
        silent_where=tuple(sorted(_silent_where(invariant, ruleset))),
        mistake=None,
    )
    if settled.verdict is ProofVerdict.PROVED:
        return _if_it_speaks(proof, question, restarts)
    return replace(proof, witness=_shown(confirmation, question, settled, number))


def _invariant(engine: Engine, id: str, day: date) -> Invariant:
    for case in CASE_KINDS:
        for invariant in engine.invariants(case, day):
            if invariant.id == id:
                return invariant
    raise KeyError(id)


def _shown(confirmation: Confirmation, question: Question, settled: Settled, today: int) -> tuple[ShownSide, ...]:
    if settled.witness is None:
        return ()
    return confirmation.shown(plain(confirmation.confirms, question.sides, settled.witness, today))


def _silent_where(invariant: Invariant, ruleset: RuleSet) -> Iterator[str]:
    """Facts that may be missing, and whose absence no condition asks about."""
    nodes = [node for formula in invariant.given for node in walk(formula)]
    asked = {node.operand.name for node in nodes if isinstance(node, IsNull) and isinstance(node.operand, Variable)}
    read = {node.name for node in nodes if isinstance(node, Variable)} - asked
    for fact in ruleset.facts:
        if not fact.required and any(name == fact.name or name.endswith(f".{fact.name}") for name in read):
            yield fact.name


def _if_it_speaks(proof: Proof, question: Question, restarts: Sequence[float]) -> Proof:
    """The proof, unless the invariant speaks of no case at all, or none is found: then nothing was shown."""
    spoken_of = (*question.bounds, *question.premises)
    for seed, seconds in enumerate(SPEAKS_RESTARTS if restarts else (), 1):
        answer = ask(question.terms, spoken_of, seconds=seconds, seed=seed).answer
        if answer is Answer.FOUND:
            return proof
        if answer is Answer.NEVER:
            message = f"the invariant `{proof.invariant.id}` speaks of no case: nothing can meet its `given`"
            mistake = Diagnostic(proof.invariant.place, ErrorCode.V001, message, "mend its `given`, or take it out")
            return replace(proof, verdict=ProofVerdict.UNDECIDED, mistake=mistake)
    return replace(proof, verdict=ProofVerdict.UNDECIDED, open_because="no case of which it speaks was found in time")
