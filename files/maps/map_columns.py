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
"""What may be said of a column in every map."""

_WHOLE_NUMBERS = (Kind.INTEGER, Kind.DAYS, Kind.MONTHS)
_DATES_HINT = "use d or dd, M or MM, and yyyy, such as `M/d/yyyy` or `dd.MM.yyyy`"


class ColumnReader:
    """Reads the columns of one map, and adds the author's mistakes to `reader`."""

    def __init__(self, reader: FieldReader, date_code: ErrorCode, value_code: ErrorCode) -> None:
        """`date_code` and `value_code` are this kind of map's codes for a wrong date format and for a translation to
        something that the column can't hold."""
        self.reader = reader
        self.dates: DateFormat | None = DateFormat.of(ISO)
        """How columns without a `format` of their own write dates; None where the map's `dates` is a mistake."""
        self._date_code = date_code
        self._value_code = value_code

    def column(self, name: str, key: str, place: Place, fields: Mapping[str, Node], type_: Type) -> Column | None:
        """The column that gives `name`; None where it has no heading. `key` is what the map's author calls it, and
        `fields` are the entries of its `COLUMN_KEYS`."""
        header = fields.get("column")
        if not isinstance(header, Scalar) or not header.text:
            if header is not None:
                self.reader.wrong_kind(header, "a column", "the text of its heading")
            return None
        dates = self.dates if type_.kind is Kind.DATE else None
        if "format" in fields and type_.kind is not Kind.DATE:
            message = f"`{key}` is no date, so it has no format"
            self.reader.mistake(fields["format"].place, self._date_code, message, "leave `format` out")
        elif "format" in fields:
            dates = self.date_format(fields["format"])
        values = self._values(fields["values"], type_) if "values" in fields else None
        return Column(name=name, place=place, column=header.text, type=type_, dates=dates, values=values)

    def date_format(self, node: Node) -> DateFormat | None:
        """The format that is written here; None, with a diagnostic, where it can't be understood."""
        text = node.text if isinstance(node, Scalar) else ""
        dates = DateFormat.of(text)
        if dates is None:
            self.reader.mistake(node.place, self._date_code, f"`{clipped(text)}` is not a date format", _DATES_HINT)
        return dates

    def _values(self, node: Node, type_: Type) -> dict[str, str | int | bool | None]:
        """What each cell stands for, by its text."""
        values: dict[str, str | int | bool | None] = {}
        type_name = TypeName(type_.kind, type_.members, node.place)
        for key, entry in self.reader.entries(node, "the values"):
            if not isinstance(entry, Scalar):
                self.reader.wrong_kind(entry, "a value", "a number, a word, true, false or null")
            elif entry.value is None or type_.kind.is_text or self._fits(entry, type_name):
                values[key.text] = literal(entry, type_)
        return values

    def _fits(self, entry: Scalar, type_name: TypeName) -> bool:
        """The mistakes of a literal, under this map's own code."""
        probe = FieldReader()
        fits = probe.literal_fits(entry, entry.value, type_name)
        for mistake in probe.diagnostics:
            self.reader.mistake(mistake.place, self._value_code, mistake.message, mistake.hint)
        return fits


def literal(entry: Scalar, type_: Type) -> str | int | bool | None:
    """A value that stands in the map, as a request would carry it: whole numbers of counts, days and months as
    integers, other numbers as text."""
    if entry.value is None or isinstance(entry.value, bool):
        return entry.value
    number = entry.value
    if isinstance(number, Decimal) and type_.kind in _WHOLE_NUMBERS and number == number.to_integral_value():
        return int(number)
    return entry.text
