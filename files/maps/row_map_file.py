"""Reads a row map against the vocabulary, so that a typing mistake is found before the first row is.

Verb: Document + Vocabulary → RowMap, with the author's mistakes as diagnostics, which docs/command-line.md explains.
"""

from __future__ import annotations

from collections.abc import Collection

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, in_order
from engine.diagnostics.wording import clipped, did_you_mean
from engine.reading.document import Document, Mapping, Node, Scalar
from engine.reading.fields import FieldReader, TextLanguages
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.currencies import MINOR_UNITS, not_a_currency
from engine.vocabulary.vocabulary import TEXT, Fact, Vocabulary
from files.maps.map_columns import COLUMN_KEYS, MAP_KEYS, ColumnReader
from files.maps.map_formula_reader import FormulaReader, WrittenFormula
from files.maps.map_formulas import MapNames
from files.maps.mapped_lists import MappedListReader
from files.maps.row_map import CURRENCY, ROW, Column, MappedList, RowMap

_CURRENCY_KEYS = ("column", "values")


def read_row_map(document: Document, vocabulary: Vocabulary) -> tuple[RowMap | None, tuple[Diagnostic, ...]]:
    """The map, or every mistake in it, sorted by place: None comes with at least one diagnostic, and a diagnostic with
    None. `vocabulary` says which facts there are and what they hold."""
    map_reader = _RowMapReader(vocabulary)
    row_map = map_reader.read(document)
    diagnostics = in_order(map_reader.reader.diagnostics)
    return (None if diagnostics else row_map), diagnostics


class _RowMapReader:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.reader = FieldReader(languages=TextLanguages(vocabulary.languages))
        self.vocabulary = vocabulary
        self.facts: dict[str, Fact] = {}
        self.columns = ColumnReader(self.reader, ErrorCode.M003, ErrorCode.M008, ErrorCode.M010)
        self.formulas = FormulaReader(self.reader, vocabulary)
        self.lists = MappedListReader(self.reader, self.columns)
        self.mapped_lists: list[MappedList] = []

    def read(self, document: Document) -> RowMap | None:
        reader, root = self.reader, document.root
        required = ("map", "title", "case", "facts")
        keys = ("map", "title", "case", CURRENCY, *MAP_KEYS, "facts", "columns")
        fields = reader.fields(root, "a row map", keys, required)
        if fields is None:
            return None
        name = reader.id(fields["map"], "a map's name") if "map" in fields else None
        title = reader.text(fields.get("title"), "the title")
        case = reader.choice(fields["case"], "a case kind", tuple(CASE_KINDS)) if "case" in fields else None
        self.columns.defaults(fields)
        currency = self.currency(fields[CURRENCY]) if CURRENCY in fields else None
        if not case or "facts" not in fields:
            return None
        self.facts = {fact.name: fact for fact in self.vocabulary.of_case(case)}
        helpers, of_helpers = self.helpers(fields.get("columns"))
        columns, of_facts, given = self.mapped(fields["facts"])
        written = [*of_helpers, *of_facts]
        types = {column.name: column.type for column in helpers}
        types |= {fact.name: fact.type for fact in (*(each.fact for each in of_helpers), *given)}
        formulas = self.formulas.compiled(written, MapNames(types, self.facts))
        self.require({fact.name for fact in given}, fields["facts"])
        self.require_keys({column.name for column in columns})
        if not name or not title:
            return None
        return RowMap(
            name=name,
            place=root.place,
            title=title,
            case=case,
            columns=(*helpers, *columns),
            formulas=formulas,
            currency=currency,
            lists=tuple(self.mapped_lists),
            skip_lines=self.columns.skip_lines,
        )

    def currency(self, node: Node) -> Column | str | None:
        """In which currency a row's amounts are: one code, or the column that says it."""
        if isinstance(node, Scalar):
            return self.code(node)
        fields = self.reader.fields(node, "the currency", _CURRENCY_KEYS, ("column",))
        if fields is None:
            return None
        if "column" in fields and not isinstance(fields["column"], Scalar):
            self.reader.wrong_kind(fields["column"], "the currency's column", "the text of one heading")
            return None
        if isinstance(words := fields.get("values"), Mapping):
            for _, word in words.entries:
                self.code(word)
        return self.columns.column(CURRENCY, CURRENCY, node.place, fields, TEXT)

    def code(self, node: Node) -> str | None:
        """An ISO 4217 code."""
        text = node.text if isinstance(node, Scalar) else ""
        if text in MINOR_UNITS:
            return text
        self.reader.mistake(node.place, ErrorCode.M011, *not_a_currency(text))
        return None

    # --- columns -----------------------------------------------------------------------------------------------------

    def helpers(self, node: Node | None) -> tuple[list[Column], list[WrittenFormula]]:
        """What stands under `columns` and is no fact: columns, text where no type is declared, and formulas, which
        need a type."""
        columns: list[Column] = []
        formulas: list[WrittenFormula] = []
        for key, entry in self.reader.entries(node, "the columns") if node else ():
            name = self.reader.name(key, "a column's name")
            fields = self.reader.fields(entry, "a column", (*COLUMN_KEYS, "formula", "type", "members"))
            if not name or fields is None or not self.formulas.one_source(key.text, key.place, fields):
                continue
            type_ = self.formulas.helper_type(fields)
            if "formula" in fields:
                formulas += self.formulas.column(f"{ROW}.{name}", type_, key.place, fields["formula"])
                continue
            column = self.columns.column(f"{ROW}.{name}", key.text, key.place, fields, type_)
            columns += [column] if column else []
        return columns, formulas

    def mapped(self, node: Node) -> tuple[list[Column], list[WrittenFormula], list[Fact]]:
        """What stands under `facts`: facts from columns, facts from formulas, and all facts that are named there, also
        those whose columns or formulas have mistakes."""
        columns: list[Column] = []
        formulas: list[WrittenFormula] = []
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
            if self.lists.stands_apart(fact, entry):
                apart = self.lists.mapped(fact, key.place, entry, self.facts)
                self.mapped_lists += [apart] if apart else []
                continue
            fields = self.reader.fields(entry, "a mapped fact", (*COLUMN_KEYS, "formula"))
            if fields is None or not self.formulas.one_source(key.text, key.place, fields):
                continue
            if "formula" in fields:
                formulas += self.formulas.fact(fact, key.place, fields["formula"])
            else:
                column = self.columns.column(fact.name, key.text, key.place, fields, fact.type)
                columns += [column] if column else []
        return columns, formulas, given

    def require(self, given: Collection[str], node: Node) -> None:
        """Notes each required fact that the map doesn't give."""
        for fact in self.facts.values():
            if fact.required and fact.name not in given:
                message = f"the required fact `{fact.name}` is not mapped"
                self.reader.mistake(node.place, ErrorCode.M007, message, f"add `{fact.name}: {{column: …}}`")

    def require_keys(self, columns: Collection[str]) -> None:
        """Notes each fact that no column gives, though records of a file of their own are found by it."""
        for mapped in self.mapped_lists:
            if mapped.key not in columns:
                message = f"`{mapped.key}`, by which the records of `{mapped.name}` are found, is read from no column"
                self.reader.mistake(
                    mapped.key_column.place, ErrorCode.M007, message, f"add `{mapped.key}: {{column: …}}`"
                )
