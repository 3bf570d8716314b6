"""A policy set as nodes that are compared one by one: parameters, rows, rules, facts. Part of `engine.proofs`.

A node is what an editor thinks of as one thing and what keeps its name when it changes: the parameter
`orders.limit_tolerance`, the row `terms.table#c`, the rule `orders.over-limit`. Its parts are what can change about it.
Nodes are made of what was read (`engine.reading.policy`), never of texts: blanks, comments and the order of keys are no
part of any.

    rule orders.over-limit   part `when` "exposure_after > limit", part `then` "hold", part `reason` …
    row terms.table#c        part `when grading.grade` "C", part `then net_days` 30

Values of parameters and rows of tables are compared by `engine.proofs.compare`, which knows both sides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.diagnostics.diagnostic import Place
from engine.pipeline import Engine
from engine.reading.exceptions_file import ExceptionDefinition
from engine.reading.invariants_file import InvariantDefinition
from engine.reading.list_file import name_in_set
from engine.reading.policy import (
    Expression,
    ParameterDefinition,
    Policy,
    RuleDefinition,
    TableDefinition,
    TemplateByLanguage,
    TypeName,
)
from engine.reading.policy_list import SITE_FACTS
from engine.reading.retention_file import RetentionRule
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact


class NodeKind(StrEnum):
    """What a node is."""

    SITE = "site"
    """What holds of the whole set, such as its currency."""
    FACT = "fact"
    POLICY = "policy"
    PARAMETER = "parameter"
    LIST = "list"
    """A list in a file of its own."""
    VALUE = "value"
    TABLE = "table"
    ROW = "row"
    CRITERION = "criterion"
    """Of a scorecard."""
    BAND = "band"
    RULE = "rule"
    EXCEPTION = "exception"
    INVARIANT = "invariant"
    RETENTION = "retention"


NODE_WORDS: Mapping[NodeKind, Text] = {
    NodeKind.SITE: Text("site", "站点"),
    NodeKind.FACT: Text("fact", "事实"),
    NodeKind.POLICY: Text("policy", "政策"),
    NodeKind.PARAMETER: Text("parameter", "参数"),
    NodeKind.LIST: Text("list", "清单"),
    NodeKind.VALUE: Text("value", "计算值"),
    NodeKind.TABLE: Text("table", "决策表"),
    NodeKind.ROW: Text("row", "表行"),
    NodeKind.CRITERION: Text("criterion", "评分项"),
    NodeKind.BAND: Text("band", "评分档"),
    NodeKind.RULE: Text("rule", "规则"),
    NodeKind.EXCEPTION: Text("exception", "例外"),
    NodeKind.INVARIANT: Text("invariant", "不变式"),
    NodeKind.RETENTION: Text("retention", "保存期限"),
}
"""What readers call each kind of node."""

WHOLE_NODE = Text("", "")
"""The title of a part that is the node's one value."""

PART_WORDS: Mapping[str, Text] = {
    "actions": Text("actions", "可要求的行动"),
    "action": Text("action", "要求的行动"),
    "amount": Text("amount of the action", "行动金额"),
    "approved_by": Text("approved by", "批准人"),
    "ascending": Text("what ascends", "升序要求"),
    "by": Text("asked for by", "申请人"),
    "by_date": Text("latest date of the action", "行动期限"),
    "case": Text("kind of case", "案件类型"),
    "change": Text("what changes", "变化的事实"),
    "currency": Text("currency", "币种"),
    "decides": Text("decides", "适用案件"),
    "for": Text("amounts chosen for", "金额所对应币种"),
    "formula": Text("formula", "公式"),
    "given": Text("given", "适用条件"),
    "ground": Text("ground", "依据"),
    "hit": Text("hit policy", "命中策略"),
    "if_missing": Text("if facts are missing", "事实缺失时"),
    "input": Text("input", "取值"),
    "languages": Text("languages", "语言"),
    "level": Text("level", "级别"),
    "note": Text("note", "说明"),
    "outcome_titles": Text("what outcomes are called", "结果名称"),
    "rate_days": Text("days that an exchange rate holds", "汇率有效天数"),
    "reason": Text("reason text", "理由文字"),
    "remedy": Text("remedy text", "处理建议文字"),
    "required": Text("required", "是否必填"),
    "show": Text("shown among the figures", "列入关键数字"),
    "since": Text("from", "起始日"),
    "then": Text("outcome", "结果"),
    "timezone": Text("time zone", "时区"),
    "title": Text("title", "名称"),
    "type": Text("type", "类型"),
    "until": Text("until", "截止日"),
    "waivable": Text("may be waived", "可否例外豁免"),
    "waives": Text("waives", "豁免的规则"),
    "when": Text("when", "条件"),
    "why": Text("why", "原因"),
    "words": Text("what yes, no and unknown are called", "是、否、未知的名称"),
    "years": Text("years", "年数"),
    "flags": Text("confidential or personal", "保密或个人信息"),
    "extensible": Text("takes further words", "可增加取值"),
}
"""What readers call the parts of nodes."""

TEXT_PARTS = frozenset(
    {"title", "note", "why", "reason", "remedy", "ground", "show", "outcome_titles", "words", "languages", "by"}
    | {"approved_by", "level"}
)
"""Parts by which no case is decided."""


@dataclass(frozen=True, slots=True)
class NodePart:
    """One thing that can change about a node."""

    title: Text
    """What readers call it; empty for what is the node's one value."""

    shown: Text
    """Its value, as readers see it; two parts differ where these do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyNode:
    """One node of a set."""

    kind: NodeKind
    name: str
    """Full, such as `orders.limit_tolerance`."""
    title: Text | None
    place: Place
    parts: Mapping[str, NodePart] = field(default_factory=dict)
    """By a word of `PART_WORDS`, or by one that holds a name: `condition deposit`."""


def plain(text: object) -> Text:
    """A text that is the same in all languages."""
    return Text.of((("en", str(text)),))


def written(expression: Expression) -> str:
    """FEEL on one line."""
    return " ".join(expression.text.split())


def part(word: str, shown: object, *more: str) -> tuple[tuple[str, NodePart], ...]:
    """A part under a word of `PART_WORDS`; none where there is nothing. `more` is a name behind the word."""
    if shown is None or shown == "":
        return ()
    if isinstance(shown, bool):
        shown = Text("yes", "是") if shown else Text("no", "否")
    title = PART_WORDS[word]
    for name in more:
        title = title.before(plain(name)) if name else title
    return ((" ".join((word, *more)), NodePart(title, shown if isinstance(shown, Text) else plain(shown))),)


def is_in(place: Place, files: Collection[str]) -> bool:
    """Whether the place is in one of these files, named as in a set."""
    return name_in_set(place.file) in files


def nodes_of(engine: Engine, without: Collection[str] = ()) -> Iterator[PolicyNode]:
    """The nodes of a set but values of parameters, rows and bands, policy by policy. Of the files in `without`, named
    as in a set, none; without `facts.yaml` neither the site nor any fact."""
    if SITE_FACTS not in without:
        yield _site(engine)
        yield from (_fact(fact) for fact in engine.vocabulary.facts.values())
    for policy in engine.policies.values():
        if is_in(policy.place, without):
            continue
        yield _policy(policy)
        yield from (parameter_node(policy.name, each) for each in policy.parameters.values())
        yield from _values(policy)
        yield from (_table(policy, each) for each in policy.tables.values())
        yield from _criteria(policy)
        yield from (_rule(policy, each) for each in policy.rules.values())
    yield from (_exception(each) for each in engine.exceptions if not is_in(each.place, without))
    yield from (_invariant(each) for each in engine.invariant_definitions if not is_in(each.place, without))
    yield from (_retention(each) for each in engine.retention if not is_in(each.place, without))


def _site(engine: Engine) -> PolicyNode:
    vocabulary = engine.vocabulary
    actions = ", ".join(f"{word} ({title[vocabulary.languages]})" for word, title in vocabulary.actions.items())
    titles = ", ".join(title[vocabulary.languages] for title in vocabulary.outcome_titles.values())
    words = ", ".join(title[vocabulary.languages] for title in vocabulary.words.values())
    parts = (
        *part("currency", vocabulary.currency),
        *part("timezone", vocabulary.timezone),
        *part("languages", ", ".join(vocabulary.languages)),
        *part("rate_days", str(vocabulary.rate_days)),
        *part("actions", actions),
        *part("outcome_titles", titles),
        *part("words", words),
    )
    return PolicyNode(kind=NodeKind.SITE, name="site", title=None, place=Place("facts.yaml", 1, 1), parts=dict(parts))


def _fact(fact: Fact) -> PolicyNode:
    type_ = fact.type
    words = [type_.kind.value, *type_.members]
    if type_.kind.is_numeric:
        words.append(f"{type_.low} … {type_.high}")
    words += [f"{each.name}: {each.type.kind.value}{'' if each.required else '?'}" for each in type_.fields]
    flags = [word for word, holds in (("confidential", fact.confidential), ("personal", fact.personal)) if holds]
    parts = (
        *part("type", " ".join(words)),
        *part("required", fact.required),
        *part("title", fact.title),
        *part("note", fact.note),
        *part("flags", ", ".join(flags)),
        *part("extensible", fact.extensible or None),
    )
    return PolicyNode(kind=NodeKind.FACT, name=fact.name, title=fact.title, place=fact.place, parts=dict(parts))


def _policy(policy: Policy) -> PolicyNode:
    chains = (
        " ".join(
            f"{'' if i == 0 else '< ' if link.is_strict else '<= '}{link.name}" for i, link in enumerate(each.links)
        )
        for each in policy.ascending
    )
    parts = (*part("title", policy.title), *part("decides", policy.decides), *part("ascending", "; ".join(chains)))
    return PolicyNode(kind=NodeKind.POLICY, name=policy.name, title=policy.title, place=policy.place, parts=dict(parts))


def _type(type_: TypeName | None) -> str:
    if type_ is None:
        return ""
    bounds = [
        f"{word} {number}" for word, number in (("from", type_.minimum), ("to", type_.maximum)) if number is not None
    ]
    return " ".join((type_.word, *type_.members, *bounds))


def parameter_node(policy: str, parameter: ParameterDefinition) -> PolicyNode:
    """A parameter, or with `lists` as the policy a list in a file of its own, without its values."""
    parts = (
        *part("type", _type(parameter.type)),
        *part("title", parameter.title),
        *part("note", parameter.note),
        *part("for", parameter.currency),
    )
    return PolicyNode(
        kind=NodeKind.PARAMETER,
        name=f"{policy}.{parameter.name}",
        title=parameter.title,
        place=parameter.place,
        parts=dict(parts),
    )


def _values(policy: Policy) -> Iterator[PolicyNode]:
    for value in policy.values.values():
        parts = (
            *part("formula", written(value.formula)),
            *part("type", _type(value.type)),
            *part("title", value.title),
            *part("show", value.show),
        )
        yield PolicyNode(
            kind=NodeKind.VALUE,
            name=f"{policy.name}.{value.name}",
            title=value.title,
            place=value.place,
            parts=dict(parts),
        )


def _table(policy: Policy, table: TableDefinition) -> PolicyNode:
    parts = [*part("hit", table.hit.value)]
    for output in table.outputs:
        said = [_type(output.type), output.ascending, " > ".join(output.order), output.currency or ""]
        parts += part("type", " ".join(filter(None, said)) or "of its rows", output.name)
        parts += part("title", output.title, output.name)
    name = table_name(policy, table)
    return PolicyNode(kind=NodeKind.TABLE, name=name, title=policy.title, place=table.place, parts=dict(parts))


def table_name(policy: Policy, table: TableDefinition) -> str:
    """`terms.table`."""
    return f"{policy.name}.{table.name}"


def _criteria(policy: Policy) -> Iterator[PolicyNode]:
    if policy.scorecard is None:
        return
    for criterion in policy.scorecard.criteria:
        parts = (*part("input", written(criterion.input)), *part("title", criterion.title))
        yield PolicyNode(
            kind=NodeKind.CRITERION,
            name=f"{policy.name}.{criterion.name}",
            title=criterion.title,
            place=criterion.place,
            parts=dict(parts),
        )


def _all_of(conditions: Iterable[Expression]) -> str:
    """Conditions that must all hold, in an order that doesn't matter."""
    return "; ".join(sorted(written(each) for each in conditions))


def _rule(policy: Policy, rule: RuleDefinition) -> PolicyNode:
    action = rule.action
    parts = [
        *part("when", _all_of(rule.when)),
        *part("then", rule.outcome.text),
        *part("if_missing", rule.if_missing.text if rule.if_missing else None),
        *part("title", rule.title),
        *part("reason", _template(rule.reason)),
        *part("remedy", _template(rule.remedy)),
        *part("waivable", rule.waivable),
        *part("action", action.word.text if action else None),
        *part("by_date", written(action.by) if action and action.by else None),
        *part("amount", written(action.amount) if action and action.amount else None),
    ]
    for condition in rule.conditions:
        parts += part("formula", written(condition.formula), condition.name)
        parts += part("type", _type(condition.type), condition.name)
        parts += part("title", condition.title, condition.name)
    name = f"{policy.name}.{rule.id}"
    return PolicyNode(kind=NodeKind.RULE, name=name, title=rule.title, place=rule.place, parts=dict(parts))


def _template(template: TemplateByLanguage | None) -> Text | None:
    if template is None:
        return None
    return Text.of((language, " ".join(each.scalar.text.split())) for language, each in template.by_language)


def _exception(exception: ExceptionDefinition) -> PolicyNode:
    parts = (
        *part("waives", ", ".join(sorted(each.text for each in exception.waives))),
        *part("when", _all_of(exception.when)),
        *part("since", exception.since.isoformat()),
        *part("until", exception.until.isoformat()),
        *part("by", exception.by),
        *part("approved_by", exception.approved_by),
        *part("reason", exception.reason),
    )
    return PolicyNode(
        kind=NodeKind.EXCEPTION, name=exception.id, title=exception.reason, place=exception.place, parts=dict(parts)
    )


def _invariant(invariant: InvariantDefinition) -> PolicyNode:
    changes = [f"{fact.text}: {word.value}" for fact, word in (*invariant.changes, *invariant.carried)]
    if invariant.split is not None:
        changes.insert(0, f"{invariant.split.text} in two parts")
    if invariant.is_any_change:
        changes.append("any")
    then = written(invariant.holds) if invariant.holds else invariant.outcome or (invariant.claim or "")
    parts = (
        *part("title", invariant.title),
        *part("why", invariant.why),
        *part("level", invariant.level.value),
        *part("case", invariant.case),
        *part("given", _all_of(invariant.given)),
        *part("change", ", ".join(changes)),
        *part("then", str(then)),
    )
    name = f"invariants.{invariant.name}"
    return PolicyNode(
        kind=NodeKind.INVARIANT, name=name, title=invariant.title, place=invariant.place, parts=dict(parts)
    )


def _retention(rule: RetentionRule) -> PolicyNode:
    parts = (*part("years", str(rule.years)), *part("required", rule.required), *part("ground", rule.ground))
    name = f"retention.{rule.case}"
    return PolicyNode(kind=NodeKind.RETENTION, name=name, title=None, place=rule.place, parts=dict(parts))
