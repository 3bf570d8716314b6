"""Reads the entries of a map that have a formula in place of a column, in row maps and history maps alike.

Part of `read_row_map` and of `read_history_map`; `map_formulas` compiles what is read here. Mistakes have the codes of
row maps in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Place
from engine.diagnostics.wording import listed
from engine.feel.parse import FeelSyntaxError, parse_expression
from engine.reading.document import Node, Scalar
from engine.reading.fields import FieldReader
from engine.reading.policy import Expression
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact, Kind, Type, Vocabulary
from files.maps.map_columns import COLUMN_KEYS
from files.maps.map_formulas import MapNames, compile_formula, evaluation_order, first_circle
from files.maps.row_map import MapFormula

_SHAPES = "write `{column: …}` or `{formula: …}`"


class WrittenFormula(NamedTuple):
    """A formula as the author wrote it, with the fact or the column that it is to give and where the map names that."""

    place: Place
    fact: Fact
    expression: Expression


class FormulaReader:
    """Reads the formulas of one map, and adds the author's mistakes to `reader`."""

    def __init__(self, reader: FieldReader, vocabulary: Vocabulary) -> None:
        self.reader = reader
        self.vocabulary = vocabulary

    def one_source(self, key: str, place: Place, fields: Mapping[str, Node]) -> bool:
        """Whether an entry has a column or a formula; a mistake otherwise. A formula reads values, so that nothing may
        be said of cells beside it."""
        if ("column" in fields) == ("formula" in fields):
            message = f"`{key}` needs a column or a formula, one of them"
            self.reader.mistake(place, ErrorCode.M002, message, _SHAPES)
            return False
        beside = next((name for name in COLUMN_KEYS if name in fields and "formula" in fields), None)
        if beside:
            message = f"`{key}` is worked out by a formula, which reads no cell, so it has no `{beside}`"
            hint = f"say `{beside}` of the columns that the formula reads"
            self.reader.mistake(fields[beside].place, ErrorCode.M002, message, hint)
        return True

    def helper_type(self, fields: Mapping[str, Node]) -> Type:
        """The type that a helper column declares; text where it declares none."""
        word = self.reader.type_name({key: fields[key] for key in ("type", "members") if key in fields})
        return self.vocabulary.widest(Kind(word.word), word.members) if word else Type(Kind.TEXT)

    def column(self, name: str, type_: Type, place: Place, node: Node) -> list[WrittenFormula]:
        """The formula of a column that is no fact, by its full name; none where it can't be read."""
        fact = Fact(name=name, type=type_, title=Text(name, name), note=None, required=False, example="", place=place)
        return self.fact(fact, place, node)

    def fact(self, fact: Fact, place: Place, node: Node) -> list[WrittenFormula]:
        """The formula of a fact; none where it can't be read."""
        if not isinstance(node, Scalar) or not node.text.strip():
            self.reader.wrong_kind(node, "a formula", "a FEEL expression")
            return []
        try:
            return [WrittenFormula(place, fact, Expression(parse_expression(node.text), node))]
        except FeelSyntaxError as error:
            self.reader.mistake(node.place_at(error.offset), ErrorCode.M004, error.message)
            return []

    def compiled(self, written: Sequence[WrittenFormula], names: MapNames) -> tuple[MapFormula, ...]:
        """The formulas, compiled and in an order in which each reads only those before it; none where they read one
        another in a circle."""
        compiled: list[MapFormula] = []
        for place, fact, expression in written:
            formula = compile_formula(expression, fact, names, self.vocabulary, self.reader.diagnostics)
            if formula is not None:
                text = expression.text
                compiled.append(MapFormula(name=fact.name, place=place, type=fact.type, text=text, formula=formula))
        circle = first_circle(compiled)
        if circle:
            first = min((each for each in compiled if each.name in circle), key=lambda each: each.place)
            message = f"the formulas of {listed(circle)} read one another in a circle"
            self.reader.mistake(first.place, ErrorCode.M006, message, "take one of them from a column")
            return ()
        return evaluation_order(compiled)
