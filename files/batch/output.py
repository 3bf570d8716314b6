"""What a batch writes: the columns of a decision for people and programs, and the lists of rule ids behind the masks.

A mask is a whole number with one bit for each rule: set where the rule fired. It is looked up in pieces of `PIECE_BITS`
bits, each in a constant array of texts or lists: five times as fast as one list for each rule, and rows stay in their
order, which a join with the masks that occur would not keep. With two bits to a piece, of the rules a, b, c and d:

    mask 13 = 0b1101       piece 0: bits 01 → array ["", "a ", "b ", "a b "][1 + 1]   "a "
                           piece 1: bits 11 → array ["", "c ", "d ", "c d "][3 + 1]   "c d "
    joined and trimmed     "a c d"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.action_lists import action_list
from engine.lowering.sql.dialect import binary, cast, text
from engine.lowering.sql.levels import column
from engine.lowering.sql.masks import Mask
from engine.lowering.sql.readable_columns import fact_value, list_value
from engine.lowering.sql.sql_form import ACTIONS, OUTCOME, SqlForm
from engine.ruleset.ruleset import ListResult, RuleSet
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.rates import KEYS
from engine.vocabulary.vocabulary import Kind, Type
from files.batch.input import quoted, quoted_list
from files.batch.row_rates import RATE_CURRENCY, RowRates
from files.formats import Format
from files.spreadsheet import FORMULA_STARTS, TEXT_MARK

FIRED = "fired"
"""The column of the rules that fired, by their ids."""

WAIVED = "waived"
"""The column of the rules that would count but for an exception: each is in one of the other two as well."""

UNDETERMINED = "undetermined"
"""The column of the rules that missing facts leave undetermined."""

CONVERTED_FROM = "converted_from"
"""Begins the names of the columns that show a row's rate, as in a decision."""

RULES = (FIRED, WAIVED, UNDETERMINED)
"""The columns that name rules: lists in NDJSON, otherwise text with a blank between two ids."""

PIECE_BITS = 6
"""Bits of a mask that are looked up at once, in an array of 64 entries. Longer arrays are fewer, but slow to plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """How decisions are options.

    `format`: of the file. `results`: every value of the policies, or only outcome, conditions and rules. `spreadsheet`:
    text cells of CSV that begin like a formula are marked as text. `place`: the column by which rows are put in order
    again, where they were joined with others; blank where they are in order. `rates`: by which rows were converted.
    """

    format: Format
    results: bool = True
    spreadsheet: bool = False
    place: str = ""
    rates: RowRates | None = None


def decisions(form: SqlForm, facts: exp.Select, options: OutputOptions) -> exp.Select:
    """One row for each row of `facts`, in their order; ids as lists in NDJSON, else as text, with a blank between two.
    Lists of values, and actions, are those of a decision's JSON in NDJSON and, as its text, in CSV, where an empty cell
    stands for no action; in Parquet their members, dates and amounts have the type that a column of them has."""
    masks = [*form.fired, *form.waived, *form.undetermined]
    place = [options.place] if options.place else []
    place += [RATE_CURRENCY] if options.rates else []
    inner = form.query([*_inner(form, results=options.results), *(mask.column for mask in masks), *place], facts)
    lists = options.format is Format.NDJSON
    groups = zip(RULES, (form.fired, form.waived, form.undetermined), strict=True)
    ids = [_named(_ids(group, lists=lists), name) for name, group in groups]
    columns = [*_outer(form, options), *ids, _named(_actions(form, options.format), ACTIONS)]
    columns += [_named(value, name) for name, value in converted_from(options.rates)]
    if options.spreadsheet and options.format is Format.CSV:
        texts = _texts(form.ruleset)
        columns = [_named(marked(each.this), each.alias) if each.alias in texts else each for each in columns]
    decided = exp.alias_(inner.subquery(copy=False), "decided", copy=False)
    rows = exp.select(*columns, copy=False).from_(decided, copy=False)
    return rows.order_by(column(options.place), copy=False) if options.place else rows


def converted_from(rates: RowRates | None) -> Iterator[tuple[str, Expr]]:
    """The columns that say by which rate the amounts of a row were converted; empty where they were not."""
    for key in KEYS if rates else ():
        yield f"{CONVERTED_FROM}.{key}", rates.shown(key) if rates else exp.Null()


def marked(cell: Expr) -> Expr:
    """Text that a spreadsheet takes for text, whatever it begins with."""
    first = exp.Anonymous(this="LEFT", expressions=[cell.copy(), exp.Literal.number(1)])
    begins = exp.In(this=first, expressions=[text(start) for start in FORMULA_STARTS])
    return exp.Case(ifs=[exp.If(this=begins, true=binary(exp.DPipe, text(TEXT_MARK), cell))], default=cell.copy())


def _texts(ruleset: RuleSet) -> set[str]:
    """The columns of text: numbers and dates are never marked."""
    types = {f"condition.{name}": formula.type for rule in ruleset.rules for name, formula in rule.conditions}
    types |= {name: ruleset.variables[name] for name in ruleset.results if name in ruleset.variables}
    words = {name for name, type_ in types.items() if type_.kind.is_text or type_.kind is Kind.ENUM}
    return {*words, *elements(ruleset), *_subjects(ruleset), OUTCOME, *RULES, ACTIONS}


def _subjects(ruleset: RuleSet) -> list[str]:
    return [f"{group}.id" for group in CASE_KINDS[ruleset.case].groups]


def _inner(form: SqlForm, *, results: bool) -> list[Expr | str]:
    ruleset = form.ruleset
    subjects: list[Expr | str] = [form.columns[name] for name in _subjects(ruleset)]
    return [*subjects, OUTCOME, *form.conditions.values(), *(_results(form) if results else ()), *action_columns(form)]


def action_columns(form: SqlForm) -> list[str]:
    """The columns that the list of actions is made of."""
    return [name for each in form.actions for name in (each.asked, each.by, each.amount) if name]


def _results(form: SqlForm) -> list[str]:
    return [form.columns[name] for name in form.ruleset.results]


def _outer(form: SqlForm, options: OutputOptions) -> Iterator[exp.Alias]:
    """Dotted names, as everywhere else; numbers with their decimal point."""
    ruleset = form.ruleset
    for name in _subjects(ruleset):
        yield _named(column(form.columns[name]), name)
    yield _named(column(OUTCOME), OUTCOME)
    types = {name: formula.type for rule in ruleset.rules for name, formula in rule.conditions}
    for name, source in form.conditions.items():
        yield _named(form.counting(name, fact_value(types[name], source, form.dialect)), f"condition.{name}")
    if options.results:
        lists = elements(ruleset)
        for name in ruleset.results:
            source, element = form.columns[name], lists.get(name)
            value = (
                _list(form, source, element, options.format)
                if element
                else fact_value(ruleset.variables[name], source, form.dialect)
            )
            yield _named(value, name)


def elements(ruleset: RuleSet) -> dict[str, Type]:
    """The type of the members, for each result that is a list."""
    return {step.name: step.element for step in ruleset.steps if isinstance(step, ListResult)}


def _list(form: SqlForm, source: str, element: Type, format_: Format) -> Expr:
    value = list_value(element, source, form.dialect, as_json=format_ is not Format.PARQUET)
    return cast(exp.Anonymous(this="TO_JSON", expressions=[value]), "VARCHAR") if format_ is Format.CSV else value


def _actions(form: SqlForm, format_: Format) -> Expr:
    actions = action_list(form, as_json=format_ is not Format.PARQUET)
    if format_ is not Format.CSV:
        return actions
    written = cast(exp.Anonymous(this="TO_JSON", expressions=[actions]), "VARCHAR")
    return exp.Nullif(this=written, expression=text("[]")) if form.actions else text("")


def _named(value: Expr, name: str) -> exp.Alias:
    return exp.Alias(this=value, alias=exp.to_identifier(name, quoted=True))


# --- masks -----------------------------------------------------------------------------------------------------------


def _ids(masks: Sequence[Mask], *, lists: bool) -> Expr:
    parts = [_piece(mask, shift, lists=lists) for mask in masks for shift in range(0, len(mask.ids), PIECE_BITS)]
    if lists:
        none = cast(exp.Array(expressions=[]), "VARCHAR[]")
        return exp.Anonymous(this="FLATTEN", expressions=[exp.Array(expressions=parts)]) if parts else none
    joined: Expr = parts[0] if parts else text("")
    for part in parts[1:]:
        joined = exp.DPipe(this=joined, expression=part)
    return exp.Anonymous(this="RTRIM", expressions=[joined])


def _piece(mask: Mask, shift: int, *, lists: bool) -> Expr:
    """All sets of these ids, as lists or texts, and of them the one at the place that the mask's bits say. Written as
    DuckDB's own text: to build and print it node by node takes longer than all the rest of the query."""
    ids = mask.ids[shift : shift + PIECE_BITS]
    sets = [[id_ for i, id_ in enumerate(ids) if bits >> i & 1] for bits in range(1 << len(ids))]
    if lists:
        array = f"{_array(quoted_list(chosen) for chosen in sets)}::VARCHAR[][]"
    else:
        array = _array(quoted("".join(f"{id_} " for id_ in chosen)) for chosen in sets)
    place = f"(({mask.column} >> {shift}) & {(1 << len(ids)) - 1}) + 1"
    return exp.Var(this=f"({array})[{place}]")


def _array(parts: Iterable[str]) -> str:
    return f"[{', '.join(parts)}]"
