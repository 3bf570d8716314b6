"""All policies translated for one stretch of dates: parameters are constants, everything else is formulas.

Second half of compiling. `Translation` is the noun, `translate_all` the verb.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from engine import arithmetic as a
from engine.arithmetic import Mismatch, Unset
from engine.diagnostic import Diagnostic, Place
from engine.formula import Constant, Formula, Variable
from engine.link import Linked, Unit
from engine.names import Names
from engine.policy import Criterion, ParameterDefinition, Policy, ScorecardDefinition, TableDefinition, ValueDefinition
from engine.ruleset import ListResult, Match, Named, Rule, Table
from engine.translate import translate
from engine.translate_rule import translate_rule
from engine.translate_table import TranslatedTable, translate_criterion, translate_table
from engine.typed import declared, literal, named
from engine.vocabulary import Kind, Text, Type, Vocabulary

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


def translate_all(
    linked: Linked,
    vocabulary: Vocabulary,
    since: date | None,
    until: date | None,
    report: list[Diagnostic],
    unread: Collection[str] = (),
) -> Translation:
    """`unread`: see `Names`."""
    translating = _Translating(Names(linked, vocabulary, unread, report), since)
    for policy in linked.policies.values():
        for parameter in policy.parameters.values():
            translating.parameter(policy, parameter)
    for unit in linked.units:
        translating.unit(unit)
    names = translating.names
    rules = {
        policy.name: tuple(
            found for rule in policy.rules.values() if (found := translate_rule(policy, rule, names)) is not None
        )
        for policy in linked.policies.values()
    }
    unknown, steps, tables = tuple(translating.unknown), translating.steps, translating.tables
    return Translation(since, until, unknown, steps, tables, rules, names.constants, names.types())


class _Translating:
    def __init__(self, names: Names, since: date | None) -> None:
        self.names = names
        self.unknown: list[Named] = []
        self.steps: dict[str, tuple[Step, ...]] = {}
        self.tables: dict[str, Table] = {}
        self._since = since

    def parameter(self, policy: Policy, parameter: ParameterDefinition) -> None:
        name = f"{policy.name}.{parameter.name}"
        type_ = declared(parameter.type, self.names.vocabulary)
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
        total, *rest = parts
        for part in rest:
            total = None if total is None or part is None else a.add(total, part)
        if total is not None:
            self._define(unit, unit.gives[0], total, None, None, scorecard.place)

    def _table(self, unit: Unit, found: TranslatedTable | None) -> None:
        if found is None:
            return
        self.tables[unit.gives[0]] = found.table
        self.steps[unit.gives[0]] = (*found.matches, *found.lists)
        for result in found.lists:
            self.names.define_list(result.name)
        for output in found.outputs:
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
