"""What decisions under some policies can name: for checking what policy tests expect.

So a rule that is misspelled in a policy test is a mistake with a suggestion, and not an expectation that no decision
can meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.compiling.exceptions import link_exceptions
from engine.compiling.link import Unit, link, readable
from engine.reading.cases import DecidedNames
from engine.reading.exceptions_file import ExceptionDefinition
from engine.reading.policy import Criterion, Policy
from engine.ruleset.ruleset import NO_RULES
from engine.vocabulary.case_kinds import CASE_KINDS


def decided_names(
    policies: Iterable[Policy], exceptions: Iterable[ExceptionDefinition] = ()
) -> Mapping[str, DecidedNames]:
    """By case kind, what a decision of that kind can hold: reasons (rules, and `no-rules` where nothing decides the
    kind), what may be undetermined (rules, tables, criteria, exceptions), results, conditions, and rules
    that ask for an action."""
    policies = tuple(policies)
    # who reads whom doesn't matter here, so that lists don't either
    linked, _ = link(policies, {}, link_exceptions(exceptions, policies, ())[0])
    decided = {}
    for kind in CASE_KINDS:
        deciding = [policy for policy in linked.policies.values() if policy.decides == kind]
        seen = [
            policy
            for policy in linked.policies.values()
            if policy in deciding or any(readable(other, policy) for other in deciding)
        ]
        rules = [f"{policy.name}.{rule}" for policy in deciding for rule in policy.rules]
        results = [name for name, unit in linked.by_name.items() if unit.policy in seen]
        tables = [f"{policy.name}.{table}" for policy in seen for table in policy.tables]
        criteria = [name for name, unit in linked.by_name.items() if unit.policy in seen and _is_criterion(unit)]
        waiving = [each.definition.id for each in linked.exceptions if each.reader.decides == kind]
        conditions = [condition.name for p in deciding for rule in p.rules.values() for condition in rule.conditions]
        decided[kind] = DecidedNames(
            rules=(*rules, *(() if _is_decided(kind, deciding) else (NO_RULES,))),
            undetermined=(*rules, *tables, *criteria, *waiving),
            results=results,
            conditions=tuple(dict.fromkeys(conditions)),
            actions=tuple(f"{p.name}.{rule.id}" for p in deciding for rule in p.rules.values() if rule.action),
        )
    return decided


def _is_decided(kind: str, policies: Iterable[Policy]) -> bool:
    """As `RuleSet.is_decided`, of policies as they are written."""
    ladder = CASE_KINDS[kind].ladder
    stopping = ladder[ladder.index(CASE_KINDS[kind].caution) :]
    return any(rule.outcome.text in stopping for policy in policies for rule in policy.rules.values())


def _is_criterion(unit: Unit) -> bool:
    return isinstance(unit.part, Criterion)
