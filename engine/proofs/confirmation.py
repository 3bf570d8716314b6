"""Witnesses: facts that a solver found, decided by the engine and made plain. Part of `engine.proofs`.

A solver's facts are as odd as they come: 23 cents of a rating nobody has. Here each fact is left out, or put back to
the vocabulary's own example, as long as the case still breaks the invariant. What counts is the engine's decision
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from engine.deciding.decision import Decision
from engine.pipeline import Engine
from engine.proving.smt.free_facts import FreeFacts, assigned
from engine.proving.smt.questions import Question, is_broken
from engine.proving.smt.settle import SideFacts, Witness
from engine.proving.smt.term_values import Evaluation
from engine.ruleset.invariant import Invariant
from engine.ruleset.ruleset import AS_OF, RuleSet
from engine.vocabulary.binding import FactsRefused, Value, json_value
from engine.vocabulary.days import date_of
from engine.vocabulary.vocabulary import DATE, Fact, Kind

SUBJECT = "ID-1"
"""The id of a witness's case, and of what it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSide:
    """One side of a witness as readers see it."""

    side: str
    """`before`, `after` …; empty for a single case."""

    as_of: date
    facts: Mapping[str, Mapping[str, object]]
    """As a request carries them, what is missing left out."""
    decision: Decision


class Confirmation:
    """Decides witnesses of one invariant by the engine."""

    def __init__(self, engine: Engine, invariant: Invariant, question: Question, ruleset: RuleSet) -> None:
        self._engine = engine
        self._invariant = invariant
        self._question = question
        self._ruleset = ruleset
        holds = question.holds
        self._looked_at = (*question.bounds, *question.premises)
        wanted = [*self._looked_at, *((holds.true, holds.false) if holds else ())]
        self._evaluation = Evaluation(question.terms, wanted)

    def confirms(self, witness: Witness) -> bool:
        """Whether the engine decides these cases so that they break the invariant, and it speaks of them."""
        outcomes = []
        for side in witness:
            decision = self.decided(side)
            if decision is None:
                return False
            outcomes.append(decision.outcome)
        if not any(is_broken(self._invariant, outcomes, holds) for holds in self._possible):
            return False
        values = self._evaluation(self._unknowns(witness))
        if not all(values[term.number] for term in self._looked_at):
            return False
        holds = self._question.holds
        truth = None
        if holds is not None:
            truth = True if values[holds.true.number] else False if values[holds.false.number] else None
        return is_broken(self._invariant, outcomes, truth)

    @property
    def _possible(self) -> tuple[bool | None, ...]:
        return (None,) if self._question.holds is None else (False, None)

    def _unknowns(self, witness: Witness) -> dict[str, object]:
        unknowns: dict[str, object] = {}
        for side, (facts, as_of) in zip(self._question.sides, witness, strict=True):
            typed = {fact.name: (fact.type, facts[fact.name]) for fact in self._ruleset.facts}
            unknowns |= assigned(self._question.terms, side.names, {**typed, AS_OF: (DATE, as_of)})
        return unknowns

    def decided(self, side: SideFacts) -> Decision | None:
        """What the engine decides; None where it refuses the facts."""
        facts, as_of = side
        try:
            return self._engine.decide(
                self._invariant.case, request_of(self._ruleset.facts, facts), date_of(as_of), "witness"
            )
        except FactsRefused:
            return None

    def shown(self, witness: Witness) -> tuple[ShownSide, ...]:
        """The witness with its decisions."""
        sides = []
        for name, (facts, as_of) in zip(self._invariant.sides, witness, strict=True):
            decision = self.decided((facts, as_of))
            if decision is None:
                raise ValueError("a witness that the engine refuses was confirmed")
            request = request_of(self._ruleset.facts, facts)
            sides.append(ShownSide(side=name, as_of=date_of(as_of), facts=request, decision=decision))
        return tuple(sides)


def request_of(known: Iterable[Fact], facts: Mapping[str, Value]) -> dict[str, dict[str, object]]:
    """Bound facts as a request carries them, what is missing left out."""
    request: dict[str, dict[str, object]] = {}
    for fact in known:
        value = facts[fact.name]
        group, _, key = fact.name.partition(".")
        if value is not None:
            written: object = [] if fact.type.kind is Kind.LIST else json_value(value, fact.type)
            request.setdefault(group, {})[key] = written
    return request


# --- made plain ------------------------------------------------------------------------------------------------------


def plain(confirms: Callable[[Witness], bool], sides: Sequence[FreeFacts], witness: Witness, today: int) -> Witness:
    """The witness with as many facts as possible left out, or as the vocabulary's examples have them, and decided
    today. Facts that differ between the sides stay. `confirms` says whether it still shows what it did."""
    current = witness
    for fact in sides[0].facts:
        if len({side.names.get(fact.name) for side in sides}) > 1:
            continue
        for value in _plainer(fact, current[0][0][fact.name]):
            tried = tuple(({**facts, fact.name: value}, as_of) for facts, as_of in current)
            if confirms(tried):
                current = tried
                break
    tried = tuple((facts, today) for facts, _ in current)
    return tried if confirms(tried) else current


def _plainer(fact: Fact, value: Value) -> Iterator[Value]:
    """Values that say less, the plainest first: none at all, the id of nobody, the example."""
    if not fact.required and value is not None:
        yield None
    if value is None:
        return
    kind = fact.type.kind
    if kind.is_text:
        yield SUBJECT if fact.name.endswith(".id") else fact.name.rpartition(".")[2].replace("_", "-")
    elif kind is Kind.YES_NO:
        yield False
    elif kind is Kind.MONEY and isinstance(value, int):
        unit = 10**fact.type.scale
        yield from (0, 1_000 * unit, 10_000 * unit, 100_000 * unit)
    elif kind is Kind.ENUM:
        yield fact.type.members[0]
    elif kind.is_numeric and fact.type.low <= 0:
        yield 0
