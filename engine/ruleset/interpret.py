"""The plain evaluator of formulas and rule sets: slow, and as close to the words of `formula` as code can be.

It is the oracle of the tests: every lowering is held against it, the generated Python and the Rete network case by
case, the SQL row by row. So nothing that fixes a rule, a value or an outcome may come from here, or a slip would be on
both sides: compiling folds constants by the generated Python (`engine.lowering.python.constants`). To stay independent
it rounds and divides with Decimal and Fraction, which no lowering does.

The product does call it, where something else is held against the result:

- `engine.deciding.missing` asks it which parts of a formula are unknown, to name the facts that are missing behind an
  undetermined rule; that the rule is undetermined is known by then, from both matchers.
- `engine.lowering.sql` folds constants and tabulates what depends on one table or one enum alone; the tests hold the
  query against the generated Python, which does not.
- `engine.explaining.explain` shows with it what each condition came to.
- `engine.testing.run_cases` counts with it which rules and rows a policy's test cases have touched.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from typing import NamedTuple, cast

from engine.ruleset import formula as f
from engine.ruleset.formula import Formula
from engine.ruleset.functions import FORMS
from engine.ruleset.ruleset import AS_OF, ListResult, Match, Named, RuleSet
from engine.vocabulary.binding import Records, Scalar, Value
from engine.vocabulary.days import date_of, day_number

Result = Value | tuple[Scalar, ...]
"""What a variable may hold; only a `ListResult` holds a tuple of plain values."""

_WIDE = Context(prec=400)
"""Decimals with more digits than any product of formulas has, so that nothing is rounded but where `mode` says so."""


class Run(NamedTuple):
    """What a rule set came to for one case."""

    variables: Mapping[str, Result]
    """Facts, `as_of` and everything that steps define, by full name."""

    fired: tuple[str, ...]
    """The ids of the matches that are true: table rows in the order of the steps, then rules."""

    undetermined: tuple[str, ...]
    """The ids of the matches that are null, in the same order."""


def run(ruleset: RuleSet, facts: Mapping[str, Value], as_of: int) -> Run:
    """The rule set for one case. `facts` holds every fact of the rule set by name, None for what is missing; `as_of` is
    the date of the decision as days since 1970-01-01."""
    variables: dict[str, Result] = {fact.name: facts[fact.name] for fact in ruleset.facts}
    variables[AS_OF] = as_of
    verdicts: dict[str, bool | None] = {}
    for step in ruleset.steps:
        if isinstance(step, Named):
            variables[step.name] = value_of(step.formula, _plain(variables))
        elif isinstance(step, ListResult):
            variables[step.name] = _list(step, verdicts, _plain(variables))
        else:
            variables[step.id] = verdicts[step.id] = verdict(step, _plain(variables))
    for rule in ruleset.rules:
        verdicts[rule.id] = verdict(rule.match, _plain(variables))
    return Run(
        variables,
        tuple(name for name, is_true in verdicts.items() if is_true is True),
        tuple(name for name, is_true in verdicts.items() if is_true is None),
    )


def verdict(match: Match, variables: Mapping[str, Value]) -> bool | None:
    """True where the match fires, None where it is undetermined. `variables` holds what its conjuncts read."""
    return kleene_and(truth(conjunct.formula, variables) for conjunct in match.conjuncts)


def kleene_and(parts: Iterable[bool | None]) -> bool | None:
    """False where any part is false, else null where any is null, else true. Parts behind a false one aren't taken."""
    result: bool | None = True
    for part in parts:
        if part is False:
            return False
        if part is None:
            result = None
    return result


def kleene_or(parts: Iterable[bool | None]) -> bool | None:
    """True where any part is true, else null where any is null, else false. Parts behind a true one aren't taken."""
    result: bool | None = False
    for part in parts:
        if part is True:
            return True
        if part is None:
            result = None
    return result


def value_of(formula: Formula, variables: Mapping[str, Value]) -> Value:
    """The formula's value; `variables` holds every variable that it reads, by full name. Raises `TypeError` for a node
    of a class that it doesn't know, such as those that a lowering adds for itself."""
    match formula:
        case f.Constant(value=value):
            return value
        case f.Variable(name=name):
            return variables[name]
        case f.All(parts=parts):
            return kleene_and(truth(part, variables) for part in parts)
        case f.Any(parts=parts):
            return kleene_or(truth(part, variables) for part in parts)
        case f.IsNull(operand=operand):
            return value_of(operand, variables) is None
        case f.IsTrue(operand=operand):
            return value_of(operand, variables) is True
        case f.If(condition=condition, then=then, otherwise=otherwise):
            chosen = truth(condition, variables)
            return None if chosen is None else value_of(then if chosen else otherwise, variables)
        case f.Aggregate():
            return _aggregate(formula, variables)
    values = [value_of(operand, variables) for operand in formula.operands]
    if None in values:
        return None
    if isinstance(formula, f.FunctionCall):
        return FORMS[formula.function].interpret(*values)
    if isinstance(formula, f.Compare):
        return _compare(formula.operator, values[0], values[1])
    if isinstance(formula, f.MemberOf):
        return values[0] in formula.values
    if isinstance(formula, f.Not):
        return not values[0]
    return _number(formula, cast(list[int], values))


def _aggregate(formula: f.Aggregate, variables: Mapping[str, Value]) -> Value:
    records = variables[formula.records.name]
    if records is None:
        return None
    verdicts: list[bool | None] = []
    values: list[Value] = []
    for record in cast(Records, records):
        fields = zip(formula.records.type.fields, record, strict=True)
        inside = {f.record_variable(formula.records.name, field.name): value for field, value in fields}
        scope = {**variables, **inside}
        verdicts.append(truth(formula.each.where, scope))
        values.append(value_of(formula.each.value, scope))
    both = list(zip(verdicts, values, strict=True))
    if formula.function == "any":
        return kleene_or(kleene_and((counts, cast("bool | None", value))) for counts, value in both)
    if formula.function == "all":
        against = [None if counts is None else not counts for counts in verdicts]
        pairs = zip(against, cast("list[bool | None]", values), strict=True)
        return kleene_and(kleene_or(pair) for pair in pairs)
    if None in verdicts:
        return None
    counted = [value for counts, value in both if counts]
    if formula.function == "count":
        return len(counted)
    if None in counted:
        return None
    numbers = cast("list[int]", counted)
    if formula.function == "sum":
        return sum(numbers)
    if not numbers:
        return None
    return min(numbers) if formula.function == "least" else max(numbers)


def truth(formula: Formula, variables: Mapping[str, Value]) -> bool | None:
    """`value_of` a formula that is yes/no."""
    return cast("bool | None", value_of(formula, variables))


def _number(formula: Formula, values: list[int]) -> int | None:
    match formula:
        case f.Sum():
            return values[0] + values[1]
        case f.Difference():
            return values[0] - values[1]
        case f.Product():
            return values[0] * values[1]
        case f.Quotient(shift=shift):
            return None if values[1] == 0 else round(Fraction(values[0] * 10**shift, values[1]))
        case f.Modulo():
            return None if values[1] == 0 else values[0] % values[1]
        case f.Rescale(operand=operand, mode=mode):
            return _rescale(values[0], formula.type.scale - operand.type.scale, mode)
        case f.Absolute():
            return abs(values[0])
        case f.Least():
            return min(values)
        case f.Greatest():
            return max(values)
        case f.AddMonths():
            return _add_months(values[0], values[1])
        case f.DatePart(part=part):
            return _date_part(part, date_of(values[0]))
    raise TypeError(f"no value is defined for {type(formula).__name__}")


def _compare(operator: str, left: Value, right: Value) -> bool:
    if operator == "=":
        return left == right
    if operator == "!=":
        return left != right
    low, high = cast(int, left), cast(int, right)
    return {"<": low < high, "<=": low <= high, ">": low > high, ">=": low >= high}[operator]


def _rescale(value: int, decimals: int, mode: str) -> int:
    if decimals >= 0:
        return int(value * 10**decimals)
    shifted = Decimal(value).scaleb(decimals, context=_WIDE)
    return int(shifted.to_integral_value(rounding=f"ROUND_{mode.upper()}", context=_WIDE))


def _add_months(day: int, months: int) -> int:
    start = date_of(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return day_number(date(year, month + 1, min(start.day, last)))


def _date_part(part: str, day: date) -> int:
    return {"year": day.year, "month": day.month, "day": day.day, "weekday": day.isoweekday()}[part]


def _list(step: ListResult, verdicts: Mapping[str, bool | None], variables: Mapping[str, Value]) -> Result:
    if any(verdicts[row] is None for row, _ in step.entries):
        return None
    return tuple(cast(Scalar, value_of(output, variables)) for row, output in step.entries if verdicts[row])


def _plain(variables: Mapping[str, Result]) -> Mapping[str, Value]:
    """No formula reads a list."""
    return cast("Mapping[str, Value]", variables)
