"""A question → proved, a witness, or undecided. Part of `engine.proving.smt`.

The solver is asked with one seed after the other, each with more time: what one search misses for minutes another finds
at once. What it finds is worked out again from the facts; where a product of two facts was taken for something that it
is not, that point is pinned down and the question asked again. A witness is only what the caller confirms, who decides
it by the engine.

Three words, and only the first is a proof: *proved*, *refuted*, *undecided*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from engine.proving.smt.free_facts import KNOWN, FreeFacts
from engine.proving.smt.products import between_pairs, exact_at
from engine.proving.smt.questions import Question
from engine.proving.smt.solver import Answer, Found, ask
from engine.proving.smt.term_values import Evaluation
from engine.proving.smt.terms import CASES_MAX, Operator, Term, Terms, reached
from engine.ruleset.ruleset import AS_OF
from engine.vocabulary.binding import Value
from engine.vocabulary.vocabulary import Kind, Type

RESTARTS: tuple[float, ...] = (2, 2, 4, 4, 8, 8, 16)
"""Seconds of each attempt."""

EVERYDAY_RESTARTS: tuple[float, ...] = (2, 4)
"""Seconds of the attempts to find a more ordinary witness than the one that is there."""

PINS_MAX = 12
"""How often a question is asked again with products pinned down at a point."""


class ProofVerdict(StrEnum):
    """What is known of an invariant."""

    PROVED = "proved"
    """No case breaks it."""
    REFUTED = "refuted"
    """A case breaks it, and the engine decides that case so."""
    UNDECIDED = "undecided"
    """Neither was shown; it counts as not proved."""


SideFacts = tuple[dict[str, Value], int]
"""The facts of one side by name, None for what is missing, and `as_of` in days since 1970-01-01."""

Witness = tuple[SideFacts, ...]
"""The facts of each side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What came of a question."""

    verdict: ProofVerdict
    witness: Witness | None
    """Where it is refuted."""
    open_because: str
    """Where it is undecided: why, for readers."""


def settle(
    question: Question,
    *,
    ordinary: Sequence[Term],
    confirms: Callable[[Witness], bool],
    restarts: Sequence[float] = RESTARTS,
) -> Settled:
    """Asks until there is an answer or the attempts are used up. `ordinary`: what holds of everyday cases. `confirms`
    decides a witness and says whether it breaks the invariant. Raises `ModuleNotFoundError` where there is no
    solver."""
    search = _Attempts(question, confirms)
    for seed, seconds in enumerate(restarts, 1):
        answer = search.attempt(seconds, seed, (), with_products=seed % 4 == 0)
        if answer is Answer.NEVER:
            return Settled(verdict=ProofVerdict.PROVED, witness=None, open_because="")
        if answer is Answer.FOUND:
            break
    witness = search.witness
    for seed, seconds in enumerate(EVERYDAY_RESTARTS if restarts else (), 1):
        if search.attempt(seconds, seed, ordinary, with_products=False) is not Answer.UNKNOWN:
            break
    witness = search.witness or witness
    if witness is None:
        return Settled(verdict=ProofVerdict.UNDECIDED, witness=None, open_because=search.open_because)
    return Settled(verdict=ProofVerdict.REFUTED, witness=witness, open_because="")


class _Attempts:
    """The attempts at one question, and what they leave behind."""

    def __init__(self, question: Question, confirms: Callable[[Witness], bool]) -> None:
        self.witness: Witness | None = None
        self.open_because = "out of time"
        self._question = question
        self._confirms = confirms
        terms = question.terms
        self._pins: list[Term] = list(between_pairs(terms, _derived_among(terms, question.together)))

    def attempt(self, seconds: float, seed: int, ordinary: Sequence[Term], *, with_products: bool) -> Answer:
        """One attempt; FOUND where a witness is confirmed, which is then `witness`."""
        question = self._question
        for _ in range(PINS_MAX + 1):
            together = [*question.together, *self._pins, *ordinary]
            found = ask(question.terms, together, seconds=seconds, seed=seed, with_products=with_products)
            if found.answer is not Answer.FOUND:
                return found.answer
            pins = list(self._wrong_products(found))
            witness = witness_of(question.terms, question.sides, found)
            if self._confirms(witness):
                self.witness = witness
                return Answer.FOUND
            if not pins:
                self.open_because = self._why_spurious()
                return Answer.UNKNOWN
            self._pins += pins
        return Answer.UNKNOWN

    def _wrong_products(self, found: Found) -> Iterable[Term]:
        """Conditions at the points where the solver took a product or a ratio for another number than it is."""
        terms = self._question.terms
        asked = _derived_among(terms, self._question.together)
        unknowns = _Completed(found)
        values = Evaluation(terms, asked)(unknowns, found.derived)
        for term in asked:
            derivation = terms.derivations[term.number]
            if derivation.kind in ("product", "quotient"):
                x, y = (int(values[part.number]) for part in term.parts)
                if derivation.compute(x, y) != values[term.number]:
                    yield from exact_at(terms, term, x, y)

    def _why_spurious(self) -> str:
        terms = self._question.terms
        asked = _derived_among(terms, self._question.together)
        words = dict.fromkeys(
            terms.derivations[t.number].words for t in asked if not terms.derivations[t.number].is_exact
        )
        return f"it rests on what proofs can't follow: {', '.join(words)}" if words else "the engine decides otherwise"


class _Completed(dict[str, object]):
    """The unknowns of an answer; those that it left open are 0."""

    def __init__(self, found: Found) -> None:
        super().__init__(found.unknowns)

    def __missing__(self, _: str) -> object:
        return 0


def _derived_among(terms: Terms, together: Iterable[Term]) -> list[Term]:
    everything = reached(together, terms.conditions)
    return [term for term in everything if term.operator is Operator.DERIVED]


def witness_of(terms: Terms, sides: Iterable[FreeFacts], found: Found) -> Witness:
    """The facts that an answer is about. A list is empty, a text that is compared with none is a word of its own."""
    witness = []
    for side in sides:
        facts: dict[str, Value] = {}
        for fact in side.facts:
            name = side.names[fact.name]
            there = fact.required or bool(found.unknowns.get(f"{name}{KNOWN}", False))
            facts[fact.name] = _value(terms, name, fact.type, found) if there else None
        witness.append((facts, int(found.unknowns.get(side.names[AS_OF], 0))))
    return tuple(witness)


def _value(terms: Terms, name: str, type_: Type, found: Found) -> Value:
    if type_.kind is Kind.YES_NO:
        return bool(found.unknowns.get(name, False))
    if type_.kind is Kind.LIST:
        return ()
    if type_.kind is Kind.ENUM and type_.members and len(type_.members) <= CASES_MAX:
        holding = (word for word in type_.members if found.unknowns.get(f"{name}={word}", False))
        return next(holding, type_.members[0])
    number = int(found.unknowns.get(name, max(type_.low, min(type_.high, 0))))
    if type_.kind in (Kind.TEXT, Kind.PERSON, Kind.ENUM):
        return terms.texts[number] if 0 <= number < len(terms.texts) else f"n{number}".replace("-", "m")
    return number
