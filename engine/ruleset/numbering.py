"""Formulas numbered by structure, so that what is said twice is computed once.

Frozen formulas compare by walking both trees, which a deep one can't afford; here each distinct node gets one number,
without recursion, and knows how many others use it. Serves `engine.lowering.python.source`.
"""

from __future__ import annotations

from engine.ruleset import formula as f
from engine.ruleset.formula import Formula


class Formulas:
    """Numbers formulas by structure, without recursion, and counts how often each is used."""

    def __init__(self) -> None:
        self.nodes: list[Formula] = []
        self.children: list[tuple[int, ...]] = []
        self.uses: list[int] = []
        self._seen: dict[int, int] = {}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._alive: list[Formula] = []

    def use(self, formula: Formula) -> int:
        number = self.number(formula)
        self.uses[number] += 1
        return number

    def number(self, formula: Formula) -> int:
        pending = [formula]
        while pending:
            node = pending[-1]
            if id(node) in self._seen:
                pending.pop()
                continue
            operands = node.operands
            missing = [operand for operand in operands if id(operand) not in self._seen]
            if missing:
                pending.extend(missing)
                continue
            pending.pop()
            self._seen[id(node)] = self._numbered(node, tuple(self._seen[id(operand)] for operand in operands))
            self._alive.append(node)  # so that no other formula gets this id
        return self._seen[id(formula)]

    def _numbered(self, node: Formula, children: tuple[int, ...]) -> int:
        key = (type(node), node.type, *_own(node), children)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.nodes)
            self.nodes.append(node)
            self.children.append(children)
            self.uses.append(0)
            for child in children:
                self.uses[child] += 1
        return number


def _own(node: Formula) -> tuple[object, ...]:
    """What distinguishes two nodes of one class and type besides their operands."""
    match node:
        case f.Constant(value=value):
            return (value,)
        case f.Variable(name=name):
            return (name, node.nullable)
        case f.Quotient(shift=shift):
            return (shift,)
        case f.Rescale(mode=mode):
            return (mode,)
        case f.Compare(operator=operator):
            return (operator,)
        case f.MemberOf(values=values):
            return values
        case f.DatePart(part=part):
            return (part,)
        case f.FunctionCall(function=function):
            return (function,)
    return ()
