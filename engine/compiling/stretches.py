"""All policies translated for one stretch of dates: parameters are constants, everything else is formulas.

Second half of compiling. `Translation` is the noun, `translate_all` the verb.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from engine.compiling import arithmetic as a
from engine.compiling.arithmetic import Mismatch, Unset
from engine.compiling.expressions import translate
from engine.compiling.hit_policies import balanced
from engine.compiling.link import Linked, Unit, expressions, names_read
from engine.compiling.rules import translate_rule
from engine.compiling.scopes import Names
from engine.compiling.tables import TranslatedTable, translate_criterion, translate_table
from engine.compiling.types import declared, literal, named, number_meant
from engine.diagnostics.diagnostic import TOO_LARGE, Diagnostic, Place
from engine.proving.table_checks import check_conditions
from engine.reading.policy import (
    Criterion,
    ParameterDefinition,
    Policy,
    RuleDefinition,
    ScorecardDefinition,
    TableDefinition,
    ValueDefinition,
)
from engine.ruleset.formula import Constant, Formula, Variable
from engine.ruleset.ruleset import ListResult, Match, Named, Rule, Table
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Kind, Type, Vocabulary

Step = Match | Named | ListResult


@dataclass(frozen=True, slots=True)
class Translation:
    """Holds for `since <= as_of < until`. `unknown` are parameters without a value yet; `steps` and `tables` go by the
    unit's first name, `rules` by policy."""

    since: date | None
    until: date | None
    unknown: tuple[Named, ...]
    steps: Mapping[str, tuple[Step, ...]]
    tables: Mapping[str, Table]
    rules: Mapping[str, tuple[Rule, ...]]
    constants: Mapping[str, Constant]
    variables: Mapping[str, Type]


RETRANSLATED_MAX = 40_000
"""Formulas, rows, bands and rules translated anew because a parameter changed, over all dates: some seconds."""

NAMES_MAX = 400_000
"""Names times dates, since each stretch of dates knows the meaning of each name: some hundred megabytes."""


def translate_all(
    linked: Linked,
    vocabulary: Vocabulary,
    starts: Sequence[date | None],
    report: list[Diagnostic],
    unread: Collection[str] = (),
) -> list[Translation]:
    """One for each stretch of dates, the first without a beginning; `unread`: see `Names`. What reads no parameter that
    has changed is the same as in the stretch before and is taken over from it. Where that would be too much work, only
    the first and the last stretch are translated, after a diagnostic."""
    readers = _readers(linked)
    changes = _changes(linked)
    changed = [_read_by(readers, changes.get(start, ())) for start in starts]
    if too_much := _too_much(linked, starts, changed[1:]):
        report.append(too_much)
        starts, changed = [None, starts[-1]], [frozenset(), frozenset().union(*readers.values())]
    found: list[Translation] = []
    before: _Translating | None = None
    for since, until, keys in zip(starts, [*starts[1:], None], changed, strict=True):
        before = _Translating(Names(linked, vocabulary, unread, report), since, before, keys)
        found.append(before.whole(linked, until))
    return found


def _changes(linked: Linked) -> Mapping[date | None, list[str]]:
    """The parameters that change on each date, by full name."""
    found: dict[date | None, list[str]] = {}
    for policy in linked.policies.values():
        for parameter in policy.parameters.values():
            for dated in parameter.values:
                found.setdefault(dated.since, []).append(f"{policy.name}.{parameter.name}")
    return found


def _readers(linked: Linked) -> Mapping[str, frozenset[str]]:
    """What reads each dated parameter, directly or not: units by first name, rules by their key."""
    found: dict[str, set[str]] = {}
    for key, parameters in _dated(linked).items():
        for parameter in parameters:
            found.setdefault(parameter, set()).add(key)
    return {parameter: frozenset(keys) for parameter, keys in found.items()}


def _read_by(readers: Mapping[str, frozenset[str]], parameters: Collection[str]) -> frozenset[str]:
    return frozenset().union(*(readers.get(parameter, ()) for parameter in parameters))


def _too_much(linked: Linked, starts: Sequence[date | None], changed: Sequence[frozenset[str]]) -> Diagnostic | None:
    parameters = [parameter for policy in linked.policies.values() for parameter in policy.parameters.values()]
    names = len(linked.by_name) + len(parameters) + sum(len(policy.rules) for policy in linked.policies.values())
    parts = _parts(linked)
    again = sum(parts.get(key, 1) for keys in changed for key in keys)
    if again <= RETRANSLATED_MAX and names * len(starts) <= NAMES_MAX:
        return None
    longest = max(parameters, key=lambda parameter: len(parameter.values))
    what = (
        f"what reads parameters changes {again:,} times in all, more than {RETRANSLATED_MAX:,}"
        if again > RETRANSLATED_MAX
        else f"{names:,} names on {len(starts) - 1:,} dates are {names * len(starts):,}, more than {NAMES_MAX:,}"
    )
    hint = "give parameters fewer dates; or read one that changes often in one value, and that value elsewhere"
    return Diagnostic(longest.place, TOO_LARGE, what, hint)


def _parts(linked: Linked) -> Mapping[str, int]:
    """How many rows or bands a unit has, by its first name; what isn't named here is one formula."""
    found: dict[str, int] = {}
    for unit in linked.units:
        if isinstance(unit.part, TableDefinition):
            found[unit.gives[0]] = len(unit.part.rows)
        elif isinstance(unit.part, ScorecardDefinition):
            found[unit.gives[0]] = sum(len(criterion.bands) for criterion in unit.part.criteria)
        elif isinstance(unit.part, Criterion):
            found[unit.gives[0]] = len(unit.part.bands)
    return found


def _dated(linked: Linked) -> Mapping[str, frozenset[str]]:
    """The dated parameters behind each unit, by first name, and behind each rule, by its key."""
    parameters = frozenset(
        f"{policy.name}.{parameter.name}"
        for policy in linked.policies.values()
        for parameter in policy.parameters.values()
        if any(value.since is not None for value in parameter.values)
    )
    found: dict[str, frozenset[str]] = {}
    for unit in linked.units:
        own = frozenset(n for e in expressions(unit.part) for n in names_read(unit.policy, e, parameters))
        found[unit.gives[0]] = own.union(*(found.get(read, frozenset()) for read in linked.reads[unit.gives[0]]))
    for policy in linked.policies.values():
        for rule in policy.rules.values():
            parts = tuple(expressions(rule))
            own = frozenset(n for e in parts for n in names_read(policy, e, parameters))
            read = {linked.by_name[n].gives[0] for e in parts for n in names_read(policy, e, linked.by_name)}
            found[_key(policy, rule)] = own.union(*(found[first] for first in read))
    return found


def _key(policy: Policy, rule: RuleDefinition) -> str:
    """A rule may be called as a value is."""
    return f"rule {policy.name}.{rule.id}"


class _Translating:
    """`before` is the stretch of dates that ends where this one begins; `changed` is what reads a parameter that
    changed there."""

    def __init__(self, names: Names, since: date | None, before: _Translating | None, changed: Collection[str]) -> None:
        self.names = names
        self.unknown: list[Named] = []
        self.steps: dict[str, tuple[Step, ...]] = {}
        self.tables: dict[str, Table] = {}
        self.rules: dict[str, Rule | None] = {}
        self._since = since
        self._before = before
        self._changed = changed

    def whole(self, linked: Linked, until: date | None) -> Translation:
        policies = linked.policies.values()
        for policy in policies:
            for parameter in policy.parameters.values():
                self.parameter(policy, parameter)
        for unit in linked.units:
            if self._before is None or unit.gives[0] in self._changed:
                self.unit(unit)
            else:
                self._take_over(unit, self._before)
        for policy in policies:
            for rule in policy.rules.values():
                self._rule(policy, rule)
        rules = {
            policy.name: tuple(found for rule in policy.rules.values() if (found := self.rules[_key(policy, rule)]))
            for policy in policies
        }
        self._before = None  # a long chain of stretches would keep them all
        constants, types = self.names.constants, self.names.types()
        return Translation(self._since, until, tuple(self.unknown), self.steps, self.tables, rules, constants, types)

    def _take_over(self, unit: Unit, before: _Translating) -> None:
        first = unit.gives[0]
        self.names.take_over(unit.gives, before.names)
        if first in before.steps:
            self.steps[first] = before.steps[first]
        if first in before.tables:
            self.tables[first] = before.tables[first]

    def _rule(self, policy: Policy, rule: RuleDefinition) -> None:
        key = _key(policy, rule)
        if self._before is None or key in self._changed:
            found = self.rules[key] = translate_rule(policy, rule, self.names)
            self.names.report += check_conditions(found.match) if found else ()
        else:
            self.rules[key] = self._before.rules[key]

    def parameter(self, policy: Policy, parameter: ParameterDefinition) -> None:
        name = f"{policy.name}.{parameter.name}"
        type_ = declared(parameter.type, self.names.vocabulary)
        if type_ is None and (meant := [found for dated in parameter.values if (found := number_meant(dated))]):
            self.names.report += meant
            self.names.define(name, None)
            return
        in_force = [dated for dated in parameter.values if self._begun(dated.since)]
        try:
            constant = literal(in_force[-1].value if in_force else parameter.values[0].value, type_)
        except Mismatch as mismatch:
            self.names.fail(parameter.place, mismatch)
            self.names.define(name, None)
            return
        if constant.type.kind is Kind.ENUM and type_ is None:  # its words on all dates are its members
            words = tuple(dict.fromkeys(str(dated.value) for dated in parameter.values))
            constant = replace(constant, type=replace(constant.type, members=words))
        if in_force:
            self.names.constants[name] = constant
            self.names.define(name, constant)
        else:  # a value that is never known, so that what lacks it can name it
            unknown = Constant(constant.type, True, None)
            self.unknown.append(Named(name, unknown, parameter.title, parameter.place))
            self.names.define(name, Unset(constant.type, True, name))

    def _begun(self, since: date | None) -> bool:
        return since is None or (self._since is not None and since <= self._since)

    def unit(self, unit: Unit) -> None:
        match unit.part:
            case ValueDefinition() as value:
                self._value(unit, value)
            case Criterion() as criterion:
                self._table(unit, translate_criterion(unit.policy, criterion, self.names))
            case ScorecardDefinition() as scorecard:
                self._total(unit, scorecard)
            case TableDefinition() as table:
                self._table(unit, translate_table(unit.policy, table, self.names))

    def _value(self, unit: Unit, value: ValueDefinition) -> None:
        type_ = declared(value.type, self.names.vocabulary)
        formula = translate(value.formula, self.names.scope(unit.policy), self.names.report, type_)
        if formula is not None:
            self._define(unit, unit.gives[0], formula, type_, value.title, value.formula.place)

    def _total(self, unit: Unit, scorecard: ScorecardDefinition) -> None:
        parts = [self.names.defined(f"{unit.policy.name}.{criterion.name}") for criterion in scorecard.criteria]
        whole = [part for part in parts if part is not None]
        if len(whole) == len(parts):
            self._define(unit, unit.gives[0], balanced(whole, a.add), None, None, scorecard.place)

    def _table(self, unit: Unit, found: TranslatedTable | None) -> None:
        if found is None:
            return
        self.tables[unit.gives[0]] = found.table
        self.steps[unit.gives[0]] = (*found.matches, *found.lists)
        for result in found.lists:
            self.names.define_list(result.name)
        for output in found.outputs:
            steps = tuple(Named(name, formula, None, found.table.place, True) for name, formula in output.certain)
            self.steps[unit.gives[0]] += steps
            self._define(unit, output.name, output.formula, output.type, output.title, found.table.place)

    def _define(
        self, unit: Unit, name: str, formula: Formula, type_: Type | None, title: Text | None, place: Place
    ) -> None:
        """Gives `name` its formula, rounded to its type's scale."""
        try:
            formula = named(formula, type_, self.names.vocabulary)
        except Mismatch as mismatch:
            self.names.fail(place, mismatch)
            return
        first = unit.gives[0]
        self.steps[first] = (*self.steps.get(first, ()), Named(name, formula, title, place))
        self.names.define(name, Variable(formula.type, formula.nullable, name))
