"""All policies compiled for each stretch: the dates between two changes of parameters.

Second half of compiling: `CompiledStretch` is the noun, `compile_stretches` the verb. Within a stretch a parameter is a
constant; everything else is formulas. What reads no parameter that changed is taken over from the stretch before.

Example: with `parameters: {fee: {2026-01-01: 5, 2026-07-01: 6}}` there are three stretches. Before 2026-01-01 `fee` has
no value yet and is never known; from 2026-01-01 on it is 5, and from 2026-07-01 on 6. A rule that reads neither `fee`
nor a value that does is compiled once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from engine.compiling import arithmetic as a
from engine.compiling.arithmetic import Unset
from engine.compiling.decision_tables import CompiledTable, compile_criterion, compile_table
from engine.compiling.exceptions import compile_exception
from engine.compiling.expressions import compile_expression
from engine.compiling.hit_policies import balanced
from engine.compiling.invariants import LinkedInvariant, compile_invariant, link_invariants, names_in
from engine.compiling.link import Linked, LinkedException, Unit, expressions, names_read
from engine.compiling.mismatch import Mismatch
from engine.compiling.named_lists import NamedList
from engine.compiling.rules import compile_rule
from engine.compiling.scopes import Names
from engine.compiling.types import declared, literal, named, number_meant, require_shares
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
from engine.ruleset.invariant import Invariant
from engine.ruleset.ruleset import ListResult, Match, Named, Rule, RuleException, Table
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import TEXT, Kind, Type, Vocabulary

Step = Match | Named | ListResult

RECOMPILED_MAX = 40_000
"""Formulas, rows, bands and rules compiled anew because a parameter changed, over all dates: some seconds."""

ENTRIES_SHOWN = 3
"""Entries of a list that decisions and explanations show; behind them stands how many there are."""

NAMES_MAX = 400_000
"""Names times dates, since each stretch knows the meaning of each name: some hundred megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledStretch:
    """All policies as they stand from `since` on, until the day before `until`; None: without that end."""

    since: date | None
    until: date | None

    unset: tuple[Named, ...]
    """Parameters whose first date is still to come: values that are null, so that what needs them can name them."""

    steps: Mapping[str, tuple[Step, ...]]
    """What each unit became, by the unit's first name: a value itself; a table its rows, then its outputs."""

    tables: Mapping[str, Table]
    """Of the units that are tables or criteria, by first name."""

    rules: Mapping[str, tuple[Rule, ...]]
    """By policy, in the author's order."""

    exceptions: Mapping[str, tuple[RuleException, ...]]
    """By case kind, in the author's order."""

    invariants: tuple[Invariant, ...]
    """Of all case kinds, in the author's order."""

    constants: Mapping[str, Constant]
    """Parameters that have a value, by full name."""

    variables: Mapping[str, Type]
    """The types of all facts, values and parameters, by full name."""


def compile_stretches(
    linked: Linked,
    vocabulary: Vocabulary,
    starts: Sequence[date | None],
    report: list[Diagnostic],
    unread: Collection[str] = (),
) -> list[CompiledStretch]:
    """The stretches in the order of their dates, the first without a beginning.

    `starts` are the dates on which each begins, None for the first. Mistakes are added to `report`, each once, since
    what is taken over isn't looked at again. For `unread` see `Names`. Where the stretches would be too much work,
    only the first and the last are compiled, after a diagnostic.
    """
    readers = _readers(linked)
    changes = _changes(linked)
    changed = [_read_by(readers, changes.get(start, ())) for start in starts]
    if too_much := _too_much(linked, starts, changed[1:]):
        report.append(too_much)
        starts, changed = [None, starts[-1]], [frozenset(), frozenset().union(*readers.values())]
    stretches: list[CompiledStretch] = []
    before: _StretchCompiler | None = None
    for since, until, keys in zip(starts, [*starts[1:], None], changed, strict=True):
        before = _StretchCompiler(Names(linked, vocabulary, unread, report), since, before, keys)
        stretches.append(before.compile(linked, until))
    return stretches


def _changes(linked: Linked) -> Mapping[date | None, list[str]]:
    """The parameters that change on each date, by full name."""
    changes: dict[date | None, list[str]] = {}
    for name, parameter in linked.parameters():
        for dated in parameter.values:
            changes.setdefault(dated.since, []).append(name)
    return changes


def _readers(linked: Linked) -> Mapping[str, frozenset[str]]:
    """What reads each dated parameter, directly or through other values: units by first name, rules by their key. So
    `{"fees.fee": {"fees.total", "rule orders.fee-due"}}` says what is compiled again where `fees.fee` changes."""
    readers: dict[str, set[str]] = {}
    for key, parameters in _dated(linked).items():
        for parameter in parameters:
            readers.setdefault(parameter, set()).add(key)
    return {parameter: frozenset(keys) for parameter, keys in readers.items()}


def _read_by(readers: Mapping[str, frozenset[str]], parameters: Collection[str]) -> frozenset[str]:
    """The keys of all that reads one of the parameters."""
    return frozenset().union(*(readers.get(parameter, ()) for parameter in parameters))


def _too_much(linked: Linked, starts: Sequence[date | None], changed: Sequence[frozenset[str]]) -> Diagnostic | None:
    """A diagnostic at the parameter with most dates where the stretches would take too long, or too much memory."""
    parameters = [parameter for _, parameter in linked.parameters()]
    rules = sum(len(policy.rules) for policy in linked.policies.values()) + len(linked.exceptions)
    names = len(linked.by_name) + len(parameters) + rules
    parts = _parts(linked)
    again = sum(parts.get(key, 1) for keys in changed for key in keys)
    if again <= RECOMPILED_MAX and names * len(starts) <= NAMES_MAX:
        return None
    longest = max(parameters, key=lambda parameter: len(parameter.values))
    what = (
        f"what reads parameters changes {again:,} times in all, more than {RECOMPILED_MAX:,}"
        if again > RECOMPILED_MAX
        else f"{names:,} names on {len(starts) - 1:,} dates are {names * len(starts):,}, more than {NAMES_MAX:,}"
    )
    hint = "give parameters fewer dates; or read one that changes often in one value, and that value elsewhere"
    return Diagnostic(longest.place, TOO_LARGE, what, hint)


def _parts(linked: Linked) -> Mapping[str, int]:
    """How many rows or bands a unit has, by its first name; what isn't named here is one formula."""
    parts: dict[str, int] = {}
    for unit in linked.units:
        if isinstance(unit.part, TableDefinition):
            parts[unit.gives[0]] = len(unit.part.rows)
        elif isinstance(unit.part, ScorecardDefinition):
            parts[unit.gives[0]] = sum(len(criterion.bands) for criterion in unit.part.criteria)
        elif isinstance(unit.part, Criterion):
            parts[unit.gives[0]] = len(unit.part.bands)
    return parts


def _dated(linked: Linked) -> Mapping[str, frozenset[str]]:
    """The dated parameters behind each unit, by first name, and behind each rule, by its key."""
    parameters = frozenset(
        name for name, parameter in linked.parameters() if any(value.since is not None for value in parameter.values)
    )
    behind: dict[str, frozenset[str]] = {}
    for unit in linked.units:
        direct = frozenset(
            n for e in expressions(unit.part) for n in names_read(unit.policy, e, parameters, linked.lists)
        )
        behind[unit.gives[0]] = direct.union(*(behind.get(read, frozenset()) for read in linked.reads[unit.gives[0]]))
    policies = linked.policies.values()
    rules = [(_key(policy, rule), policy, rule) for policy in policies for rule in policy.rules.values()]
    exceptions = [(_exception_key(each), each.reader, each.definition) for each in linked.exceptions]
    for key, policy, part in (*rules, *exceptions):
        parts = tuple(expressions(part))
        direct = frozenset(n for e in parts for n in names_read(policy, e, parameters, linked.lists))
        read = (name for e in parts for name in names_read(policy, e, linked.by_name, linked.lists))
        read_units = {linked.by_name[name].gives[0] for name in read}
        behind[key] = direct.union(*(behind[first] for first in read_units))
    for invariant in linked.invariants:
        names = frozenset(names_in(invariant, linked.lists))
        units = {linked.by_name[name].gives[0] for name in names if name in linked.by_name}
        read_parameters = frozenset(name for name in names if name in parameters)
        behind[_invariant_key(invariant.name)] = read_parameters.union(*(behind[first] for first in units))
    return behind


def _key(policy: Policy, rule: RuleDefinition) -> str:
    """Names a rule beside units; a rule may be called as a value is."""
    return f"rule {policy.name}.{rule.id}"


def _exception_key(exception: LinkedException) -> str:
    """Names an exception beside units and rules."""
    return f"exception {exception.definition.id}"


def _invariant_key(name: str) -> str:
    """Names an invariant beside units, rules and exceptions."""
    return f"invariant {name}"


class _StretchCompiler:
    """Compiles one stretch: parameters, then units in the order in which they read each other, then rules.

    `before` is the compiler of the stretch that ends where this one begins, and `changed` the units and rules that read
    a parameter that changed there: those are compiled, the others taken over.
    """

    def __init__(
        self, names: Names, since: date | None, before: _StretchCompiler | None, changed: Collection[str]
    ) -> None:
        self.names = names
        self.unset: list[Named] = []
        self.steps: dict[str, tuple[Step, ...]] = {}
        self.tables: dict[str, Table] = {}
        self.rules: dict[str, Rule | None] = {}
        self.exceptions: dict[str, RuleException | None] = {}
        self.invariants: dict[str, Invariant | None] = {}
        self._since = since
        self._before = before
        self._changed = changed

    def compile(self, linked: Linked, until: date | None) -> CompiledStretch:
        policies = linked.policies.values()
        for name, parameter in linked.parameters():
            self._parameter(name, parameter)
        for unit in linked.units:
            if self._before is None or unit.gives[0] in self._changed:
                self._unit(unit)
            else:
                self._take_over(unit, self._before)
        for policy in policies:
            for rule in policy.rules.values():
                self._rule(policy, rule)
        rules = {
            policy.name: tuple(done for rule in policy.rules.values() if (done := self.rules[_key(policy, rule)]))
            for policy in policies
        }
        for exception in linked.exceptions:
            self._exception(exception)
        for invariant in link_invariants(linked.invariants):
            self._invariant(invariant)
        self._before = None  # a long chain of stretches would keep them all
        return CompiledStretch(
            since=self._since,
            until=until,
            unset=tuple(self.unset),
            steps=self.steps,
            tables=self.tables,
            rules=rules,
            exceptions=self._exceptions_by_kind(linked),
            invariants=tuple(each for each in self.invariants.values() if each is not None),
            constants=self.names.constants,
            variables=self.names.types(),
        )

    def _take_over(self, unit: Unit, before: _StretchCompiler) -> None:
        first = unit.gives[0]
        self.names.take_over(unit.gives, before.names)
        if first in before.steps:
            self.steps[first] = before.steps[first]
        if first in before.tables:
            self.tables[first] = before.tables[first]

    def _rule(self, policy: Policy, rule: RuleDefinition) -> None:
        key = _key(policy, rule)
        if self._before is None or key in self._changed:
            compiled = self.rules[key] = compile_rule(policy, rule, self.names)
            self.names.report += check_conditions(compiled.match) if compiled else ()
        else:
            self.rules[key] = self._before.rules[key]

    def _exception(self, exception: LinkedException) -> None:
        key = _exception_key(exception)
        if self._before is None or key in self._changed:
            self.exceptions[key] = compile_exception(exception, self.names)
        else:
            self.exceptions[key] = self._before.exceptions[key]

    def _invariant(self, linked: LinkedInvariant) -> None:
        key = _invariant_key(linked.definition.name)
        if self._before is None or key in self._changed:
            self.invariants[key] = compile_invariant(linked, self.names)
        else:
            self.invariants[key] = self._before.invariants[key]

    def _exceptions_by_kind(self, linked: Linked) -> dict[str, tuple[RuleException, ...]]:
        kinds: dict[str, tuple[RuleException, ...]] = {}
        for exception in linked.exceptions:
            if compiled := self.exceptions[_exception_key(exception)]:
                case = exception.reader.decides
                kinds[case] = (*kinds.get(case, ()), compiled)
        return kinds

    def _parameter(self, name: str, parameter: ParameterDefinition) -> None:
        if parameter.is_list:
            self._list_parameter(name, parameter)
            return
        type_ = declared(parameter.type, self.names.vocabulary)
        if type_ is None and (mistakes := [mistake for dated in parameter.values if (mistake := number_meant(dated))]):
            self.names.report += mistakes
            self.names.define(name, None)
            return
        in_force = [dated for dated in parameter.values if self._has_begun(dated.since)]
        try:
            value = in_force[-1].value if in_force else parameter.values[0].value
            if isinstance(value, tuple):
                raise TypeError(f"{name} is a list")
            constant = literal(value, type_)
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
        else:
            null = Constant(constant.type, None, nullable=True)
            self.unset.append(Named(name=name, formula=null, title=parameter.title, place=parameter.place))
            self.names.define(name, Unset(constant.type, name, nullable=True))

    def _list_parameter(self, name: str, parameter: ParameterDefinition) -> None:
        """A list is no value that formulas hold: decisions show its first entries and how many there are."""
        lists = [(dated.since, dated.value) for dated in parameter.values if isinstance(dated.value, tuple)]
        type_ = declared(parameter.type, self.names.vocabulary) or TEXT
        in_force = [entries for since, entries in lists if self._has_begun(since)]
        if in_force:
            self.names.constants[name] = Constant(TEXT, _shown(in_force[-1]), nullable=False)
            self.names.define(name, NamedList(type_, name, in_force[-1], nullable=False))
        else:
            null = Constant(type_, None, nullable=True)
            self.unset.append(Named(name=name, formula=null, title=parameter.title, place=parameter.place))
            self.names.define(name, NamedList(type_, name, (), is_unset=True, nullable=True))

    def _has_begun(self, since: date | None) -> bool:
        return since is None or (self._since is not None and since <= self._since)

    def _unit(self, unit: Unit) -> None:
        match unit.part:
            case ValueDefinition() as value:
                self._value(unit, value)
            case Criterion() as criterion:
                self._table(unit, compile_criterion(unit.policy, criterion, self.names))
            case ScorecardDefinition() as scorecard:
                self._total(unit, scorecard)
            case TableDefinition() as table:
                self._table(unit, compile_table(unit.policy, table, self.names))

    def _value(self, unit: Unit, value: ValueDefinition) -> None:
        type_ = declared(value.type, self.names.vocabulary)
        formula = compile_expression(value.formula, self.names.scope(unit.policy), self.names.report, type_)
        if formula is not None:
            try:
                require_shares(formula, type_)
            except Mismatch as mismatch:
                self.names.fail(value.formula.place, mismatch)
                return
            self._define(unit, unit.gives[0], formula, type_, value.title, value.formula.place)

    def _total(self, unit: Unit, scorecard: ScorecardDefinition) -> None:
        parts = [self.names.defined(f"{unit.policy.name}.{criterion.name}") for criterion in scorecard.criteria]
        sound = [part for part in parts if part is not None]
        if len(sound) == len(parts):
            self._define(unit, unit.gives[0], balanced(sound, a.add), None, None, scorecard.place)

    def _table(self, unit: Unit, compiled: CompiledTable | None) -> None:
        if compiled is None:
            return
        table = compiled.table
        self.tables[unit.gives[0]] = table
        self.steps[unit.gives[0]] = (*compiled.matches, *compiled.lists)
        for result in compiled.lists:
            self.names.define_list(result.name)
        for output in compiled.outputs:
            for name, formula in output.certain:
                self.steps[unit.gives[0]] += (
                    Named(name=name, formula=formula, title=None, place=table.place, is_step=True),
                )
            self._define(unit, output.name, output.formula, output.type, output.title, table.place)

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
        self.steps[first] = (*self.steps.get(first, ()), Named(name=name, formula=formula, title=title, place=place))
        self.names.define(name, Variable(formula.type, name, nullable=formula.nullable))


def _shown(entries: Sequence[str]) -> str:
    """A list as readers see it: `AT, BE, CH … (22)`, all of a short one."""
    if len(entries) <= ENTRIES_SHOWN:
        return ", ".join(entries) or "–"
    return f"{', '.join(entries[:ENTRIES_SHOWN])} … ({len(entries)})"
