"""Rules → conjunctions of formulas, with their texts and conditions. Part of `compile`.

The parts of a rule's `when` become one `Conjunct` each, so that a decision and an explanation can speak of them one by
one: `when: [a > 1, b < 2 and c = 3]` has three. Values in a rule's texts and conditions are rounded as if they had a
name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.compiling.arithmetic import described, is_bare, is_null
from engine.compiling.expressions import Scope, compile_condition, compile_expression
from engine.compiling.link import dotted_names
from engine.compiling.mismatch import Mismatch
from engine.compiling.scopes import Names
from engine.compiling.types import declared, named
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic
from engine.diagnostics.nearest import nearest
from engine.diagnostics.wording import clipped
from engine.feel import syntax
from engine.proving.table_checks import check_match
from engine.reading.policy import (
    ActionDefinition,
    ConditionDefinition,
    Expression,
    Policy,
    RuleDefinition,
    Template,
    TemplateByLanguage,
)
from engine.ruleset.formula import Formula
from engine.ruleset.ruleset import Conjunct, Match, Rule, RuleAction, Wording
from engine.ruleset.ruleset import Template as RuleTemplate
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import DATE, Kind, Type

_BY = "`by` must be a date", 'write one, such as `as_of + 30` or `date("2026-08-01")`'
_AMOUNT = "`amount` must be an amount of money", "write one, such as `invoice.open_amount` or `500`"

IGNORE = "ignore"
"""What an author writes behind `if_missing` for a rule that may stay undetermined without an outcome."""


def compile_rule(policy: Policy, rule: RuleDefinition, names: Names) -> Rule | None:
    """The rule as this stretch has it; None where it has mistakes, which are then in `names.report`."""
    scope = names.scope(policy)
    kind = CASE_KINDS[policy.decides]
    conjuncts = compile_conditions(policy, rule.when, names)
    reason = _wording(rule.reason, scope, names)
    remedy = _wording(rule.remedy, scope, names) if rule.remedy else None
    conditions = [(condition.name, _condition_formula(condition, scope, names)) for condition in rule.conditions]
    action = _action(rule.action, scope, names) if rule.action else None
    sound = tuple(conjunct for conjunct in conjuncts if conjunct is not None)
    match = Match(f"{policy.name}.{rule.id}", sound, rule.place)
    names.report += check_match(match)
    sound_conditions = tuple((name, formula) for name, formula in conditions if formula is not None)
    has_broken_remedy = rule.remedy is not None and remedy is None
    has_broken_action = rule.action is not None and action is None
    has_broken_part = has_broken_remedy or has_broken_action
    if reason is None or has_broken_part or len(sound) < len(conjuncts) or len(sound_conditions) < len(conditions):
        return None
    if_missing = rule.if_missing.text if rule.if_missing else kind.caution
    return Rule(
        match=match,
        outcome=rule.outcome.text,
        if_missing=None if if_missing == IGNORE else if_missing,
        title=rule.title,
        reason=reason,
        remedy=remedy,
        conditions=sound_conditions,
        action=action,
        uses=_uses(policy, rule, sound, names),
    )


def compile_conditions(policy: Policy, when: Sequence[Expression], names: Names) -> list[Conjunct | None]:
    """The parts of a `when` as `policy` reads them; None for one with mistakes, which are then in `names.report`."""
    parts = [part for expression in when for part in _conjuncts(expression)]
    return [_conjunct(policy, part, names) for part in parts]


def _conjuncts(expression: Expression) -> list[Expression]:
    """The parts of a top-level `and`, each an expression of its own."""
    if not isinstance(expression.tree, syntax.And):
        return [expression]
    sides = (expression.tree.left, expression.tree.right)
    return [part for side in sides for part in _conjuncts(replace(expression, tree=side))]


def _conjunct(policy: Policy, expression: Expression, names: Names) -> Conjunct | None:
    formula = compile_condition(expression, names.scope(policy), names.report)
    if formula is None:
        return None
    text, place = expression.text_of(expression.tree).strip(), expression.place_of(expression.tree)
    return Conjunct(formula, text, place, names.full_names(policy, dotted_names(expression.tree, names.lists)))


def _wording(templates: TemplateByLanguage, scope: Scope, names: Names) -> Wording | None:
    compiled = [(language, _template(template, scope, names)) for language, template in templates.by_language]
    sound = tuple((language, template) for language, template in compiled if template is not None)
    return Wording(sound) if len(sound) == len(compiled) else None


def _template(template: Template, scope: Scope, names: Names) -> RuleTemplate | None:
    parts = [part if isinstance(part, str) else _shown_formula(part, scope, names) for part in template.parts]
    sound = tuple(part for part in parts if part is not None)
    return sound if len(sound) == len(parts) else None


def _condition_formula(condition: ConditionDefinition, scope: Scope, names: Names) -> Formula | None:
    return _shown_formula(condition.formula, scope, names, declared(condition.type, names.vocabulary))


def _action(action: ActionDefinition, scope: Scope, names: Names) -> RuleAction | None:
    """The action with its date and its amount; None where it has mistakes, which are then in the report."""
    word, known = action.word.text, names.vocabulary.actions
    if word not in known and names.actions_are_known():
        close = nearest(word, known)
        hint = f"did you mean `{close}`?" if close else "declare it under `actions` in facts.yaml"
        message = f"there is no action `{clipped(word)}`"
        names.report.append(Diagnostic(action.word.place, ErrorCode.N013, message, hint))
    by = _part(action.by, _BY, DATE, scope, names)
    amount = _part(action.amount, _AMOUNT, names.vocabulary.type_named(Kind.MONEY), scope, names)
    is_broken = (by is None and action.by is not None) or (amount is None and action.amount is not None)
    return None if word not in known or is_broken else RuleAction(word, by, amount)


def _part(
    expression: Expression | None, words: tuple[str, str], type_: Type, scope: Scope, names: Names
) -> Formula | None:
    """The date or the amount of an action; None where there is none, or one with mistakes."""
    formula = compile_expression(expression, scope, names.report) if expression else None
    if expression is None or formula is None:
        return None
    is_amount = type_.kind is Kind.MONEY and is_bare(formula)
    if formula.type.kind is not type_.kind and not is_amount and not is_null(formula):
        message, hint = words
        place = expression.place
        names.report.append(Diagnostic(place, ErrorCode.T001, f"{message}, not {described(formula)}", hint))
        return None
    return named(formula, type_, names.vocabulary)


def _shown_formula(expression: Expression, scope: Scope, names: Names, type_: Type | None = None) -> Formula | None:
    """A formula whose value is shown: rounded like a named value, to its declared type where it has one."""
    formula = compile_expression(expression, scope, names.report, type_)
    try:
        return None if formula is None else named(formula, type_, names.vocabulary)
    except Mismatch as mismatch:
        names.fail(expression.place, mismatch)
        return None


def _uses(policy: Policy, rule: RuleDefinition, conjuncts: Sequence[Conjunct], names: Names) -> tuple[str, ...]:
    """Facts, values and parameters that the rule names, in the author's order, then those of its texts."""
    texts = [rule.reason, *([rule.remedy] if rule.remedy else [])]
    parts = [part for text in texts for part in text.parts]
    in_texts = [name for part in parts if isinstance(part, Expression) for name in dotted_names(part.tree, names.lists)]
    in_conditions = [name for conjunct in conjuncts for name in conjunct.reads]
    return tuple(dict.fromkeys((*in_conditions, *names.full_names(policy, in_texts))))
