"""The rule set as one SQL query: the third lowering, for millions of rows at a time.

The query reads a relation of facts, one row a case and one column a fact, as the binder would give them: numbers and
dates as integers at their type's scale, text, booleans, nulls. It gives, row for row, what `evaluate` decides: every
value and row match, every rule (true: fired, null: undetermined), the outcome. It checks no row: a value out of its
type's range, or a missing one that is required, must not be in the relation. The tests hold the form against the other
lowerings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import DIALECTS, Dialect, binary, number, text, wrapped
from engine.lowering.sql.levels import ColumnNames, Levels, SqlValue, column, literal
from engine.lowering.sql.masks import Mask, mask_pairs, waived_masks, without
from engine.lowering.sql.narrowing import is_narrow, narrowed
from engine.lowering.sql.nodes import Lowering
from engine.ruleset.formula import Formula
from engine.ruleset.numbering import Formulas
from engine.ruleset.ruleset import AS_OF, ListResult, Match, Named, Rule, RuleAction, RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Kind, Type

FACTS = "facts"
"""The relation that the query reads."""

OUTCOME = "outcome"
"""The column that holds the decision's outcome."""


ACTIONS = "actions"
"""The column that holds the actions that are asked for, by their words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionColumns:
    """Where the query says what a rule asks somebody to do."""

    rule: str
    """The rule's id."""

    action: RuleAction

    asked: str
    """The column that says whether it is asked for: the rule fired and is not waived. Never null."""

    by: str | None
    """The column of the latest date, null where it is not asked for; None where the action has none."""

    amount: str | None
    """The column of the amount, in the same way."""


class SqlForm:
    """A rule set's query in one dialect. It is complete when it has been constructed; `query` and `text` only read it.

    `ruleset`: the rule set. `dialect`: whose SQL it is.
    `columns`: the column of each fact, value, list and row match by their ids, and that of `as_of` if it is read.
    `rules`: the column of each rule by its id: true where the rule fired, null where it is undetermined.
    `conditions`: the column of each condition that a fired rule sets (`deposit`), by its name; null where no
    rule sets it. It counts where the outcome is that of its rule: `counting`.
    `actions`: the columns of each action that rules ask for, in the order in which a decision lists them.
    `fired`, `undetermined`: all rules as bit masks, in the rule set's order; see `masks`.
    `waived`: of these the rules that an exception waives and that would count without it, as masks of the same ids; no
    masks where the rule set has no exceptions.
    `waivers`: the column that says whether a rule is waived, by the id of each rule that an exception names."""

    def __init__(self, ruleset: RuleSet, dialect: str = "duckdb", as_of: int | None = None) -> None:
        """`dialect` is one of `DIALECTS`. `as_of` is the day count that all cases are decided for; None reads it from a
        column of that name. Raises `KeyError` for an unknown dialect."""
        self.ruleset = ruleset
        self.dialect: Dialect = DIALECTS[dialect]
        self._levels = Levels(self.dialect, ColumnNames())
        steps = _Steps(ruleset, self._levels, as_of)
        self.columns: Mapping[str, str] = steps.columns
        self._rules = tuple(_rule_column(rule, steps, self._levels) for rule in ruleset.rules)
        self.rules: Mapping[str, str] = {each.rule.id: each.fired.sql.name for each in self._rules}
        self._waivers = _waiver_columns(ruleset, steps, self._levels)
        self.waivers: Mapping[str, str] = {rule: waived.sql.name for rule, waived in self._waivers.items()}
        self.conditions: Mapping[str, str] = _condition_columns(self._rules, self._waivers, steps, self._levels)
        self._outcomes = {name: each.rule.outcome for each in self._rules for name, _ in each.rule.conditions}
        self.actions: tuple[ActionColumns, ...] = _action_columns(self._rules, self._waivers, steps, self._levels)
        conjuncts = [each.conjuncts for each in self._rules]
        masks = mask_pairs(self._levels, [rule.id for rule in ruleset.rules], conjuncts)
        self.fired: tuple[Mask, ...] = masks.fired
        self.undetermined: tuple[Mask, ...] = masks.undetermined
        ignored = [rule.id for rule in ruleset.rules if rule.if_missing is None]
        self.waived: tuple[Mask, ...] = waived_masks(self._levels, masks, self._waivers, ignored)
        self._counted_fired = without(self._levels, self.fired, self.waived)
        self._counted_undetermined = without(self._levels, self.undetermined, self.waived)
        self._levels.named(SqlValue(self._outcome(self._tests_of_masks)), OUTCOME)

    # --- what callers select -----------------------------------------------------------------------------------------

    def query(self, selected: Sequence[Expr | str], facts: exp.Query | None = None) -> exp.Select:
        """A query that selects these columns, by name or as expressions, one row for each row of the relation `facts`.

        `facts`, where it is given, becomes the definition of that relation; otherwise the database must have it."""
        columns = [column(item) if isinstance(item, str) else item.copy() for item in selected]
        levels, top = self._levels.selects(FACTS, columns)
        query = exp.select(*columns, copy=False).from_(top, copy=False)
        if facts is not None:
            query = query.with_(FACTS, as_=facts, copy=False)
        for name, select in levels:
            query = query.with_(name, as_=select, copy=False)
        return query

    def text(self) -> str:
        """The query for people and warehouses, as indented text: the case's id, the outcome, the words of the actions
        with a blank between two, and one column for each condition, date and amount of an action, rule, rule that may
        be waived, and value. It uses no masks."""
        case_id = self.columns[f"{self.ruleset.case}.id"]
        results = [self.columns[name] for name in self.ruleset.results]
        outcome = exp.alias_(self._outcome(self._tests_of_rules), OUTCOME)
        rules = [*self.rules.values(), *self.waivers.values()]
        asked_for = [
            exp.alias_(self.counting(name, column(source), outcome.this), source)
            for name, source in self.conditions.items()
        ]
        asked = [exp.alias_(self._action_words(), ACTIONS)] if self.actions else []
        of_actions = [name for each in self.actions for name in (each.by, each.amount) if name]
        selected: list[Expr | str] = [
            case_id,
            outcome,
            *asked,
            *asked_for,
            *of_actions,
            *rules,
            *results,
        ]
        return self.query(selected).sql(dialect=self.dialect.name, pretty=True, copy=False) + "\n"

    def counting(self, condition: str, value: Expr, outcome: Expr | None = None) -> Expr:
        """A condition's value where it counts: null beside an outcome severer than that of its rule, since meeting it
        would open nothing. `outcome` is the decision's as an expression; None reads its column."""
        decided = column(OUTCOME) if outcome is None else wrapped(outcome.copy())
        counts = binary(exp.EQ, decided, text(self._outcomes[condition]))
        return exp.Case(ifs=[exp.If(this=counts, true=value)])

    def sql_type(self, type_: Type) -> str:
        """The dialect's name of the column type that holds values of a type."""
        return _sql_type(self.dialect, type_)

    def _action_words(self) -> Expr:
        """The words of the actions that are asked for, as text."""
        parts = [
            exp.Case(ifs=[exp.If(this=column(each.asked), true=text(f"{each.action.word} "))], default=text(""))
            for each in self.actions
        ]
        words: Expr = parts[0]
        for part in parts[1:]:
            words = exp.DPipe(this=words, expression=part)
        return self.dialect.trimmed_right(words, " ")

    # --- the outcome -------------------------------------------------------------------------------------------------

    def _outcome(self, tests: Callable[[str], Iterable[Expr]]) -> Expr:
        """A CASE from the most severe outcome down to the mildest, which needs no test. `tests` gives, for an outcome,
        the tests of which one is true where a rule gives it."""
        kind = CASE_KINDS[self.ruleset.case]
        mildest = text(self.ruleset.mildest)
        severer = kind.ladder[kind.severity(self.ruleset.mildest) + 1 :]
        tests_by_outcome = {outcome: list(tests(outcome)) for outcome in reversed(severer)}
        ifs = [
            exp.If(this=exp.or_(*of_outcome), true=text(outcome))
            for outcome, of_outcome in tests_by_outcome.items()
            if of_outcome
        ]
        return exp.Case(ifs=ifs, default=mildest) if ifs else mildest

    def _tests_of_masks(self, outcome: str) -> Iterator[Expr]:
        """Whether the bit of a rule is set that gives the outcome, fired or, by `if_missing`, undetermined, and not
        waived."""
        when_fired = {rule.id: rule.outcome for rule in self.ruleset.rules}
        when_undetermined = {rule.id: rule.if_missing for rule in self.ruleset.rules}
        counted = (self._counted_fired, when_fired), (self._counted_undetermined, when_undetermined)
        for masks, outcomes in counted:
            for mask in masks:
                bits = sum(1 << i for i, id_ in enumerate(mask.ids) if outcomes[id_] == outcome)
                if bits:
                    common = binary(exp.BitwiseAnd, column(mask.column), number(bits))
                    yield binary(exp.NEQ, common, number(0))

    def _tests_of_rules(self, outcome: str) -> Iterator[Expr]:
        """As `_tests_of_masks`, of the rules' columns."""
        for each in self._rules:
            if each.rule.outcome == outcome:
                yield self._unless_waived(each.rule, each.fired.sql.copy())
            if each.rule.if_missing == outcome and each.fired.nullable:
                yield self._unless_waived(each.rule, self._levels.missing(each.fired).sql)

    def _unless_waived(self, rule: Rule, test: Expr) -> Expr:
        waived = self._waivers.get(rule.id)
        return wrapped(exp.and_(test, exp.not_(waived.sql.copy()))) if waived else test


# --- rules -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _RuleColumn:
    """A rule with its conditions as SQL, and the column that says whether all of them are true."""

    rule: Rule
    conjuncts: tuple[SqlValue, ...]
    fired: SqlValue


def _rule_column(rule: Rule, steps: _Steps, levels: Levels) -> _RuleColumn:
    conjuncts = steps.conjuncts(rule.match)
    return _RuleColumn(rule, conjuncts, levels.define(levels.combined(conjuncts, exp.And), f"rule_{rule.id}"))


def _waiver_columns(ruleset: RuleSet, steps: _Steps, levels: Levels) -> dict[str, SqlValue]:
    """For each rule that exceptions name, whether one of them is true; an exception that is null waives nothing."""
    by_rule: dict[str, list[SqlValue]] = {}
    for exception in ruleset.exceptions:
        value = steps.value(exception.id)
        known = levels.at(exp.Coalesce(this=value.sql.copy(), expressions=[exp.false()]), (value,), nullable=False)
        for rule in exception.waives:
            by_rule.setdefault(rule, []).append(known if value.nullable else value)
    return {rule: levels.define(levels.combined(any_, exp.Or), f"waived_{rule}") for rule, any_ in by_rule.items()}


def _condition_columns(
    rules: Iterable[_RuleColumn], waivers: Mapping[str, SqlValue], steps: _Steps, levels: Levels
) -> dict[str, str]:
    """What a fired rule asks of the customer, null where it did not fire or is waived. No two rules set one
    condition."""
    columns: dict[str, str] = {}
    nothing = literal(None, levels.dialect)
    for each in rules:
        waived = [(waivers[each.rule.id], nothing)] if each.rule.id in waivers else []
        for name, formula in each.rule.conditions:
            value = levels.case([*waived, (each.fired, steps.lowered(formula))], nothing)
            columns[name] = levels.define(value, f"condition_{name}").sql.name
    return columns


def _action_columns(
    rules: Iterable[_RuleColumn], waivers: Mapping[str, SqlValue], steps: _Steps, levels: Levels
) -> tuple[ActionColumns, ...]:
    """What fired rules ask somebody to do, those of the most severe outcome first; a waived rule asks for nothing."""
    nothing, no, yes = (literal(value, levels.dialect) for value in (None, False, True))
    found = []
    for each in rules:
        action, id_ = each.rule.action, each.rule.id
        if action is None:
            continue

        def said(fired: SqlValue, otherwise: SqlValue, each: _RuleColumn = each) -> SqlValue:
            waived = [(waivers[each.rule.id], otherwise)] if each.rule.id in waivers else []
            return levels.case([*waived, (each.fired, fired)], otherwise)

        by, amount = (
            levels.define(said(steps.lowered(formula), nothing), f"action_{what}_{id_}").sql.name if formula else None
            for what, formula in (("by", action.by), ("amount", action.amount))
        )
        asked = levels.define(said(yes, no), f"asked_{id_}").sql.name
        found.append((each.rule.outcome, ActionColumns(rule=id_, action=action, asked=asked, by=by, amount=amount)))
    kind = CASE_KINDS[steps.case]
    return tuple(columns for _, columns in sorted(found, key=lambda pair: -kind.severity(pair[0])))


# --- steps -----------------------------------------------------------------------------------------------------------


class _Steps:
    """The columns of facts, values, lists and row matches, and every other formula of the rule set over them.

    Constructing it defines the columns in the rule set's order, in which a step reads only what stands before it."""

    def __init__(self, ruleset: RuleSet, levels: Levels, as_of: int | None) -> None:
        self.case = ruleset.case
        self.columns: dict[str, str] = {}
        self._levels = levels
        self._values: dict[str, SqlValue] = {}
        self._narrowed = {id(formula): narrowed(formula) for formula in _formulas(ruleset)}
        counted = Formulas()
        for formula in self._narrowed.values():
            counted.use(formula)
        self._lowering = Lowering(counted, levels, self._values)
        self._define_facts(ruleset)
        for taken in (OUTCOME, ACTIONS):  # no other column may be called so
            levels.names.name(taken)
        self._define_as_of(as_of)
        for step in ruleset.steps:
            match step:
                case Named():
                    self._define(step.name, step.name, self.lowered(step.formula))
                case Match():
                    self._define(step.id, f"row_{step.id}", levels.combined(self.conjuncts(step), exp.And))
                case ListResult():
                    self._define(step.name, step.name, self._list(step))

    def lowered(self, formula: Formula) -> SqlValue:
        """A formula of the rule set as SQL."""
        return self._lowering.value(self._narrowed[id(formula)])

    def value(self, id_: str) -> SqlValue:
        """A step that has been defined, by its name or id."""
        return self._values[id_]

    def conjuncts(self, match: Match) -> tuple[SqlValue, ...]:
        """The conditions of a match as SQL."""
        return tuple(self.lowered(conjunct.formula) for conjunct in match.conjuncts)

    def _define_facts(self, ruleset: RuleSet) -> None:
        for fact in ruleset.facts:
            name = self.columns[fact.name] = self._levels.names.name(fact.name)
            wide = fact.type.kind.is_numeric and not is_narrow(fact.type)
            self._values[fact.name] = SqlValue(column(name), wide=wide, nullable=not fact.required, long=True)
            if not fact.required:
                self._levels.nullable.add(name)
            if fact.type.kind.is_text or fact.type.kind is Kind.ENUM:
                self._levels.texts.add(name)

    def _define_as_of(self, as_of: int | None) -> None:
        if as_of is None:
            self.columns[AS_OF] = self._levels.names.name(AS_OF)
            self._values[AS_OF] = SqlValue(column(self.columns[AS_OF]), long=True)
        else:
            self._values[AS_OF] = literal(as_of, self._levels.dialect)

    def _define(self, id_: str, hint: str, value: SqlValue) -> None:
        defined = self._values[id_] = self._levels.define(value, hint)
        self.columns[id_] = defined.sql.name

    def _list(self, step: ListResult) -> SqlValue:
        """The outputs of the rows hit, as an array: for each row an array of one output or of none, all joined. Null
        where it is undetermined whether a row is hit."""
        levels, dialect = self._levels, self._levels.dialect
        outputs = [self.lowered(output) for _, output in step.entries]
        is_wide = any(output.wide for output in outputs)
        element = dialect.wide if is_wide else _sql_type(dialect, step.element)
        empty = dialect.array((), element)
        arrays, parts = [], []
        for (row, _), output in zip(step.entries, outputs, strict=True):
            hit = self._values[row]
            one = dialect.array((output.sql,), element)
            arrays.append(exp.Case(ifs=[exp.If(this=hit.sql.copy(), true=one)], default=empty.copy()))
            parts += [hit, output]
        joined = levels.at(dialect.joined(arrays) if arrays else empty, parts, nullable=False)
        is_unknown = [levels.missing(self._values[row]) for row, _ in step.entries if self._values[row].nullable]
        return levels.case([(test, literal(None, dialect)) for test in is_unknown], joined) if is_unknown else joined


def _sql_type(dialect: Dialect, type_: Type) -> str:
    if type_.kind.is_numeric:
        return dialect.narrow if is_narrow(type_) else dialect.wide
    if type_.kind is Kind.LIST:
        fields = ", ".join(f"{field.name} {_sql_type(dialect, field.type)}" for field in type_.fields)
        return f"ARRAY<STRUCT<{fields}>>"
    others = {Kind.DATE: dialect.narrow, Kind.YES_NO: "BOOLEAN"}
    return others.get(type_.kind, dialect.text_type)


def _formulas(ruleset: RuleSet) -> Iterator[Formula]:
    """Every formula of the rule set, each as often as the rule set holds it."""
    for step in ruleset.steps:
        match step:
            case Named():
                yield step.formula
            case Match():
                yield from (conjunct.formula for conjunct in step.conjuncts)
            case ListResult():
                yield from (output for _, output in step.entries)
    for rule in ruleset.rules:
        yield from (conjunct.formula for conjunct in rule.match.conjuncts)
        yield from rule.formulas
