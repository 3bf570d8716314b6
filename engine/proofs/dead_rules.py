"""Rules that never fire, and rules that never decide alone. Verb of `engine.proofs`.

Beyond what `engine.proving.table_checks` sees in one condition or one table: a rule of two values that exclude each
other is dead, and one that fires only where another asks for as much changes no outcome. The second is a remark: such a
rule may be there for its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from engine.pipeline import Engine
from engine.proving.smt.encode import EncodedRuleSet, encode
from engine.proving.smt.free_facts import free_facts
from engine.proving.smt.solver import Answer, ask_each
from engine.proving.smt.terms import Term, Terms
from engine.ruleset.ruleset import Rule, RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS


class Finding(StrEnum):
    """What is known of a rule."""

    NEVER_FIRES = "never fires"
    NEVER_ALONE = "never decides alone"
    """Wherever it fires, another rule asks for its outcome or worse."""
    OPEN = "undecided"
    """It was not shown in time that it can fire, nor that it can't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadRule:
    """One rule of which something is to be said."""

    rule: str
    place: str
    finding: Finding


def dead_rules(engine: Engine, case: str, day: date, seconds: float) -> Iterator[DeadRule]:
    """What is to be said of the rules that decide this kind of case on a day, in the author's order. `seconds` is how
    long each is looked at. Raises `ModuleNotFoundError` where there is no solver."""
    ruleset = engine.ruleset(case, day)
    terms = Terms()
    facts = free_facts(terms, ruleset, "")
    encoded = encode(ruleset, terms, facts.values)
    rules = [rule for rule in ruleset.rules if not rule.is_switched_off]
    fires = (encoded.fires[rule.id] for rule in rules)
    answers = list(ask_each(terms, facts.bounds, fires, seconds=seconds, seed=1))
    deciding = [rule for rule, answer in zip(rules, answers, strict=True) if _may_decide(ruleset, rule, answer)]
    alone = (_alone(ruleset, terms, encoded, rule) for rule in deciding)
    decided = ask_each(terms, facts.bounds, alone, seconds=seconds, seed=1)
    never_alone = {rule.id for rule, answer in zip(deciding, decided, strict=True) if answer is Answer.NEVER}
    for rule, answer in zip(rules, answers, strict=True):
        if answer is Answer.NEVER:
            yield _dead(rule, Finding.NEVER_FIRES)
        elif answer is Answer.UNKNOWN:
            yield _dead(rule, Finding.OPEN)
        elif rule.id in never_alone:
            yield _dead(rule, Finding.NEVER_ALONE)


def _dead(rule: Rule, finding: Finding) -> DeadRule:
    return DeadRule(rule=rule.id, place=str(rule.match.place), finding=finding)


def _may_decide(ruleset: RuleSet, rule: Rule, answer: Answer) -> bool:
    """Whether its outcome is more than what every case has anyway."""
    kind = CASE_KINDS[ruleset.case]
    return answer is Answer.FOUND and kind.severity(rule.outcome) > kind.severity(ruleset.mildest)


def _alone(ruleset: RuleSet, terms: Terms, encoded: EncodedRuleSet, rule: Rule) -> Term:
    """It fires, and no other rule asks for as much."""
    kind = CASE_KINDS[ruleset.case]
    severity = kind.severity(rule.outcome)
    others: list[Term] = []
    for other in ruleset.rules:
        if other.id == rule.id:
            continue
        if kind.severity(other.outcome) >= severity:
            others.append(encoded.fires[other.id])
        if other.if_missing is not None and kind.severity(other.if_missing) >= severity:
            others.append(encoded.undetermined[other.id])
    return terms.all((encoded.fires[rule.id], terms.negation(terms.any(others))))
