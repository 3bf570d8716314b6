"""The rule set as one SQL query: the third lowering, for millions of rows at a time.

Reads a relation of facts with one column each, as the binder would give them: numbers and dates as integers at their
type's scale, text, booleans, nulls. Gives, row for row, what `evaluate` decides: every value and row match,
every rule (true: fired, null: undetermined), the outcome. The tests hold it against the other lowerings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import DIALECTS, Dialect, binary, number, text
from engine.lowering.sql.levels import ColumnNames, Levels, SqlValue, column, literal
from engine.lowering.sql.masks import Mask, Masks
from engine.lowering.sql.narrowing import is_narrow, narrowed
from engine.lowering.sql.nodes import Lowering
from engine.ruleset.formula import Formula
from engine.ruleset.numbering import Formulas
from engine.ruleset.ruleset import AS_OF, ListResult, Match, Named, Rule, RuleSet
from engine.vocabulary.vocabulary import CASE_KINDS, Kind, Type

FACTS = "facts"
"""The relation that the query reads."""

OUTCOME = "outcome"


class SqlForm:
    """`as_of` is a day count; None reads it from a column of that name. `columns` names the column of each fact, value,
    row match and rule by their ids."""

    def __init__(self, ruleset: RuleSet, dialect: str = "duckdb", as_of: int | None = None) -> None:
        self.ruleset = ruleset
        self.dialect: Dialect = DIALECTS[dialect]
        self.names = ColumnNames()
        self.columns: dict[str, str] = {}
        self.rules: dict[str, str] = {}
        self.conditions: dict[str, str] = {}
        self._levels = Levels(self.dialect, self.names)
        self._codes: dict[str, SqlValue] = {}
        self._define_facts(as_of)
        formulas = {id(formula): narrowed(formula) for formula in _formulas(ruleset)}
        counted = Formulas()
        for formula in formulas.values():
            counted.use(formula)
        self._lowering = Lowering(counted, self._levels, self._codes)
        self._narrowed = formulas
        self._define_steps()
        self._rule_codes = [self._define_rule(rule) for rule in ruleset.rules]
        self._define_conditions()
        ids = [rule.id for rule in ruleset.rules]
        told = [self._conjuncts(rule.match) for rule in ruleset.rules]
        self.fired, self.undetermined = Masks(self._levels).of("fired", "undetermined", ids, told)
        self._define_outcome()

    # --- what callers select -----------------------------------------------------------------------------------------

    def query(self, wanted: Sequence[Expr | str], facts: exp.Query | None = None) -> exp.Select:
        """The decisions: these columns of the last level. `facts` defines the relation of that name."""
        columns = [column(item) if isinstance(item, str) else item.copy() for item in wanted]
        levels, top = self._levels.selects(FACTS, columns)
        query = exp.select(*columns, copy=False).from_(top, copy=False)
        if facts is not None:
            query = query.with_(FACTS, as_=facts, copy=False)
        for name, select in levels:
            query = query.with_(name, as_=select, copy=False)
        return query

    def text(self) -> str:
        """For people and warehouses: one column for each value and rule, the outcome first, told by the rules' columns
        instead of masks."""
        subject = self.columns[f"{self.ruleset.case}.id"]
        results = [self.columns[name] for name in self.ruleset.results]
        outcome = exp.alias_(self._outcome(self._tests_of_rules), OUTCOME)
        wanted: list[Expr | str] = [subject, outcome, *self.conditions.values(), *self.rules.values(), *results]
        return self.query(wanted).sql(dialect=self.dialect.name, pretty=True) + "\n"

    def row_masks(self) -> tuple[tuple[Mask, ...], tuple[Mask, ...]]:
        """Of the table rows: hit and undetermined. Adds their columns; call it before `query`."""
        rows = [step for step in self.ruleset.steps if isinstance(step, Match)]
        told = [self._conjuncts(row) for row in rows]
        return Masks(self._levels).of("rows_hit", "rows_undetermined", [row.id for row in rows], told)

    # --- steps -------------------------------------------------------------------------------------------------------

    def _define_facts(self, as_of: int | None) -> None:
        for fact in self.ruleset.facts:
            name = self.columns[fact.name] = self.names.name(fact.name)
            wide = fact.type.kind.is_numeric and not is_narrow(fact.type)
            self._codes[fact.name] = SqlValue(column(name), wide, not fact.required, long=True)
            if not fact.required:
                self._levels.nullable.add(name)
            if fact.type.kind in (Kind.TEXT, Kind.ENUM):
                self._levels.texts.add(name)
        self.names.name(OUTCOME)
        if as_of is None:
            self.columns[AS_OF] = self.names.name(AS_OF)
            self._codes[AS_OF] = SqlValue(column(self.columns[AS_OF]), long=True)
        else:
            self._codes[AS_OF] = literal(as_of, self.dialect)

    def _define_steps(self) -> None:
        for step in self.ruleset.steps:
            match step:
                case Named():
                    self._define(step.name, step.name, self._lowered(step.formula))
                case Match():
                    self._define(step.id, f"row_{step.id}", self._match(step))
                case ListResult():
                    self._define(step.name, step.name, self._list(step))

    def _define(self, id_: str, wanted: str, code: SqlValue) -> None:
        found = self._codes[id_] = self._levels.define(code, wanted)
        self.columns[id_] = found.sql.name

    def _lowered(self, formula: Formula) -> SqlValue:
        return self._lowering.code(self._narrowed[id(formula)])

    def _match(self, match: Match) -> SqlValue:
        return self._levels.combined(self._conjuncts(match), exp.And)

    def _conjuncts(self, match: Match) -> list[SqlValue]:
        return [self._lowered(conjunct.formula) for conjunct in match.conjuncts]

    def _list(self, step: ListResult) -> SqlValue:
        levels, dialect = self._levels, self.dialect
        values = [self._lowered(output) for _, output in step.entries]
        wide = any(value.wide for value in values)
        element = dialect.wide if wide else self.sql_type(step.element)
        empty = dialect.array((), element)
        arrays, parts = [], []
        for (row, _), value in zip(step.entries, values, strict=True):
            hit = self._codes[row]
            one = dialect.array((value.sql,), element)
            arrays.append(exp.Case(ifs=[exp.If(this=hit.sql.copy(), true=one)], default=empty.copy()))
            parts += [hit, value]
        whole = levels.at(dialect.joined(arrays) if arrays else empty, parts, nullable=False)
        unknown = [levels.missing(self._codes[row]) for row, _ in step.entries if self._codes[row].nullable]
        return levels.case([(test, literal(None, dialect)) for test in unknown], whole) if unknown else whole

    def sql_type(self, type_: Type) -> str:
        if type_.kind.is_numeric:
            return self.dialect.narrow if is_narrow(type_) else self.dialect.wide
        words = {Kind.DATE: self.dialect.narrow, Kind.YES_NO: "BOOLEAN"}
        return words.get(type_.kind, self.dialect.text_type)

    # --- rules -------------------------------------------------------------------------------------------------------

    def _define_rule(self, rule: Rule) -> SqlValue:
        found = self._levels.define(self._match(rule.match), f"rule_{rule.id}")
        self.rules[rule.id] = found.sql.name
        return found

    def _define_conditions(self) -> None:
        """What a fired rule asks the customer for; null where it did not fire. One rule sets a condition."""
        levels = self._levels
        for rule, fired in zip(self.ruleset.rules, self._rule_codes, strict=True):
            for name, formula in rule.conditions:
                value = levels.case([(fired, self._lowered(formula))], literal(None, self.dialect))
                self.conditions[name] = levels.define(value, f"condition_{name}").sql.name

    def _define_outcome(self) -> None:
        self._levels.named(SqlValue(self._outcome(self._tests_of_masks)), OUTCOME)

    def _outcome(self, tests: Callable[[str], Iterable[Expr]]) -> Expr:
        """The most severe outcome that a test tells."""
        kind = CASE_KINDS[self.ruleset.case]
        mildest = text(self.ruleset.mildest)
        more = kind.ladder[kind.severity(self.ruleset.mildest) + 1 :]
        found = [(list(tests(outcome)), outcome) for outcome in reversed(more)]
        ifs = [exp.If(this=exp.or_(*said), true=text(outcome)) for said, outcome in found if said]
        return exp.Case(ifs=ifs, default=mildest) if ifs else mildest

    def _tests_of_masks(self, outcome: str) -> Iterator[Expr]:
        """Whether a rule says so, fired or by `if_missing`."""
        said = {rule.id: rule.outcome for rule in self.ruleset.rules}
        unsure = {rule.id: rule.if_missing for rule in self.ruleset.rules}
        for masks, outcomes in ((self.fired, said), (self.undetermined, unsure)):
            for mask in masks:
                bits = sum(1 << i for i, id_ in enumerate(mask.ids) if outcomes[id_] == outcome)
                if bits:
                    both = binary(exp.BitwiseAnd, column(mask.column), number(bits))
                    yield binary(exp.NEQ, both, number(0))

    def _tests_of_rules(self, outcome: str) -> Iterator[Expr]:
        for rule, code in zip(self.ruleset.rules, self._rule_codes, strict=True):
            if rule.outcome == outcome:
                yield code.sql.copy()
            if rule.if_missing == outcome and code.nullable:
                yield self._levels.missing(code).sql


def _formulas(ruleset: RuleSet) -> Iterator[Formula]:
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
        yield from (formula for _, formula in rule.conditions)
