"""Formulas numbered by structure, so that what stands twice in a rule set is computed once.

The generated Python and the SQL both name a sub-formula that is used more than once instead of writing it out again.
Comparing frozen formulas with `==` walks both trees, which is too much for deep ones. Here each distinct node gets one
number, without recursion; two nodes are the same where class, all fields and the numbers of their operands are the
same. Example: in `(a + b) * (a + b)` the variables are 0 and 1, the sum is 2 wherever it stands, and the product of 2
and 2 is 3.
"""

from __future__ import annotations

from dataclasses import fields

from engine.ruleset.formula import EachRecord, Formula, part_names

_PLAIN_NAMES: dict[type[Formula], tuple[str, ...]] = {}
_MAY_HOLD_FORMULAS = (tuple, Formula)


class Formulas:
    """The distinct nodes of all formulas that were numbered, and how often each is used.

    A node's number is its index in the three lists: `nodes` holds the node as it was first met, `children` the numbers
    of its operands from left to right, and `uses` how many other nodes have it as an operand, plus one for each call of
    `use`. Operands have lower numbers than what is made of them.
    """

    def __init__(self) -> None:
        self.nodes: list[Formula] = []
        self.children: list[tuple[int, ...]] = []
        self.uses: list[int] = []
        self._seen: dict[int, int] = {}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._alive: list[Formula] = []
        self._inside: Formulas | None = None

    def use(self, formula: Formula) -> int:
        """The formula's number; counts one use more, as of a named value or a condition of a rule."""
        number = self.number(formula)
        self.uses[number] += 1
        return number

    def number(self, formula: Formula) -> int:
        """The formula's number, a new one where no equal formula was numbered before."""
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
        key = (type(node), node.type, node.nullable, children, *map(self._plain, _plain_fields(node)))
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.nodes)
            self.nodes.append(node)
            self.children.append(children)
            self.uses.append(0)
            for child in children:
                self.uses[child] += 1
        return number

    def _plain(self, value: object) -> object:
        """What is worked out for each record of a list is numbered apart: it has no meaning outside, and comparing its
        formulas would walk them."""
        if not isinstance(value, EachRecord):
            return value
        if self._inside is None:
            self._inside = Formulas()
        return self._inside.number(value.where), self._inside.number(value.value)


def _plain_fields(node: Formula) -> list[object]:
    """What tells two nodes of one class, type and operands apart, such as `["up"]` of a `Rescale(x, "up")`. A formula
    inside a field of another kind stands as None; it is among the operands. All fields count, since one that was
    forgotten would make one node of two."""
    names = _PLAIN_NAMES.get(type(node))
    values = [getattr(node, name) for name in (_plain_names(type(node)) if names is None else names)]
    return [_without_formulas(value) if isinstance(value, _MAY_HOLD_FORMULAS) else value for value in values]


def _without_formulas(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(None if isinstance(part, Formula) else part for part in value)
    return None


def _plain_names(kind: type[Formula]) -> tuple[str, ...]:
    """The fields that a class doesn't declare as nothing but formulas; kept, since the same few classes come again."""
    declared = {item.name: item.type for item in fields(kind)}
    others = (name for name in part_names(kind) if declared[name] not in ("Formula", "tuple[Formula, ...]"))
    _PLAIN_NAMES[kind] = names = tuple(others)
    return names
