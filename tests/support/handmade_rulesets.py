"""Small rule sets written out by hand: the least that a test of matching has to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.ruleset.formula import Compare, Constant, Formula, Variable
from engine.ruleset.ruleset import Conjunct, ListResult, Match, Named, Rule, RuleSet, Wording
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import YES_NO, Fact, Kind, Type
from tests.support.random_rulesets import HERE

NO_TEXT = Text("", "")
MONEY = Type(Kind.MONEY, scale=2, low=-(10**15), high=10**15)
WHOLE = Type(Kind.INTEGER, scale=0, low=-(10**9), high=10**9)
GRADE = Type(Kind.ENUM, members=("A", "B", "C", "D"))


def ruleset(
    facts: Mapping[str, Type],
    rules: Mapping[str, Sequence[Formula]],
    steps: Sequence[Match | Named | ListResult] = (),
    optional: Sequence[str] = (),
) -> RuleSet:
    """Facts are required but for those named `optional`."""
    return RuleSet(
        case="order",
        version="made",
        currency="CNY",
        since=None,
        until=None,
        facts=tuple(
            Fact(
                name=name, type=type_, title=NO_TEXT, note=None, required=name not in optional, example=None, place=HERE
            )
            for name, type_ in facts.items()
        ),
        steps=tuple(steps),
        rules=tuple(rule_of(match(name, *formulas), "hold") for name, formulas in rules.items()),
        tables=(),
        results=(),
        variables=dict(facts),
        titles={},
        constants={},
    )


def match(name: str, *formulas: Formula) -> Match:
    return Match(name, tuple(Conjunct(formula, "", HERE) for formula in formulas), HERE)


def rule_of(match: Match, outcome: str) -> Rule:
    """A rule without texts; undetermined it holds."""
    return Rule(
        match=match,
        outcome=outcome,
        if_missing="hold",
        title=None,
        reason=Wording((("en", ()), ("zh", ()))),
        remedy=None,
        conditions=(),
        uses=(),
    )


def named(name: str, formula: Formula) -> Named:
    return Named(name=name, formula=formula, title=None, place=HERE)


def whole(value: int | None) -> Constant:
    return Constant(Type(Kind.INTEGER, scale=0, low=value or 0, high=value or 0), value, nullable=value is None)


def compare(left: Formula, operator: str, right: Formula | int | str | bool) -> Compare:
    if not isinstance(right, Formula):
        right = Constant(left.type, right, nullable=False)
    return Compare(YES_NO, operator, left, right, nullable=left.nullable or right.nullable)


def required(name: str, type_: Type = WHOLE) -> Variable:
    return Variable(type_, name, nullable=False)


def optional(name: str, type_: Type = WHOLE) -> Variable:
    return Variable(type_, name, nullable=True)
