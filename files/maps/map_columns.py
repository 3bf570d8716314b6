"""Reads what a map says of one column: its heading, how dates are written, what its cells stand for.

Part of `read_row_map` and of `read_history_map`, which give mistakes their own codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Place
from engine.diagnostics.wording import clipped
from engine.reading.document import Node, Scalar
from engine.reading.fields import FieldReader
from engine.reading.policy import TypeName
from engine.vocabulary.vocabulary import Kind, Type
from files.maps.row_map import ISO, Column, DateFormat

COLUMN_KEYS = ("column", "format", "values")

_WHOLE = (Kind.INTEGER, Kind.DAYS, Kind.MONTHS)
_DATES_HINT = "use d or dd, M or MM, and yyyy, such as `M/d/yyyy` or `dd.MM.yyyy`"


class ColumnForm:
    """`dates` is how columns without a `format` of their own write dates; None where the map says it wrong."""

    def __init__(self, form: FieldReader, date_code: ErrorCode, value_code: ErrorCode) -> None:
        self.form = form
        self.dates: DateFormat | None = DateFormat.of(ISO)
        self._date_code = date_code
        self._value_code = value_code

    def column(self, name: str, key: str, place: Place, fields: Mapping[str, Node], type_: Type) -> Column | None:
        """`key` is what the map's author calls it."""
        header = fields.get("column")
        if not isinstance(header, Scalar) or not header.text:
            if header is not None:
                self.form.wrong_kind(header, "a column", "the text of its heading")
            return None
        dates = self.dates if type_.kind is Kind.DATE else None
        if "format" in fields and type_.kind is not Kind.DATE:
            message = f"`{key}` is no date, so it has no format"
            self.form.mistake(fields["format"].place, self._date_code, message, "leave `format` out")
        elif "format" in fields:
            dates = self.date_format(fields["format"])
        values = self._values(fields["values"], type_) if "values" in fields else None
        return Column(name, place, header.text, type_, dates, values)

    def date_format(self, node: Node) -> DateFormat | None:
        text = node.text if isinstance(node, Scalar) else ""
        found = DateFormat.of(text)
        if found is None:
            self.form.mistake(node.place, self._date_code, f"`{clipped(text)}` is not a date format", _DATES_HINT)
        return found

    def _values(self, node: Node, type_: Type) -> dict[str, str | int | bool | None]:
        found: dict[str, str | int | bool | None] = {}
        wanted = TypeName(type_.kind, type_.members, node.place)
        for key, entry in self.form.entries(node, "the values"):
            if not isinstance(entry, Scalar):
                self.form.wrong_kind(entry, "a value", "a number, a word, true, false or null")
            elif entry.value is None or type_.kind is Kind.TEXT or self._fits(entry, wanted):
                found[key.text] = literal(entry, type_)
        return found

    def _fits(self, entry: Scalar, wanted: TypeName) -> bool:
        probe = FieldReader()
        fits = probe.literal_fits(entry, entry.value, wanted)
        for item in probe.diagnostics:
            self.form.mistake(item.place, self._value_code, item.message, item.hint)
        return fits


def literal(entry: Scalar, type_: Type) -> str | int | bool | None:
    """As a request would carry it."""
    if entry.value is None or isinstance(entry.value, bool):
        return entry.value
    if isinstance(entry.value, Decimal) and type_.kind in _WHOLE and entry.value == entry.value.to_integral_value():
        return int(entry.value)
    return entry.text
