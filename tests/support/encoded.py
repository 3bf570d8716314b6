"""Rule sets as terms beside the plain evaluator: what they say of the same facts."""

from __future__ import annotations

from collections.abc import Iterable

from engine.proving.smt.encode import EncodedRuleSet, encode
from engine.proving.smt.free_facts import FreeFacts, assigned, facts_with_types, free_facts
from engine.proving.smt.term_values import Evaluation
from engine.proving.smt.terms import Term, Terms
from engine.ruleset.interpret import run
from engine.ruleset.ruleset import RuleSet
from tests.support.random_rulesets import Case, by_name


class Encoding:
    """One rule set as terms, worked out for given facts."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self.terms = Terms()
        self.free: FreeFacts = free_facts(self.terms, ruleset, "")
        self.encoded: EncodedRuleSet = encode(ruleset, self.terms, self.free.values)
        self._conditions: list[Term] = [c for all_ in list(self.terms.conditions.values()) for c in all_]
        matches = [*self.encoded.fires.values(), *self.encoded.undetermined.values()]
        self._evaluation = Evaluation(self.terms, [*matches, *self.encoded.at_least.values()])
        self._evaluate_conditions = Evaluation(self.terms, self._conditions)

    def unknowns(self, case: Case) -> dict[str, object]:
        facts, as_of = case
        return assigned(self.terms, self.free.names, facts_with_types(self.ruleset.facts, facts, as_of))

    def difference(self, case: Case) -> str | None:
        """What the terms say otherwise than the plain evaluator, if anything."""
        values = self._evaluation(self.unknowns(case))
        expected = run(self.ruleset, by_name(self.ruleset, case[0]), case[1])
        fired = {name for name, term in self.encoded.fires.items() if values[term.number]}
        undetermined = {name for name, term in self.encoded.undetermined.items() if values[term.number]}
        wrong = (fired ^ set(expected.fired)) | (undetermined ^ set(expected.undetermined))
        return f"{sorted(wrong)} of {case}" if wrong else None

    def broken_conditions(self, case: Case) -> list[Term]:
        """Conditions of derived terms that these facts break: none ever, or they would prove anything."""
        values = self._evaluate_conditions(self.unknowns(case))
        return [condition for condition in self._conditions if not values[condition.number]]

    def severest(self, case: Case) -> str:
        """The outcome by the terms."""
        values = self._evaluation(self.unknowns(case))
        return [outcome for outcome, term in self.encoded.at_least.items() if values[term.number]][-1]


def first_difference(encoding: Encoding, cases: Iterable[Case]) -> str | None:
    return next((said for case in cases if (said := encoding.difference(case)) is not None), None)
