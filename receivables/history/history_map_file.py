"""Reads a history map from YAML, so that a typing mistake is seen before the first invoice is read.

`read_history_map` takes a `Document` and the vocabulary and gives a `HistoryMap`, or all of the author's mistakes as
diagnostics. Codes that begin with `H` are a history map's own and are explained in docs/backtest.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, in_order
from engine.diagnostics.wording import clipped, did_you_mean
from engine.reading.document import Document, Node, Scalar
from engine.reading.document import Mapping as Entries
from engine.reading.fields import FieldReader, TextLanguages
from engine.ruleset.ruleset import AS_OF
from engine.vocabulary.binding import Binder, FactsRefused, KnownValue
from engine.vocabulary.currencies import MINOR_UNITS, not_a_currency
from engine.vocabulary.vocabulary import Fact, Kind, Type, Vocabulary
from files.maps.map_columns import COLUMN_KEYS, MAP_KEYS, ColumnReader, literal
from files.maps.map_formula_reader import FormulaReader, WrittenFormula
from files.maps.map_formulas import MapNames
from files.maps.row_map import ROW, Column
from receivables.history.history_map import (
    ACCOUNT_FACTS,
    COLUMNS,
    COLUMNS_REQUIRED,
    DISPUTED_AMOUNT,
    HISTORY,
    ORDER_FACTS,
    Assumption,
    HistoryMap,
)

CASE = "order"


def is_history_map(document: Document) -> bool:
    """Whether a map under `rules/maps/` is one of a history and not of rows: whether it has the key `history`."""
    root = document.root
    return isinstance(root, Entries) and any(key.text == HISTORY for key, _ in root.entries)


def read_history_map(document: Document, vocabulary: Vocabulary) -> tuple[HistoryMap | None, tuple[Diagnostic, ...]]:
    """The map, or every mistake in it in order of place: None comes with at least one diagnostic, and a diagnostic
    with None. `vocabulary` knows the facts that may be assumed."""
    map_reader = _HistoryMapReader(vocabulary)
    history_map = map_reader.map(document.root)
    diagnostics = in_order(map_reader.reader.diagnostics)
    return (None if diagnostics else history_map), diagnostics


class _HistoryMapReader:
    """Reads one map; mistakes gather in `reader.diagnostics`, and what has one reads as None."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.reader = FieldReader(languages=TextLanguages(vocabulary.languages))
        self.vocabulary = vocabulary
        self.formulas = FormulaReader(self.reader, vocabulary)
        self.facts: dict[str, Fact] = {fact.name: fact for fact in vocabulary.of_case(CASE)}
        self.columns = ColumnReader(self.reader, ErrorCode.H004, ErrorCode.H006, ErrorCode.H007)

    def map(self, root: Node) -> HistoryMap | None:
        """The whole map; None where a key that it can't do without is missing or wrong."""
        reader, required = self.reader, (HISTORY, "title", "currency", "columns")
        fields = reader.fields(root, "a history map", (*required, *MAP_KEYS, "helpers", "assume"), required)
        if fields is None:
            return None
        name = reader.id(fields[HISTORY], "a map's name") if HISTORY in fields else None
        title = reader.text(fields.get("title"), "the title")
        currency = self.currency(fields.get("currency"))
        self.columns.defaults(fields)
        helpers = self.read_helpers(fields.get("helpers"))
        columns, written = self.read_columns(fields["columns"]) if "columns" in fields else ((), ())
        types = {column.name: column.type for column in helpers} | {column.name: column.type for column in columns}
        types |= {each.fact.name: each.fact.type for each in written}
        names = MapNames(types, tuple(f"{HISTORY}.{name}" for name in COLUMNS), "helpers", has_day=False)
        formulas = self.formulas.compiled(written, names)
        dated = f"{HISTORY}.disputed_on" in types
        from_history = {*ORDER_FACTS, *ACCOUNT_FACTS} - (set() if dated else {DISPUTED_AMOUNT})
        assumptions = self.assumptions(fields["assume"], from_history) if "assume" in fields else ()
        if not name or not title or not currency:
            return None
        return HistoryMap(
            name=name,
            place=root.place,
            title=title,
            currency=currency,
            columns=columns,
            helpers=helpers,
            formulas=formulas,
            assumptions=assumptions,
            skip_lines=self.columns.skip_lines,
        )

    def currency(self, node: Node | None) -> str | None:
        """An ISO 4217 code."""
        word = self.reader.word(node, "the currency") if node else None
        if word and node and word not in MINOR_UNITS:
            self.reader.mistake(node.place, ErrorCode.H005, *not_a_currency(word))
        return word

    # --- columns -----------------------------------------------------------------------------------------------------

    def read_helpers(self, node: Node | None) -> tuple[Column, ...]:
        """The columns under `helpers`, which formulas read as `row.name`; text where no type is declared."""
        read = []
        for key, entry in self.reader.entries(node, "the helpers") if node else ():
            name = self.reader.name(key, "a column's name")
            fields = self.reader.fields(entry, "a column", (*COLUMN_KEYS, "type", "members"), ("column",))
            if name and fields:
                type_ = self.formulas.helper_type(fields)
                column = self.columns.column(f"{ROW}.{name}", key.text, key.place, fields, type_)
                read += [column] if column else []
        return tuple(read)

    def read_columns(self, node: Node) -> tuple[tuple[Column, ...], tuple[WrittenFormula, ...]]:
        """The columns without a mistake, in the order of the map, and those that have a formula instead."""
        read: list[Column] = []
        written: list[WrittenFormula] = []
        for name, entry in (self.reader.fields(node, "the columns", tuple(COLUMNS), COLUMNS_REQUIRED) or {}).items():
            fields = self.reader.fields(entry, "a column", (*COLUMN_KEYS, "formula"))
            if fields is None or not self.formulas.one_source(name, entry.place, fields):
                continue
            full_name, type_ = f"{HISTORY}.{name}", self.type_of(name)
            if "formula" in fields:
                written += self.formulas.column(full_name, type_, entry.place, fields["formula"])
            elif column := self.columns.column(full_name, name, entry.place, fields, type_):
                read.append(column)
        return tuple(read), tuple(written)

    def type_of(self, name: str) -> Type:
        """The type of a column; amounts have the currency's decimals."""
        return self.vocabulary.type_named(Kind.MONEY, ()) if name == "amount" else COLUMNS[name]

    # --- assumptions -------------------------------------------------------------------------------------------------

    def assumptions(self, node: Node, from_history: set[str]) -> tuple[Assumption, ...]:
        """`from_history`: the facts that may not be assumed."""
        read = []
        for key, entry in self.reader.entries(node, "the assumptions"):
            fact = self.facts.get(key.text)
            if fact is None:
                hint = did_you_mean(key.text, self.facts)
                self.reader.mistake(key.place, ErrorCode.H001, f"`{clipped(key.text)}` is not a fact of an order", hint)
            elif fact.name in from_history:
                message = f"`{fact.name}` is told by the history"
                self.reader.mistake(key.place, ErrorCode.H002, message, "leave it out here")
            else:
                keys = ("value", "because")
                fields = self.reader.fields(entry, "an assumption", keys, keys)
                assumption = self.assumption(key, fact, fields) if fields else None
                read += [assumption] if assumption else []
        return tuple(read)

    def assumption(self, key: Scalar, fact: Fact, fields: Mapping[str, Node]) -> Assumption | None:
        """One entry of `assume`: `key` names the fact, `fields` are `value` and `because`."""
        because = self.reader.text(fields.get("because"), "the reason")
        node = fields.get("value")
        if not isinstance(node, Scalar):
            if node is not None:
                self.reader.wrong_kind(node, "an assumed value", "a number, a word, true or false")
            return None
        if fact.type.kind is Kind.DATE and node.text == AS_OF:
            if not because:
                return None
            return Assumption(name=fact.name, value=None, as_of=True, because=because, place=key.place)
        value = literal(node, fact.type)
        if value is None or not self.fits(node, fact, value) or not because:
            if value is None:
                self.reader.wrong_kind(node, "an assumed value", "a number, a word, true or false", "leave it out")
            return None
        return Assumption(name=fact.name, value=value, as_of=False, because=because, place=key.place)

    def fits(self, node: Scalar, fact: Fact, value: KnownValue) -> bool:
        """Whether the fact can hold the value, by the one gate through which all facts enter (`Binder`)."""
        group, _, name = fact.name.partition(".")
        try:
            Binder(CASE, (replace(fact, required=False),)).bind({group: {name: value}})
        except FactsRefused as refused:
            fault = refused.faults[0]
            hint = fault.hint or (f"a date is YYYY-MM-DD or `{AS_OF}`" if fact.type.kind is Kind.DATE else "")
            self.reader.mistake(node.place, ErrorCode.H003, f"`{clipped(node.text)}` {fault.message}", hint)
            return False
        return True
