"""The rules that bench.matching compares on, in the three notations: ours, and those of the peers.

Conjunctions of one to four comparisons over 25 known facts, as order checks are: money and days against limits, words
against lists, yes/no. Nothing in them favours one engine.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

from engine.diagnostics.diagnostic import Place
from engine.ruleset.formula import Compare, Constant, Variable
from engine.ruleset.ruleset import Conjunct, Match, Rule, RuleSet, Wording
from engine.vocabulary.binding import KnownValue, Value
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import YES_NO, Fact, Kind, Type

MONEY = Type(Kind.MONEY, scale=2, low=0, high=10**12)
DAYS = Type(Kind.DAYS, scale=0, low=0, high=365)
WORD = Type(Kind.ENUM, members=("A", "B", "C", "D", "E"))
FACTS: dict[str, Type] = {
    **{f"amount{i}": MONEY for i in range(9)},
    **{f"days{i}": DAYS for i in range(6)},
    **{f"word{i}": WORD for i in range(6)},
    **{f"flag{i}": YES_NO for i in range(4)},
}
HERE = Place("bench", 1, 1)
NO_TEXT = Text("", "")

Row = tuple[tuple[str, str, int | str | bool], ...]
"""Comparisons (fact, operator, literal) that must all hold."""


def rows(count: int, seed: int) -> list[Row]:
    """So many random conjunctions, the same for the same seed."""
    chance = random.Random(seed)
    return [
        tuple(_test(name, chance) for name in chance.sample(list(FACTS), chance.choice((1, 2, 3, 3, 4))))
        for _ in range(count)
    ]


def _test(name: str, chance: random.Random) -> tuple[str, str, int | str | bool]:
    type_ = FACTS[name]
    if type_ is WORD:
        return name, "=", chance.choice(WORD.members)
    if type_ is YES_NO:
        return name, "=", chance.random() < 0.5
    return name, chance.choice(("<", "<=", ">", ">=")), chance.randint(0, 1_000_000 if type_ is MONEY else 120)


def case_values(count: int, seed: int) -> list[dict[str, Value]]:
    """So many random cases, each with a value for every fact."""
    chance = random.Random(seed)
    return [{name: _value(type_, chance) for name, type_ in FACTS.items()} for _ in range(count)]


def _value(type_: Type, chance: random.Random) -> Value:
    if type_ is WORD:
        return chance.choice(WORD.members)
    if type_ is YES_NO:
        return chance.random() < 0.5
    return chance.randint(0, 1_000_000 if type_ is MONEY else 120)


def ruleset(chosen: Sequence[Row]) -> RuleSet:
    """The conjunctions as the rules of one of our rule sets."""
    return RuleSet(
        case="order",
        version="bench",
        currency="CNY",
        since=None,
        until=None,
        facts=tuple(
            Fact(name=name, type=type_, title=NO_TEXT, note=None, required=True, example=None, place=HERE)
            for name, type_ in FACTS.items()
        ),
        steps=(),
        rules=tuple(_rule(index, row) for index, row in enumerate(chosen)),
        tables=(),
        results=(),
        variables=FACTS,
        titles={},
        constants={},
    )


def _rule(index: int, row: Row) -> Rule:
    conjuncts = tuple(
        Conjunct(
            Compare(
                YES_NO,
                operator,
                Variable(FACTS[name], name, nullable=False),
                Constant(FACTS[name], literal, nullable=False),
                nullable=False,
            ),
            "",
            HERE,
        )
        for name, operator, literal in row
    )
    return Rule(
        match=Match(f"bench.{index}", conjuncts, HERE),
        outcome="hold",
        if_missing=None,
        title=None,
        reason=Wording((("en", ()), ("zh", ()))),
        remedy=None,
        conditions=(),
        uses=(),
    )


def decision_table(chosen: Sequence[Row]) -> dict[str, object]:
    """The same rules as a JSON decision model with one collect table, for zen-engine."""
    columns = [{"id": name, "name": name, "type": "expression", "field": name} for name in FACTS]
    table = {
        "hitPolicy": "collect",
        "inputs": columns,
        "outputs": [{"id": "rule", "name": "rule", "type": "expression", "field": "rule"}],
        "rules": [
            {
                "_id": str(index),
                "rule": str(index),
                **{name: _cell(operator, literal) for name, operator, literal in row},
            }
            for index, row in enumerate(chosen)
        ],
    }
    return {
        "nodes": [
            {"id": "in", "name": "request", "type": "inputNode"},
            {"id": "table", "name": "rules", "type": "decisionTableNode", "content": table},
            {"id": "out", "name": "response", "type": "outputNode"},
        ],
        "edges": [
            {"id": "1", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "2", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }


def _cell(operator: str, literal: KnownValue) -> str:
    written = json.dumps(literal)
    return written if operator == "=" else f"{operator} {written}"
