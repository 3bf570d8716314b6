"""Reads a history map, so that a typing mistake is found before the first invoice is.

Verb: Document + Vocabulary → HistoryMap, with the author's mistakes as diagnostics. `P` codes are those of
`engine.codes`; `H` codes are a history map's own and are explained in docs/backtest.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from engine.diagnostic import Diagnostic, in_order
from engine.facts import Binder, FactsRefused
from engine.history.history_map import (
    ACCOUNT_FACTS,
    COLUMNS,
    COLUMNS_REQUIRED,
    DISPUTED_AMOUNT,
    HISTORY,
    ORDER_FACTS,
    Assumption,
    HistoryMap,
)
from engine.maps.row_map import ISO, Column, DateFormat
from engine.policy import TypeName
from engine.reading.document import Document, Node, Scalar
from engine.reading.document import Mapping as Entries
from engine.reading.form import Form, clipped, did_you_mean
from engine.ruleset import AS_OF
from engine.vocabulary import Fact, Kind, Type, Vocabulary

CODES: Mapping[str, str] = {
    "H001": "an assumed fact that an order doesn't have",
    "H002": "an assumption about something that the history itself tells",
    "H003": "an assumed value that the fact can't hold",
    "H004": "a date format that can't be understood, or one on something that is no date",
    "H005": "a currency that is no ISO 4217 code",
}
CASE = "order"

_DATES_HINT = "use d or dd, M or MM, and yyyy, such as `M/d/yyyy` or `dd.MM.yyyy`"
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def is_history_map(document: Document) -> bool:
    root = document.root
    return isinstance(root, Entries) and any(key.text == HISTORY for key, _ in root.entries)


def read_history_map(document: Document, vocabulary: Vocabulary) -> tuple[HistoryMap | None, tuple[Diagnostic, ...]]:
    """None comes with at least one diagnostic, and a diagnostic with None."""
    reading = _Reading(vocabulary)
    found = reading.map(document.root)
    diagnostics = in_order(reading.form.diagnostics)
    return (None if diagnostics else found), diagnostics


class _Reading:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self.form = Form()
        self.facts: dict[str, Fact] = {fact.name: fact for fact in vocabulary.of_case(CASE)}
        self.dates: DateFormat | None = DateFormat.of(ISO)

    def map(self, root: Node) -> HistoryMap | None:
        form, required = self.form, (HISTORY, "title", "currency", "columns")
        fields = form.fields(root, "a history map", (*required, "dates", "assume"), required)
        if fields is None:
            return None
        name = form.id(fields[HISTORY], "a map's name") if HISTORY in fields else None
        title = form.text(fields.get("title"), "the title")
        currency = self.currency(fields.get("currency"))
        if "dates" in fields:
            self.dates = self.date_format(fields["dates"])
        columns = self.columns(fields["columns"]) if "columns" in fields else ()
        dated = any(column.name == f"{HISTORY}.disputed_on" for column in columns)
        told = {*ORDER_FACTS, *ACCOUNT_FACTS} - (set() if dated else {DISPUTED_AMOUNT})
        assumptions = self.assumptions(fields["assume"], told) if "assume" in fields else ()
        if not name or not title or not currency:
            return None
        return HistoryMap(name, root.place, title, currency, columns, assumptions)

    def currency(self, node: Node | None) -> str | None:
        word = self.form.word(node, "the currency") if node else None
        if word and node and not _CURRENCY.fullmatch(word):
            hint = "write three capital letters, such as EUR"
            self.form.mistake(node.place, "H005", f"`{clipped(word)}` is not a currency code", hint)
        return word

    # --- columns -----------------------------------------------------------------------------------------------------

    def columns(self, node: Node) -> tuple[Column, ...]:
        found = []
        for name, entry in (self.form.fields(node, "the columns", tuple(COLUMNS), COLUMNS_REQUIRED) or {}).items():
            fields = self.form.fields(entry, "a column", ("column", "format", "values"), ("column",))
            column = self.column(name, COLUMNS[name], fields) if fields else None
            found += [column] if column else []
        return tuple(found)

    def column(self, name: str, type_: Type, fields: Mapping[str, Node]) -> Column | None:
        header = fields.get("column")
        if not isinstance(header, Scalar) or not header.text:
            if header is not None:
                self.form.wrong_kind(header, "a column", "the text of its heading")
            return None
        dates = self.dates if type_.kind is Kind.DATE else None
        if "format" in fields and type_.kind is not Kind.DATE:
            message = f"`{name}` is no date, so it has no format"
            self.form.mistake(fields["format"].place, "H004", message, "leave `format` out")
        elif "format" in fields:
            dates = self.date_format(fields["format"])
        values = self.values(fields["values"], type_) if "values" in fields else None
        return Column(f"{HISTORY}.{name}", header.place, header.text, type_, dates, values)

    def date_format(self, node: Node) -> DateFormat | None:
        text = node.text if isinstance(node, Scalar) else ""
        found = DateFormat.of(text)
        if found is None:
            self.form.mistake(node.place, "H004", f"`{clipped(text)}` is not a date format", _DATES_HINT)
        return found

    def values(self, node: Node, type_: Type) -> dict[str, str | int | bool | None]:
        found: dict[str, str | int | bool | None] = {}
        wanted = TypeName(type_.kind, type_.members, node.place)
        for key, entry in self.form.entries(node, "the values"):
            if not isinstance(entry, Scalar):
                self.form.wrong_kind(entry, "a value", "a word, true, false or null")
            elif entry.value is None or self.form.literal_fits(entry, entry.value, wanted):
                found[key.text] = entry.value if entry.value is None or isinstance(entry.value, bool) else entry.text
        return found

    # --- assumptions -------------------------------------------------------------------------------------------------

    def assumptions(self, node: Node, told: set[str]) -> tuple[Assumption, ...]:
        found = []
        for key, entry in self.form.entries(node, "the assumptions"):
            fact = self.facts.get(key.text)
            if fact is None:
                hint = did_you_mean(key.text, self.facts)
                self.form.mistake(key.place, "H001", f"`{clipped(key.text)}` is not a fact of an order", hint)
            elif fact.name in told:
                message = f"`{fact.name}` is told by the history"
                self.form.mistake(key.place, "H002", message, "leave it out here")
            else:
                keys = ("value", "because")
                fields = self.form.fields(entry, "an assumption", keys, keys)
                assumption = self.assumption(key, fact, fields) if fields else None
                found += [assumption] if assumption else []
        return tuple(found)

    def assumption(self, key: Scalar, fact: Fact, fields: Mapping[str, Node]) -> Assumption | None:
        because = self.form.text(fields.get("because"), "the reason")
        node = fields.get("value")
        if not isinstance(node, Scalar):
            if node is not None:
                self.form.wrong_kind(node, "an assumed value", "a number, a word, true or false")
            return None
        if fact.type.kind is Kind.DATE and node.text == AS_OF:
            return Assumption(fact.name, None, True, because, key.place) if because else None
        value = _raw(node, fact.type)
        if value is None or not self.fits(node, fact, value) or not because:
            if value is None:
                self.form.wrong_kind(node, "an assumed value", "a number, a word, true or false", "leave it out")
            return None
        return Assumption(fact.name, value, False, because, key.place)

    def fits(self, node: Scalar, fact: Fact, value: str | int | bool) -> bool:
        """By the one gate through which all facts enter."""
        group, _, name = fact.name.partition(".")
        try:
            Binder(CASE, (replace(fact, required=False),)).bind({group: {name: value}})
        except FactsRefused as refused:
            fault = refused.faults[0]
            hint = fault.hint or (f"a date is YYYY-MM-DD or `{AS_OF}`" if fact.type.kind is Kind.DATE else "")
            self.form.mistake(node.place, "H003", f"`{clipped(node.text)}` {fault.message}", hint)
            return False
        return True


def _raw(node: Scalar, type_: Type) -> str | int | bool | None:
    """As a request would carry it."""
    if node.value is None or isinstance(node.value, bool):
        return node.value
    whole = type_.kind in (Kind.INTEGER, Kind.DAYS, Kind.MONTHS)
    if isinstance(node.value, Decimal) and whole and node.value == node.value.to_integral_value():
        return int(node.value)
    return node.text
