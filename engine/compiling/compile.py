"""Policies → rule sets: every name looked up, every formula typed, every table turned into matches and formulas.

Verb that runs when policies are loaded, never in a request. Parameters are dated, so a policy set is compiled once for
each *stretch*: the dates between two changes of parameters. Mistakes are looked for in all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from engine.compiling.invariants import names_in
from engine.compiling.link import Linked, LinkedException, expressions, link, names_read
from engine.compiling.stretches import CompiledStretch, compile_stretches
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import TOO_LARGE, Diagnostic, Place, in_order
from engine.proving.ascending import check_ascending
from engine.reading.invariants_file import InvariantDefinition
from engine.reading.policy import ParameterDefinition, Policy
from engine.ruleset.formula import Formula
from engine.ruleset.invariant import Invariant
from engine.ruleset.ruleset import AS_OF, ListResult, Named, RuleSet
from engine.vocabulary.vocabulary import Type, Vocabulary

CHANGE_DATES_MAX = 400
"""Dates on which parameters of a set may change: more than a change a week for seven years."""


class PartsLost(Exception):
    """A unit or a rule of a policy is in no compiled stretch, and no diagnostic says why: a fault of the compiler.

    Raised, not asserted, since a lost rule is an approval without its check."""


class Compiled:
    """A policy set that was compiled: gives the rule set of a case kind for any date.

    Usable only where `compile_policies` gave no diagnostics with it. `linked` holds the policies and who reads whom,
    `vocabulary` the facts, `version` the hash of the set's files, and `stretches` what was compiled, in the order of
    their dates and without gaps.
    """

    def __init__(
        self, linked: Linked, vocabulary: Vocabulary, version: str, stretches: Sequence[CompiledStretch]
    ) -> None:
        self.linked = linked
        self.vocabulary = vocabulary
        self.version = version
        self.stretches = tuple(stretches)
        self._needed: dict[str, frozenset[str]] = {}

    def stretch(self, as_of: date) -> CompiledStretch:
        """The stretch that holds the date."""
        return next(stretch for stretch in reversed(self.stretches) if stretch.since is None or stretch.since <= as_of)

    def ruleset(self, case: str, as_of: date) -> RuleSet:
        """The rule set of a case kind on a date. It is put together anew with each call; callers keep it."""
        return _ruleset(self, case, self.stretch(as_of), self.needed(case))

    def ruleset_to_prove(self, case: str, as_of: date) -> RuleSet:
        """As `ruleset`, with the values besides that invariants about this kind of case read."""
        read = (
            name for each in self.linked.invariants if each.case == case for name in names_in(each, self.linked.lists)
        )
        first = {self.linked.by_name[name].gives[0] for name in read if name in self.linked.by_name}
        return _ruleset(self, case, self.stretch(as_of), self.needed(case) | _with_read(self.linked, first))

    def invariants(self, case: str, as_of: date) -> tuple[Invariant, ...]:
        """What must hold of all cases of this kind that are decided on a date."""
        return tuple(each for each in self.stretch(as_of).invariants if each.case == case)

    def types(self) -> Mapping[str, Type]:
        """By full name the type of every fact, of what policies work out, and of parameters that have a value on some
        date."""
        types: dict[str, Type] = {}
        for stretch in self.stretches:
            types |= stretch.variables
            types |= {name: constant.type for name, constant in stretch.constants.items()}
        return types

    def formulas(self, name: str) -> tuple[tuple[date | None, Collection[Formula]], ...]:
        """What a value, or the conditions of a rule, compile to, by the first day of each stretch; empty for any other
        name. Of conditions the order does not matter."""
        policy = name.partition(".")[0]
        found: list[tuple[date | None, Collection[Formula]]] = []
        for stretch in self.stretches:
            if name in self.linked.by_name:
                steps = stretch.steps[self.linked.by_name[name].gives[0]]
                found += [(stretch.since, (s.formula,)) for s in steps if isinstance(s, Named) and s.name == name]
            for rule in stretch.rules.get(policy, ()):
                if rule.id == name:
                    conditions = frozenset(conjunct.formula for conjunct in rule.match.conjuncts)
                    found.append((stretch.since, conditions))
        return tuple(found)

    def needed(self, case: str) -> frozenset[str]:
        """The units that the policies of this case kind hold and read, by first name; the same on all dates."""
        if case not in self._needed:
            self._needed[case] = _needed(self.linked, case)
        return self._needed[case]


def compile_policies(
    policies: Sequence[Policy],
    vocabulary: Vocabulary,
    version: str,
    unread: Collection[str] = (),
    exceptions: Sequence[LinkedException] = (),
    list_files: Mapping[str, ParameterDefinition] | None = None,
    invariants: Sequence[InvariantDefinition] = (),
) -> tuple[Compiled, tuple[Diagnostic, ...]]:
    """The compiled set and every mistake in it, sorted by place.

    `list_files` are the lists in files of their own, by name. `version` is handed on to rule sets and decisions.
    `unread` names what files that could not be read would define, so that formulas that name it are not judged. The
    compiled set is usable only where there are no diagnostics and
    `unread` is empty. Raises `PartsLost` where something is missing from it without a diagnostic.
    """
    linked, mistakes = link(policies, vocabulary.lists(), exceptions, list_files, invariants)
    report = [*mistakes, *_conditions_set_twice(linked)]
    report += (wrong for policy in linked.policies.values() for wrong in check_ascending(policy))
    parameters = [parameter for _, parameter in linked.parameters()]
    starts = _starts(parameters)
    if too_many := _too_many_dates(parameters, len(starts) - 1):
        report.append(too_many)
        starts = [None, starts[-1]]
    stretches = compile_stretches(linked, vocabulary, starts, report, unread)
    if not report and not unread:
        _require_all_parts(linked, stretches)
    return Compiled(linked, vocabulary, version, stretches), in_order(report)


def _require_all_parts(linked: Linked, stretches: Iterable[CompiledStretch]) -> None:
    lost = sorted({name for stretch in stretches for name in _lost(linked, stretch)})
    if lost:
        raise PartsLost(f"not compiled, and no diagnostic says why: {', '.join(lost)}")


def _lost(linked: Linked, stretch: CompiledStretch) -> Iterator[str]:
    """The units, rules and exceptions of the set that the stretch doesn't have."""
    yield from (unit.gives[0] for unit in linked.units if unit.gives[0] not in stretch.steps)
    compiled = {rule.id for rules in stretch.rules.values() for rule in rules}
    written = (f"{policy.name}.{rule}" for policy in linked.policies.values() for rule in policy.rules)
    yield from (rule for rule in written if rule not in compiled)
    held = {exception.id for exceptions in stretch.exceptions.values() for exception in exceptions}
    yield from (each.definition.id for each in linked.exceptions if each.definition.id not in held)


def _starts(parameters: Iterable[ParameterDefinition]) -> list[date | None]:
    """The dates on which some parameter changes, after the open beginning."""
    dates = {dated.since for parameter in parameters for dated in parameter.values if dated.since is not None}
    return [None, *sorted(dates)]


def _too_many_dates(parameters: Iterable[ParameterDefinition], count: int) -> Diagnostic | None:
    """A diagnostic at the parameter that has most dates, where there are too many of them."""
    if count <= CHANGE_DATES_MAX:
        return None
    longest = max(parameters, key=lambda parameter: len(parameter.values))
    message = (
        f"the parameters of all policies change on {count:,} dates together; at most {CHANGE_DATES_MAX} are checked"
    )
    hint = "leave out values of the past: a decision that is recorded keeps the policies of its time"
    return Diagnostic(longest.place, TOO_LARGE, message, hint)


def _conditions_set_twice(linked: Linked) -> list[Diagnostic]:
    """Two rules of one case kind that set the same condition (`deposit`): only one of them could count."""
    mistakes: list[Diagnostic] = []
    seen: dict[tuple[str, str], Place] = {}
    for policy in linked.policies.values():
        for rule in policy.rules.values():
            for condition in rule.conditions:
                first = seen.setdefault((policy.decides, condition.name), condition.place)
                if first is not condition.place:
                    message = f"the condition `{condition.name}` is set at {first} and at {condition.place}"
                    hint = "let one of the two set it, with `max()` or `if`, or give one another name"
                    mistakes.append(Diagnostic(condition.place, ErrorCode.N006, message, hint))
    return mistakes


def _ruleset(compiled: Compiled, case: str, stretch: CompiledStretch, needed: frozenset[str]) -> RuleSet:
    """The policies that decide this case kind, and of the others what those read."""
    linked = compiled.linked
    deciding = [policy for policy in linked.policies.values() if policy.decides == case]
    units = [unit for unit in linked.units if unit.gives[0] in needed]
    steps = tuple(step for unit in units for step in stretch.steps[unit.gives[0]])
    results = [step for step in steps if isinstance(step, ListResult) or (isinstance(step, Named) and not step.is_step)]
    exceptions = stretch.exceptions.get(case, ())
    facts = compiled.vocabulary.of_case(case)
    titled = [*facts, *results, *stretch.unset]
    names = {AS_OF, *(item.name for item in titled)}
    return RuleSet(
        case=case,
        version=compiled.version,
        currency=compiled.vocabulary.currency,
        since=stretch.since,
        until=stretch.until,
        facts=facts,
        steps=(*stretch.unset, *steps, *(exception.match for exception in exceptions)),
        rules=tuple(rule for policy in deciding for rule in stretch.rules[policy.name]),
        exceptions=exceptions,
        tables=tuple(stretch.tables[unit.gives[0]] for unit in units if unit.gives[0] in stretch.tables),
        results=tuple(result.name for result in results),
        variables={name: type_ for name, type_ in stretch.variables.items() if name in names},
        titles={item.name: item.title for item in titled if item.title},
        constants=stretch.constants,
        shown=tuple(
            name
            for policy in linked.policies.values()
            for value in policy.values.values()
            if value.show and (name := f"{policy.name}.{value.name}") in needed
        ),
        condition_titles={
            condition.name: condition.title
            for policy in deciding
            for rule in policy.rules.values()
            for condition in rule.conditions
            if condition.title
        },
        languages=compiled.vocabulary.languages,
        outcome_titles=compiled.vocabulary.outcome_titles,
        words=compiled.vocabulary.words,
        action_titles={
            word: compiled.vocabulary.actions[word]
            for policy in deciding
            for rule in policy.rules.values()
            if rule.action and (word := rule.action.word.text) in compiled.vocabulary.actions
        },
    )


def _needed(linked: Linked, case: str) -> frozenset[str]:
    """First names of the units of the policies that decide a case kind, and of all that these and its exceptions
    read."""
    deciding = [policy for policy in linked.policies.values() if policy.decides == case]
    names = {policy.name for policy in deciding}
    pending = [unit.gives[0] for unit in linked.units if unit.policy.name in names]
    for policy in deciding:
        for rule in policy.rules.values():
            for expression in expressions(rule):
                pending += [
                    linked.by_name[name].gives[0]
                    for name in names_read(policy, expression, linked.by_name, linked.lists)
                ]
    for each in linked.exceptions:
        if each.reader.decides == case:
            for expression in each.definition.when:
                read = names_read(each.reader, expression, linked.by_name, linked.lists)
                pending += [linked.by_name[name].gives[0] for name in read]
    return _with_read(linked, pending)


def _with_read(linked: Linked, names: Iterable[str]) -> frozenset[str]:
    """These units and all that they read, by first name."""
    pending = list(names)
    needed: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += linked.reads[name]
    return frozenset(needed)
