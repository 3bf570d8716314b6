"""Aggregates over lists as functions of generated Python: a loop each. Part of `source`.

`sum(account.open_items[amount > order.amount].amount)` becomes this, with the record's amount as `r0` and the order's
as `c0`:

    def aggregate0(records, c0):
        total = 0
        for r0, in records:
            if not ((r0 > c0)): continue
            total = total + r0
        return total

Null tests stand only where something can be null. A list that is null never gets here: the call has it as a guard.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.lowering.python.pieces import Piece
from engine.ruleset import formula as f
from engine.ruleset.numbering import Formulas
from engine.vocabulary.vocabulary import YES_NO

if TYPE_CHECKING:
    from engine.lowering.python.source import Writer

_START = {"sum": "0", "count": "0", "least": "None", "greatest": "None"}
_END = {"any": "False", "all": "True"}


def aggregate_function(name: str, node: f.Aggregate, writer_of: type[Writer]) -> list[str]:
    """The lines of the function `name`, which takes the records and the captured variables in their order. `writer_of`
    writes what is worked out for each record."""
    captured = [f"c{index}" for index in range(len(node.captured))]
    fields = node.records.type.fields
    locals_ = [f"r{index}" for index in range(len(fields))]
    places = {
        name: Piece((local,) if variable.nullable else (), local)
        for name, variable, local in zip(node.each.reads, node.captured, captured, strict=True)
    }
    for field, local in zip(fields, locals_, strict=True):
        places[f.record_variable(node.records.name, field.name)] = Piece(() if field.required else (local,), local)
    head = [f"def {name}({', '.join(['records', *captured])}):"]
    loop = f"    for {', '.join(locals_)}{',' if len(locals_) == 1 else ''} in records:"
    body = _logic if node.function in _END else _number
    return [*head, f"    total = {_START.get(node.function, 'False')}", loop, *body(node, places, writer_of)]


def _logic(node: f.Aggregate, places: dict[str, Piece], writer_of: type[Writer]) -> Iterator[str]:
    """`any` and `all`: `total` says whether some record left the answer open."""
    where, value = node.each.where, node.each.value
    if node.function == "any":
        each: f.Formula = f.All(YES_NO, (where, value), nullable=where.nullable or value.nullable)
    else:
        other = f.Not(YES_NO, where, nullable=where.nullable)
        each = f.Any(YES_NO, (other, value), nullable=where.nullable or value.nullable)
    formulas = Formulas()
    formulas.use(each)
    writer = writer_of(formulas, places)
    piece = writer.known(writer.piece(each))
    if node.function == "any":
        writer.write(f"if {piece.is_true}: return True")
        undecided = piece.not_false
    else:
        writer.write(f"if not ({piece.not_false}): return False")
        undecided = f"not ({piece.is_true})"
    if not piece.certain:
        writer.write(f"if {undecided}: total = True")
    yield from (f"    {line}" for line in writer.lines)
    yield f"    return None if total else {_END[node.function]}"


def _number(node: f.Aggregate, places: dict[str, Piece], writer_of: type[Writer]) -> Iterator[str]:
    """What adds up, counts or picks: a null ends it."""
    where, value = node.each.where, node.each.value
    formulas = Formulas()
    formulas.use(where)
    formulas.use(value)
    writer = writer_of(formulas, places)
    counts = writer.known(writer.piece(where))
    if not isinstance(where, f.Constant):
        writer.write(f"if not ({counts.not_false}): continue")
    if not counts.certain:
        writer.write(f"if not ({counts.is_true}): return None")
    if node.function == "count":
        writer.write("total = total + 1")
    else:
        taken = writer.named(writer.known(writer.piece(value)))
        if not taken.certain:
            writer.write(f"if {taken.value} is None: return None")
        pick = {"least": "<", "greatest": ">"}.get(node.function)
        if pick is None:
            writer.write(f"total = total + {taken.body}")
        else:
            writer.write(f"if total is None or {taken.body} {pick} total: total = {taken.body}")
    yield from (f"    {line}" for line in writer.lines)
    yield "    return total"
