"""Formulas as Python expressions: what `engine.python_form` writes its functions from.

Each distinct formula becomes one piece of source. A piece carries the names that must be known (not None) for its body
to hold, so that a chain of operators over non-null operands has no null test at all, and one over nullable operands has
each test once. Pieces used twice, or nested deeply, are named. No text of an author gets into the source but as the
repr of a constant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine import exact
from engine import formula as f
from engine.formula import Formula

DEPTH_MAX = 12
"""Deeper nesting is named; CPython's parser gives up at about 100 brackets."""

RUNTIME: Mapping[str, object] = {
    **{function.__name__: function for function in exact.ROUNDINGS.values()},
    **{function.__name__: function for function in exact.DATE_PARTS.values()},
    "add_months": exact.add_months,
    "substring": exact.substring,
    "join": "".join,
}
"""The global names of generated source."""


class Piece(NamedTuple):
    """`body` is an expression that is never None and is evaluated only where none of the `guards` (names) is None."""

    guards: tuple[str, ...]
    body: str
    depth: int = 0

    @property
    def value(self) -> str:
        return f"(None if {self.unknown} else {self.body})" if self.guards else self.body

    @property
    def unknown(self) -> str:
        return unknown(self.guards)

    @property
    def is_true(self) -> str:
        return " and ".join([*(f"{name} is not None" for name in self.guards), self.body])

    @property
    def not_false(self) -> str:
        return " or ".join([*(f"{name} is None" for name in self.guards), self.body])


NULL = Piece(("None",), "None")


def unknown(guards: Iterable[str]) -> str:
    return " or ".join(f"{name} is None" for name in dict.fromkeys(guards))


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
        case f.TextCall(function=function):
            return (function,)
    return ()


class Writer:
    """Writes the statements of one function body into `lines`. `variables` says where each variable stands; a name not
    yet defined is a KeyError, since steps come in order."""

    def __init__(self, formulas: Formulas, variables: dict[str, Piece], indent: str = "    ") -> None:
        self.formulas = formulas
        self.variables = variables
        self.lines: list[str] = []
        self.indent = indent
        self._pieces: dict[int, Piece] = {}
        self._flags: dict[int, str] = {}
        self._names = 0

    def write(self, line: str) -> None:
        self.lines.append(self.indent + line)

    def name(self, expression: str) -> str:
        name = f"t{self._names}"
        self._names += 1
        self.write(f"{name} = {expression}")
        return name

    def named(self, piece: Piece) -> Piece:
        """A piece that costs nothing to repeat."""
        if piece.depth == 0:
            return piece
        name = self.name(piece.value)
        return Piece((name,) if piece.guards else (), name)

    def flag(self, formula: Formula) -> str:
        """An expression, free to repeat, that is True where the formula is true and False elsewhere."""
        number = self.formulas.number(formula)
        if number not in self._flags:
            piece = self.piece(formula)
            flag = self._flags[number] = self.name(piece.is_true) if piece.guards or piece.depth else piece.body
            self._pieces[number] = Piece(piece.guards, flag)
        return self._flags[number]

    def piece(self, formula: Formula) -> Piece:
        pending = [self.formulas.number(formula)]
        while pending:
            number = pending[-1]
            missing = [child for child in self.formulas.children[number] if child not in self._pieces]
            if number not in self._pieces and missing:
                pending.extend(missing)
                continue
            pending.pop()
            if number not in self._pieces:
                self._pieces[number] = self._settled(number)
        return self._pieces[self.formulas.number(formula)]

    def _settled(self, number: int) -> Piece:
        node = self.formulas.nodes[number]
        parts = [self._pieces[child] for child in self.formulas.children[number]]
        piece = self._piece(node, parts)
        shared = self.formulas.uses[number] > 1 and piece.depth > 1
        return self.named(piece) if shared or piece.depth > DEPTH_MAX else piece

    def _piece(self, node: Formula, parts: list[Piece]) -> Piece:
        match node:
            case f.Constant(value=value):
                return NULL if value is None else Piece((), literal(value))
            case f.Variable(name=name):
                return self.variables[name]
            case f.All():
                return self._kleene(parts, "and")
            case f.Any():
                return self._kleene(parts, "or")
            case f.IsNull():
                return Piece((), f"({parts[0].unknown or False})", parts[0].depth + 1)
            case f.IsTrue():
                return Piece((), f"({parts[0].is_true})", parts[0].depth + 1) if parts[0].guards else parts[0]
            case f.If():
                return self._choice(*parts)
            case f.Quotient() | f.Modulo():
                return self._division(node, *parts)
            case f.TextCall(function=function):
                return strict(_TEXT_SHAPES.get(function) or _call(function, len(parts)), parts)
        return strict(shape(node, len(parts)), parts)

    def _kleene(self, parts: list[Piece], word: str) -> Piece:
        if not parts:
            return Piece((), str(word == "and"))
        certain = [part.body for part in parts if not part.guards]
        open_parts = [part for part in parts if part.guards]
        depth = max(part.depth for part in parts) + 1
        if not open_parts:
            return Piece((), f"({f' {word} '.join(certain)})", depth)
        nulls = unknown(guard for part in open_parts for guard in part.guards)
        if word == "and":
            held = " and ".join([*certain, *(f"({part.not_false})" for part in open_parts)])
            name = self.name(f"((None if {nulls} else True) if {held} else False)")
        else:
            held = " or ".join([*certain, *(f"({part.is_true})" for part in open_parts)])
            name = self.name(f"(True if {held} else (None if {nulls} else False))")
        return Piece((name,), name)

    def _choice(self, condition: Piece, then: Piece, otherwise: Piece) -> Piece:
        depth = max(condition.depth, then.depth, otherwise.depth) + 1
        chosen = f"({then.value} if {condition.body} else {otherwise.value})"
        if not then.guards and not otherwise.guards:
            return Piece(condition.guards, chosen, depth)
        name = self.name(Piece(condition.guards, chosen, depth).value)
        return Piece((name,), name)

    def _division(self, node: f.Quotient | f.Modulo, left: Piece, right: Piece) -> Piece:
        form = f"half_even({{}} * {10**node.shift}, {{}})" if isinstance(node, f.Quotient) else "({} % {})"
        divisor = node.right
        if divisor.type.low > 0 or divisor.type.high < 0 or (isinstance(divisor, f.Constant) and divisor.value):
            return strict(form, [left, right])
        right = self.named(right)
        whole = strict(form, [left, right])
        nulls = " or ".join(filter(None, (whole.unknown, f"{right.body} == 0")))
        name = self.name(f"None if {nulls} else {whole.body}")
        return Piece((name,), name)


def strict(form: str, parts: list[Piece]) -> Piece:
    """An operator whose result is null exactly when an operand is."""
    guards = dict.fromkeys(guard for part in parts for guard in part.guards)
    depth = max((part.depth for part in parts), default=0) + 1
    return Piece(tuple(guards), form.format(*(part.body for part in parts)), depth)


def literal(value: int | str | bool) -> str:
    if isinstance(value, str):
        return repr(str(value))
    return f"({value!r})" if value < 0 else repr(value)


def shape(node: Formula, count: int) -> str:
    match node:
        case f.Sum():
            return "({} + {})"
        case f.Difference():
            return "({} - {})"
        case f.Product():
            return "({} * {})"
        case f.Compare(operator=operator):
            return f"({{}} {'==' if operator == '=' else operator} {{}})"
        case f.MemberOf(values=values):
            members = ", ".join(literal(value) for value in values).replace("{", "{{").replace("}", "}}")
            return f"({{}} in {{{{{members}}}}})" if values else "({} in ())"
        case f.Rescale(operand=operand, mode=mode):
            decimals = node.type.scale - operand.type.scale
            return f"({{}} * {10**decimals})" if decimals >= 0 else f"{mode}({{}}, {10**-decimals})"
        case f.Absolute():
            return "abs({})"
        case f.Least():
            return _call("min", count)
        case f.Greatest():
            return _call("max", count)
        case f.Not():
            return "(not {})"
        case f.AddMonths():
            return "add_months({}, {})"
        case f.DatePart(part=part):
            return f"{exact.DATE_PARTS[part].__name__}({{}})"
    raise TypeError(f"no source is defined for {type(node).__name__}")


def _call(function: str, count: int) -> str:
    """min and max of a single operand are that operand."""
    arguments = "{}, " * count
    if function == "concat":
        return f"join(({arguments}))"
    return f"{function}({arguments})" if count > 1 else "{}"


_TEXT_SHAPES: Mapping[str, str] = {
    "length": "len({})",
    "upper": "{}.upper()",
    "lower": "{}.lower()",
    "contains": "({1} in {0})",
    "starts_with": "{}.startswith({})",
    "ends_with": "{}.endswith({})",
}
