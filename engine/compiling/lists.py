"""Lists of records in formulas: counted, added up, searched. Part of `expressions`.

An author writes FEEL's own forms over a fact that is a list:

    count(account.open_items[days_overdue > 30])
    sum(account.open_items[insured and due < as_of].amount)
    max(for i in account.open_items return i.amount * i.rate)
    some i in account.open_items satisfies i.amount > order.amount

Each becomes one `Aggregate`. A list stands for nothing else: no formula gives one, compares one or takes one apart by
position. Inside a filter the values of a record have their plain names, which hide others, and stand behind `item.`
too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.compiling import arithmetic as a
from engine.compiling.mismatch import Mismatch
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.wording import clipped, did_you_mean, listed
from engine.feel import syntax
from engine.ruleset import formula as f
from engine.ruleset.formula import Formula, Variable
from engine.vocabulary.vocabulary import YES_NO, Kind, Type

if TYPE_CHECKING:
    from engine.compiling.expressions import ExpressionCompiler, Scope

AGGREGATES = frozenset({"sum", "count", "min", "max", "mean", "any", "all"})
"""Functions that take a list."""

_TRUE = f.Constant(YES_NO, value=True, nullable=False)


@dataclass(frozen=True, slots=True)
class ListExpression:
    """What stands for a list in a formula: `account.open_items[insured].amount`."""

    records: Variable
    """The list itself."""

    where: tuple[Formula, ...] = ()
    """The filters, each yes/no for a record; all must hold."""

    value: Formula | None = None
    """What is taken of each record, such as its amount; None: the record itself."""


def list_name(node: syntax.Node, lists: Collection[str]) -> str | None:
    """The full name of the list that a syntax tree begins with, `account.open_items` of
    `account.open_items[insured].amount`; None where it begins with none of `lists`."""
    while isinstance(node, syntax.Filter | syntax.Path):
        if (name := dotted_name(node)) in lists:
            return name
        node = node.source
    return None


def dotted_name(node: syntax.Node) -> str | None:
    """`a.b.c` as one name, None for anything else."""
    parts: list[str] = []
    while isinstance(node, syntax.Path):
        parts.append(node.name)
        node = node.source
    if not isinstance(node, syntax.Name):
        return None
    return ".".join([node.name, *reversed(parts)])


def refuse_list(node: syntax.Node, scope: Scope, compiler: ExpressionCompiler) -> None:
    """Raises `Mismatch` where the node stands for a list: what may stand here is one value."""
    source = list_expression(node, scope, compiler)
    if source is None:
        return
    words = compiler.words_of(node)
    if source.value is None:
        hint = f"count it, `count({words})`, or add up one of its values, `sum({words}.{_first_field(source)})`"
    else:
        hint = f"take one of them, `max({words})`, or add them up, `sum({words})`"
    raise Mismatch(ErrorCode.T011, f"`{words}` is a list, not one value", hint)


def _first_field(source: ListExpression) -> str:
    return source.records.type.fields[0].name


def list_expression(node: syntax.Node, scope: Scope, compiler: ExpressionCompiler) -> ListExpression | None:
    """The list that the node stands for; None where it stands for none. Raises `Mismatch` and `Broken`."""
    match node:
        case syntax.For():
            return _each(node, scope, compiler)
        case syntax.Name() | syntax.Path() if (name := dotted_name(node)) and (found := scope.look_up(name)):
            return ListExpression(found) if isinstance(found, Variable) and found.type.kind is Kind.LIST else None
        case syntax.Path():
            source = list_expression(node.source, scope, compiler)
            return source and _with_value(source, node.name)
        case syntax.Filter():
            source = list_expression(node.source, scope, compiler)
            return source and _filtered(source, node.condition, scope, compiler)
    return None


def _with_value(source: ListExpression, name: str) -> ListExpression:
    if source.value is not None:
        raise Mismatch(ErrorCode.T003, f"a value of a record has no `.{clipped(name)}`")
    return replace(source, value=_field(source.records, name))


def _field(records: Variable, name: str) -> Formula:
    fields = _fields(records)
    if name not in fields:
        hint = did_you_mean(name, fields)
        raise Mismatch(ErrorCode.N001, f"a record of `{records.name}` has no `{clipped(name)}`", hint)
    return fields[name]


def _fields(records: Variable) -> Mapping[str, Formula]:
    return {
        field.name: Variable(field.type, f.record_variable(records.name, field.name), nullable=not field.required)
        for field in records.type.fields
    }


def _names_of(condition: syntax.Node, fields: Mapping[str, Formula]) -> Iterator[str]:
    """Values of the record that the condition names."""
    if isinstance(condition, syntax.Name) and condition.name in fields:
        yield condition.name
    for child in syntax.children(condition):
        yield from _names_of(child, fields)


def _filtered(
    source: ListExpression, condition: syntax.Node, scope: Scope, compiler: ExpressionCompiler
) -> ListExpression:
    if isinstance(condition, syntax.Number):
        hint = "filter by what a record holds, such as `[amount > 100]`"
        raise Mismatch(ErrorCode.T003, "a record can't be taken by its position", hint)
    if source.value is None:
        fields = _fields(source.records)
        names = {**fields, **{f"item.{name}": formula for name, formula in fields.items()}}
    else:
        names = {"item": source.value}
        if (name := next(_names_of(condition, _fields(source.records)), None)) is not None:
            message = f"a filter behind a value knows that value alone, as `item`, and no `{clipped(name)}`"
            hint = "filter the list before: `sum(list[condition].value)`"
            raise Mismatch(ErrorCode.T003, message, hint)
    where = compiler.condition(condition, scope.with_names(names))
    return replace(source, where=(*source.where, where))


def _each(node: syntax.For, scope: Scope, compiler: ExpressionCompiler) -> ListExpression | None:
    """`for i in account.open_items return i.amount * 2`; None where the first name runs over no list of records."""
    first = node.iterations[0]
    source = None if first.end_value is not None else list_expression(first.source, scope, compiler)
    if source is None:
        return None
    if len(node.iterations) > 1:
        raise Mismatch(ErrorCode.T003, "`for` runs over one list in a policy", "write it with one `in`")
    return replace(source, value=compiler.formula(node.result, _record_scope(source, first.name, scope)))


def _record_scope(source: ListExpression, name: str, scope: Scope) -> Scope:
    """`scope` where `name` stands for a record, or for the value that is taken of it."""
    if source.value is not None:
        return scope.with_names({name: source.value})
    return scope.with_names({f"{name}.{field}": formula for field, formula in _fields(source.records).items()})


def quantified(node: syntax.Quantified, source: ListExpression, scope: Scope, compiler: ExpressionCompiler) -> Formula:
    """`some i in LIST satisfies …`, or `every`."""
    if len(node.iterations) > 1:
        raise Mismatch(ErrorCode.T003, "`some` and `every` run over one list of records", "write it with one `in`")
    condition = compiler.condition(node.satisfies, _record_scope(source, node.iterations[0].name, scope))
    return _aggregate("all" if node.every else "any", replace(source, value=condition), YES_NO)


def aggregated(function: str, source: ListExpression, words: str) -> Formula:
    """A call of one of `AGGREGATES` with a list. `words`: the author's own for the list, for messages. Raises
    `Mismatch` where the function doesn't take what is in the list."""
    if function == "count":
        return _count(source)
    if source.value is None:
        names = [field.name for field in source.records.type.fields]
        hint = f"name one of their values, such as `{function}({words}.{names[0]})`: {listed(names)}"
        raise Mismatch(ErrorCode.T011, f"`{function}` takes values, not whole records", hint)
    type_ = source.value.type
    if function in ("any", "all"):
        a.require_condition(source.value)
        return _aggregate(function, source, YES_NO)
    if function in ("min", "max"):
        if not (type_.kind.is_numeric or type_.kind is Kind.DATE):
            raise Mismatch(ErrorCode.T001, f"{a.described(source.value)} has no order", "take a number or a date")
        return _aggregate("least" if function == "min" else "greatest", source, type_)
    a.require_numeric((source.value,), "added")
    most = source.records.type.high
    total = a.bounded(replace(type_, low=min(0, most * type_.low), high=max(0, most * type_.high)))
    added = _aggregate("sum", source, total)
    return added if function == "sum" else a.divide(added, _count(source))


def contains(source: ListExpression, equals: Callable[[Formula], Formula]) -> Formula:
    """Whether a value of the list is the one that `equals` compares with."""
    if source.value is None:
        raise Mismatch(ErrorCode.T011, "a whole record can't be compared", "name one of its values behind a point")
    return _aggregate("any", replace(source, value=equals(source.value)), YES_NO)


def _count(source: ListExpression) -> Formula:
    return _aggregate("count", replace(source, value=None), Type(Kind.INTEGER, high=source.records.type.high))


def _aggregate(function: str, source: ListExpression, type_: Type) -> Formula:
    where = a.conjunction(source.where) if source.where else _TRUE
    value = _TRUE if source.value is None else source.value
    own = f.record_variable(source.records.name, "")
    outer = {node.name: node for each in (where, value) for node in f.walk(each) if isinstance(node, Variable)}
    captured = tuple(variable for name, variable in outer.items() if not name.startswith(own))
    if any("[]." in variable.name or variable.type.kind is Kind.LIST for variable in captured):
        hint = "give what is needed of the inner list a name under `values`, where it doesn't depend on the record"
        raise Mismatch(ErrorCode.T011, "a list can't be searched for each record of another", hint)
    nullable = source.records.nullable or where.nullable or value.nullable or function in ("least", "greatest")
    each = f.EachRecord(tuple(variable.name for variable in captured), where, value)
    return f.Aggregate(type_, function, source.records, captured, each, nullable=nullable)
