"""Who reads whom: all names that policies define, and an order of evaluation.

First half of compiling: `Linked` is the noun, `link` the verb. Works on syntax trees and names alone, so it is the same
for all dates. It finds policies of one name and circles; unknown names are found when formulas are compiled.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from graphlib import CycleError, TopologicalSorter

from engine.compiling.lists import dotted_name, list_name
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.feel import syntax
from engine.reading.exceptions_file import ExceptionDefinition
from engine.reading.invariants_file import InvariantDefinition
from engine.reading.policy import (
    LISTS,
    Criterion,
    Expression,
    ParameterDefinition,
    Policy,
    ScorecardDefinition,
    TableDefinition,
    ValueDefinition,
)
from engine.ruleset.ruleset import AS_OF
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Lists, Vocabulary

Part = ValueDefinition | Criterion | ScorecardDefinition | TableDefinition

CIRCLES_MAX = 20
"""Circles that are reported; each is searched for among all names."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is worked out in one go: a value, a criterion's points, a scorecard's total, or a table."""

    policy: Policy
    part: Part

    gives: tuple[str, ...]
    """The full names (`policy.name`) that it defines, several for a table with several outputs. The first of them names
    the unit."""

    place: Place


@dataclass(frozen=True, slots=True)
class LinkedException:
    """An exception of the set, once it is known what kind of case it is about."""

    definition: ExceptionDefinition

    reader: Policy
    """A policy of that kind without anything in it: `when` reads what such a policy may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Policies with all that they define, and who reads whom."""

    policies: Mapping[str, Policy]
    """By name; of two with one name the first."""

    units: tuple[Unit, ...]
    """In an order of evaluation: each reads only units before it."""

    by_name: Mapping[str, Unit]
    """The unit that defines each full name."""

    reads: Mapping[str, frozenset[str]]
    """Which units each unit reads directly, all by first name."""

    lists: Lists
    """The facts that are lists, and what their records hold: names that hide others inside a filter."""
    exceptions: tuple[LinkedException, ...] = ()
    """In the author's order."""

    list_files: Mapping[str, ParameterDefinition] = field(default_factory=dict)
    """The lists that stand in files of their own, by name."""
    invariants: tuple[InvariantDefinition, ...] = ()
    """In the author's order."""

    def parameters(self) -> Iterator[tuple[str, ParameterDefinition]]:
        """Every parameter of the set by its full name: those of policies, then lists in files of their own."""
        for policy in self.policies.values():
            yield from ((f"{policy.name}.{name}", parameter) for name, parameter in policy.parameters.items())
        yield from ((f"{LISTS}.{name}", parameter) for name, parameter in self.list_files.items())


def readable(reader: Policy, source: Policy) -> bool:
    """A policy reads those of its own case kind, and of the kinds that this one reads: an order's the account's."""
    return CASE_KINDS[reader.decides].may_read(source.decides)


def link(
    policies: Sequence[Policy],
    lists: Lists,
    exceptions: Sequence[LinkedException] = (),
    list_files: Mapping[str, ParameterDefinition] | None = None,
    invariants: Sequence[InvariantDefinition] = (),
) -> tuple[Linked, tuple[Diagnostic, ...]]:
    """The policies put together, and the mistakes that this shows: two policies of one name, and circles of values that
    read each other. Where there are circles the order of evaluation is worth nothing. `lists` and
    `list_files`: see `Linked`."""
    report: list[Diagnostic] = []
    by_policy: dict[str, Policy] = {}
    for policy in policies:
        if policy.name in by_policy:
            message = f"the policy `{policy.name}` is defined at {by_policy[policy.name].place} and at {policy.place}"
            report.append(Diagnostic(policy.place, ErrorCode.N005, message, "give one of the two another name"))
        else:
            by_policy[policy.name] = policy
    units = [unit for policy in by_policy.values() for unit in _units(policy)]
    by_name = {name: unit for unit in units for name in unit.gives}
    reads = {unit.gives[0]: frozenset(_reads(unit, by_name, lists)) for unit in units}
    linked = Linked(
        policies=by_policy,
        units=_in_order(units, reads, report),
        by_name=by_name,
        reads=reads,
        lists=lists,
        exceptions=tuple(exceptions),
        list_files=list_files or {},
        invariants=tuple(invariants),
    )
    return linked, tuple(report)


def _units(policy: Policy) -> Iterator[Unit]:
    for value in policy.values.values():
        yield Unit(policy, value, (f"{policy.name}.{value.name}",), value.place)
    if policy.scorecard:
        for criterion in policy.scorecard.criteria:
            yield Unit(policy, criterion, (f"{policy.name}.{criterion.name}",), criterion.place)
        yield Unit(policy, policy.scorecard, (f"{policy.name}.{policy.scorecard.total}",), policy.scorecard.place)
    for table in policy.tables.values():
        gives = tuple(f"{policy.name}.{output}" for output in output_names(table))
        yield Unit(policy, table, gives, table.place)


def output_names(table: TableDefinition) -> tuple[str, ...]:
    """The outputs of a table: those it declares, then those that only rows name, each once."""
    declared = [output.name for output in table.outputs]
    return tuple(dict.fromkeys([*declared, *(cell.name for row in table.rows for cell in row.outputs)]))


def _in_order(units: Sequence[Unit], reads: Mapping[str, frozenset[str]], report: list[Diagnostic]) -> tuple[Unit, ...]:
    by_first = {unit.gives[0]: unit for unit in units}
    remaining = dict(reads)
    for _ in range(CIRCLES_MAX):
        try:
            # sorted: the order of a set's elements changes from process to process
            order = TopologicalSorter({name: sorted(read) for name, read in remaining.items()}).static_order()
            return tuple(by_first[name] for name in order if name in by_first)
        except CycleError as error:
            around = error.args[1][:0:-1]
            start = min(range(len(around)), key=lambda index: by_first[around[index]].place)
            circle = [*around[start:], *around[: start + 1]]
            text = " → ".join(f"`{name}`" for name in circle)
            place = by_first[circle[0]].place
            report.append(
                Diagnostic(place, ErrorCode.N002, f"a circle: {text}", "work one of them out without the others")
            )
            for name in circle:
                remaining[name] = frozenset()
    return tuple(units)  # nothing is worked out before the first ones are mended


def _reads(unit: Unit, by_name: Mapping[str, Unit], lists: Lists) -> Iterator[str]:
    if isinstance(unit.part, ScorecardDefinition):
        for criterion in unit.part.criteria:
            yield f"{unit.policy.name}.{criterion.name}"
    for expression in expressions(unit.part):
        for name in names_read(unit.policy, expression, by_name, lists):
            yield by_name[name].gives[0]


def parts_with_formulas(linked: Linked) -> Iterator[tuple[Policy, object]]:
    """Every part of every policy that may hold formulas, and the policy whose names they see."""
    yield from ((unit.policy, unit.part) for unit in linked.units)
    yield from ((policy, rule) for policy in linked.policies.values() for rule in policy.rules.values())
    yield from ((each.reader, each.definition.when) for each in linked.exceptions)


def expressions(part: object) -> Iterator[Expression]:
    """Every expression inside a part of a policy."""
    if isinstance(part, Expression):
        yield part
    elif isinstance(part, tuple):
        for item in part:
            yield from expressions(item)
    elif hasattr(part, "__dataclass_fields__") and not isinstance(part, syntax.Node):
        for item in fields(part):  # type: ignore[arg-type]  # has been seen to be a dataclass
            yield from expressions(getattr(part, item.name))


def names_read(policy: Policy, expression: Expression, among: Container[str], lists: Lists) -> Iterator[str]:
    """Those full names among the given ones that an expression reads, as this policy sees them. `terms.due.year` reads
    `terms.due`, so beginnings of a path count too."""
    for name in dotted_names(expression.tree, lists):
        while name:
            for full in (f"{policy.name}.{name}", name):
                if full in among:
                    yield full
            name = name.rpartition(".")[0]


def unused_parameters(linked: Linked) -> Iterator[Diagnostic]:
    """A diagnostic N009 for each parameter that nothing reads. Only worth something where there is no other mistake:
    what a misspelled formula meant to read is not unused."""
    policies = linked.policies.values()
    places = {name: parameter.place for name, parameter in linked.parameters()}
    read: set[str] = set()
    for policy in policies:
        parts = (policy.values, policy.scorecard, policy.tables, policy.rules)
        for part in parts:
            of_part = tuple(part.values()) if isinstance(part, Mapping) else part
            read.update(name for e in expressions(of_part) for name in names_read(policy, e, places, linked.lists))
    for each in linked.exceptions:
        read.update(name for e in each.definition.when for name in names_read(each.reader, e, places, linked.lists))
    for name, place in places.items():
        if name not in read:
            group, _, short = name.partition(".")
            what = f"list `{name}`" if group == LISTS else f"parameter `{short}`"
            yield Diagnostic(place, ErrorCode.N009, f"nothing reads the {what}", "remove it, or use it in a formula")


def dotted_names(node: object, lists: Lists) -> Iterator[str]:
    """The names in a syntax tree, or in a tuple of them, in the order of the text: not its functions, nor what `some`,
    `every`, `for` and filters name themselves.

    `some x in [a, b] satisfies x > abs(c.d)` gives `a`, `b`, `c.d`; and where `items` is one of `lists` with an amount,
    `sum(items[amount > least].amount)` gives `items` and `least`."""
    if isinstance(node, tuple):
        for item in node:
            yield from dotted_names(item, lists)
    elif isinstance(node, syntax.Call) and isinstance(node.function, syntax.Name):
        yield from dotted_names(node.arguments, lists)
    elif isinstance(node, syntax.Quantified | syntax.For):
        bound = {iteration.name for iteration in node.iterations}
        result = node.satisfies if isinstance(node, syntax.Quantified) else node.result
        yield from dotted_names(tuple(iteration.source for iteration in node.iterations), lists)
        yield from _not_among(bound, dotted_names(result, lists))
    elif isinstance(node, syntax.Filter):
        name = list_name(node.source, lists)
        yield from dotted_names(node.source, lists)
        yield from _not_among({"item", *lists.get(name or "", ())}, dotted_names(node.condition, lists))
    elif isinstance(node, syntax.Node):
        name = list_name(node, lists) or dotted_name(node)
        if isinstance(node, syntax.Path) and dotted_name(node) is None:
            yield from dotted_names(node.source, lists)
        elif name is not None:
            yield name
        else:
            for child in syntax.children(node):
                yield from dotted_names(child, lists)


def _not_among(hidden: Collection[str], names: Iterator[str]) -> Iterator[str]:
    return (name for name in names if name.partition(".")[0] not in hidden)


def known_names(policy: Policy, linked: Linked, vocabulary: Vocabulary, groups: Sequence[str]) -> Iterator[str]:
    """Every name the policy can write, for suggestions."""
    yield AS_OF
    yield from (fact.name for fact in vocabulary.facts.values() if fact.group in groups)
    yield from policy.parameters
    yield from (f"{LISTS}.{name}" for name in linked.list_files)
    prefix = f"{policy.name}."
    for name, unit in linked.by_name.items():
        if unit.policy is policy:
            yield name.removeprefix(prefix)
        elif readable(policy, unit.policy):
            yield name
    for other in linked.policies.values():
        if other is not policy and readable(policy, other):
            yield from (f"{other.name}.{name}" for name in other.parameters)
