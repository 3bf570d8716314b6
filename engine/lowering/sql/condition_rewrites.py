"""Conditions in SQL, rewritten so that databases evaluate them faster: true, false and null on the same rows as before.

Leaf of the SQL lowering; works on sqlglot's expressions alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import wrapped

_PLAIN_NODES_MAX = 12
"""Nodes of a conjunction of two conditions that is faster when both are computed than when the second waits for the
first."""


def truth(condition: Expr) -> Expr:
    """A condition for a branch of CASE, in which null is as good as false: `COALESCE(x, FALSE)` becomes `x`."""
    if isinstance(condition, exp.Coalesce) and condition.expressions == [exp.Boolean(this=False)]:
        inner: Expr = condition.this
        return inner
    return condition


def stepwise(sql: Expr, *, nullable: bool) -> Expr:
    """AND and OR as a CASE, in which an operand is computed only for the rows that the ones before left open; a copy of
    other expressions. `nullable` says whether the expression can be null.

    Example: `a AND b AND c` becomes `CASE WHEN NOT a THEN FALSE WHEN NOT b THEN FALSE ELSE c END`. If one can be null
    the default is the whole conjunction instead, computed for the rows on which neither `a` nor `b` is false."""
    match sql:
        case exp.And():
            deciding = False
        case exp.Or():
            deciding = True
        case _:
            return sql.copy()
    operands = list(sql.flatten())
    if len(operands) == 2 and len(list(sql.walk())) <= _PLAIN_NODES_MAX:
        return sql.copy()
    tests = [part if deciding else negated(part) for part in operands[:-1]]
    last = sql.copy() if nullable else bracketless(operands[-1])
    return exp.Case(ifs=[each for test in tests for each in branches(test, exp.Boolean(this=deciding))], default=last)


_STRICT = (exp.Add, exp.Sub, exp.Mul, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
"""Operators whose result is null exactly where an operand is."""


def null_with(sql: Expr) -> list[str] | None:
    """The columns of which one is null exactly where the expression is: `n` and `m` for `n + m > 5`. None where that is
    not so, as with AND, OR and CASE."""
    columns: list[str] = []
    for node in sql.walk():
        match node:
            case exp.Column():
                columns.append(node.name)
            case exp.Paren() | exp.Not() | exp.Neg() | exp.Literal() | exp.Boolean() | exp.Identifier():
                pass
            case _ if not isinstance(node, _STRICT):
                return None
    return columns


_OPPOSITES: Mapping[type[Expr], type[Expr]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.LT: exp.GTE,
    exp.GTE: exp.LT,
    exp.GT: exp.LTE,
    exp.LTE: exp.GT,
}


def negated(condition: Expr) -> Expr:
    """NOT, moved inwards as far as it goes and null where the condition is: `NOT (a < 1 AND b)` becomes `a >= 1 OR NOT
    b`."""
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
    """A copy without brackets around it."""
    return part.unnest().copy()


def connected(kind: type[exp.Connector], parts: Sequence[Expr]) -> Expr:
    """At least one condition, joined by AND or OR."""
    condition = side(parts[0]) if len(parts) > 1 else parts[0]
    for part in parts[1:]:
        condition = kind(this=condition, expression=side(part))
    return condition


def branches(test: Expr, result: Expr) -> list[exp.If]:
    """Branches of a CASE that give `result` where the test is true. An OR gets a branch for each operand: databases
    compute all operands of an OR, while branches end at the first that is true."""
    test = bracketless(test)
    parts = list(test.flatten()) if isinstance(test, exp.Or) else [test]
    return [exp.If(this=bracketless(part), true=result.copy()) for part in parts]


def side(part: Expr) -> Expr:
    """A copy as an operand of AND, OR or NOT, among which only these three need brackets."""
    return wrapped(part) if isinstance(part, exp.Connector | exp.Not) else part.copy()
