"""Which parts of a rule set have no SQL with the same result in every database; found when policies are checked.

Verb beside the SQL lowering: rule sets → diagnostics with codes `B…`. A policy with such a part still decides one case
at a time; only bulk runs refuse it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.lowering.sql.exact_division import highest
from engine.lowering.sql.narrowing import Rounded, narrowed
from engine.ruleset import formula as f
from engine.ruleset.formula import Formula, walk
from engine.ruleset.functions import FORMS
from engine.ruleset.ruleset import ListResult, Match, Named, RuleSet
from engine.vocabulary.vocabulary import FORMULA_BOUND


def portability_mistakes(rulesets: Iterable[RuleSet]) -> tuple[Diagnostic, ...]:
    """The diagnostics of these rule sets, in order; none where all of them can run in bulk. Formulas that rule sets
    share, as those of one policy set do, are looked at once, and no rule set is kept."""
    formulas = {(id(formula), place): formula for ruleset in rulesets for formula, place in _formulas(ruleset)}
    return in_order(mistake for (_, place), formula in formulas.items() for mistake in _mistakes(formula, place))


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
        yield from ((formula, rule.match.place) for _, formula in rule.conditions)


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
    return in_order(found for formula, place in formulas for found in _mistakes(formula, place))
