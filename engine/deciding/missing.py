"""Why a value is unknown: the facts that are missing behind it.

Part of `evaluate`, run only for what is undetermined. A rule that can't be worked out names what a person has to
supply, so its condition is followed back, through values, tables and lists, to facts:

    orders.over-limit: orders.exposure_after > limits.credit_limit          unknown
      orders.exposure_after: order.amount + account.open_invoices           900.00
      limits.credit_limit: if grading.grade = "A" then … else …             unknown
        grading.grade: a table over account.months and account.on_time_rate unknown
          account.on_time_rate                                              missing  ← this fact is named

Where no fact is missing (a division by zero, a table without a row for the case), the value that has no result is
named instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import cast

from engine.ruleset import formula as f
from engine.ruleset.formula import Formula, Variable
from engine.ruleset.interpret import value_of
from engine.ruleset.ruleset import ListResult, Match, Named, RuleSet, Table
from engine.vocabulary.binding import Records, Value
from engine.vocabulary.vocabulary import YES_NO

_LENIENT = (f.All, f.Any, f.If, f.IsNull, f.IsTrue, f.Aggregate)
"""Formulas that may be known though one of their operands is not. All others are strict: null in, null out."""


class MissingInputs:
    """What each name of one rule set is worked out from. Made once for the rule set; `search` follows one case."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._facts = frozenset(fact.name for fact in ruleset.facts)
        self.rows = frozenset(step.id for step in ruleset.steps if isinstance(step, Match))
        self._formulas: dict[str, tuple[Formula, ...]] = {}
        for step in ruleset.steps:
            match step:
                case Named():
                    self._formulas[step.name] = (step.formula,)
                case Match():
                    self._formulas[step.id] = tuple(conjunct.formula for conjunct in step.conjuncts)
                case ListResult():
                    rows = tuple(Variable(YES_NO, row, nullable=True) for row, _ in step.entries)
                    self._formulas[step.name] = (*rows, *(formula for _, formula in step.entries))

        self._strict: dict[int, tuple[str, ...] | None] = {}

    def search(self, variables: Mapping[str, Value]) -> MissingSearch:
        """A search among one case's values: every fact, named value, row and list by name, None for what is unknown."""
        return MissingSearch(self, variables)

    def formulas(self, name: str) -> tuple[Formula, ...]:
        """The formulas that a name is worked out from; none for facts, which are given."""
        return () if name in self._facts else self._formulas.get(name, ())

    def strict_variables(self, formula: Formula) -> tuple[str, ...] | None:
        """The variables of a formula that is null wherever one of them is; None for other formulas.

        Remembered by the formula's identity: the same formulas are asked for in every search, and they live as long as
        the rule set.
        """
        key = id(formula)
        if key not in self._strict:
            strict = not any(isinstance(node, _LENIENT) for node in f.walk(formula))
            self._strict[key] = f.variables(formula) if strict else None
        return self._strict[key]


class MissingSearch:
    """One case's missing inputs. Each name is followed once, however many rules ask for it."""

    def __init__(self, inputs: MissingInputs, variables: Mapping[str, Value]) -> None:
        self._inputs = inputs
        self._variables = variables
        self._missing_behind: dict[str, tuple[str, ...]] = {}

    def behind_match(self, match: Match) -> tuple[str, ...]:
        """The facts whose absence leaves the match undetermined, sorted. Where no fact is missing, the values that have
        no result, and where there is none of these either, the match's own id."""
        return tuple(sorted({name for c in match.conjuncts for name in self.behind(c.formula)})) or (match.id,)

    def behind_value(self, name: str) -> tuple[str, ...]:
        """The same for a value that is unknown, by its full name; the name itself where nothing else is behind it."""
        return tuple(sorted(set(self.behind_name(name))))

    def behind_name(self, name: str) -> tuple[str, ...]:
        """As `behind_value`, in the order in which they are met.

        Without recursion, since values may stand in a chain of thousands: a name waits until all unknown names one step
        behind it are done.
        """
        nearer: dict[str, frozenset[str]] = {}
        waiting = [name]
        while waiting:
            at = waiting[-1]
            if at not in self._missing_behind and at not in nearer:
                nearer[at] = self.unknown(at)
                waiting += [one for one in nearer[at] if one not in self._missing_behind]
                continue
            if at not in self._missing_behind:
                deeper = dict.fromkeys(fact for one in sorted(nearer[at]) for fact in self._missing_behind[one])
                self._missing_behind[at] = tuple(deeper) or (at,)
            waiting.pop()
        return self._missing_behind[name]

    def behind(self, formula: Formula) -> Iterator[str]:
        """What is missing behind an unknown formula, perhaps several times."""
        for name in self._unknown(formula):
            yield from self.behind_name(name)

    def unknown(self, name: str) -> frozenset[str]:
        """The variables whose lack leaves `name` unknown, one step behind it: values, and rows that may change it."""
        return frozenset(other for part in self._inputs.formulas(name) for other in self._unknown(part))

    def _unknown(self, formula: Formula) -> Iterator[str]:
        strict = self._inputs.strict_variables(formula)
        if strict is not None:
            yield from (name for name in strict if self._variables[name] is None)
        elif value_of(formula, self._variables) is None:
            if isinstance(formula, f.If):
                yield from self._of_choice(formula)
            elif isinstance(formula, f.Aggregate):
                yield from self._of_aggregate(formula)
            else:
                for operand in formula.operands:
                    yield from self._unknown(operand)

    def _of_aggregate(self, aggregate: f.Aggregate) -> Iterator[str]:
        """Behind an unknown aggregate: the list, or what its records lack (`account.open_items[].due`, whichever
        records they are), and what is unknown of the case."""
        name = aggregate.records.name
        records = cast("Records | None", self._variables[name])
        if records is None:
            yield name
            return
        each = aggregate.each
        fields = [f.record_variable(name, field.name) for field in aggregate.records.type.fields]
        read = sorted({*f.variables(each.where), *f.variables(each.value)})
        for record in records:
            scope = {**self._variables, **dict(zip(fields, record, strict=True))}
            counts, value = value_of(each.where, scope), value_of(each.value, scope)
            if counts is None or (counts and value is None):
                yield from (variable for variable in read if scope[variable] is None)

    def _of_choice(self, choice: f.If) -> Iterator[str]:
        """Behind an unknown choice. A table's output is one: if row 1 is hit then …, else if row 2 is hit then …

        Goes down the branches that are taken. An unknown condition ends the search: it is why nothing is known. A row
        that is unknown counts as not hit, so it doesn't matter where a later row is hit and settles the output. It does
        matter where no row is hit, unless it would have given null itself; and where null was chosen on the condition
        that the row is unknown.
        """
        rest: Formula = choice
        failed: list[Formula] = []
        while isinstance(rest, f.If):
            known = value_of(rest.condition, self._variables)
            if known is None:
                yield from self._unknown(rest.condition)
                return
            if known:
                failed = [rest.condition] if _is_null(rest.then) else []
                rest = rest.then
            else:
                failed += _conditions_not_met(rest)
                rest = rest.otherwise
        for condition in failed:
            yield from self._unknown_rows(condition)
        yield from self._unknown(rest)

    def _unknown_rows(self, condition: Formula) -> Iterator[str]:
        for node in f.walk(condition):
            if isinstance(node, f.IsTrue | f.IsNull) and isinstance(node.operand, Variable):
                name = node.operand.name
                if name in self._inputs.rows and self._variables[name] is None:
                    yield name


def _conditions_not_met(choice: f.If) -> Iterator[Formula]:
    """The conditions of the first branch of a choice, which is not taken; in a long chain that branch is a chain of its
    own. A branch that would have given null is left out: that it is not taken is not why there is nothing."""
    if isinstance(choice.condition, f.Any) and isinstance(choice.then, f.If):
        branch: Formula = choice.then
        while isinstance(branch, f.If):
            yield from _conditions_not_met(branch)
            branch = branch.otherwise
    elif not _is_null(choice.then):
        yield choice.condition


def _is_null(formula: Formula) -> bool:
    return isinstance(formula, f.Constant) and formula.value is None


def left_open(
    table: Table, unknown_rows: Set[str], variables: Mapping[str, Value], search: MissingSearch
) -> tuple[str, ...]:
    """The outputs of a table that are null because some of its rows are unknown.

    `unknown_rows` holds ids of any tables' rows. An output that another row would leave null as well counts too:
    whoever supplies what that row lacks is asked for this row's facts next.
    """
    if unknown_rows.isdisjoint(table.rows):
        return ()
    nulls = [name for name in table.outputs if variables[name] is None]
    return tuple(name for name in nulls if not unknown_rows.isdisjoint(search.unknown(name)))
