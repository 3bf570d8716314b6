"""Reads a row map against the vocabulary, so that a typing mistake is found before the first row is.

Verb: Document + Vocabulary → RowMap, with the author's mistakes as diagnostics. `P` codes are those of `codes`;
`M` codes are a map's own and are explained in docs/command-line.md.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, in_order
from engine.diagnostics.wording import clipped, did_you_mean, listed
from engine.feel import syntax
from engine.feel.parse import FeelSyntaxError, parse_expression
from engine.reading.document import Document, Node, Scalar
from engine.reading.fields import FieldReader
from engine.reading.policy import Expression
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import Fact, Kind, Type, Vocabulary
from files.maps.formula_names import reads
from files.maps.map_columns import COLUMN_KEYS, ColumnForm
from files.maps.row_map import ROW, Column, Derived, RowMap

_SHAPES = "write `{column: …}` or `{formula: …}`"


def read_row_map(document: Document, vocabulary: Vocabulary) -> tuple[RowMap | None, tuple[Diagnostic, ...]]:
    """None comes with at least one diagnostic, and a diagnostic with None."""
    reading = _RowMapReader(vocabulary)
    found = reading.map(document)
    diagnostics = in_order(reading.form.diagnostics)
    return (None if diagnostics else found), diagnostics


class _RowMapReader:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.form = FieldReader()
        self.vocabulary = vocabulary
        self.facts: dict[str, Fact] = {}
        self.columns = ColumnForm(self.form, ErrorCode.M003, ErrorCode.M008)

    def map(self, document: Document) -> RowMap | None:
        form, root = self.form, document.root
        required = ("map", "title", "case", "facts")
        fields = form.fields(root, "a row map", ("map", "title", "case", "dates", "facts", "columns"), required)
        if fields is None:
            return None
        name = form.id(fields["map"], "a map's name") if "map" in fields else None
        title = form.text(fields.get("title"), "the title")
        case = form.choice(fields["case"], "a case kind", tuple(CASE_KINDS)) if "case" in fields else None
        if "dates" in fields:
            self.columns.dates = self.columns.date_format(fields["dates"])
        if not case or "facts" not in fields:
            return None
        self.facts = {fact.name: fact for fact in self.vocabulary.of_case(case)}
        helpers = self.helpers(fields.get("columns"))
        columns, derived = self.mapped(fields["facts"])
        ordered = self.in_order(derived, {column.name for column in columns}, {column.name for column in helpers})
        self.require({column.name for column in columns} | {part.name for part in derived}, fields["facts"])
        if not name or not title:
            return None
        return RowMap(name, root.place, title, case, (*helpers, *columns), ordered)

    # --- columns -----------------------------------------------------------------------------------------------------

    def helpers(self, node: Node | None) -> list[Column]:
        found = []
        for key, entry in self.form.entries(node, "the columns") if node else ():
            name = self.form.name(key, "a column's name")
            fields = self.form.fields(entry, "a column", (*COLUMN_KEYS, "type", "members"), ("column",))
            if not name or not fields:
                continue
            word = self.form.type_name({key: fields[key] for key in ("type", "members") if key in fields})
            type_ = self.vocabulary.type_named(Kind(word.word), word.members) if word else Type(Kind.TEXT)
            column = self.columns.column(f"{ROW}.{name}", key.text, key.place, fields, type_)
            found += [column] if column else []
        return found

    def mapped(self, node: Node) -> tuple[list[Column], list[Derived]]:
        columns: list[Column] = []
        derived: list[Derived] = []
        for key, entry in self.form.entries(node, "the facts"):
            fact = self.facts.get(key.text)
            if fact is None:
                hint = did_you_mean(key.text, self.facts)
                self.form.mistake(
                    key.place, ErrorCode.M001, f"`{clipped(key.text)}` is not a fact of this case kind", hint
                )
                continue
            fields = self.form.fields(entry, "a mapped fact", (*COLUMN_KEYS, "formula"))
            if fields is None:
                continue
            if ("column" in fields) == ("formula" in fields):
                self.form.mistake(
                    key.place, ErrorCode.M002, f"`{key.text}` needs a column or a formula, one of them", _SHAPES
                )
            elif "formula" in fields:
                formula = self.formula(fields["formula"])
                derived += [Derived(fact.name, key.place, fact.type, formula)] if formula else []
            else:
                column = self.columns.column(fact.name, key.text, key.place, fields, fact.type)
                columns += [column] if column else []
        return columns, derived

    # --- formulas ----------------------------------------------------------------------------------------------------

    def formula(self, node: Node) -> Expression | None:
        if not isinstance(node, Scalar) or not node.text.strip():
            self.form.wrong_kind(node, "a formula", "a FEEL expression")
            return None
        try:
            return Expression(parse_expression(node.text), node)
        except FeelSyntaxError as error:
            self.form.mistake(node.place_at(error.offset), ErrorCode.M004, error.message)
            return None

    def in_order(self, derived: list[Derived], columns: set[str], helpers: set[str]) -> tuple[Derived, ...]:
        by_name = {part.name: part for part in derived}
        needs: dict[str, set[str]] = {}
        for part in derived:
            names = {name: node for name, node in reads(part.formula.tree).items() if name != "as_of"}
            for name, node in names.items():
                self.known(part, name, node, columns | by_name.keys(), helpers)
            needs[part.name] = names.keys() & by_name.keys()
        try:
            return tuple(by_name[name] for name in TopologicalSorter(needs).static_order())
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            first = min((by_name[name] for name in circle), key=lambda part: part.place)
            message = f"the formulas of {listed(dict.fromkeys(circle))} read one another in a circle"
            self.form.mistake(first.place, ErrorCode.M006, message, "take one of them from a column")
            return ()

    def known(self, part: Derived, name: str, node: syntax.Node, facts: set[str], helpers: set[str]) -> None:
        if name in facts or name in helpers:
            return
        hint = did_you_mean(name, facts | helpers | {"as_of"})
        message = f"`{clipped(name)}` is not known here"
        if name in self.facts:
            message, hint = f"`{name}` is not mapped", f"give `{name}` a column or a formula under `facts`"
        elif name.startswith(f"{ROW}."):
            hint = hint if "did you mean" in hint else f"declare `{name.partition('.')[2]}` under `columns`"
        self.form.mistake(part.formula.place_of(node), ErrorCode.M005, message, hint)

    def require(self, given: set[str], node: Node) -> None:
        for fact in self.facts.values():
            if fact.required and fact.name not in given:
                message = f"the required fact `{fact.name}` is not mapped"
                self.form.mistake(node.place, ErrorCode.M007, message, f"add `{fact.name}: {{column: …}}`")
