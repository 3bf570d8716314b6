"""RuleSet and facts → Decision: matches twice, takes the most severe outcome, and says why.

Verb at the end of the pipeline, and the hot path of every request: whatever doesn't depend on the facts is prepared
once for each rule set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from engine.deciding.decision import (
    Decision,
    Figure,
    JsonValue,
    Lack,
    PassedRule,
    Reason,
    RequestedAction,
    Undetermined,
    Waiver,
)
from engine.deciding.matcher import Disagreement, Matcher, MatchResult
from engine.deciding.missing import MissingInputs, MissingSearch, left_open
from engine.deciding.missing_list import MissingList
from engine.deciding.reasons import ReasonWords, Values
from engine.deciding.waivers import waivers_by_match, waivers_by_rule
from engine.ruleset.formula import Formula
from engine.ruleset.interpret import Result
from engine.ruleset.ruleset import ENGINE_DISAGREEMENT, NO_RULES, ListResult, Rule, RuleSet, Table
from engine.version import ENGINE_VERSION
from engine.vocabulary.binding import Binder, Scalar, Value, json_formatter, json_value
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number
from engine.vocabulary.rates import Rate
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Type, unit_of

_NamedValue = tuple[str, Callable[[Result], JsonValue], int]
"""A variable's name, the function that writes its value as JSON, and the slot of its value."""

_SeverityAndReason = tuple[int, Reason]
"""A reason behind the severity of its outcome, by which reasons are sorted."""


_ITS_CONDITION = Text("its condition", "该规则的条件")


class _ByName(Mapping[str, Value]):
    """A decision's values by name, without a copy: values stand by slot, a list's index."""

    def __init__(self, slots: Mapping[str, int], values: Values) -> None:
        self._slots = slots
        self._values = values

    def __getitem__(self, name: str) -> Value:
        return self._values[self._slots[name]]  # type: ignore[return-value]  # no formula reads a list of outputs

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PreparedRule:
    """One rule with all that can be worked out before any facts are there."""

    rule: Rule
    place: str
    severity: int
    words: ReasonWords
    passed: PassedRule | None
    """What a decision says where the rule doesn't fire; None for rules that check nothing."""
    scope: int
    """Which of the evaluator's scopes says whether the rule applies to a case."""
    uses: tuple[_NamedValue, ...]
    conditions: tuple[tuple[str, Callable[[Values], JsonValue]], ...]
    action: Callable[[Values], RequestedAction] | None


class Evaluator:
    """Decides cases of one kind on one stretch of dates; thread-safe. `close` frees its networks early.

    `binder` turns a request's facts into the values that `decide` takes; `ruleset` is what it decides by.
    """

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self._kind = CASE_KINDS[ruleset.case]
        self.binder = Binder(ruleset.case, ruleset.facts)
        self._matcher = Matcher(ruleset)
        self._slots = self._matcher.python.slots
        self._missing = MissingInputs(ruleset)
        self._lacks = MissingList(ruleset)
        self._subject = next(index for index, fact in enumerate(ruleset.facts) if fact.name == f"{ruleset.case}.id")
        self._first_rule = len(self._matcher.python.matches) - len(ruleset.rules)
        scopes = list(dict.fromkeys(rule.scope for rule in ruleset.rules))
        self._scopes = tuple(self._matcher.python.function(scope) for scope in scopes)
        self._rules = tuple(self._prepared(rule, scopes.index(rule.scope)) for rule in ruleset.rules)
        self._waivers = waivers_by_match(ruleset, self._matcher.python.matches)
        self._is_decided = ruleset.is_decided
        self._languages = ruleset.languages
        self._figures = tuple(self._figure(name) for name in ruleset.shown)
        self._results = _by_policy(self._named_value(name) for name in ruleset.results)

    def close(self) -> None:
        """Frees the Rete networks now, not with the last reference. Nothing may be decided afterwards."""
        self._matcher.close()

    def decide(self, facts: Sequence[Value], as_of: date, id: str, rate: Rate | None = None) -> Decision:
        """Decides one case. `facts` are values as `binder` gives them; `as_of` must lie in the rule set's stretch of
        dates; `id` is the decision's own; `rate` is that by which amounts were converted beforehand, which the decision
        shows."""
        matching = self._matcher.match(facts, day_number(as_of))
        values = matching.values
        first = self._first_rule
        fired = [self._rules[index - first] for index in matching.fired if index >= first]
        reasons = [(rule.severity, self._reason(rule, values)) for rule in fired]
        undetermined: tuple[Undetermined, ...] = ()
        if matching.undetermined:
            undetermined, missing_reasons = self._undetermined(matching)
            reasons += missing_reasons
        waived = waivers_by_rule(self._waivers, matching.fired) if self._waivers else {}
        if waived:
            reasons = [self._waived(reason, waived) for reason in reasons]
            fired = [rule for rule in fired if rule.rule.id not in waived]
        if matching.disagreement is not None:
            reasons.append(self._disagreement(matching.disagreement))
        if not self._is_decided:
            reasons.append(self._not_decided())
        reasons.sort(key=_severest_first)
        ladder = self._kind.ladder
        outcome = reasons[0][1].outcome if reasons and not reasons[0][1].waived else ladder[0]
        return Decision(
            id=id,
            case=self.ruleset.case,
            subject=str(facts[self._subject]),
            as_of=as_of.isoformat(),
            currency=self.ruleset.currency,
            outcome=outcome,
            conditions=_conditions(fired, outcome, values),
            actions=_actions(fired, values),
            reasons=tuple([reason for _, reason in reasons]),
            undetermined=undetermined,
            missing=self._lacks.missing(undetermined) if undetermined else (),
            passed=self._passed(matching),
            figures=tuple([figure for write in self._figures if (figure := write(values)) is not None]),
            results={
                policy: {name: write(values[slot]) for name, write, slot in members}
                for policy, members in self._results
            },
            policy_version=self.ruleset.version,
            engine_version=ENGINE_VERSION,
            rate=rate,
        )

    def _reason(self, prepared: _PreparedRule, values: Values) -> Reason:
        text, remedy = prepared.words.fill(values)
        rule = prepared.rule
        return Reason(
            rule=rule.match.id,
            outcome=rule.outcome,
            text=text,
            remedy=remedy,
            facts=_used(prepared, values),
            missing=(),
            place=prepared.place,
            waived=(),
        )

    def _waived(
        self, severity_and_reason: _SeverityAndReason, waived: Mapping[str, tuple[Waiver, ...]]
    ) -> _SeverityAndReason:
        """The reason with the exceptions that waive it, behind all that count."""
        severity, reason = severity_and_reason
        waivers = waived.get(reason.rule)
        return (severity - len(self._kind.ladder), replace(reason, waived=waivers)) if waivers else severity_and_reason

    def _passed(self, matching: MatchResult) -> tuple[PassedRule, ...]:
        """The rules that apply to the case and neither fired nor stayed open."""
        first, values = self._first_rule, matching.values
        others = {*matching.fired, *matching.undetermined}
        applies = [scope(values) is not False for scope in self._scopes]
        return tuple(
            [
                rule.passed
                for index, rule in enumerate(self._rules, first)
                if index not in others and rule.passed is not None and applies[rule.scope]
            ]
        )

    # --- what could not be worked out ---

    def _undetermined(self, matching: MatchResult) -> tuple[tuple[Undetermined, ...], list[_SeverityAndReason]]:
        known = _ByName(self._slots, matching.values)
        search = self._missing.search(known)
        unknown_rows = {self._matcher.python.matches[i] for i in matching.undetermined if i < self._first_rule}
        tables = (_undetermined_table(table, unknown_rows, known, search) for table in self.ruleset.tables)
        items = [table for table in tables if table is not None]
        items += [
            Undetermined(exception.id, search.behind_match(exception.match), ignored=False)
            for exception in self.ruleset.exceptions
            if exception.id in unknown_rows
        ]
        reasons = []
        for index in matching.undetermined:
            if index >= self._first_rule:
                prepared = self._rules[index - self._first_rule]
                missing = search.behind_match(prepared.rule.match)
                ignored = prepared.rule.if_missing is None
                items.append(Undetermined(prepared.rule.id, missing, ignored))
                if not ignored:
                    reasons.append(self._missing_reason(prepared, missing, matching.values))
        return tuple(items), reasons

    def _missing_reason(self, prepared: _PreparedRule, missing: tuple[str, ...], values: Values) -> _SeverityAndReason:
        """Why a rule can't be worked out, and what to do about it.

        There are three kinds of causes: facts, which whoever asks can supply; parameters without a value on this date,
        which only the policy's author can give; and what has no result though all of these are there. Facts are only
        counted, since mostly many rules wait for the same ones: the decision's `missing` has each once.
        """
        rule = prepared.rule
        outcome = rule.if_missing or self._kind.caution
        by_lack: dict[Lack, list[str]] = {lack: [] for lack in Lack}
        for name in missing:
            by_lack[self._lacks.lack(name)].append(name)
        causes, remedies = [], []
        if facts := by_lack[Lack.FACT]:
            causes.append(_facts_missing(len(facts)))
        if unset := by_lack[Lack.PARAMETER]:
            causes.append(_without_value(self._titled(unset)))
            remedies.append(_give_value(self._titled(unset)))
        if by_lack[Lack.VALUE] or by_lack[Lack.RULE]:
            without = self._titled(by_lack[Lack.VALUE]) if by_lack[Lack.VALUE] else _ITS_CONDITION
            causes.append(_without_result(without))
            remedies.append(_look_why(without))
        subject = rule.title or Text(rule.id, rule.id)
        text = Text(
            f"{subject.en}: can't be checked, {'; '.join(cause.en for cause in causes)}.",
            f"{subject.zh}：无法检查，{'；'.join(cause.zh for cause in causes)}。",
        )
        remedy = Text(" ".join(each.en for each in remedies), "".join(each.zh for each in remedies))
        reason = Reason(
            rule=rule.id,
            outcome=outcome,
            text=text.among(self._languages),
            remedy=remedy.among(self._languages) if remedies else None,
            facts=tuple([used for used in _used(prepared, values) if used[1] is not None]),
            missing=missing,
            place=prepared.place,
            waived=(),
        )
        return self._kind.severity(outcome), reason

    def _titled(self, names: Sequence[str]) -> Text:
        """The names in a row, each behind its title where it has one."""
        titles = [self._title(name) for name in names]
        en = ", ".join(f"{title.en} ({name})" if title else name for name, title in zip(names, titles, strict=True))
        zh = "、".join(f"{title.zh}（{name}）" if title else name for name, title in zip(names, titles, strict=True))
        return Text(en, zh)

    def _title(self, name: str) -> Text | None:
        """What readers call a name; for a value of a list's records the list's title stands before the value's name."""
        of_list, mark, value = name.partition("[].")
        title = self.ruleset.titles.get(of_list)
        return title.before(value) if title and mark else title

    def _disagreement(self, difference: Disagreement) -> _SeverityAndReason:
        text = Text(
            "The two rule matchers disagree; a person has to look at this case, and the service's operator at the "
            "engine.",
            "两个规则匹配器结果不一致；本案须人工处理，并请系统管理员检查引擎。",
        )
        facts: tuple[tuple[str, JsonValue], ...] = (
            ("only_python", list(difference.only_python)),
            ("only_rete", list(difference.only_rete)),
            ("error", difference.error),
        )
        return self._cautious(ENGINE_DISAGREEMENT, text, facts)

    def _not_decided(self) -> _SeverityAndReason:
        """Policies that say nothing about a case, or could only pass it, must not pass it."""
        en, zh = self._kind.title.en, self._kind.title.zh
        caution = self.ruleset.outcome_titles[self._kind.caution]
        text = Text(
            f"The policies in force have no rule for this case ({en}) that could give `{caution.en}` or worse.",
            f"现行政策没有能对此类案件（{zh}）给出“{caution.zh}”或更严结果的规则。",
        )
        return self._cautious(NO_RULES, text, ())

    def _cautious(self, name: str, text: Text, facts: tuple[tuple[str, JsonValue], ...]) -> _SeverityAndReason:
        outcome = self._kind.caution
        return self._kind.severity(outcome), Reason(
            rule=name,
            outcome=outcome,
            text=text.among(self._languages),
            remedy=None,
            facts=facts,
            missing=(),
            place="engine",
            waived=(),
        )

    # --- prepared once ---

    def _prepared(self, rule: Rule, scope: int) -> _PreparedRule:
        compile_formula = self._matcher.python.function
        return _PreparedRule(
            rule=rule,
            place=str(rule.match.place),
            severity=self._kind.severity(rule.outcome),
            words=ReasonWords(rule.reason, rule.remedy, compile_formula, self.ruleset),
            passed=PassedRule(rule.id, rule.title) if self._checks(rule) else None,
            scope=scope,
            uses=tuple(self._named_value(name) for name in rule.uses),
            conditions=tuple((name, self._condition(formula)) for name, formula in rule.conditions),
            action=self._action(rule),
        )

    def _checks(self, rule: Rule) -> bool:
        """Whether a case has passed something where the rule doesn't fire: one that is switched off can't fire, and one
        that gives the mildest outcome is advice."""
        return not rule.is_switched_off and self._kind.severity(rule.outcome) > 0

    def _condition(self, formula: Formula) -> Callable[[Values], JsonValue]:
        value, write = self._matcher.python.function(formula), json_formatter(formula.type)
        return lambda values: write(value(values))

    def _action(self, rule: Rule) -> Callable[[Values], RequestedAction] | None:
        """What the rule asks somebody to do, as a function of a decision's values; None where it asks for no act."""
        if rule.action is None:
            return None
        word, by, amount = rule.action.word, self._text(rule.action.by), self._text(rule.action.amount)
        return lambda values: RequestedAction(action=word, by=by(values), amount=amount(values), rule=rule.id)

    def _text(self, formula: Formula | None) -> Callable[[Values], str | None]:
        """A date or an amount as JSON has it."""
        return cast("Callable[[Values], str | None]", self._condition(formula)) if formula else lambda _: None

    def _figure(self, name: str) -> Callable[[Values], Figure | None]:
        """How a decision shows a value; None where it has no result."""
        _, write, slot = self._named_value(name)
        type_, title = self.ruleset.variables[name], self.ruleset.titles[name]
        kind, unit = type_.kind.value, unit_of(type_, self.ruleset.currency)

        def figure(values: Values) -> Figure | None:
            value = write(values[slot])
            return None if value is None else Figure(name=name, title=title, type=kind, unit=unit, value=value)

        return figure

    def _named_value(self, name: str) -> _NamedValue:
        """How a decision writes a variable's or a parameter's value. A parameter's is the same in all decisions."""
        constant = self.ruleset.constants.get(name)
        if constant is not None:
            fixed = json_value(constant.value, constant.type)
            return name, lambda _: fixed, 0
        slot, type_ = self._slots[name], self.ruleset.variables.get(name)
        if type_ is None:
            element = self._list_element(name)
            return name, lambda value: _json_list(value, element), slot
        return name, json_formatter(type_), slot  # type: ignore[return-value]  # lists have no type of their own

    def _list_element(self, name: str) -> Type:
        return next(step.element for step in self.ruleset.steps if isinstance(step, ListResult) and step.name == name)


def _facts_missing(count: int) -> Text:
    return Text("1 fact is missing" if count == 1 else f"{count} facts are missing", f"缺少 {count} 项事实")


def _without_value(names: Text) -> Text:
    """For parameters whose first date is still to come."""
    return Text(f"without a value on this date: {names.en}", f"该日期无取值：{names.zh}")


def _give_value(names: Text) -> Text:
    return Text(f"In the policy, give {names.en} a value.", f"请在政策中为{names.zh}设定取值。")


def _without_result(names: Text) -> Text:
    """For values, or the rule's own condition, without a result though nothing is missing."""
    return Text(f"without a result: {names.en}", f"无法得出结果：{names.zh}")


def _look_why(names: Text) -> Text:
    why = "divides by zero or reads a table that has no row for this case"
    return Text(f"Look whether {names.en} {why}.", f"请检查{names.zh}是否除以零，或所读取的表格没有适用的行。")


def _json_list(value: Result, element: Type) -> JsonValue:
    return None if value is None else [json_value(item, element) for item in cast("tuple[Scalar, ...]", value)]


def _conditions(fired: Sequence[_PreparedRule], outcome: str, values: Values) -> dict[str, JsonValue]:
    """What the rules ask for that gave the outcome: beside a severer one meeting a condition would open nothing."""
    return {name: value(values) for rule in fired if rule.rule.outcome == outcome for name, value in rule.conditions}


def _severest_first(reason: _SeverityAndReason) -> int:
    return -reason[0]


def _actions(fired: Iterable[_PreparedRule], values: Values) -> tuple[RequestedAction, ...]:
    """The most severe first, as the reasons stand."""
    acting = [(rule.severity, rule.action) for rule in fired if rule.action]
    acting.sort(key=lambda each: -each[0])
    return tuple([action(values) for _, action in acting])


def _used(prepared: _PreparedRule, values: Values) -> tuple[tuple[str, JsonValue], ...]:
    return tuple([(name, write(values[slot])) for name, write, slot in prepared.uses])


def _undetermined_table(
    table: Table, unknown_rows: Set[str], variables: Mapping[str, Value], search: MissingSearch
) -> Undetermined | None:
    """The table, where an unknown row leaves some of its outputs open; None where all are worked out all the same."""
    outputs = left_open(table, unknown_rows, variables, search)
    missing = {name for output in outputs for name in search.behind_value(output)}
    return Undetermined(table.id, tuple(sorted(missing)), ignored=False) if outputs else None


def _by_policy(results: Iterable[_NamedValue]) -> tuple[tuple[str, tuple[_NamedValue, ...]], ...]:
    """Results by policy, named without it: `limits.credit_limit` is `credit_limit` of `limits`."""
    policies: dict[str, list[_NamedValue]] = {}
    for full_name, write, slot in results:
        policy, _, name = full_name.partition(".")
        policies.setdefault(policy, []).append((name, write, slot))
    return tuple((policy, tuple(members)) for policy, members in policies.items())
