"""The formulas of a row map as SQL: the facts that they give, as columns of sub-selects over the facts of columns.

Part of `raw_facts`. The expressions are those that the same formulas become in a policy (`engine.lowering.sql`), so a
row of `credence batch` gets what `mapped_rows` gives it one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, binary, data_type, number
from engine.lowering.sql.levels import ColumnNames, Levels, SqlValue, column, literal
from engine.lowering.sql.narrowing import is_narrow, narrowed
from engine.lowering.sql.nodes import Lowering
from engine.ruleset.numbering import Formulas
from engine.ruleset.ruleset import AS_OF
from engine.vocabulary.vocabulary import Future, Kind, Type
from files.maps.map_formulas import may_be_out_of_range
from files.maps.row_map import MapFormula

_TEXTS = (Kind.TEXT, Kind.PERSON, Kind.ENUM)


def known_on(day: int, value: Expr) -> Expr:
    """A date that counts as unknown after this day."""
    return exp.Case(ifs=[exp.If(this=binary(exp.LTE, value, number(day)), true=value.copy())])


@dataclass(frozen=True, slots=True)
class FormulaResult:
    """What one formula gives in every row."""

    formula: MapFormula

    raw: exp.Column
    """The result, whether the fact can hold it or not; null in a row with a faulty cell that the formula reads."""

    misfit: Expr | None
    """True where a number or a date is out of the fact's range; None where it never is. Texts are not tested here."""


class FormulaColumns:
    """Adds the facts of a map's formulas to a relation that holds the facts of its columns.

    For example, `invoice.open_amount: {formula: row.amount - row.paid}` over the columns `row_amount` and `row_paid`
    becomes `invoice_open_amount_result`, the difference where the row's `faults` are null, and `invoice_open_amount`,
    the same where the fact can hold it: a formula that reads it sees nothing else.
    """

    def __init__(
        self,
        formulas: Sequence[MapFormula],
        columns: Mapping[str, tuple[str, Type]],
        names: Mapping[str, str],
        faults: str,
        dialect: Dialect,
        as_of: int,
        unfit_text: Callable[[Expr, Type], Expr],
    ) -> None:
        """`columns` gives for each helper column and each fact of a column its column in the relation and its type;
        `names` gives each fact's column, also of those that formulas give. The column `faults` of the relation is null
        in rows without a faulty cell: in others a value may be none that formulas are made for. `unfit_text` is true
        for text that no fact of the type can hold."""
        taken = ColumnNames()
        for name in (*names.values(), *(name for name, _ in columns.values()), faults):
            taken.name(name)
        self._levels = Levels(dialect, taken)
        self._as_of = as_of
        self._unfit_text = unfit_text
        self._codes: dict[str, SqlValue] = {AS_OF: literal(as_of, dialect)}
        for name in dict.fromkeys(name for formula in formulas for name in sorted(formula.reads) if name in columns):
            self._define_input(name, *columns[name], faults)
        trees = [narrowed(formula.formula) for formula in formulas]
        counted = Formulas()
        for tree in trees:
            counted.use(tree)
        lowering = Lowering(counted, self._levels, self._codes)
        self.results: tuple[FormulaResult, ...] = tuple(
            self._define_result(formula, lowering.value(tree), names[formula.name])
            for formula, tree in zip(formulas, trees, strict=True)
        )
        """In the order of the formulas; their values stand in the columns that `names` gives."""

    def selects(self, source: str, expressions: Iterable[Expr]) -> tuple[list[tuple[str, exp.Select]], str]:
        """The sub-selects over the relation `source`, each with its name, and the name of the last, in which the
        columns that these expressions read all stand."""
        return self._levels.selects(source, list(expressions))

    def _define_input(self, name: str, in_relation: str, type_: Type, faults: str) -> None:
        is_sound = exp.Is(this=column(faults), expression=exp.Null())
        value = exp.Case(ifs=[exp.If(this=is_sound, true=column(in_relation))])
        wide = type_.kind.is_numeric and not is_narrow(type_)
        code = self._codes[name] = self._levels.define(
            SqlValue(value, wide=wide, nullable=True, long=True), f"sound_{name}"
        )
        if type_.kind in _TEXTS:
            self._levels.texts.add(code.sql.name)

    def _define_result(self, formula: MapFormula, code: SqlValue, name: str) -> FormulaResult:
        raw = self._levels.define(code, f"{name}_result")
        result, type_ = raw.sql, formula.type
        if not isinstance(result, exp.Column):
            raise AssertionError("a defined value is a column")
        held: Expr = exp.Cast(this=result.copy(), to=data_type(self._sql_type(type_)))
        misfit: Expr | None = None
        if may_be_out_of_range(formula):
            within = exp.Between(this=result.copy(), low=number(type_.low), high=number(type_.high))
            misfit = exp.Not(this=within)
            tried = exp.TryCast(this=result.copy(), to=held.args["to"], safe=True)
            held = exp.Case(ifs=[exp.If(this=within.copy(), true=tried)])
        if type_.kind.is_text:
            held = exp.Case(ifs=[exp.If(this=exp.not_(self._unfit_text(result, type_)), true=held)])
        if type_.future is Future.UNKNOWN:
            held = known_on(self._as_of, held)
        self._codes[formula.name] = self._levels.named(SqlValue(held, nullable=True, long=True), name)
        if type_.kind in _TEXTS:
            self._levels.texts.add(name)
        return FormulaResult(formula, result, misfit)

    def _sql_type(self, type_: Type) -> str:
        if type_.kind in _TEXTS:
            return self._levels.dialect.text_type
        return "BOOLEAN" if type_.kind is Kind.YES_NO else self._levels.dialect.narrow
