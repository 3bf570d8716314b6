"""RuleSet and facts → Decision: matches twice, takes the most severe outcome, and says why.

Verb at the end of the pipeline. Everything that does not depend on the facts is prepared once per rule set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

from engine.deciding.decision import Decision, JsonValue, Reason, Undetermined
from engine.deciding.matcher import Disagreement, Matcher, MatchResult
from engine.deciding.missing import MissingInputs, MissingSearch, left_open
from engine.deciding.reasons import ReasonWords, Values
from engine.ruleset.formula import Formula
from engine.ruleset.interpret import Result
from engine.ruleset.ruleset import ENGINE_DISAGREEMENT, NO_RULES, ListResult, Named, Rule, RuleSet, Table
from engine.version import ENGINE_VERSION
from engine.vocabulary.binding import Binder, Value, json_formatter, json_value
from engine.vocabulary.case_kinds import CASE_KINDS, OUTCOME_TITLES
from engine.vocabulary.days import day_number
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Type

Show = Callable[[Result], JsonValue]

_Shown = tuple[str, Show, int]
"""A name, how its value stands in a decision, and its slot."""


class _ByName(Mapping[str, Value]):
    """A decision's values by name, without a copy."""

    def __init__(self, slots: Mapping[str, int], values: Values) -> None:
        self._slots = slots
        self._values = values

    def __getitem__(self, name: str) -> Value:
        return self._values[self._slots[name]]  # type: ignore[return-value]  # no formula reads a list

    def __iter__(self) -> Iterator[str]:
        return iter(self._slots)

    def __len__(self) -> int:
        return len(self._slots)


@dataclass(frozen=True, slots=True)
class _PreparedRule:
    rule: Rule
    place: str
    severity: int
    words: ReasonWords
    uses: tuple[_Shown, ...]
    conditions: tuple[tuple[str, Callable[[Values], JsonValue]], ...]


class Evaluator:
    """Decides cases of one kind on one stretch of dates; thread-safe."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        self._kind = CASE_KINDS[ruleset.case]
        self.binder = Binder(ruleset.case, ruleset.facts)
        self._matcher = Matcher(ruleset)
        self._slots = self._matcher.python.slots
        self._missing = MissingInputs(ruleset)
        self._facts = frozenset(fact.name for fact in ruleset.facts)
        self._unset = frozenset(
            step.name
            for step in ruleset.steps
            if isinstance(step, Named) and not step.is_step and step.name not in ruleset.results
        )
        self._subject = next(index for index, fact in enumerate(ruleset.facts) if fact.name == f"{ruleset.case}.id")
        self._first_rule = len(self._matcher.python.matches) - len(ruleset.rules)
        self._rules = tuple(self._prepared(rule) for rule in ruleset.rules)
        self._is_decided = ruleset.is_decided
        self._results = _by_policy(self._shown(name) for name in ruleset.results)

    def close(self) -> None:
        self._matcher.close()

    def decide(self, facts: Sequence[Value], as_of: date, id: str) -> Decision:
        """`facts` as the binder gives them."""
        matching = self._matcher.match(facts, day_number(as_of))
        values = matching.values
        first = self._first_rule
        fired = [self._rules[index - first] for index in matching.fired if index >= first]
        found = [(rule.severity, self._reason(rule, values)) for rule in fired]
        undetermined: tuple[Undetermined, ...] = ()
        if matching.undetermined:
            undetermined, reasons = self._undetermined(matching)
            found += reasons
        if matching.disagreement is not None:
            found.append(self._disagreement(matching.disagreement))
        if not self._is_decided:
            found.append(self._not_decided())
        found.sort(key=_severest_first)
        ladder = self._kind.ladder
        conditions = {name: value(values) for rule in fired for name, value in rule.conditions}
        return Decision(
            id=id,
            case=self.ruleset.case,
            subject=str(facts[self._subject]),
            as_of=as_of.isoformat(),
            currency=self.ruleset.currency,
            outcome=found[0][1].outcome if found else ladder[0],
            conditions=conditions,
            reasons=tuple([reason for _, reason in found]),
            undetermined=undetermined,
            results={
                policy: {name: show(values[slot]) for name, show, slot in members} for policy, members in self._results
            },
            policy_version=self.ruleset.version,
            engine_version=ENGINE_VERSION,
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
        )

    # --- what could not be told ---

    def _undetermined(self, matching: MatchResult) -> tuple[tuple[Undetermined, ...], list[tuple[int, Reason]]]:
        known = _ByName(self._slots, matching.values)
        search = self._missing.search(known)
        unknown_rows = {self._matcher.python.matches[i] for i in matching.undetermined if i < self._first_rule}
        items = [item for table in self.ruleset.tables if (item := _table(table, unknown_rows, known, search))]
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

    def _missing_reason(self, prepared: _PreparedRule, missing: tuple[str, ...], values: Values) -> tuple[int, Reason]:
        """Facts can be supplied by whoever asks, a parameter's value on this date only by the policy's author; what is
        unknown though all of these are there has no result."""
        rule = prepared.rule
        outcome = rule.if_missing or self._kind.caution
        facts = [name for name in missing if name in self._facts]
        unset = [name for name in missing if name in self._unset]
        others = [name for name in missing if name not in self._facts and name not in self._unset and name != rule.id]
        found = [say(self._named(names)) for say, names in ((_supply, facts), (_define, unset)) if names]
        if others or rule.id in missing:
            found.append(_without_result(self._named(others) if others else None))
        subject = rule.title or Text(rule.id, rule.id)
        text = Text(
            f"{subject.en}: can't be checked, {'; '.join(said.en for said, _ in found)}.",
            f"{subject.zh}：无法检查，{'；'.join(said.zh for said, _ in found)}。",
        )
        remedy = Text(" ".join(what.en for _, what in found), "".join(what.zh for _, what in found))
        reason = Reason(
            rule=rule.id,
            outcome=outcome,
            text=text,
            remedy=remedy,
            facts=_used(prepared, values),
            missing=missing,
            place=prepared.place,
        )
        return self._kind.severity(outcome), reason

    def _named(self, names: Sequence[str]) -> Text:
        titles = self.ruleset.titles
        en = ", ".join(f"{titles[name].en} ({name})" if name in titles else name for name in names)
        zh = "、".join(f"{titles[name].zh}（{name}）" if name in titles else name for name in names)
        return Text(en, zh)

    def _disagreement(self, found: Disagreement) -> tuple[int, Reason]:
        text = Text(
            "The two rule matchers disagree; a person has to look at this case, and the service's operator at the "
            "engine.",
            "两个规则匹配器结果不一致；本案须人工处理，并请系统管理员检查引擎。",
        )
        facts: tuple[tuple[str, JsonValue], ...] = (
            ("only_python", list(found.only_python)),
            ("only_rete", list(found.only_rete)),
            ("error", found.error),
        )
        return self._cautious(ENGINE_DISAGREEMENT, text, facts)

    def _not_decided(self) -> tuple[int, Reason]:
        """Policies that say nothing about a case, or could only pass it, must not pass it."""
        en, zh = self._kind.title.en, self._kind.title.zh
        caution = OUTCOME_TITLES[self._kind.caution]
        text = Text(
            f"The policies in force have no rule for this case ({en}) that could give `{caution.en}` or worse.",
            f"现行政策没有能对此类案件（{zh}）给出“{caution.zh}”或更严结果的规则。",
        )
        return self._cautious(NO_RULES, text, ())

    def _cautious(self, name: str, text: Text, facts: tuple[tuple[str, JsonValue], ...]) -> tuple[int, Reason]:
        outcome = self._kind.caution
        return self._kind.severity(outcome), Reason(
            rule=name, outcome=outcome, text=text, remedy=None, facts=facts, missing=(), place="engine"
        )

    # --- prepared once ---

    def _prepared(self, rule: Rule) -> _PreparedRule:
        compile_formula = self._matcher.python.function
        return _PreparedRule(
            rule,
            str(rule.match.place),
            self._kind.severity(rule.outcome),
            ReasonWords(rule.reason, rule.remedy, compile_formula, self.ruleset.currency),
            tuple(self._shown(name) for name in rule.uses),
            tuple((name, self._formula_shower(formula)) for name, formula in rule.conditions),
        )

    def _formula_shower(self, formula: Formula) -> Callable[[Values], JsonValue]:
        value, show = self._matcher.python.function(formula), json_formatter(formula.type)
        return lambda values: show(value(values))

    def _shown(self, name: str) -> _Shown:
        """A variable's or parameter's value as it stands in a decision."""
        constant = self.ruleset.constants.get(name)
        if constant is not None:
            fixed = json_value(constant.value, constant.type)
            return name, lambda _: fixed, 0
        slot, type_ = self._slots[name], self.ruleset.variables.get(name)
        if type_ is None:
            element = self._list_element(name)
            return name, lambda value: _listed(value, element), slot
        return name, json_formatter(type_), slot  # type: ignore[return-value]  # lists have no type of their own

    def _list_element(self, name: str) -> Type:
        return next(step.element for step in self.ruleset.steps if isinstance(step, ListResult) and step.name == name)


def _supply(names: Text) -> tuple[Text, Text]:
    return Text(f"missing: {names.en}", f"缺少：{names.zh}"), Text(f"Supply {names.en}.", f"请提供{names.zh}。")


def _define(names: Text) -> tuple[Text, Text]:
    """For parameters that don't hold yet."""
    said = Text(f"without a value on this date: {names.en}", f"该日期无取值：{names.zh}")
    return said, Text(f"In the policy, give {names.en} a value.", f"请在政策中为{names.zh}设定取值。")


def _without_result(names: Text | None) -> tuple[Text, Text]:
    """For values, or the rule's own condition, that can't be worked out though nothing is missing."""
    en, zh = (names.en, names.zh) if names else ("its condition", "该规则的条件")
    said = Text(f"without a result: {en}", f"无法得出结果：{zh}")
    why = "divides by zero or reads a table that has no row for this case"
    return said, Text(f"Look whether {en} {why}.", f"请检查{zh}是否除以零，或所读取的表格没有适用的行。")


def _listed(value: Result, element: Type) -> JsonValue:
    return None if value is None else [json_value(item, element) for item in value]  # type: ignore[union-attr]


def _severest_first(found: tuple[int, Reason]) -> int:
    return -found[0]


def _used(prepared: _PreparedRule, values: Values) -> tuple[tuple[str, JsonValue], ...]:
    return tuple([(name, show(values[slot])) for name, show, slot in prepared.uses])


def _table(
    table: Table, unknown_rows: Set[str], variables: Mapping[str, Value], search: MissingSearch
) -> Undetermined | None:
    """A table with outputs that an unknown row leaves open."""
    open_ = left_open(table, unknown_rows, variables, search)
    missing = {name for output in open_ for name in search.behind_value(output)}
    return Undetermined(table.id, tuple(sorted(missing)), False) if open_ else None


def _by_policy(results: Iterable[_Shown]) -> tuple[tuple[str, tuple[_Shown, ...]], ...]:
    found: dict[str, list[_Shown]] = {}
    for full, show, slot in results:
        policy, _, name = full.partition(".")
        found.setdefault(policy, []).append((name, show, slot))
    return tuple((policy, tuple(members)) for policy, members in found.items())
