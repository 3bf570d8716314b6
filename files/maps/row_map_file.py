"""Reads a row map against the vocabulary, so that a typing mistake is found before the first row is.

Verb: Document + Vocabulary → RowMap, with the author's mistakes as diagnostics, which docs/command-line.md explains.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.diagnostics.wording import clipped, did_you_mean, listed
from engine.feel.parse import FeelSyntaxError, parse_expression
from engine.reading.document import Document, Node, Scalar
from engine.reading.fields import FieldReader
from engine.reading.policy import Expression
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import Fact, Kind, Type, Vocabulary
from files.maps.map_columns import COLUMN_KEYS, MAP_KEYS, ColumnReader
from files.maps.map_formulas import (
    MapNames,
    compile_formula,
    evaluation_order,
    first_circle,
)
from files.maps.row_map import ROW, Column, MapFormula, RowMap

_SHAPES = "write `{column: …}` or `{formula: …}`"


class _Written(NamedTuple):
    """A formula as the author wrote it, and the fact that it is to give."""

    key: Scalar
    fact: Fact
    expression: Expression


def _helper(name: str, type_: Type, place: Place) -> Fact:
    """A helper column as what a formula gives; it has no title, since nobody is shown it."""
    return Fact(name=name, type=type_, title=Text(name, name), note=None, required=False, example="", place=place)


def read_row_map(document: Document, vocabulary: Vocabulary) -> tuple[RowMap | None, tuple[Diagnostic, ...]]:
    """The map, or every mistake in it, sorted by place: None comes with at least one diagnostic, and a diagnostic with
    None. `vocabulary` says which facts there are and what they hold."""
    map_reader = _RowMapReader(vocabulary)
    row_map = map_reader.read(document)
    diagnostics = in_order(map_reader.reader.diagnostics)
    return (None if diagnostics else row_map), diagnostics


class _RowMapReader:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.reader = FieldReader()
        self.vocabulary = vocabulary
        self.facts: dict[str, Fact] = {}
        self.columns = ColumnReader(self.reader, ErrorCode.M003, ErrorCode.M008, ErrorCode.M010)

    def read(self, document: Document) -> RowMap | None:
        reader, root = self.reader, document.root
        required = ("map", "title", "case", "facts")
        fields = reader.fields(root, "a row map", ("map", "title", "case", *MAP_KEYS, "facts", "columns"), required)
        if fields is None:
            return None
        name = reader.id(fields["map"], "a map's name") if "map" in fields else None
        title = reader.text(fields.get("title"), "the title")
        case = reader.choice(fields["case"], "a case kind", tuple(CASE_KINDS)) if "case" in fields else None
        self.columns.defaults(fields)
        if not case or "facts" not in fields:
            return None
        self.facts = {fact.name: fact for fact in self.vocabulary.of_case(case)}
        helpers, of_helpers = self.helpers(fields.get("columns"))
        columns, of_facts, given = self.mapped(fields["facts"])
        written = [*of_helpers, *of_facts]
        types = {column.name: column.type for column in helpers}
        types |= {fact.name: fact.type for fact in (*(each.fact for each in of_helpers), *given)}
        formulas = self.formulas(written, types)
        self.require({fact.name for fact in given}, fields["facts"])
        if not name or not title:
            return None
        return RowMap(
            name=name,
            place=root.place,
            title=title,
            case=case,
            columns=(*helpers, *columns),
            formulas=formulas,
            skip_lines=self.columns.skip_lines,
        )

    # --- columns -----------------------------------------------------------------------------------------------------

    def helpers(self, node: Node | None) -> tuple[list[Column], list[_Written]]:
        """What stands under `columns` and is no fact: columns, text where no type is declared, and formulas, which
        need a type."""
        columns: list[Column] = []
        formulas: list[_Written] = []
        for key, entry in self.reader.entries(node, "the columns") if node else ():
            name = self.reader.name(key, "a column's name")
            fields = self.reader.fields(entry, "a column", (*COLUMN_KEYS, "formula", "type", "members"))
            if not name or fields is None or not self.one_source(key, fields):
                continue
            word = self.reader.type_name({key: fields[key] for key in ("type", "members") if key in fields})
            type_ = self.vocabulary.type_named(Kind(word.word), word.members) if word else Type(Kind.TEXT)
            if "formula" in fields:
                expression = self.expression(fields["formula"])
                helper = _helper(f"{ROW}.{name}", type_, key.place)
                formulas += [_Written(key, helper, expression)] if expression else []
                continue
            column = self.columns.column(f"{ROW}.{name}", key.text, key.place, fields, type_)
            columns += [column] if column else []
        return columns, formulas

    def one_source(self, key: Scalar, fields: Mapping[str, Node]) -> bool:
        """Whether an entry has a column or a formula; a mistake otherwise. A formula reads values, so that nothing may
        be said of cells beside it."""
        if ("column" in fields) == ("formula" in fields):
            message = f"`{key.text}` needs a column or a formula, one of them"
            self.reader.mistake(key.place, ErrorCode.M002, message, _SHAPES)
            return False
        beside = next((name for name in COLUMN_KEYS if name in fields and "formula" in fields), None)
        if beside:
            message = f"`{key.text}` is worked out by a formula, which reads no cell, so it has no `{beside}`"
            hint = f"say `{beside}` of the columns that the formula reads"
            self.reader.mistake(fields[beside].place, ErrorCode.M002, message, hint)
        return True

    def mapped(self, node: Node) -> tuple[list[Column], list[_Written], list[Fact]]:
        """What stands under `facts`: facts from columns, facts from formulas, and all facts that are named there, also
        those whose columns or formulas have mistakes."""
        columns: list[Column] = []
        formulas: list[_Written] = []
        given: list[Fact] = []
        for key, entry in self.reader.entries(node, "the facts"):
            fact = self.facts.get(key.text)
            if fact is None:
                hint = did_you_mean(key.text, self.facts)
                self.reader.mistake(
                    key.place, ErrorCode.M001, f"`{clipped(key.text)}` is not a fact of this case kind", hint
                )
                continue
            given.append(fact)
            fields = self.reader.fields(entry, "a mapped fact", (*COLUMN_KEYS, "formula"))
            if fields is None or not self.one_source(key, fields):
                continue
            if "formula" in fields:
                expression = self.expression(fields["formula"])
                formulas += [_Written(key, fact, expression)] if expression else []
            else:
                column = self.columns.column(fact.name, key.text, key.place, fields, fact.type)
                columns += [column] if column else []
        return columns, formulas, given

    # --- formulas ----------------------------------------------------------------------------------------------------

    def expression(self, node: Node) -> Expression | None:
        """The FEEL of one formula, which has not been compiled yet."""
        if not isinstance(node, Scalar) or not node.text.strip():
            self.reader.wrong_kind(node, "a formula", "a FEEL expression")
            return None
        try:
            return Expression(parse_expression(node.text), node)
        except FeelSyntaxError as error:
            self.reader.mistake(node.place_at(error.offset), ErrorCode.M004, error.message)
            return None

    def formulas(self, written: list[_Written], types: Mapping[str, Type]) -> tuple[MapFormula, ...]:
        """The formulas, compiled and in order; none where they read one another in a circle. `types` are those of all
        names that they may read."""
        names = MapNames(types, self.facts)
        compiled: list[MapFormula] = []
        for key, fact, expression in written:
            formula = compile_formula(expression, fact, names, self.vocabulary, self.reader.diagnostics)
            if formula is not None:
                text = expression.text
                compiled.append(MapFormula(name=fact.name, place=key.place, type=fact.type, text=text, formula=formula))
        circle = first_circle(compiled)
        if circle:
            first = min((each for each in compiled if each.name in circle), key=lambda each: each.place)
            message = f"the formulas of {listed(circle)} read one another in a circle"
            self.reader.mistake(first.place, ErrorCode.M006, message, "take one of them from a column")
            return ()
        return evaluation_order(compiled)

    def require(self, given: Collection[str], node: Node) -> None:
        """Notes each required fact that the map doesn't give."""
        for fact in self.facts.values():
            if fact.required and fact.name not in given:
                message = f"the required fact `{fact.name}` is not mapped"
                self.reader.mistake(node.place, ErrorCode.M007, message, f"add `{fact.name}: {{column: …}}`")
