"""An invariant → a question: terms that hold together exactly where some case breaks it. Part of `engine.proving.smt`.

Where a solver shows that they never do, the invariant is proved for every case that could exist. Everything that it
finds instead is a *witness*: facts of each side, to be decided by the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.proving.smt.encode import Encoded, EncodedRuleSet, FormulaEncoder, KnownNumber, Truth, encode, known_of
from engine.proving.smt.free_facts import FreeFacts, free_facts
from engine.proving.smt.terms import Term, Terms
from engine.ruleset.formula import All, Formula, IsNull, Variable, variables
from engine.ruleset.invariant import COMPLETE, FactChange, Invariant, Split
from engine.ruleset.ruleset import AS_OF, RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS, CaseKind
from engine.vocabulary.invariant_words import CarryWord, ChangeWord, Claim

_DAYS_NEAR = 1_000
_UNITS_MOST = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a solver about one invariant, or about a rule."""

    terms: Terms

    sides: tuple[FreeFacts, ...]
    """The facts of each side, in the order of `Invariant.sides`."""

    bounds: tuple[Term, ...]
    """What holds of every case."""

    premises: tuple[Term, ...]
    """Of which cases the invariant speaks."""

    broken: Term
    """That it does not hold."""

    holds: Truth | None
    """What its `holds` comes to."""

    @property
    def together(self) -> tuple[Term, ...]:
        """All of it."""
        return (*self.bounds, *self.premises, self.broken)


def question_of(invariant: Invariant, ruleset: RuleSet) -> Question:
    """The question whether some case breaks the invariant. `ruleset` must have all values that it reads."""
    return _Asking(invariant, ruleset).question()


def is_broken(invariant: Invariant, outcomes: Sequence[str], holds: bool | None) -> bool:  # noqa: FBT001  # a value
    """Whether decided outcomes of the sides, and what `holds` came to, break it; the same as `Question.broken` says."""
    kind = CASE_KINDS[invariant.case]
    severities = [kind.severity(outcome) for outcome in outcomes]
    caution = kind.severity(kind.caution)
    if invariant.outcome is not None:
        return severities[0] < kind.severity(invariant.outcome)
    if invariant.claim is None:
        return holds is False or (holds is None and min(severities) < caution)
    if invariant.claim is Claim.NOT_BOTH_PASS:
        return severities[0] >= caution and max(severities[1:]) < caution
    before, after = severities
    return {
        Claim.NOT_WORSE: after > before,
        Claim.NOT_BETTER: after < before,
        Claim.SAME_OUTCOME: after != before,
    }[invariant.claim]


class _Asking:
    """Builds one question."""

    def __init__(self, invariant: Invariant, ruleset: RuleSet) -> None:
        self._invariant = invariant
        self._ruleset = ruleset
        self._kind: CaseKind = CASE_KINDS[invariant.case]
        self._terms = Terms()
        self._sides = self._free()
        self._encoded = [encode(ruleset, self._terms, side.values) for side in self._sides]

    def question(self) -> Question:
        invariant, terms = self._invariant, self._terms
        holds = self._truth_of(invariant.holds) if invariant.holds is not None else None
        premises = [*self._relation(), *(self._truth_of(formula).true for formula in invariant.given)]
        bounds = dict.fromkeys(bound for side in self._sides for bound in side.bounds)
        return Question(
            terms=terms,
            sides=tuple(self._sides),
            bounds=tuple(bounds),
            premises=tuple(premises),
            broken=self._broken(holds),
            holds=holds,
        )

    def _free(self) -> list[FreeFacts]:
        """The facts of each side; what doesn't change is shared."""
        invariant, terms, ruleset = self._invariant, self._terms, self._ruleset
        missing = frozenset(name for formula in invariant.given for name in _asked_to_be_missing(formula))
        first, *others = invariant.sides
        shared = free_facts(terms, ruleset, first, missing=missing)
        if invariant.is_any_change:
            return [shared, *(free_facts(terms, ruleset, side, missing=missing) for side in others)]
        if invariant.split is None:
            changed = [change.fact for change in invariant.changes]
            return [shared, *(free_facts(terms, ruleset, side, shared, changed, missing) for side in others)]
        amount, carried = invariant.split.fact, [fact for fact, _ in invariant.split.carried]
        return [
            shared,
            free_facts(terms, ruleset, others[0], shared, (amount,), missing),
            free_facts(terms, ruleset, others[1], shared, (amount, *carried), missing),
        ]

    # --- of which cases it speaks ---

    def _relation(self) -> Iterator[Term]:
        invariant = self._invariant
        if invariant.split is not None:
            yield from self._split(invariant.split)
        gaps: dict[ChangeWord, Term] = {}
        for change in invariant.changes:
            before, after = (side.values[change.fact] for side in self._sides)
            yield _changed(self._terms, change, before, after, gaps)

    def _split(self, split: Split) -> Iterator[Term]:
        terms = self._terms
        whole, first, second = (_number(side.values[split.fact]) for side in self._sides)
        yield terms.all(part.known for part in (whole, first, second))
        yield terms.equal(terms.sum(first.value, second.value), whole.value)
        yield from (terms.below(terms.zero, part.value) for part in (first, second))
        for fact, word in split.carried:
            before, after = (_number(self._sides[index].values[fact]) for index in (0, 2))
            grown = terms.all((after.known, terms.equal(after.value, terms.sum(before.value, first.value))))
            from_nothing = terms.all((after.known, terms.equal(after.value, first.value)))
            absent = from_nothing if word is CarryWord.PLUS_FROM_NOTHING else terms.negation(after.known)
            yield terms.implies(before.known, grown)
            yield terms.any((before.known, absent))

    def _truth_of(self, formula: Formula) -> Truth:
        """A formula about all sides: what stands in it without a side is meant of each."""
        sides = self._invariant.sides
        read = variables(formula)
        plain = [name for name in read if name != COMPLETE and name.partition(".")[0] not in sides]
        meant = range(len(sides)) if plain else range(1)
        truths = [FormulaEncoder(self._terms, self._names(side)).truth(formula) for side in meant]
        return Truth(self._terms.all(each.true for each in truths), self._terms.any(each.false for each in truths))

    def _names(self, plain: int) -> Mapping[str, Encoded]:
        """What names stand for where those without a side are meant of the side of this number."""
        names: dict[str, Encoded] = dict(self._encoded[plain].values)
        for side, encoded in zip(self._invariant.sides, self._encoded, strict=True):
            if side:
                names |= {f"{side}.{name}": value for name, value in encoded.values.items()}
        complete = self._terms.all(self._is_complete(encoded) for encoded in self._encoded)
        return {**names, COMPLETE: Truth(complete, self._terms.negation(complete))}

    def _is_complete(self, encoded: EncodedRuleSet) -> Term:
        rules = (rule.id for rule in self._ruleset.rules if rule.if_missing is not None)
        return self._terms.negation(self._terms.any(encoded.undetermined[rule] for rule in rules))

    # --- what breaks it ---

    def _broken(self, holds: Truth | None) -> Term:
        invariant, terms, kind = self._invariant, self._terms, self._kind
        first, *others = self._encoded
        if invariant.outcome is not None:
            return terms.negation(first.at_least[invariant.outcome])
        if invariant.claim is None and holds is not None:
            cautious = terms.all(each.at_least[kind.caution] for each in self._encoded)
            return terms.all((terms.negation(holds.true), terms.any((holds.false, terms.negation(cautious)))))
        if invariant.claim is Claim.NOT_BOTH_PASS:
            passes = (terms.negation(each.at_least[kind.caution]) for each in others)
            return terms.all((first.at_least[kind.caution], *passes))
        worse, better = self._more_severe(others[0], first), self._more_severe(first, others[0])
        return {
            Claim.NOT_WORSE: worse,
            Claim.NOT_BETTER: better,
            Claim.SAME_OUTCOME: terms.any((worse, better)),
        }[invariant.claim or Claim.SAME_OUTCOME]

    def _more_severe(self, one: EncodedRuleSet, other: EncodedRuleSet) -> Term:
        terms = self._terms
        steps = self._kind.ladder
        return terms.any(terms.all((one.at_least[step], terms.negation(other.at_least[step]))) for step in steps)


def _asked_to_be_missing(formula: Formula) -> Iterator[str]:
    """The variables that a condition wants to be null, on every side: `x = null and …`."""
    if isinstance(formula, All):
        for part in formula.parts:
            yield from _asked_to_be_missing(part)
    elif isinstance(formula, IsNull) and isinstance(formula.operand, Variable):
        yield formula.operand.name


def _number(encoded: Encoded) -> KnownNumber:
    if isinstance(encoded, Truth):
        raise TypeError("yes/no stands where a number is expected")
    return encoded


def _changed(terms: Terms, change: FactChange, before: Encoded, after: Encoded, gaps: dict[ChangeWord, Term]) -> Term:
    """How the two differ. `gaps`: by how much the first fact that is less, or more, is so."""
    word = change.word
    known = terms.all((known_of(terms, before), known_of(terms, after)))
    if word is ChangeWord.ANY:
        return terms.true
    if word in (ChangeWord.FROM_MISSING, ChangeWord.TO_MISSING):
        there, gone = (after, before) if word is ChangeWord.FROM_MISSING else (before, after)
        return terms.all((known_of(terms, there), terms.negation(known_of(terms, gone))))
    if isinstance(before, Truth) or isinstance(after, Truth):
        if not (isinstance(before, Truth) and isinstance(after, Truth)):
            raise TypeError("one fact has two kinds")
        if word is ChangeWord.OTHER:
            return terms.any((terms.all((before.true, after.false)), terms.all((before.false, after.true))))
        return terms.all((before.false, after.true) if word is ChangeWord.TO_TRUE else (before.true, after.false))
    return _changed_number(terms, word, known, before, after, gaps)


def _changed_number(
    terms: Terms, word: ChangeWord, known: Term, before: KnownNumber, after: KnownNumber, gaps: dict[ChangeWord, Term]
) -> Term:
    down = terms.below(after.value, before.value)
    up = terms.below(before.value, after.value)
    gap = terms.difference(after.value, before.value)
    if word in (ChangeWord.LESS, ChangeWord.MORE):
        gaps.setdefault(word, gap)
    if word in (ChangeWord.LESS_BY_THE_SAME, ChangeWord.MORE_BY_THE_SAME):
        first = gaps[ChangeWord.LESS if word is ChangeWord.LESS_BY_THE_SAME else ChangeWord.MORE]
        neither = terms.all((terms.negation(before.known), terms.negation(after.known)))
        return terms.any((neither, terms.all((known, terms.equal(gap, first)))))
    differs = {
        ChangeWord.LESS: down,
        ChangeWord.EARLIER: down,
        ChangeWord.MORE: up,
        ChangeWord.LATER: up,
        ChangeWord.NOT_MORE: terms.negation(up),
        ChangeWord.NOT_LESS: terms.negation(down),
        ChangeWord.OTHER: terms.any((down, up)),
    }[word]
    return terms.all((known, differs))


def everyday(question: Question, today: int) -> Iterator[Term]:
    """What holds of ordinary cases: a decision of today, dates within three years of it, shares of tens of percent, and
    amounts of up to ten million in whole units. A witness among them reads more easily."""
    terms = question.terms
    for side in question.sides:
        yield terms.equal(_number(side.values[AS_OF]).value, terms.constant(today))
        for fact in side.facts:
            value = side.values[fact.name]
            if isinstance(value, KnownNumber):
                yield from _ordinary(terms, fact.type.kind.value, fact.type.scale, value.value, today)


def _ordinary(terms: Terms, kind: str, scale: int, value: Term, today: int) -> Iterator[Term]:
    if kind == "date":
        yield terms.between(today - _DAYS_NEAR, value, today + _DAYS_NEAR)
    elif kind == "rate":
        yield terms.any(terms.equal(value, terms.constant(tenth * 10 ** (scale - 1))) for tenth in range(11))
    elif kind == "money":
        unit = 10**scale
        yield terms.between(-_UNITS_MOST * unit, value, _UNITS_MOST * unit)
