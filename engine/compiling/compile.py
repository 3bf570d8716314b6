"""Policies → rule sets: every name looked up, every formula typed, every table turned into matches and formulas.

Verb that runs when policies are loaded, never in a request. Parameters are dated, so a policy set has one translation
for each stretch of dates between two changes; mistakes are looked for in all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from engine.compiling.link import Linked, expressions, link, names_read
from engine.compiling.stretches import Translation, translate_all
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import TOO_LARGE, Diagnostic, Place, in_order
from engine.reading.policy import Policy
from engine.ruleset.ruleset import AS_OF, ListResult, Named, RuleSet
from engine.vocabulary.vocabulary import Vocabulary


class Compiled:
    """A policy set, translated: gives the rule set of a case kind for any date."""

    def __init__(
        self, linked: Linked, vocabulary: Vocabulary, version: str, translations: Sequence[Translation]
    ) -> None:
        self.linked = linked
        self.vocabulary = vocabulary
        self.version = version
        self.translations = tuple(translations)
        self._needed: dict[str, frozenset[str]] = {}

    def translation(self, as_of: date) -> Translation:
        """The translation whose stretch of dates holds `as_of`."""
        return next(t for t in reversed(self.translations) if t.since is None or t.since <= as_of)

    def ruleset(self, case: str, as_of: date) -> RuleSet:
        return _ruleset(self, case, self.translation(as_of))

    def needed(self, case: str) -> frozenset[str]:
        """The units that the policies of this case kind hold and read, by first name; the same on all dates."""
        if case not in self._needed:
            own = [policy for policy in self.linked.policies.values() if policy.decides == case]
            self._needed[case] = _needed(self.linked, own)
        return self._needed[case]


def compile_policies(
    policies: Sequence[Policy], vocabulary: Vocabulary, version: str, unread: Collection[str] = ()
) -> tuple[Compiled, tuple[Diagnostic, ...]]:
    """Usable only when there are no diagnostics and nothing is `unread`: names of policies and facts whose files could
    not be read, so that formulas that name them are not judged."""
    linked, mistakes = link(policies)
    report = [*mistakes, *_conditions_said_twice(linked)]
    starts = _starts(policies)
    if too_many := _too_many_dates(policies, len(starts) - 1):
        report.append(too_many)
        starts = [None, starts[-1]]
    translations = translate_all(linked, vocabulary, starts, report, unread)
    if not report and not unread and not all(_is_whole(linked, translation) for translation in translations):
        raise AssertionError("something was left out unsaid")
    return Compiled(linked, vocabulary, version, translations), in_order(report)


def _is_whole(linked: Linked, translation: Translation) -> bool:
    """A rule that is lost on the way is an approval without its check."""
    units = all(unit.gives[0] in translation.steps for unit in linked.units)
    return units and all(len(p.rules) == len(translation.rules[p.name]) for p in linked.policies.values())


def _starts(policies: Iterable[Policy]) -> list[date | None]:
    """The dates on which some parameter changes, after the open beginning."""
    parameters = [parameter for policy in policies for parameter in policy.parameters.values()]
    dates = {dated.since for parameter in parameters for dated in parameter.values if dated.since is not None}
    return [None, *sorted(dates)]


CHANGE_DATES_MAX = 400
"""Dates on which parameters of a set may change: more than a change a week for seven years."""


def _too_many_dates(policies: Iterable[Policy], count: int) -> Diagnostic | None:
    """Said of the parameter that has most of them."""
    if count <= CHANGE_DATES_MAX:
        return None
    parameters = [parameter for policy in policies for parameter in policy.parameters.values()]
    longest = max(parameters, key=lambda parameter: len(parameter.values))
    message = (
        f"the parameters of all policies change on {count:,} dates together; at most {CHANGE_DATES_MAX} are checked"
    )
    hint = "leave out values of the past: a decision that is recorded keeps the policies of its time"
    return Diagnostic(longest.place, TOO_LARGE, message, hint)


def _conditions_said_twice(linked: Linked) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    seen: dict[tuple[str, str], Place] = {}
    for policy in linked.policies.values():
        for rule in policy.rules.values():
            for condition in rule.conditions:
                first = seen.setdefault((policy.decides, condition.name), condition.place)
                if first is not condition.place:
                    message = f"the condition `{condition.name}` is set at {first} and at {condition.place}"
                    hint = "let one of the two set it, with `max()` or `if`, or give one another name"
                    found.append(Diagnostic(condition.place, ErrorCode.N006, message, hint))
    return found


def _ruleset(compiled: Compiled, case: str, translation: Translation) -> RuleSet:
    """The policies that decide this case kind, and of the others what those read."""
    linked = compiled.linked
    own = [policy for policy in linked.policies.values() if policy.decides == case]
    needed = compiled.needed(case)
    units = [unit for unit in linked.units if unit.gives[0] in needed]
    steps = tuple(step for unit in units for step in translation.steps[unit.gives[0]])
    results = [step for step in steps if isinstance(step, ListResult) or (isinstance(step, Named) and not step.is_step)]
    facts = compiled.vocabulary.of_case(case)
    titled = [*facts, *results, *translation.unknown]
    names = {AS_OF, *(item.name for item in titled)}
    return RuleSet(
        case=case,
        version=compiled.version,
        currency=compiled.vocabulary.currency,
        since=translation.since,
        until=translation.until,
        facts=facts,
        steps=(*translation.unknown, *steps),
        rules=tuple(rule for policy in own for rule in translation.rules[policy.name]),
        tables=tuple(translation.tables[unit.gives[0]] for unit in units if unit.gives[0] in translation.tables),
        results=tuple(result.name for result in results),
        variables={name: type_ for name, type_ in translation.variables.items() if name in names},
        titles={item.name: item.title for item in titled if item.title},
        constants=translation.constants,
    )


def _needed(linked: Linked, own: Sequence[Policy]) -> frozenset[str]:
    """First names of the units of these policies and of everything that they read."""
    names = {policy.name for policy in own}
    pending = [unit.gives[0] for unit in linked.units if unit.policy.name in names]
    for policy in own:
        for rule in policy.rules.values():
            for expression in expressions(rule):
                pending += [linked.by_name[name].gives[0] for name in names_read(policy, expression, linked.by_name)]
    needed: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += linked.reads[name]
    return frozenset(needed)
