"""What bulk writes: the columns of a decision for people and programs, and the lists of rule ids behind the masks.

A mask is looked up in pieces of a few bits, each in a small table of lists, so that no list is put together rule by rule
and nothing has to be known about the masks that occur.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp
from sqlglot.expressions import Expression

from engine.ruleset import ListResult, RuleSet
from engine.sql_code import column
from engine.sql_dialect import DUCKDB, number, text
from engine.sql_facts import fact_value
from engine.sql_form import OUTCOME, Mask, SqlForm
from engine.vocabulary import CASE_KINDS, Type

FIRED = "fired"
UNDETERMINED = "undetermined"
PIECE_BITS = 8


def decisions(form: SqlForm, facts: exp.Select, *, results: bool, lists: bool) -> exp.Select:
    """One row for each row of `facts`; lists of ids as lists (`lists`) or as text, with a blank between two ids."""
    masks = [*form.fired, *form.undetermined]
    inner = form.query([*_inner(form, results), *(mask.column for mask in masks)], facts)
    pieces = {mask.column: list(_pieces(mask)) for mask in masks}
    outer = exp.select(*_outer(form, results), copy=False).from_(exp.alias_(inner.subquery(copy=False), "decided", copy=False), copy=False)
    for wanted, group in ((FIRED, form.fired), (UNDETERMINED, form.undetermined)):
        names = [name for mask in group for name, _, _ in pieces[mask.column]]
        outer = outer.select(exp.alias_(_ids(names, lists=lists), wanted, copy=False), copy=False)
    for mask in masks:
        for name, shift, ids in pieces[mask.column]:
            outer = outer.join(_lookup(name, ids), on=_meets(mask.column, name, shift), join_type="inner", copy=False)
    return outer


def _subjects(ruleset: RuleSet) -> list[str]:
    return [f"{group}.id" for group in CASE_KINDS[ruleset.case].groups]


def _inner(form: SqlForm, results: bool) -> list[Expression | str]:
    ruleset = form.ruleset
    wanted: list[Expression | str] = [form.columns[name] for name in _subjects(ruleset)]
    return [*wanted, OUTCOME, *form.conditions.values(), *(_results(form) if results else ())]


def _results(form: SqlForm) -> list[str]:
    return [form.columns[name] for name in form.ruleset.results]


def _outer(form: SqlForm, results: bool) -> Iterator[Expression]:
    """Dotted names, as everywhere else; numbers with their decimal point."""
    ruleset = form.ruleset
    for name in _subjects(ruleset):
        yield _named(column(form.columns[name]), name)
    yield column(OUTCOME)
    types = {name: formula.type for rule in ruleset.rules for name, formula in rule.conditions}
    for name, own in form.conditions.items():
        yield _named(fact_value(types[name], own, form.dialect), f"condition.{name}")
    if results:
        for name in ruleset.results:
            yield _named(_result(form, name), name)


def _result(form: SqlForm, name: str) -> Expression:
    """Lists stay at scale."""
    type_: Type | None = form.ruleset.variables.get(name)
    is_list = any(isinstance(step, ListResult) and step.name == name for step in form.ruleset.steps)
    own = form.columns[name]
    return column(own) if type_ is None or is_list else fact_value(type_, own, form.dialect)


def _named(value: Expression, name: str) -> Expression:
    return exp.alias_(value, exp.to_identifier(name, quoted=True))


# --- masks -------------------------------------------------------------------------------------------------------------


def _pieces(mask: Mask) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    for shift in range(0, len(mask.ids), PIECE_BITS):
        yield f"{mask.column}_{shift}", shift, mask.ids[shift : shift + PIECE_BITS]


def _lookup(name: str, ids: Sequence[str]) -> Expression:
    """A table of all sets of these ids, by bits."""
    one = [
        f"CASE WHEN bits & {1 << i} <> 0 THEN [{text(id_).sql('duckdb')}] ELSE [] END" for i, id_ in enumerate(ids)
    ]
    listed = one[0] if len(one) == 1 else f"list_concat({', '.join(one)})"
    source = f"SELECT bits::BIGINT AS bits, ({listed})::VARCHAR[] AS ids FROM range({1 << len(ids)}) AS all_sets(bits)"
    return exp.alias_(exp.Subquery(this=exp.maybe_parse(source, dialect="duckdb")), name, table=True)


def _meets(mask: str, name: str, shift: int) -> Expression:
    word: Expression = column(mask)
    if shift:
        word = exp.BitwiseRightShift(this=word, expression=number(shift))
    piece = exp.BitwiseAnd(this=exp.Paren(this=word), expression=number((1 << PIECE_BITS) - 1))
    return exp.EQ(this=exp.column("bits", table=name), expression=exp.Paren(this=piece))


def _ids(names: Sequence[str], *, lists: bool) -> Expression:
    parts = [exp.column("ids", table=name) for name in names]
    if not parts:
        return exp.cast(exp.Array(expressions=[]), "VARCHAR[]") if lists else text("")
    whole = DUCKDB.joined(parts)
    return whole if lists else exp.Anonymous(this="ARRAY_TO_STRING", expressions=[whole, text(" ")])

