"""Reads what a map says of a list whose records stand in a file of their own. Part of `read_row_map`.

    account.open_items:
      key: {account.id: Customer}                 # whose record a row of the other file is: its column `Customer`
      of:
        amount: {column: Open amount, decimal: ","}
        due: {column: Due on, format: dd.MM.yyyy}

The file itself is named on the command line: `--list account.open_items=open_items.csv`.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Place
from engine.diagnostics.wording import clipped, did_you_mean
from engine.reading.document import Mapping as Entries
from engine.reading.document import Node
from engine.reading.fields import FieldReader
from engine.ruleset.formula import record_variable
from engine.vocabulary.vocabulary import Fact, Kind, Type
from files.maps.map_columns import COLUMN_KEYS, ColumnReader
from files.maps.row_map import Column, MappedList

LIST_KEYS = ("key", "of")
"""Both must be written."""

_KEY_HINT = "write `key: {account.id: …}` with the heading in the other file behind it"


class MappedListReader:
    """Reads the lists of one map, and adds the author's mistakes to `reader`."""

    def __init__(self, reader: FieldReader, columns: ColumnReader) -> None:
        self._reader = reader
        self._columns = columns

    def stands_apart(self, fact: Fact, node: Node) -> bool:
        """Whether an entry is about a file of its own."""
        return fact.type.kind is Kind.LIST and isinstance(node, Entries) and node.get("of") is not None

    def mapped(self, fact: Fact, place: Place, node: Node, facts: Mapping[str, Fact]) -> MappedList | None:
        """The list of an entry for which `stands_apart` holds. `facts`: those of the case kind."""
        fields = self._reader.fields(node, f"the list `{fact.name}`", LIST_KEYS, LIST_KEYS, place) or {}
        key = self._key(fact, fields["key"], facts) if "key" in fields else None
        columns = self._values(fact, fields["of"]) if "of" in fields else {}
        if key is None:
            return None
        return MappedList(name=fact.name, place=place, key=key.name, key_column=key, columns=columns)

    def _key(self, fact: Fact, node: Node, facts: Mapping[str, Fact]) -> Column | None:
        entries = list(self._reader.entries(node, f"the key of `{fact.name}`"))
        if len(entries) != 1:
            if entries:
                self._reader.mistake(node.place, ErrorCode.M002, "a list is found by one fact", _KEY_HINT)
            return None
        [(key, content)] = entries
        texts = [name for name, each in facts.items() if each.type.kind is Kind.TEXT]
        if key.text not in texts:
            message = f"`{clipped(key.text)}` is not a fact of this case kind that is text"
            self._reader.mistake(key.place, ErrorCode.M001, message, did_you_mean(key.text, texts))
            return None
        return self._column(key.text, key.text, key.place, content, facts[key.text].type)

    def _values(self, fact: Fact, node: Node) -> dict[str, Column]:
        known = {field.name: field for field in fact.type.fields}
        columns: dict[str, Column] = {}
        named: set[str] = set()
        for key, content in self._reader.entries(node, f"the values of `{fact.name}`"):
            field = known.get(key.text)
            if field is None:
                message = f"`{clipped(key.text)}` is no value of the records of `{fact.name}`"
                self._reader.mistake(key.place, ErrorCode.M001, message, did_you_mean(key.text, known))
                continue
            named.add(key.text)
            column = self._column(record_variable(fact.name, key.text), key.text, key.place, content, field.type)
            if column is not None:
                columns[key.text] = column
        for name, field in known.items():
            if field.required and name not in named:
                message = f"the required value `{name}` of `{fact.name}` is not mapped"
                self._reader.mistake(node.place, ErrorCode.M007, message, f"add `{name}: {{column: …}}`")
        return columns

    def _column(self, name: str, key: str, place: Place, node: Node, type_: Type) -> Column | None:
        """A column of the other file; its heading may stand alone."""
        if not isinstance(node, Entries):
            return self._columns.column(name, key, place, {"column": node}, type_)
        fields = self._reader.fields(node, "a column", COLUMN_KEYS, ("column",), place)
        return self._columns.column(name, key, place, fields, type_) if fields else None
