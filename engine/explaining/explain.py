"""Explains one case: evaluates it once more with the plain evaluator and notes everything that was tried.

Verb: engine + facts → Explanation. Slow on purpose: it shows the sub-conditions that the fast forms don't keep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import cast

from engine.compiling.link import dotted_names
from engine.deciding.decision import Decision, JsonValue
from engine.deciding.missing import MissingInputs, left_open
from engine.explaining.explanation import (
    Explanation,
    InputValue,
    TriedCondition,
    TriedException,
    TriedPolicy,
    TriedRow,
    TriedRule,
    TriedTable,
    Verdict,
    WorkedOut,
)
from engine.pipeline import Engine
from engine.reading.policy import LISTS, Policy
from engine.ruleset.formula import Formula, variables
from engine.ruleset.interpret import Result, run, truth, verdict
from engine.ruleset.ruleset import AS_OF, Conjunct, ListResult, Match, Named, Rule, RuleException, RuleSet, Table
from engine.vocabulary.binding import Scalar, Value, json_value
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import day_number
from engine.vocabulary.rates import Rate
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import TEXT, lists_among


def explain(
    engine: Engine, case: str, facts: Mapping[str, object], as_of: date, id: str, rate: Rate | None = None
) -> Explanation:
    """Decides one case and gives everything that was tried for it. Takes what `Engine.decide` takes, and raises
    `FactsRefused` as that does. The explanation holds the same decision that `Engine.decide` gives."""
    decision = engine.decide(case, facts, as_of, id, rate)
    ruleset = engine.ruleset(case, as_of)
    bound = dict(zip((fact.name for fact in ruleset.facts), engine.bind(case, facts, as_of), strict=True))
    evaluated = run(ruleset, bound, day_number(as_of))
    return _Explaining(engine, ruleset, evaluated.variables, decision).explanation()


_AS_OF_TITLE = Text("date of the decision", "决策日期")


class _Explaining:
    """One case under explanation. `values` are those of the plain evaluator: all variables by full name; `_plain`
    leaves the lists of outputs out, since no formula reads one."""

    def __init__(self, engine: Engine, ruleset: RuleSet, values: Mapping[str, Result], decision: Decision) -> None:
        self._policies, self._list_files = engine.policies, engine.lists
        self._ruleset = ruleset
        self._values = values
        self._elements = {step.name: step.element for step in ruleset.steps if isinstance(step, ListResult)}
        plain = {name: value for name, value in values.items() if name not in self._elements}
        self._plain = cast("Mapping[str, Value]", plain)
        self._lists = lists_among(ruleset.facts)
        self._decision = decision
        self._actions = {action.rule: action for action in decision.actions}
        self._missing = MissingInputs(ruleset).search(self._plain)
        self._tables = {output: table for table in ruleset.tables for output in table.outputs}
        self._matches = {step.id: step for step in ruleset.steps if isinstance(step, Match)}

    def explanation(self) -> Explanation:
        facts = [self._input(fact.name) for fact in self._ruleset.facts]
        as_of = InputValue(AS_OF, _AS_OF_TITLE.among(self._ruleset.languages), self._decision.as_of)
        given = (as_of, *(item for item in facts if item.value is not None))
        not_given = tuple(item for item in facts if item.value is None)
        exceptions = tuple(self._exception(exception) for exception in self._ruleset.exceptions)
        return Explanation(
            decision=self._decision,
            given=given,
            not_given=not_given,
            policies=tuple(self._by_policy()),
            exceptions=exceptions,
        )

    def _by_policy(self) -> Iterator[TriedPolicy]:
        """A table's outputs are steps of their own in the rule set; the table stands where the first of them does."""
        steps: dict[str, dict[str, WorkedOut | TriedTable]] = {}
        for step in self._ruleset.steps:
            if isinstance(step, Named | ListResult):
                table = self._tables.get(step.name)
                of_policy = steps.setdefault(step.name.partition(".")[0], {})
                if table is None and isinstance(step, Named) and not step.is_step:
                    of_policy[step.name] = self._worked_out(step)
                elif table is not None and table.id not in of_policy:
                    of_policy[table.id] = self._table(table)
        rules: dict[str, list[TriedRule]] = {}
        for rule in self._ruleset.rules:
            rules.setdefault(rule.id.partition(".")[0], []).append(self._rule(rule))
        for name in dict.fromkeys((*steps, *rules)):
            tried = tuple(steps.get(name, {}).values())
            yield TriedPolicy(name, self._policies[name].title, tried, tuple(rules.get(name, ())))

    # --- values and tables -------------------------------------------------------------------------------------------

    def _worked_out(self, step: Named) -> WorkedOut:
        policy, _, name = step.name.partition(".")
        text = self._formula_text(self._policies[policy], name)
        inputs = self._inputs(self._reads(self._policies[policy], name), step.formula)
        missing = self._behind(step.name)
        return WorkedOut(
            name=step.name,
            title=step.title,
            formula=text,
            place=str(step.place),
            value=self._json(step.name),
            inputs=inputs,
            missing=missing,
        )

    def _behind(self, name: str) -> tuple[str, ...]:
        """What keeps a value unknown, other than itself."""
        if self._values.get(name) is not None:
            return ()
        return tuple(other for other in self._missing.behind_value(name) if other != name)

    def _formula_text(self, policy: Policy, name: str) -> str:
        if name in policy.values:
            return policy.values[name].formula.text
        criteria = policy.scorecard.criteria if policy.scorecard else ()
        return " + ".join(criterion.name for criterion in criteria)

    def _reads(self, policy: Policy, name: str) -> Iterator[str]:
        """Full names of what a value's formula, or a scorecard's total, names."""
        criteria = policy.scorecard.criteria if policy.scorecard else ()
        words = [criterion.name for criterion in criteria]
        for word in dotted_names(policy.values[name].formula.tree, self._lists) if name in policy.values else words:
            inside = f"{policy.name}.{word}"
            yield inside if self._is_known(inside) else word

    def _is_known(self, name: str) -> bool:
        return name in self._ruleset.variables or name in self._ruleset.constants

    def _table(self, table: Table) -> TriedTable:
        matches = [self._matches[id_] for id_ in table.rows]
        unknown = [match for match in matches if verdict(match, self._plain) is None]
        is_open = bool(left_open(table, {match.id for match in unknown}, self._nulls(table), self._missing))
        behind = sorted({name for match in unknown if is_open for name in self._missing.behind_match(match)})
        rows = tuple(self._row(match, is_open=is_open) for match in matches)
        outputs = tuple(self._input(name) for name in table.outputs)
        return TriedTable(id=table.id, place=str(table.place), rows=rows, outputs=outputs, missing=tuple(behind))

    def _nulls(self, table: Table) -> Mapping[str, Value]:
        """The table's outputs; of lists it counts only whether they are known."""
        return {name: None if self._values[name] is None else True for name in table.outputs}

    def _row(self, match: Match, *, is_open: bool) -> TriedRow:
        conditions = tuple(self._condition(conjunct) for conjunct in match.conjuncts)
        hit = verdict(match, self._plain)
        return TriedRow(
            id=match.id, place=str(match.place), hit=hit, can_matter=hit is not None or is_open, conditions=conditions
        )

    # --- rules -------------------------------------------------------------------------------------------------------

    def _rule(self, rule: Rule) -> TriedRule:
        fired = verdict(rule.match, self._plain)
        asked = rule.outcome if fired else rule.if_missing if fired is None else None
        waived_by = tuple(self._waived_by(rule)) if asked else ()
        effect = None if waived_by else asked
        return TriedRule(
            id=rule.id,
            title=rule.title,
            place=str(rule.match.place),
            outcome=rule.outcome,
            if_missing=rule.if_missing,
            fired=fired,
            effect=effect,
            waived_by=waived_by,
            decisive=effect is not None and self._is_decisive(effect),
            conditions=tuple(self._condition(conjunct) for conjunct in rule.match.conjuncts),
            missing=self._behind_match(rule.match) if fired is None else (),
            action=self._actions.get(rule.id),
        )

    def _behind_match(self, match: Match) -> tuple[str, ...]:
        """What leaves a rule or an exception undetermined, other than itself."""
        return tuple(other for other in self._missing.behind_match(match) if other != match.id)

    def _waived_by(self, rule: Rule) -> Iterator[str]:
        for exception in self._ruleset.exceptions:
            if rule.id in exception.waives and self._values[exception.id] is True:
                yield exception.id

    def _exception(self, exception: RuleException) -> TriedException:
        holds: Verdict = verdict(exception.match, self._plain)
        return TriedException(
            id=exception.id,
            place=str(exception.match.place),
            waives=exception.waives,
            holds=holds,
            conditions=tuple(self._condition(conjunct) for conjunct in exception.match.conjuncts),
            missing=self._behind_match(exception.match) if holds is None else (),
        )

    def _is_decisive(self, effect: str) -> bool:
        kind = CASE_KINDS[self._ruleset.case]
        return kind.severity(effect) == kind.severity(self._decision.outcome)

    def _condition(self, conjunct: Conjunct) -> TriedCondition:
        value: Verdict = truth(conjunct.formula, self._plain)
        inputs = self._inputs(conjunct.reads, conjunct.formula)
        return TriedCondition(conjunct.text, str(conjunct.place), value, inputs)

    # --- what is read ------------------------------------------------------------------------------------------------

    def _inputs(self, reads: Iterable[str], formula: Formula) -> tuple[InputValue, ...]:
        """What the author named, parameters too, in that order; then what else the formula reads."""
        names = dict.fromkeys(filter(self._is_known, reads))
        names |= dict.fromkeys(name for name in variables(formula) if name in self._ruleset.variables)
        return tuple(self._input(name) for name in names)

    def _input(self, name: str) -> InputValue:
        return InputValue(name, self._title(name), self._json(name))

    def _title(self, name: str) -> Text | None:
        if name in self._ruleset.titles:
            return self._ruleset.titles[name]
        policy, _, short_name = name.partition(".")
        of_policy = self._policies[policy].parameters if policy in self._policies else {}
        parameter = (self._list_files if policy == LISTS else of_policy).get(short_name)
        return parameter.title if parameter else None

    def _json(self, name: str) -> JsonValue:
        """The value of a fact, value, list or parameter as a decision's JSON would hold it."""
        constant = self._ruleset.constants.get(name)
        if constant is not None:
            return json_value(constant.value, constant.type)
        value = self._values.get(name)
        element = self._elements.get(name)
        if element is not None and value is not None:
            return [json_value(item, element) for item in cast("tuple[Scalar, ...]", value)]
        return json_value(self._plain.get(name), self._ruleset.variables.get(name, TEXT))
