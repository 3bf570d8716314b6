"""Formulas as Python statements and expressions: what `python_form` writes its functions from.

Each distinct formula becomes one piece of source (`pieces`). A formula gets a name of its own where it is used twice,
is nested deeply, or may be None while its operator has to know; the rest stays inline, so that an `and` stops early and
a branch that is not taken costs nothing. An author's text gets into the source only as the repr of a constant.

Kleene's `and` of a nullable `a` and a certain `b > 5`: null if a is null and b > 5, since the null decides only where
nothing is false. As source, evaluated from the left:

    ((None if a is None else True) if (b > 5) and (a is not False) else False)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.lowering.python.aggregates import aggregate_function
from engine.lowering.python.pieces import NULL, Piece, literal, merged, shape, strict, unknown
from engine.ruleset import formula as f
from engine.ruleset.formula import Formula
from engine.ruleset.numbering import Formulas

DEPTH_MAX = 25
"""Deeper nesting is named: CPython's tokenizer refuses 200 open brackets, and a level writes up to three."""


class Writer:
    """Writes the statements of one function body.

    `formulas`: has counted every formula that will be written. `variables`: the piece that each variable has become; a
    name that is not defined yet is a `KeyError`, since steps come in order. `lines`: the statements, indented.
    `functions`: the lines of the functions that the statements call, which belong above."""

    def __init__(self, formulas: Formulas, variables: Mapping[str, Piece]) -> None:
        self.formulas = formulas
        self.variables = variables
        self.lines: list[str] = []
        self.functions: list[str] = []
        self._pieces: dict[int, Piece] = {}
        self._flags: dict[int, str] = {}
        self._names = 0
        self._aggregates = 0

    def write(self, line: str) -> None:
        """Adds a statement."""
        self.lines.append("    " + line)

    def name(self, expression: str) -> str:
        """Adds an assignment to a new name, which is returned."""
        name = f"t{self._names}"
        self._names += 1
        self.write(f"{name} = {expression}")
        return name

    def named(self, piece: Piece) -> Piece:
        """The piece, or a new name for its value, so that repeating it costs nothing."""
        if piece.depth == 0 and not piece.open:
            return piece
        name = self.name(piece.value)
        return Piece(() if piece.certain else (name,), name)

    def known(self, piece: Piece) -> Piece:
        """The piece, or a new name for its value, so that its guards tell whether it is None."""
        return self.named(piece) if piece.open else piece

    def flag(self, formula: Formula) -> str:
        """An expression, cheap to repeat, that is True where the formula is true and False elsewhere: a flag of a
        network. The formula's own piece becomes one that uses the flag, so that nothing is computed twice."""
        number = self.formulas.number(formula)
        if number not in self._flags:
            piece = self.known(self.piece(formula))
            if piece.depth:
                piece = Piece(piece.guards, self.name(piece.is_true))
                self._flags[number] = piece.body
            else:
                self._flags[number] = piece.is_true
            self._pieces[number] = piece
        return self._flags[number]

    def piece(self, formula: Formula) -> Piece:
        """A formula as a piece; assignments that it needs are written first. Without recursion."""
        root = self.formulas.number(formula)
        pending = [root]
        while pending:
            number = pending[-1]
            missing = [child for child in self.formulas.children[number] if child not in self._pieces]
            if number not in self._pieces and missing:
                pending.extend(missing)
                continue
            pending.pop()
            if number not in self._pieces:
                self._pieces[number] = self._settled(number)
        return self._pieces[root]

    def _settled(self, number: int) -> Piece:
        """A node whose operands have pieces: a new name if it is used more than once or nested too deeply. Repeating a
        comparison of two names costs less than a name for it."""
        node = self.formulas.nodes[number]
        piece = self._piece(node, [self._pieces[child] for child in self.formulas.children[number]])
        cheap = piece.depth == 0 or (piece.depth == 1 and isinstance(node, f.Compare | f.IsNull | f.Not))
        shared = self.formulas.uses[number] > 1 and (piece.open or not cheap)
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
            case f.IsTrue():
                return parts[0] if parts[0].certain else Piece((), f"({parts[0].is_true})", parts[0].depth + 1)
            case f.If():
                return self._choice(*parts)
            case f.Aggregate():
                return self._aggregate(node, parts)
        parts = [self.known(part) for part in parts]
        match node:
            case f.IsNull():
                return Piece((), f"({unknown(parts[0].guards)})" if parts[0].guards else "False", 1)
            case f.Quotient() | f.Modulo():
                return self._division(node, *parts)
        return strict(shape(node, len(parts)), parts)

    def _kleene(self, parts: Sequence[Piece], word: str) -> Piece:
        """`and` or `or` (`word`) of any number of operands; see the example above."""
        if not parts:
            return Piece((), str(word == "and"))
        parts = [self.known(part) for part in parts]
        certain, others = merged(parts, word)
        depth = max(part.depth for part in parts) + 1
        if not others:
            return Piece((), f"({f' {word} '.join(certain)})", depth)
        nulls = unknown(guard for part in others for guard in part.guards)
        true = f" {word} ".join([*certain, *(f"({part.is_true})" for part in others)])
        not_false = f" {word} ".join([*certain, *(f"({part.not_false})" for part in others)])
        if word == "and":
            value = f"((None if {nulls} else True) if {not_false} else False)"
        else:
            value = f"(True if {true} else None if {nulls} else False)"
        return Piece((), value, depth + 1, open=True, truth=true, doubt=not_false)

    def _choice(self, condition: Piece, then: Piece, otherwise: Piece) -> Piece:
        """`if`, which is None where its condition is."""
        condition = self.known(condition)
        depth = max(condition.depth, then.depth, otherwise.depth) + 1
        chosen = f"({then.value} if {condition.body} else {otherwise.value})"
        if then.certain and otherwise.certain:
            return Piece(condition.guards, chosen, depth)
        return Piece((), Piece(condition.guards, chosen).value, depth, open=True)

    def _aggregate(self, node: f.Aggregate, parts: Sequence[Piece]) -> Piece:
        """A call of a function that loops over the list; it may give None for other reasons than a missing list."""
        name = f"aggregate{self._aggregates}"
        self._aggregates += 1
        self.functions += aggregate_function(name, node, Writer)
        records, *captured = parts
        arguments = ", ".join([records.body, *(part.value for part in captured)])
        called = Piece(records.guards, f"{name}({arguments})", 1)
        return Piece((), called.value, 2, open=True) if node.nullable else called

    def _division(self, node: f.Quotient | f.Modulo, left: Piece, right: Piece) -> Piece:
        form = shape(node, 2)
        divisor = node.right
        if divisor.type.low > 0 or divisor.type.high < 0 or (isinstance(divisor, f.Constant) and divisor.value):
            return strict(form, [left, right])
        right = self.named(right)
        result = strict(form, [left, right])
        nulls = " or ".join(filter(None, (unknown(result.guards), f"{right.body} == 0")))
        return Piece((), f"(None if {nulls} else {result.body})", result.depth + 1, open=True)
