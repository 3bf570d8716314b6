"""Which parts of a rule set have no SQL with the same result in every database; found when policies are checked.

Verb beside the SQL lowering: rule sets → diagnostics with codes `B…`. A policy with such a part still decides one case
at a time; only bulk runs refuse it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.lowering.sql.exact_division import highest
from engine.lowering.sql.narrowing import Rounded, narrowed
from engine.lowering.sql.sql_form import OUTCOME, SqlForm
from engine.ruleset import formula as f
from engine.ruleset.formula import Formula, walk
from engine.ruleset.functions import FORMS
from engine.ruleset.ruleset import ListResult, Match, Named, RuleSet
from engine.vocabulary.vocabulary import FORMULA_BOUND, Kind

LEVELS_MAX = 500
"""Sub-selects of one query, each reading the one before. DuckDB refuses 1,000 of them (its `max_expression_depth`;
980 of the plainest kind still ran), and its time to plan them grows with their square: 300 take two seconds."""

_STEPS_LEFT_UNCOUNTED = 50
"""A rule set of as few steps can't come near `LEVELS_MAX`, whatever its formulas are."""


def portability_mistakes(rulesets: Iterable[RuleSet], *, lists: bool = False) -> tuple[Diagnostic, ...]:
    """The diagnostics of these rule sets, in order; none where all of them can run in bulk. Formulas that rule sets
    share, as those of one policy set do, are looked at once, and no rule set is kept.

    `lists`: whether whoever runs the query can have columns of arrays of records."""
    formulas: dict[tuple[int, Place], Formula] = {}
    too_deep: dict[Place, Diagnostic] = {}
    for ruleset in rulesets:
        formulas |= {(id(formula), place): formula for formula, place in _formulas(ruleset)}
        if (mistake := _too_deep(ruleset)) is not None:
            too_deep[mistake.place] = mistake
    mistakes = [mistake for (_, place), formula in formulas.items() for mistake in _mistakes(formula, place)]
    if not lists:
        mistakes += [mistake for (_, place), formula in formulas.items() for mistake in _lists_read(formula, place)]
    return in_order([*mistakes, *too_deep.values()])


def _lists_read(formula: Formula, place: Place) -> Iterator[Diagnostic]:
    for name in dict.fromkeys(node.records.name for node in walk(formula) if isinstance(node, f.Aggregate)):
        message = (
            f"this policy can't run in this database: it reads the list `{name}`, whose records it can't go through"
        )
        hint = "decide these cases with `credence batch`, or in a database of another kind"
        yield Diagnostic(place, ErrorCode.B004, message, hint)


def without_lists(ruleset: RuleSet, given: Collection[str] = ()) -> RuleSet:
    """The rule set without the facts that are lists, no formula of it reads and no row gives; `given` names those that
    rows give."""
    read = {
        node.records.name
        for formula, _ in _formulas(ruleset)
        for node in walk(formula)
        if isinstance(node, f.Aggregate)
    }
    kept = (
        fact for fact in ruleset.facts if fact.type.kind is not Kind.LIST or fact.name in read or fact.name in given
    )
    return replace(ruleset, facts=tuple(kept))


def _too_deep(ruleset: RuleSet) -> Diagnostic | None:
    """Each value that reads another is a sub-select above the other's. Placed at the first value that is too high."""
    chain = _values_by_height(ruleset)
    if len(chain) <= _STEPS_LEFT_UNCOUNTED:
        return None
    if len(chain) <= LEVELS_MAX:
        form = SqlForm(ruleset)
        names = [form.columns[name] for name in ruleset.results]
        if len(form.query([*names, OUTCOME]).ctes) <= LEVELS_MAX:
            return None
    step = chain[min(LEVELS_MAX, len(chain) - 1)]
    message = f"this policy can't run in bulk: values build on one another in a chain of more than {LEVELS_MAX}"
    return Diagnostic(step.place, ErrorCode.B003, message, "work them out from facts, or from fewer values in between")


def _values_by_height(ruleset: RuleSet) -> list[Named | Match]:
    """The first value or table row of each height: one that reads facts only has height 0, one that reads it height 1.
    The values `a: fact`, `b: a + 1`, `c: b + 1`, `d: a + 2` give a, b, c."""
    heights: dict[str, int] = {}
    first: list[Named | Match] = []
    for step in ruleset.steps:
        match step:
            case Named(name=name, formula=formula):
                formulas = [formula]
            case Match(id=name, conjuncts=conjuncts):
                formulas = [conjunct.formula for conjunct in conjuncts]
            case _:  # lists are read by nothing
                continue
        nodes = (node for formula in formulas for node in walk(formula))
        read = (heights.get(node.name, -1) for node in nodes if isinstance(node, f.Variable))
        heights[name] = max(read, default=-1) + 1
        if heights[name] == len(first):
            first.append(step)
    return first


def _formulas(ruleset: RuleSet) -> Iterator[tuple[Formula, Place]]:
    """Every formula of a rule set, with the place that a mistake in it is reported at."""
    for step in ruleset.steps:
        match step:
            case Named():
                yield step.formula, step.place
            case ListResult():
                yield from ((output, step.place) for _, output in step.entries)
            case Match():
                yield from ((conjunct.formula, conjunct.place) for conjunct in step.conjuncts)
    for rule in ruleset.rules:
        yield from ((conjunct.formula, conjunct.place) for conjunct in rule.match.conjuncts)
        yield from ((formula, rule.match.place) for formula in rule.formulas)


def _mistakes(formula: Formula, place: Place) -> Iterator[Diagnostic]:
    for node in walk(formula):
        if isinstance(node, f.FunctionCall) and (refusal := FORMS[node.function].bulk_refusal):
            yield Diagnostic(place, ErrorCode.B001, f"this policy can't run in bulk: {refusal.reason}", refusal.hint)
    if any(_largest(node) > FORMULA_BOUND for node in walk(narrowed(formula))):
        message = "this policy can't run in bulk: a number here can have more than 38 digits"
        hint = "give a part a name of its own under `values`, where it is rounded, or give a fact narrower bounds"
        yield Diagnostic(place, ErrorCode.B002, message, hint)


def _largest(node: Formula) -> int:
    """The largest number, of either sign, that the SQL of this node may compute with: more than its value where a
    division is made exact first (see `exact_division`)."""
    if not node.type.kind.is_numeric:
        return 0
    largest = max(-node.type.low, node.type.high)
    match node:
        case f.Quotient(left=left, shift=shift):
            return max(largest, max(-left.type.low, left.type.high) * int(10**shift))
        case f.Rescale(operand=operand) if node.type.scale < operand.type.scale:
            divisor = int(10 ** (operand.type.scale - node.type.scale))
            return max(largest, highest(operand.type.low, operand.type.high, divisor))
        case Rounded(low=low, divisor=f.Constant(value=int(divisor))):
            return max(largest, highest(low.type.low, low.type.high, divisor))
    return largest


def check_formulas(formulas: Iterable[tuple[Formula, Place]]) -> tuple[Diagnostic, ...]:
    """As `check`, of formulas that stand in no rule set, such as those of a row map; each with its author's place."""
    return in_order(mistake for formula, place in formulas for mistake in _mistakes(formula, place))
