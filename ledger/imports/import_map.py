"""A site's import map: which column of its export is which column of an import, and how it writes dates and numbers.

    import: invoices
    decimal: ","
    dates: dd.MM.yyyy
    columns:
      invoice: {column: Belegnummer}
      account: {column: Debitor}
      amount: {column: Betrag}
      issued_on: {column: Belegdatum}
      due_on: {column: Fällig}
    ...

What may be said of a column is what row maps say of theirs. Without a map a file's headings are the columns' own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.reading.document import Document, Node
from engine.reading.fields import FieldReader, TextLanguages
from engine.vocabulary.vocabulary import Kind, Vocabulary
from files.maps.date_format import ISO, DateFormat
from files.maps.map_columns import COLUMN_KEYS, MAP_KEYS, ColumnReader
from files.maps.row_map import Column
from ledger.imports.import_kinds import KINDS, ImportKind, ImportWord, columns_of

_KEY = "import"

_NOWHERE = Place("import", 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMap:
    """How the files of one kind are read."""

    kind: ImportKind
    columns: tuple[Column, ...]
    """Those that the files have."""

    skip_lines: int = 0
    """Lines of a CSV file above its heading."""


def read_import_map(
    document: Document, word: ImportWord, vocabulary: Vocabulary
) -> tuple[ImportMap | None, tuple[Diagnostic, ...]]:
    """The map, or every mistake in it in order of place. `word`: the kind that is imported, which the map must say."""
    reader = FieldReader(languages=TextLanguages(vocabulary.languages))
    columns = ColumnReader(reader, ErrorCode.M003, ErrorCode.M008, ErrorCode.M010)
    kind, found = KINDS[word], []
    fields = reader.fields(document.root, "an import map", (_KEY, "columns", *MAP_KEYS), (_KEY, "columns"))
    if fields is not None and _KEY in fields:
        said = reader.choice(fields[_KEY], "a kind of import", tuple(ImportWord))
        if said is not None and said != word:
            reader.wrong_kind(fields[_KEY], "the kind of this import", f"`import: {word}`")
    if fields is not None and "columns" in fields:
        columns.defaults(fields)
        found = _columns(reader, columns, kind, vocabulary, fields["columns"])
    diagnostics = in_order(reader.diagnostics)
    if diagnostics:
        return None, diagnostics
    return ImportMap(kind=kind, columns=tuple(found), skip_lines=columns.skip_lines), ()


def plain_map(kind: ImportKind, vocabulary: Vocabulary) -> ImportMap:
    """Of files whose headings are the columns' own names, with ISO dates."""
    iso = DateFormat.of(ISO)
    dates = () if iso is None else (iso,)
    columns = [
        Column(name=name, place=_NOWHERE, column=name, type=type_, dates=dates if type_.kind is Kind.DATE else ())
        for name, type_ in columns_of(kind, vocabulary).items()
    ]
    return ImportMap(kind=kind, columns=tuple(columns))


def _columns(
    reader: FieldReader, columns: ColumnReader, kind: ImportKind, vocabulary: Vocabulary, node: Node
) -> list[Column]:
    types = columns_of(kind, vocabulary)
    found = []
    named: Mapping[str, Node] = reader.fields(node, "the columns", tuple(types), kind.required) or {}
    for name, entry in named.items():
        fields = reader.fields(entry, "a column", COLUMN_KEYS, ("column",))
        column = columns.column(name, name, entry.place, fields, types[name]) if fields else None
        found += [] if column is None else [column]
    return found
