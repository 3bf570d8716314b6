"""Random rule sets, and facts on, just below and just above everything they compare with.

Seeded, so that a failure can be repeated from its two seeds. `facts_near_thresholds` takes any rule set, also one that
was compiled from real policies.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import cast

from engine.diagnostics.diagnostic import Place
from engine.ruleset import formula as f
from engine.ruleset.formula import Constant, Formula, Variable, walk
from engine.ruleset.ruleset import (
    AS_OF,
    Conjunct,
    ListResult,
    Match,
    Named,
    Rule,
    RuleAction,
    RuleException,
    RuleSet,
    Table,
    Wording,
)
from engine.vocabulary.binding import Records, Scalar, Value
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import DATE, TEXT, YES_NO, Fact, Kind, ListField, Type
from tests.support.random_formulas import ENUM, FormulaMaker, days

HERE = Place("generated.yaml", 1, 1)
NO_TEXT = Text("", "")
FACT_TYPES = (
    Type(Kind.MONEY, scale=2, low=-(10**15), high=10**15),
    Type(Kind.MONEY, scale=2, low=0, high=10**9),
    Type(Kind.RATE, scale=6, low=-(10**12), high=10**12),
    Type(Kind.NUMBER, scale=6, low=-(10**12), high=10**12),
    Type(Kind.INTEGER, scale=0, low=-(10**9), high=10**9),
    Type(Kind.INTEGER, scale=0, low=1, high=12),
    Type(Kind.INTEGER, scale=0, low=-(2**63), high=2**63 - 1),
    Type(Kind.INTEGER, scale=0, low=-(2**63) + 1, high=2**63 - 1),
    Type(Kind.DAYS, scale=0, low=-100_000, high=100_000),
    Type(Kind.MONTHS, scale=0, low=-3_600, high=3_600),
    DATE,
    ENUM,
    YES_NO,
    TEXT,
)
AWKWARD_TEXTS = ("", "5", "5.0", "1e400", "NaN", "true", "null", '"', "\\", "}", "%d", "中文", "A", "a", "\u0000", "'")

RECORDS_MAX = 5
"""Records of one list: what more of them could show, a few show as well."""

Case = tuple[tuple[Value, ...], int]
"""Facts in `ruleset.facts` order, and `as_of`."""


def random_ruleset(seed: int, rules: int = 8, depth: int = 3, *, lists: bool = False) -> RuleSet:
    """About as many facts and half as many table rows as rules, over every type and every node, and two exceptions.
    With `lists` also facts that are lists, and aggregates over them."""
    chance = random.Random(seed)
    facts = tuple(_fact(index, chance) for index in range(max(4, rules)))
    if lists:
        facts += tuple(_list_fact(index, chance) for index in range(2))
    maker = FormulaMaker(chance, [Variable(fact.type, fact.name, nullable=not fact.required) for fact in facts])
    maker.add(Variable(DATE, AS_OF, nullable=False))
    steps: list[Match | Named | ListResult] = []
    tables = []
    for index in range(max(1, rules // 4)):
        rows, outputs = _table(f"p.table{index}", maker, chance, depth)
        steps += [*rows, *outputs]
        ids, names = tuple(row.id for row in rows), tuple(o.name for o in outputs)
        tables.append(Table(id=f"p.table{index}", rows=ids, outputs=names, place=HERE))
        steps.append(_named(f"p.value{index}", maker, depth))
    exceptions, waived = _exceptions(seed, maker, rules, depth)
    steps += [exception.match for exception in exceptions]
    actions = _actions(seed, maker, rules)
    ladder = ("approve_with_conditions", "hold", "reject")
    checks = [
        Rule(
            match=_match(f"p.rule{i}", maker, depth),
            outcome=chance.choice(ladder),
            if_missing=None if f"p.rule{i}" in waived and i % 3 == 0 else "hold",
            title=None,
            reason=Wording((("en", ()), ("zh", ()))),
            remedy=None,
            conditions=(),
            uses=(AS_OF,),
            action=actions.get(i),
        )
        for i in range(rules)
    ]
    types = {fact.name: fact.type for fact in facts} | {AS_OF: DATE}
    return RuleSet(
        case="order",
        version=f"generated {seed}",
        currency="CNY",
        since=None,
        until=None,
        facts=facts,
        steps=tuple(steps),
        rules=tuple(checks),
        exceptions=exceptions,
        tables=tuple(tables),
        results=(),
        variables=types | {variable.name: variable.type for variable in maker.variables},
        titles={},
        constants={},
    )


def _exceptions(seed: int, maker: FormulaMaker, rules: int, depth: int) -> tuple[tuple[RuleException, ...], set[str]]:
    """Each waives a few of the rules, perhaps the same as the other; also the ids of all that they waive. They have
    dice of their own: no rule changes by them."""
    chance = random.Random(f"exceptions of {seed}")
    made = FormulaMaker(chance, maker.variables)
    exceptions = []
    for index in range(2):
        waives = chance.sample(range(rules), min(rules, chance.choice((1, 1, 2, 3))))
        exceptions.append(
            RuleException(
                match=_match(f"exceptions.e{index}", made, min(depth, 2)),
                waives=tuple(f"p.rule{number}" for number in waives),
                by="a",
                approved_by="b",
                reason=NO_TEXT,
                until=date(2026, 12, 31),
            )
        )
    return tuple(exceptions), {rule for exception in exceptions for rule in exception.waives}


def _actions(seed: int, maker: FormulaMaker, rules: int) -> dict[int, RuleAction]:
    """By a rule's number; some rules ask for the same, some waived ones too. With dice of their own, as exceptions."""
    chance = random.Random(f"actions of {seed}")
    made = FormulaMaker(chance, maker.variables)
    return {
        rule: RuleAction(
            chance.choice(("notify_insurer", "file_claim", "litigate")),
            made.date(chance.randint(0, 1)) if chance.random() < 0.7 else None,
            made.number(chance.randint(0, 2)) if chance.random() < 0.7 else None,
        )
        for rule in chance.sample(range(rules), rules // 2)
    }


def facts_near_thresholds(ruleset: RuleSet, seed: int, count: int) -> Iterator[Case]:
    """Each fact takes a value on, just below or just above something of its kind in the rule set, an end of its own
    range, or nothing at all where it may be missing."""
    chance = random.Random(seed)
    formulas = _formulas(ruleset)
    pools = [_pool(fact, formulas, chance) for fact in ruleset.facts]
    columns = [(fact.required, pool, len(pool)) for fact, pool in zip(ruleset.facts, pools, strict=True)]
    draw = chance.random  # a third of the time that `choice` takes, millions of times
    for _ in range(count):
        missing = 0.02 if draw() < 0.7 else 0.4
        yield (
            tuple(
                None if not required and draw() < missing else pool[int(draw() * size)]
                for required, pool, size in columns
            ),
            chance.choice((days(2026, 1, 31), days(2024, 2, 29), days(2026, 6, 30), chance.randint(0, 30_000))),
        )


def by_name(ruleset: RuleSet, facts: Sequence[Value]) -> dict[str, Value]:
    return {fact.name: value for fact, value in zip(ruleset.facts, facts, strict=True)}


def _fact(index: int, chance: random.Random) -> Fact:
    kind = FACT_TYPES[index] if index < len(FACT_TYPES) and chance.random() < 0.5 else chance.choice(FACT_TYPES)
    return Fact(
        name=f"order.fact{index}",
        type=kind,
        title=NO_TEXT,
        note=None,
        required=chance.random() < 0.5,
        example=None,
        place=HERE,
    )


def _list_fact(index: int, chance: random.Random) -> Fact:
    types = chance.sample(FACT_TYPES, chance.choice((1, 3, 4)))
    fields = (ListField(name=f"field{i}", type=type_, required=chance.random() < 0.5) for i, type_ in enumerate(types))
    return Fact(
        name=f"order.list{index}",
        type=Type(Kind.LIST, high=5, fields=tuple(fields)),
        title=NO_TEXT,
        note=None,
        required=chance.random() < 0.5,
        example=None,
        place=HERE,
    )


def _conjunct(formula: Formula) -> Conjunct:
    return Conjunct(formula, "", HERE)


def _match(name: str, maker: FormulaMaker, depth: int) -> Match:
    count = maker.chance.choice((0, 1, 1, 1, 2, 2, 3, 5))
    conjuncts = tuple(_conjunct(maker.condition(maker.chance.randint(1, depth))) for _ in range(count))
    return Match(name, conjuncts, HERE)


def _table(
    name: str, maker: FormulaMaker, chance: random.Random, depth: int
) -> tuple[list[Match], list[Named | ListResult]]:
    rows = [_match(f"{name}#{index}", maker, 1) for index in range(1, chance.randint(2, 4))]
    hit = []
    for row in rows:
        nullable = any(conjunct.formula.nullable for conjunct in row.conjuncts)
        hit.append(Variable(YES_NO, row.id, nullable=nullable))
    outputs = [maker.number(1) for _ in rows]
    entries = tuple((row.id, output) for row, output in zip(rows, outputs, strict=True))
    listed = ListResult(name=f"{name}.all", entries=entries, element=outputs[0].type, title=None, place=HERE)
    first = maker.first_of(hit)
    for variable in hit:
        maker.add(variable)
    maker.add(Variable(first.type, f"{name}.first", nullable=first.nullable))
    return rows, [Named(name=f"{name}.first", formula=first, title=None, place=HERE), listed]


def _named(name: str, maker: FormulaMaker, depth: int) -> Named:
    formula = maker.chance.choice((maker.number, maker.condition, maker.date, maker.text))(depth)
    maker.add(Variable(formula.type, name, nullable=formula.nullable))
    return Named(name=name, formula=formula, title=None, place=HERE)


def _formulas(ruleset: RuleSet) -> list[Formula]:
    roots: list[Formula] = []
    for step in ruleset.steps:
        if isinstance(step, Named):
            roots.append(step.formula)
        elif isinstance(step, ListResult):
            roots.extend(output for _, output in step.entries)
        else:
            roots.extend(conjunct.formula for conjunct in step.conjuncts)
    roots.extend(conjunct.formula for rule in ruleset.rules for conjunct in rule.match.conjuncts)
    return roots


def _pool(fact: Fact, formulas: Sequence[Formula], chance: random.Random) -> list[Value]:
    kind = fact.type.kind
    if kind is Kind.LIST:
        return [(), *(_records(fact, formulas, chance) for _ in range(12))]
    if kind is Kind.YES_NO:
        return [True, False]
    if kind is Kind.ENUM:
        return list(fact.type.members)
    if kind.is_text:
        words = [value for value in _constants(formulas, fact) if isinstance(value, str)]
        return [*AWKWARD_TEXTS, *words, *(word.upper() for word in words)]
    low, high = fact.type.low, fact.type.high
    found = [value for value in _constants(formulas, fact) if isinstance(value, int)]
    near = [value + step for value in [*found, 0, low, high] for step in (-1, 0, 1)]
    spread = [chance.randint(low, high) for _ in range(3)] + [chance.randint(max(low, -100), min(high, 100))]
    return [value for value in [*near, *spread] if low <= value <= high]


def _records(fact: Fact, formulas: Sequence[Formula], chance: random.Random) -> Records:
    """A few records, whose values are on and near what the formulas inside aggregates compare with."""
    inside = [part for root in formulas for node in walk(root) if isinstance(node, f.Aggregate) for part in _of(node)]
    pools = []
    for field in fact.type.fields:
        pool = cast("list[Scalar]", _pool(replace(fact, type=field.type), inside, chance))
        pools.append((pool, field.required))
    return tuple(
        tuple(None if not required and chance.random() < 0.15 else chance.choice(pool) for pool, required in pools)
        for _ in range(chance.randint(1, min(fact.type.high, RECORDS_MAX)))
    )


def _of(node: f.Aggregate) -> tuple[Formula, Formula]:
    return node.each.where, node.each.value


def _constants(formulas: Sequence[Formula], fact: Fact) -> list[Value]:
    """What the fact is compared with, directly or by another of its kind."""
    found: dict[Value, None] = {}
    for formula in formulas:
        for node in walk(formula):
            if isinstance(node, Constant) and node.type.kind is fact.type.kind:
                found[node.value] = None
            elif isinstance(node, f.MemberOf) and node.operand.type.kind is fact.type.kind:
                found.update(dict.fromkeys(node.values))
    return list(found)
