"""A policy's `rules` → `RuleDefinition`s by id. Part of `read_policy`.

A rule that has a mistake is left out, never read in part: a rule without one of its conditions would hold other orders
than its author meant.
"""

from __future__ import annotations

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Place
from engine.diagnostics.wording import clipped, did_you_mean, listed
from engine.reading.document import Mapping, Node, Scalar, Sequence
from engine.reading.fields import FieldReader
from engine.reading.leaf import condition, expression, template_by_language
from engine.reading.named_formula import read_named_formula
from engine.reading.policy import ActionDefinition, ConditionDefinition, Expression, RuleDefinition
from engine.vocabulary.case_kinds import CASE_KINDS, CaseKind

_KEYS = ("when", "then", "if_missing", "reason", "remedy", "conditions", "action", "waivable", "title")
_ACTION_KEYS = ("do", "by", "amount")
_REQUIRED = ("when", "then", "reason")

CONDITIONAL_OUTCOMES = tuple(
    dict.fromkeys(outcome for kind in CASE_KINDS.values() for outcome in kind.conditional_outcomes)
)
"""Outcomes of any kind after which a case can still pass, once its conditions are met."""


def read_rules(reader: FieldReader, node: Node, kind: CaseKind | None) -> dict[str, RuleDefinition]:
    """The rules without mistakes, by id; the mistakes go to `reader`.

    `kind` is the kind of case that the policy decides; None if its word was wrong, and then outcomes are held against
    the ladders of all kinds.
    """
    rules: dict[str, RuleDefinition] = {}
    for key, content in reader.entries(node, "`rules`"):
        before = len(reader.diagnostics)
        id_ = reader.id(key, "a rule's id")
        rule = _rule(reader, id_ or clipped(key.text), key.place, content, kind)
        if rule and id_ and len(reader.diagnostics) == before:
            rules[id_] = rule
    return rules


def _rule(reader: FieldReader, id_: str, place: Place, node: Node, kind: CaseKind | None) -> RuleDefinition | None:
    what = f"the rule `{id_}`"
    fields = reader.fields(node, what, _KEYS, _REQUIRED, place) or {}
    when = read_when(reader, fields["when"], what) if "when" in fields else ()
    outcome = _outcome(reader, fields["then"], kind) if "then" in fields else None
    if_missing = _if_missing(reader, fields["if_missing"], kind) if "if_missing" in fields else None
    title = reader.text(fields.get("title"), f"the title of {what}")
    reason = template_by_language(reader, fields.get("reason"), f"the reason of {what}")
    remedy = template_by_language(reader, fields.get("remedy"), f"the remedy of {what}")
    conditions = _conditions(reader, fields["conditions"], what, outcome, kind) if "conditions" in fields else ()
    action = _action(reader, fields["action"], what) if "action" in fields else None
    waivable = reader.yes_or_no(fields["waivable"], f"`waivable` of {what}") if "waivable" in fields else True
    if not when or outcome is None or reason is None:
        return None
    return RuleDefinition(
        id=id_,
        place=place,
        title=title,
        when=when,
        outcome=outcome,
        if_missing=if_missing,
        reason=reason,
        remedy=remedy,
        conditions=conditions,
        action=action,
        waivable=bool(waivable),
    )


def read_when(reader: FieldReader, node: Node, what: str) -> tuple[Expression, ...]:
    """The conditions of a rule or an exception (`what`): one, or a list of conditions that must all hold."""
    if isinstance(node, Sequence):
        parts = [condition(reader, item, f"a condition of {what}") for item in reader.items(node, f"`when` of {what}")]
    else:
        parts = [condition(reader, node, f"`when` of {what}")]
    return tuple(part for part in parts if part)


def _outcome(reader: FieldReader, node: Node, kind: CaseKind | None) -> Scalar | None:
    ladder = kind.ladder if kind else tuple(step for each in CASE_KINDS.values() for step in each.ladder)
    if not isinstance(node, Scalar):
        reader.wrong_kind(node, "`then`", f"one of {listed(ladder)}" if kind else "an outcome")
        return None
    if node.text not in ladder:
        whose = f" for {kind.name}s" if kind else ""
        reader.mistake(
            node.place,
            ErrorCode.P008,
            f"`{clipped(node.text)}` is not an outcome{whose}",
            did_you_mean(node.text, ladder),
        )
        return None
    return node


def _if_missing(reader: FieldReader, node: Node, kind: CaseKind | None) -> Scalar | None:
    """What happens when facts are missing: only `ignore` or caution, never an outcome that lets a case pass."""
    cautions = (kind.caution,) if kind else tuple({each.caution for each in CASE_KINDS.values()})
    if isinstance(node, Scalar) and node.text in ("ignore", *cautions):
        return node
    quoted = f"`{clipped(node.text)}`" if isinstance(node, Scalar) else "this"
    hint = f"write {' or '.join(f'`{word}`' for word in ('ignore', *sorted(cautions)))}, or leave `if_missing` out"
    reader.mistake(node.place, ErrorCode.P009, f"{quoted} is not possible for `if_missing`", hint)
    return None


def _conditions(
    reader: FieldReader, node: Node, what: str, outcome: Scalar | None, kind: CaseKind | None
) -> tuple[ConditionDefinition, ...]:
    possible = kind.conditional_outcomes if kind else CONDITIONAL_OUTCOMES
    if kind and not possible:
        able = " and ".join(f"{each.name}s" for each in CASE_KINDS.values() if each.conditional_outcomes)
        message = f"only the rules of {able} have `conditions`, not those of {kind.name}s"
        reader.mistake(node.place, ErrorCode.P021, message, "leave `conditions` out")
    elif possible and outcome and outcome.text not in possible:
        hint = f"write `then: {possible[0]}`, or leave `conditions` out"
        reader.mistake(
            node.place, ErrorCode.P021, f"{what} has `conditions`, but its outcome is `{outcome.text}`", hint
        )
    conditions: list[ConditionDefinition] = []
    for key, content in reader.entries(node, f"`conditions` of {what}"):
        name = reader.name(key, "a condition's name")
        read = read_named_formula(reader, key.place, content, f"the condition `{clipped(key.text)}`")
        if name and read:
            conditions.append(
                ConditionDefinition(name=name, place=key.place, type=read.type, title=read.title, formula=read.formula)
            )
    return tuple(conditions)


def _action(reader: FieldReader, node: Node, what: str) -> ActionDefinition | None:
    """What the rule asks somebody to do: a word alone, or `do` with `by` and `amount`."""
    of_rule = f"the action of {what}"
    if not isinstance(node, Mapping):
        if not isinstance(node, Scalar):
            hint = f"give each act a rule of its own; its keys are {listed(_ACTION_KEYS)}"
            reader.wrong_kind(node, of_rule, "one word, or a group of `key: value` entries", hint)
            return None
        return ActionDefinition(word=node, by=None, amount=None) if reader.name(node, "an action") else None
    fields = reader.fields(node, of_rule, _ACTION_KEYS, ("do",)) or {}
    word = fields["do"] if "do" in fields and reader.name(fields["do"], "an action") else None
    by, amount = (
        expression(reader, fields[key], f"`{key}` of {of_rule}") if key in fields else None for key in ("by", "amount")
    )
    return ActionDefinition(word=word, by=by, amount=amount) if isinstance(word, Scalar) else None
