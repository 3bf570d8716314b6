"""Two policy sets → what the change does to the outcomes of one kind of case, by proof. Verb of `engine.proofs`.

Two questions are asked of every case that could exist: is there one that the second set decides more severely, and is
there one that it decides more mildly? Four answers follow:

    neither             same decisions
    only the first      stricter only
    only the second     looser only
    both                both

What can't be shown in time counts as if there were such a case; so a change is called harmless only where that was
proved. A case that is shown was decided by both sets' engines. Known cases, such as a folder's policy tests, are tried
first: a case that a person wrote says more than one that a solver found.

Outcomes are compared, not conditions or amounts: those are seen where cases are decided by both (`credence simulate`).
Where both sets compile to the same formulas, conditions and amounts are the same as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from engine.deciding.decision import Decision
from engine.pipeline import Engine
from engine.proofs.confirmation import plain, request_of
from engine.proving.smt.encode import EncodedRuleSet, KnownNumber, Truth, encode
from engine.proving.smt.free_facts import FreeFacts, free_facts
from engine.proving.smt.questions import Question, everyday
from engine.proving.smt.settle import RESTARTS, ProofVerdict, Witness, settle
from engine.proving.smt.terms import Term, Terms
from engine.ruleset.ruleset import ListResult, Match, Named, RuleSet
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import date_of, day_number
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact


class ChangeCategory(StrEnum):
    """What a change does to the outcomes of one kind of case."""

    SAME = "same"
    """No case is decided otherwise: proved."""
    STRICTER = "stricter"
    """None is decided more mildly: proved."""
    LOOSER = "looser"
    """None is decided more severely: proved."""
    BOTH = "both"
    """Either there are both, or it was not shown that there aren't."""


CATEGORY_WORDS: Mapping[ChangeCategory, Text] = {
    ChangeCategory.SAME: Text("same decisions", "结果不变"),
    ChangeCategory.STRICTER: Text("stricter only", "只会更严"),
    ChangeCategory.LOOSER: Text("looser only", "只会更宽"),
    ChangeCategory.BOTH: Text("stricter and looser", "有严有宽"),
}
"""What readers call each category."""


class Direction(StrEnum):
    """In which way a case is decided otherwise."""

    STRICTER = "stricter"
    LOOSER = "looser"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCase:
    """A case that is tried before a solver is asked."""

    name: str
    """What it is known by, such as a policy test's name."""
    case: str
    as_of: date
    facts: Mapping[str, object]
    """By group, as in a request, amounts in the sets' currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedOtherwise:
    """One case as both sets decide it."""

    name: str
    """Of the known case; empty for one that was found."""
    as_of: date
    facts: Mapping[str, Mapping[str, object]]
    before: Decision
    after: Decision

    def as_json(self) -> dict[str, object]:
        """As `credence diff --json` prints it."""
        return {
            "name": self.name or None,
            "as_of": self.as_of.isoformat(),
            "facts": self.facts,
            "before": self.before.as_json(),
            "after": self.after.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOfDirection:
    """Whether some case is decided otherwise in one way."""

    verdict: ProofVerdict
    """`proved`: there is none. `refuted`: there is, as the witness shows. `undecided`: neither was shown."""
    witness: DecidedOtherwise | None = None
    open_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryOfKind:
    """What the change does to one kind of case."""

    case: str
    answers: Mapping[Direction, AnswerOfDirection]
    same_formulas: bool
    """Whether both sets compile to the same: then conditions and amounts are the same too."""

    @property
    def is_open(self) -> bool:
        """Whether neither a case nor a proof answers one of the two questions."""
        return any(answer.verdict is ProofVerdict.UNDECIDED for answer in self.answers.values())

    @property
    def category(self) -> ChangeCategory:
        """What was not proved counts as if it were so."""
        may = {each for each, answer in self.answers.items() if answer.verdict is not ProofVerdict.PROVED}
        if not may:
            return ChangeCategory.SAME
        return ChangeCategory.BOTH if len(may) > 1 else ChangeCategory(may.pop().value)

    def as_json(self) -> dict[str, object]:
        """As `credence diff --json` prints it."""
        answers = {
            direction.value: {
                "verdict": answer.verdict,
                "open_because": answer.open_because or None,
                "witness": answer.witness and answer.witness.as_json(),
            }
            for direction, answer in self.answers.items()
        }
        return {"case": self.case, "category": self.category, "same_formulas": self.same_formulas, **answers}


def categorized(
    before: Engine,
    after: Engine,
    case: str,
    today: date,
    known: Iterable[KnownCase] = (),
    restarts: Sequence[float] | None = RESTARTS,
) -> CategoryOfKind:
    """What the change does to cases of one kind that are decided today or later. `restarts` are the seconds of each
    attempt of the solver at one question; None asks no solver, so that what known cases don't show is undecided unless
    the formulas are the same. Raises `ModuleNotFoundError` where a solver is wanted and there is none."""
    days = [day for day in _days(before, after, today) if not _compile_alike(before, after, case, day)]
    proved = AnswerOfDirection(verdict=ProofVerdict.PROVED)
    if not days:
        return CategoryOfKind(case=case, answers=dict.fromkeys(Direction, proved), same_formulas=True)
    both = _BothEngines(before, after, case)
    answers = {
        direction: both.known(direction, known) or _asked(both, direction, days, today, restarts)
        for direction in Direction
    }
    return CategoryOfKind(case=case, answers=answers, same_formulas=False)


def _asked(
    both: _BothEngines, direction: Direction, days: Sequence[date], today: date, restarts: Sequence[float] | None
) -> AnswerOfDirection:
    """Proved where it is for all days."""
    if restarts is None:
        return AnswerOfDirection(verdict=ProofVerdict.UNDECIDED, open_because="no proof was asked for (--prove)")
    answers = []
    for day in days:
        answer = both.asked(direction, day, today, restarts)
        if answer.verdict is ProofVerdict.REFUTED:
            return answer
        answers.append(answer)
    return next((each for each in answers if each.verdict is not ProofVerdict.PROVED), answers[0])


# --- which dates, and what is the same anyway ------------------------------------------------------------------------


def _days(before: Engine, after: Engine, today: date) -> Iterator[date]:
    """A day of each stretch on which neither set changes, from today on."""
    yield today
    starts = {*before.days_of_stretches(), *after.days_of_stretches()}
    yield from sorted(day for day in starts if day > today)


def _compile_alike(before: Engine, after: Engine, case: str, day: date) -> bool:
    return _deciding_parts(before.ruleset_to_prove(case, day)) == _deciding_parts(after.ruleset_to_prove(case, day))


def _deciding_parts(ruleset: RuleSet) -> object:
    """All by which a case is decided: everything but texts, places and the order of rules."""
    steps: list[object] = []
    for step in ruleset.steps:
        if isinstance(step, Match):
            steps.append((step.id, _formulas_of(step)))
        elif isinstance(step, Named):
            steps.append((step.name, step.formula))
        elif isinstance(step, ListResult):
            steps.append((step.name, step.entries))
    rules = {
        (
            rule.id,
            _formulas_of(rule.match),
            rule.outcome,
            rule.if_missing,
            rule.conditions,
            rule.action and (rule.action.word, rule.action.by, rule.action.amount),
        )
        for rule in ruleset.rules
    }
    exceptions = {(each.id, frozenset(each.waives)) for each in ruleset.exceptions}
    facts = {(fact.name, fact.type, fact.type.future, fact.required) for fact in ruleset.facts}
    return ruleset.currency, ruleset.mildest, facts, steps, rules, exceptions


def _formulas_of(match: Match) -> frozenset[object]:
    return frozenset(conjunct.formula for conjunct in match.conjuncts)


# --- both at once ----------------------------------------------------------------------------------------------------


class _BothEngines:
    """Two sets that decide the same cases."""

    def __init__(self, before: Engine, after: Engine, case: str) -> None:
        self._engines = (before, after)
        self._case = case
        self._kind = CASE_KINDS[case]
        self._known: list[DecidedOtherwise] | None = None

    def known(self, direction: Direction, cases: Iterable[KnownCase]) -> AnswerOfDirection | None:
        """The first of the known cases that is decided otherwise in this way."""
        if self._known is None:
            decided = (self.decided(each) for each in cases if each.case == self._case)
            self._known = [each for each in decided if each is not None]
        found = next((each for each in self._known if self._goes(direction, each)), None)
        return None if found is None else AnswerOfDirection(verdict=ProofVerdict.REFUTED, witness=found)

    def _goes(self, direction: Direction, decided: DecidedOtherwise) -> bool:
        before, after = (self._kind.severity(each.outcome) for each in (decided.before, decided.after))
        return after > before if direction is Direction.STRICTER else after < before

    def decided(self, known: KnownCase) -> DecidedOtherwise | None:
        """By both; None where either refuses the facts. A fact that a set doesn't have is left out for it."""
        facts: dict[str, Mapping[str, object]] = {
            group: members for group, members in known.facts.items() if isinstance(members, Mapping)
        }
        try:
            before, after = (
                engine.decide(self._case, _known_to(engine, facts), known.as_of, known.name or "witness")
                for engine in self._engines
            )
        except FactsRefused:
            return None
        return DecidedOtherwise(name=known.name, as_of=known.as_of, facts=facts, before=before, after=after)

    def asked(self, direction: Direction, day: date, today: date, restarts: Sequence[float]) -> AnswerOfDirection:
        """The solver's answer about the stretch that holds a day."""
        question = self._question(direction, day)

        def confirms(witness: Witness) -> bool:
            decided = self._of_witness(question.sides, witness)
            return decided is not None and self._goes(direction, decided)

        number = day_number(max(day, today))
        ordinary = tuple(everyday(question, number))
        settled = settle(question, ordinary=ordinary, confirms=confirms, restarts=restarts)
        answer = AnswerOfDirection(verdict=settled.verdict, open_because=settled.open_because)
        if settled.witness is None:
            return answer
        witness = plain(confirms, question.sides, settled.witness, number)
        return replace(answer, witness=self._of_witness(question.sides, witness))

    def _of_witness(self, sides: Sequence[FreeFacts], witness: Witness) -> DecidedOtherwise | None:
        (old, as_of), (new, _) = witness
        facts = request_of(sides[0].facts, old)
        for group, members in request_of(sides[1].facts, new).items():
            facts[group] = {**members, **facts.get(group, {})}
        return self.decided(KnownCase(name="", case=self._case, as_of=date_of(as_of), facts=facts))

    def _question(self, direction: Direction, day: date) -> Question:
        terms = Terms()
        old, new = (engine.ruleset_to_prove(self._case, day) for engine in self._engines)
        first = free_facts(terms, old, "before")
        known = {fact.name: fact for fact in old.facts}
        own = [fact.name for fact in new.facts if not _is_the_same(known.get(fact.name), fact)]
        second = free_facts(terms, new, "after", first, own)
        encoded = [encode(ruleset, terms, side.values) for ruleset, side in ((old, first), (new, second))]
        severe, mild = reversed(encoded) if direction is Direction.STRICTER else encoded
        return Question(
            terms=terms,
            sides=(first, second),
            bounds=tuple(dict.fromkeys((*first.bounds, *second.bounds))),
            premises=tuple(_equal_facts(terms, first, second, [name for name in own if name in known])),
            broken=_more_severe(terms, self._kind.ladder, severe, mild),
            holds=None,
        )


def _known_to(engine: Engine, facts: Mapping[str, Mapping[str, object]]) -> dict[str, Mapping[str, object]]:
    known = engine.vocabulary.facts
    return {
        group: {key: value for key, value in members.items() if f"{group}.{key}" in known}
        for group, members in facts.items()
    }


def _is_the_same(one: Fact | None, other: Fact) -> bool:
    """Whether a fact is of one type, and required, on both sides."""
    if one is None:
        return False
    return (one.type, one.type.future, one.required) == (other.type, other.type.future, other.required)


def _equal_facts(terms: Terms, first: FreeFacts, second: FreeFacts, names: Iterable[str]) -> Iterator[Term]:
    """Facts of two types hold the same where both can say it; of others nothing is known, which proves less."""
    scales = [{fact.name: (fact.type.kind, fact.type.scale) for fact in side.facts} for side in (first, second)]
    for name in names:
        one, other = first.values[name], second.values[name]
        if scales[0][name] != scales[1][name]:
            continue
        if isinstance(one, Truth) and isinstance(other, Truth):
            yield from (terms.same(one.true, other.true), terms.same(one.false, other.false))
        elif isinstance(one, KnownNumber) and isinstance(other, KnownNumber):
            yield terms.same(one.known, other.known)
            yield terms.implies(one.known, terms.equal(one.value, other.value))


def _more_severe(terms: Terms, ladder: Iterable[str], one: EncodedRuleSet, other: EncodedRuleSet) -> Term:
    return terms.any(terms.all((one.at_least[step], terms.negation(other.at_least[step]))) for step in ladder)
