"""Conditions in SQL, reshaped so that databases decide them sooner; true, false and null where they were before.

Leaf of the SQL lowering.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import wrapped

_PLAIN_MAX = 12
"""Nodes of a conjunction of two that is computed whole sooner than step by step."""


def truth(condition: Expr) -> Expr:
    """In a branch of CASE null is as good as false."""
    if isinstance(condition, exp.Coalesce) and condition.expressions == [exp.Boolean(this=False)]:
        inner: Expr = condition.this
        return inner
    return condition


def stepwise(sql: Expr, *, nullable: bool) -> Expr:
    """AND and OR as a CASE: an operand in a branch is computed on the rows that the ones before leave open."""
    match sql:
        case exp.And():
            settled = False
        case exp.Or():
            settled = True
        case _:
            return sql.copy()
    operands = list(sql.flatten())
    if len(operands) == 2 and len(list(sql.walk())) <= _PLAIN_MAX:
        return sql.copy()
    tests = [part if settled else negated(part) for part in operands[:-1]]
    last = sql.copy() if nullable else bracketless(operands[-1])
    return exp.Case(ifs=[each for test in tests for each in branches(test, exp.Boolean(this=settled))], default=last)


_STRICT = (exp.Add, exp.Sub, exp.Mul, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)


def null_with(sql: Expr) -> list[str] | None:
    """The columns of which one is null exactly where the expression is; None if it hangs on more than that."""
    found: list[str] = []
    for node in sql.walk():
        match node:
            case exp.Column():
                found.append(node.name)
            case exp.Paren() | exp.Not() | exp.Neg() | exp.Literal() | exp.Boolean() | exp.Identifier():
                pass
            case _ if not isinstance(node, _STRICT):
                return None
    return found


_OPPOSITES: Mapping[type[Expr], type[Expr]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.LT: exp.GTE,
    exp.GTE: exp.LT,
    exp.GT: exp.LTE,
    exp.LTE: exp.GT,
}


def negated(condition: Expr) -> Expr:
    """Null where the condition is null."""
    condition = bracketless(condition)
    if isinstance(condition, exp.Not):
        return bracketless(condition.this)
    if isinstance(condition, exp.Connector):
        kind = exp.And if isinstance(condition, exp.Or) else exp.Or
        return connected(kind, [negated(part) for part in condition.flatten()])
    opposite = _OPPOSITES.get(type(condition))
    if opposite:
        return opposite(this=condition.this.copy(), expression=condition.expression.copy())
    return exp.Not(this=side(condition))


def bracketless(part: Expr) -> Expr:
    return part.unnest().copy()


def connected(kind: type[exp.Connector], parts: Sequence[Expr]) -> Expr:
    whole = side(parts[0]) if len(parts) > 1 else parts[0]
    for part in parts[1:]:
        whole = kind(this=whole, expression=side(part))
    return whole


def branches(test: Expr, result: Expr) -> list[exp.If]:
    """One for each alternative: an OR is computed whole, branches stop at the first that is true."""
    test = bracketless(test)
    parts = list(test.flatten()) if isinstance(test, exp.Or) else [test]
    return [exp.If(this=bracketless(part), true=result.copy()) for part in parts]


def side(part: Expr) -> Expr:
    """As an operand of AND, OR, NOT: only these need brackets."""
    return wrapped(part) if isinstance(part, exp.Connector | exp.Not) else part.copy()
