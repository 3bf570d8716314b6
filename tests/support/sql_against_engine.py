"""What one decision after another says and what SQL says, row for row, and the first difference between the two.

Oracle of the equality tests. `compare` holds everything that is worked out, at its scale, against the generated Python
that decides one case; `compare_decisions` holds whole decisions, as callers get them, against the same columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
from sqlglot import exp
from sqlglot.expressions import Expr

from engine.deciding.decision import Decision
from engine.deciding.evaluator import Evaluator
from engine.lowering.python.python_form import PythonForm
from engine.lowering.sql.alternatives import with_alternatives
from engine.lowering.sql.masks import Mask
from engine.lowering.sql.sql_form import OUTCOME, SqlForm
from engine.ruleset.formula import Formula
from engine.ruleset.ruleset import AS_OF, ListResult, Match, Rule, RuleSet, Wording
from engine.vocabulary.binding import json_formatter
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.days import date_of
from engine.vocabulary.vocabulary import Kind, Type
from tests.support.random_rulesets import Case

ROW = "row_no"

Run = Callable[[str, pa.Table], Mapping[str, Sequence[Any]]]
"""Runs a query over the relation `facts` and gives its columns."""


def on_duckdb(query: str, table: pa.Table) -> dict[str, list[Any]]:
    with duckdb.connect() as connection:
        connection.register("facts", table)
        found: dict[str, list[Any]] = connection.sql(query).to_arrow_table().to_pydict()
        return found


# --- what the single-decision path says ------------------------------------------------------------------------------


Asked = tuple[str, str, Any, Any]
"""A rule's id and its action's word, date and amount."""


class Said(NamedTuple):
    """A list for each name, in the order of the cases; ids are those of rules, exceptions and table rows."""

    outcomes: list[str]
    fired: list[list[str]]
    undetermined: list[list[str]]
    waived: list[list[str]]
    """The rules that would count but for an exception."""
    values: dict[str, list[Any]]
    conditions: dict[str, list[Any]]
    actions: list[list[Asked]]


def said_one_by_one(ruleset: RuleSet, cases: Sequence[Case], names: Sequence[str]) -> Said:
    form = PythonForm(ruleset)
    slots = [form.slots[name] for name in names]
    first = len(form.matches) - len(ruleset.rules)
    kind = CASE_KINDS[ruleset.case]
    told = {rule.id: kind.severity(rule.outcome) for rule in ruleset.rules}
    unsure = {rule.id: kind.severity(rule.if_missing) for rule in ruleset.rules if rule.if_missing}
    caution = kind.severity(kind.caution)
    least = 0 if any(severity >= caution for severity in told.values()) else caution  # what no rule could hold
    asked = [(rule, name, form.function(part)) for rule in ruleset.rules for name, part in rule.conditions]
    acting = sorted((rule for rule in ruleset.rules if rule.action), key=lambda rule: -told[rule.id])
    actions = [
        (rule.id, rule.action.word, [part and form.function(part) for part in (rule.action.by, rule.action.amount)])
        for rule in acting
        if rule.action
    ]
    found = Said([], [], [], [], {name: [] for name in names}, {name: [] for _, name, _ in asked}, [])
    columns = [found.values[name] for name in names]
    for facts, as_of in cases:
        values, fired, undetermined, _ = form.match(facts, as_of)
        hit = {form.matches[i] for i in fired}
        waived = {rule for exception in ruleset.exceptions if exception.id in hit for rule in exception.waives}
        rules_fired = [form.matches[i] for i in fired if i >= first]
        unknown = [form.matches[i] for i in undetermined if i >= first and form.matches[i] in unsure]
        severities = [told[id_] for id_ in rules_fired if id_ not in waived]
        severities += [unsure[id_] for id_ in unknown if id_ not in waived]
        found.waived.append(sorted(waived.intersection([*rules_fired, *unknown])))
        outcome = kind.ladder[max([least, *severities])]
        found.outcomes.append(outcome)
        found.fired.append([form.matches[i] for i in fired])
        found.undetermined.append([form.matches[i] for i in undetermined])
        for column, slot in zip(columns, slots, strict=True):
            column.append(values[slot])
        for rule, name, value in asked:
            counts = rule.outcome == outcome and rule.id in rules_fired and rule.id not in waived
            found.conditions[name].append(value(values) if counts else None)
        found.actions.append(
            [
                (id_, word, by and by(values), amount and amount(values))
                for id_, word, (by, amount) in actions
                if id_ in rules_fired and id_ not in waived
            ]
        )
    return found


# --- what SQL says ---------------------------------------------------------------------------------------------------


def arrow_type(type_: Type) -> pa.DataType:
    kinds = {Kind.TEXT: pa.string(), Kind.PERSON: pa.string(), Kind.ENUM: pa.string(), Kind.YES_NO: pa.bool_()}
    if type_.kind is Kind.LIST:
        return pa.list_(pa.struct([(field.name, arrow_type(field.type)) for field in type_.fields]))
    return kinds.get(type_.kind, pa.int64())


def relation(ruleset: RuleSet, form: SqlForm, cases: Sequence[Case]) -> pa.Table:
    columns = list(zip(*(facts for facts, _ in cases), strict=True))
    structs = [_structs(column, fact.type) for column, fact in zip(columns, ruleset.facts, strict=True)]
    arrays = [pa.array(column, arrow_type(fact.type)) for column, fact in zip(structs, ruleset.facts, strict=True)]
    arrays.append(pa.array([as_of for _, as_of in cases], pa.int64()))
    arrays.append(pa.array(range(len(cases)), pa.int64()))
    names = [*(form.columns[fact.name] for fact in ruleset.facts), form.columns.get(AS_OF, AS_OF), ROW]
    return pa.table(arrays, names=names)


def _structs(column: Sequence[Any], type_: Type) -> Sequence[Any]:
    """Records as structs with named fields; any other column as it is."""
    if type_.kind is not Kind.LIST:
        return column
    names = [field.name for field in type_.fields]
    return [
        records and [dict(zip(names, record, strict=True)) for record in records] if records is not None else None
        for records in column
    ]


def in_order(found: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """A database gives rows as it likes."""
    order = sorted(range(len(found[ROW])), key=found[ROW].__getitem__)
    return {name: [column[row] for row in order] for name, column in found.items()}


def ids_of(masks: Sequence[Mask], found: Mapping[str, Sequence[int]], rows: int) -> list[list[str]]:
    """Masks as lists of ids."""
    if not masks:
        return [[]] * rows
    known: dict[tuple[int, ...], list[str]] = {}
    ids = []
    for bits in zip(*(found[mask.column] for mask in masks), strict=True):
        if bits not in known:
            pairs = zip(masks, bits, strict=True)
            known[bits] = [id_ for mask, word in pairs for i, id_ in enumerate(mask.ids) if word >> i & 1]
        ids.append(known[bits])
    return ids


def rows_as_rules(ruleset: RuleSet) -> RuleSet:
    """The rule set with a rule of the mildest outcome for each table row, ahead of the others, so that the masks hold
    the rows too. No outcome changes by that."""
    mildest = CASE_KINDS[ruleset.case].ladder[0]
    rows = [step for step in ruleset.steps if isinstance(step, Match)]
    rules = [
        Rule(
            match=row,
            outcome=mildest,
            if_missing=None,
            title=None,
            reason=Wording((("en", ()), ("zh", ()))),
            remedy=None,
            conditions=(),
            uses=(),
        )
        for row in rows
    ]
    return replace(ruleset, rules=(*rules, *ruleset.rules))


def said_by_sql(
    ruleset: RuleSet, cases: Sequence[Case], names: Sequence[str], dialect: str, run: Run, as_of: int | None = None
) -> Said:
    form = SqlForm(with_alternatives(rows_as_rules(ruleset)), dialect, as_of)
    groups = (form.fired, form.undetermined, form.waived)
    masks = [mask.column for group in groups for mask in group]
    wide = {name for name in names if name in ruleset.variables and _is_wide(ruleset.variables[name])}
    wanted = [_as_text(form, name) if name in wide else form.columns[name] for name in names]
    acting: list[Expr | str] = [*(each.asked for each in form.actions), *_parts_of_actions(form)]
    conditions = {name: exp.alias_(form.counting(name, exp.column(own)), own) for name, own in form.conditions.items()}
    query = form.query([ROW, OUTCOME, *masks, *wanted, *conditions.values(), *acting]).sql(dialect=dialect)
    found = in_order(run(query, relation(ruleset, form, cases)))
    values = {name: found[form.columns[name]] for name in names}
    for name in wide:
        values[name] = [None if value is None else int(value) for value in values[name]]
    fired, undetermined, waived = (ids_of(group, found, len(cases)) for group in groups)
    shown = {name: found[own] for name, own in form.conditions.items()}
    actions = [_asked(form, found, row) for row in range(len(cases))]
    return Said(found[OUTCOME], fired, undetermined, list(map(sorted, waived)), values, shown, actions)


def _parts_of_actions(form: SqlForm) -> list[Expr]:
    """Dates, and amounts as text, since some have more than 64 bits."""
    dates: list[Expr] = [exp.column(each.by) for each in form.actions if each.by]
    return [
        *dates,
        *(exp.cast(each.amount, form.dialect.text_type).as_(each.amount) for each in form.actions if each.amount),
    ]


def _asked(form: SqlForm, found: Mapping[str, Sequence[Any]], row: int) -> list[Asked]:
    """What is asked for in one row. A date or an amount of what is not asked for must be null."""
    asked: list[Asked] = []
    for each in form.actions:
        by = found[each.by][row] if each.by else None
        amount = found[each.amount][row] if each.amount else None
        if found[each.asked][row]:
            asked.append((each.rule, each.action.word, by, None if amount is None else int(amount)))
        else:
            assert (found[each.asked][row], by, amount) == (False, None, None), each
    return asked


def _is_wide(type_: Type) -> bool:
    return max(-type_.low, type_.high) >= 2**63


def _as_text(form: SqlForm, name: str) -> Expr:
    """Clients read numbers of more than 64 bits as they like."""
    return exp.cast(form.columns[name], form.dialect.text_type).as_(form.columns[name])


# --- differences -----------------------------------------------------------------------------------------------------


def compare(
    ruleset: RuleSet, cases: Sequence[Case], dialect: str, run: Run, *, lists: bool = True, as_of: int | None = None
) -> int:
    """The number of cases. Fails at the first difference with the row, the value or rule, what both say of it, and the
    facts; causes come before what they cause."""
    named = [step.name for step in ruleset.steps if not isinstance(step, Match)]
    named = [name for name in named if lists or name in ruleset.variables]
    one = said_one_by_one(ruleset, cases, named)
    sql = said_by_sql(ruleset, cases, named, dialect, run, as_of)
    for name in named:
        _same(f"value {name}", one.values[name], sql.values[name], cases)
    _same_ids("is true", one.fired, sql.fired, cases)
    _same_ids("is undetermined", one.undetermined, sql.undetermined, cases)
    _same_ids("is waived", one.waived, sql.waived, cases)
    for name, column in one.conditions.items():
        _same(f"condition {name}", column, sql.conditions[name], cases)
    _same("actions", one.actions, sql.actions, cases)
    _same("outcome", one.outcomes, sql.outcomes, cases)
    return len(cases)


def compare_decisions(ruleset: RuleSet, cases: Sequence[Case], dialect: str, run: Run) -> int:
    """As `compare`, with the decisions that callers get: outcome, reasons, what is undetermined, conditions, results as
    they are shown."""
    sql = said_by_sql(ruleset, cases, ruleset.results, dialect, run)
    decisions = _decisions(ruleset, cases)
    rules = {rule.id for rule in ruleset.rules}
    for name in ruleset.results:
        policy, _, own = name.partition(".")
        _same(f"result {name}", [d.results[policy][own] for d in decisions], _shown(ruleset, name, sql), cases)
    undetermined = [[item.id for item in d.undetermined if item.id in rules] for d in decisions]
    fired = [
        [reason.rule for reason in d.reasons if reason.rule in rules and reason.rule not in unsure]
        for d, unsure in zip(decisions, undetermined, strict=True)
    ]
    for what, mine, theirs in (("is true", fired, sql.fired), ("is undetermined", undetermined, sql.undetermined)):
        of_rules = [[id_ for id_ in ids if id_ in rules] for ids in theirs]
        _same_ids(what, list(map(sorted, mine)), list(map(sorted, of_rules)), cases)
    waived = [sorted(reason.rule for reason in d.reasons if reason.waived) for d in decisions]
    _same_ids("is waived", waived, sql.waived, cases)
    types = {name: formula.type for rule in ruleset.rules for name, formula in rule.conditions}
    for name, column in sql.conditions.items():
        shown = [None if value is None else json_formatter(types[name])(value) for value in column]
        _same(f"condition {name}", [d.conditions.get(name) for d in decisions], shown, cases)
    parts = {rule.id: (rule.action.by, rule.action.amount) for rule in ruleset.rules if rule.action}
    shown_actions = [
        [(id_, word, *map(_shown_part, parts[id_], said)) for id_, word, *said in asked] for asked in sql.actions
    ]
    mine_asked = [[(a.rule, a.action, a.by, a.amount) for a in d.actions] for d in decisions]
    _same("actions", mine_asked, shown_actions, cases)
    _same("outcome", [d.outcome for d in decisions], sql.outcomes, cases)
    return len(cases)


def _decisions(ruleset: RuleSet, cases: Sequence[Case]) -> list[Decision]:
    evaluator = Evaluator(ruleset)
    try:
        return [evaluator.decide(facts, date_of(day), "-") for facts, day in cases]
    finally:
        evaluator.close()


def _shown_part(formula: Formula | None, value: Any) -> Any:
    return None if formula is None or value is None else json_formatter(formula.type)(value)


def _shown(ruleset: RuleSet, name: str, sql: Said) -> list[Any]:
    for step in ruleset.steps:
        if isinstance(step, ListResult) and step.name == name:
            show = json_formatter(step.element)
            return [None if found is None else [show(item) for item in found] for found in sql.values[name]]
    return list(map(json_formatter(ruleset.variables[name]), sql.values[name]))


def _same_ids(what: str, one: list[list[str]], sql: list[list[str]], cases: Sequence[Case]) -> None:
    """Names the first rule or table row of which the two say different things."""
    for row, (mine, theirs) in enumerate(zip(one, sql, strict=True)):
        if mine != theirs:
            for id_ in sorted({*mine} ^ {*theirs}):
                _same(f"rule {id_} {what}", [id_ in mine], [id_ in theirs], cases, row)
            _same(f"order of what {what}", [mine], [theirs], cases, row)


def _same(what: str, one: Sequence[Any], sql: Sequence[Any], cases: Sequence[Case], start: int = 0) -> None:
    if one == sql:
        return
    for row, (mine, theirs) in enumerate(zip(one, sql, strict=True), start):
        mine, theirs = (list(v) if isinstance(v, tuple | list) else v for v in (mine, theirs))
        assert mine == theirs, f"row {row}, {what}: one decision {mine!r}, SQL {theirs!r}; facts {cases[row]}"
