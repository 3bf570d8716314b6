"""Reads what a map says of one column: its heading, how dates and numbers are written, what its cells stand for.

Part of `read_row_map` and of `read_history_map`, which give mistakes their own codes. A map may say once for all of its
columns how they write dates and numbers (`MAP_KEYS`); what a column says itself counts before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Place
from engine.diagnostics.wording import clipped
from engine.reading.document import Node, Scalar, Sequence
from engine.reading.fields import FieldReader
from engine.reading.policy import TypeName
from engine.vocabulary.vocabulary import Kind, Type
from files.maps.date_format import ISO, DateFormat, ambiguous_text
from files.maps.month_names import ENGLISH, LANGUAGES
from files.maps.number_format import BLANK, DECIMAL_SIGNS, NEGATIVES, PLAIN, THOUSANDS_SIGNS, NumberFormat
from files.maps.row_map import Column

COLUMN_KEYS = ("column", "join", "format", "decimal", "thousands", "negative", "round", "no_value", "values")
"""What may be said of a column in every map."""

MAP_KEYS = ("dates", "two_digit_years_from", "month_names", "no_date", "decimal", "thousands", "negative", "skip_lines")
"""What may be said for all columns of a map, or of its files."""

FIRST_YEARS = (1900, 2100)
"""Where a century of two-digit years may begin."""

SKIP_LINES_MAX = 1_000
"""Lines above a heading."""

PARTS_MAX = 5
"""Columns that may make one id."""

_NUMBER_KEYS = ("decimal", "thousands", "negative", "round")
_WHOLE_NUMBERS = (Kind.INTEGER, Kind.DAYS, Kind.MONTHS)
_DATES_HINT = "use d or dd, M, MM, MMM or MMMM, and yyyy or yy, such as `M/d/yyyy`, `dd.MM.yyyy` or `dd-MMM-yy`"
_YEARS_HINT = "write `two_digit_years_from: 1950` at the top of the map for 1950 to 2049, or another first year"
_THOUSANDS_HINT = 'write one of ",", ".", "\'" and " " between quotes; " " stands for every kind of blank'


class ColumnReader:
    """Reads the columns of one map, and adds the author's mistakes to `reader`."""

    def __init__(self, reader: FieldReader, date_code: ErrorCode, value_code: ErrorCode, sign_code: ErrorCode) -> None:
        """This kind of map's codes for a wrong date format (`date_code`), for words that the column can't hold
        (`value_code`), and for signs of numbers and of joined ids that can't be used (`sign_code`)."""
        self.reader = reader
        self.skip_lines = 0
        """Lines above the heading."""
        self._dates: tuple[DateFormat, ...] = _ISO_ONLY
        self._no_date: tuple[str, ...] = ()
        self._numbers = PLAIN
        self._first_year: int | None = None
        self._language = ENGLISH
        self._date_code = date_code
        self._value_code = value_code
        self._sign_code = sign_code

    def defaults(self, fields: Mapping[str, Node]) -> None:
        """Takes what the map says for all columns: `fields` are its entries, of which those of `MAP_KEYS` count."""
        if "two_digit_years_from" in fields:
            self._first_year = self._whole(fields["two_digit_years_from"], "the first year", *FIRST_YEARS)
        if "month_names" in fields:
            self._language = (
                self.reader.choice(fields["month_names"], "a language of month names", LANGUAGES) or ENGLISH
            )
        if "skip_lines" in fields:
            self.skip_lines = self._whole(fields["skip_lines"], "the number of lines", 0, SKIP_LINES_MAX) or 0
        if "dates" in fields:
            self._dates = self._date_formats(fields["dates"])
        if "no_date" in fields:
            self._no_date = self._words(fields["no_date"], "the words for no date")
        self._numbers = self._number_format(fields, PLAIN)

    def column(self, name: str, key: str, place: Place, fields: Mapping[str, Node], type_: Type) -> Column | None:
        """The column that gives `name`; None where it has no heading. `key` is what the map's author calls it, and
        `fields` are the entries of its `COLUMN_KEYS`."""
        headings = self._headings(fields["column"]) if "column" in fields else ()
        if not headings:
            return None
        is_date = type_.kind is Kind.DATE
        dates = self._dates if is_date else ()
        if "format" in fields and not is_date:
            message = f"`{key}` is no date, so it has no format"
            self.reader.mistake(fields["format"].place, self._date_code, message, "leave `format` out")
        elif "format" in fields:
            dates = self._date_formats(fields["format"])
        no_value = self._no_date if is_date else ()
        if "no_value" in fields:
            no_value = self._words(fields["no_value"], "the words for no value")
        return Column(
            name=name,
            place=place,
            column=headings[0],
            type=type_,
            dates=dates,
            values=self._values(fields["values"], type_) if "values" in fields else None,
            numbers=self._numbers_of(key, fields, type_),
            no_value=no_value,
            rest=headings[1:],
            joint=self._joint(key, headings, fields, type_),
        )

    # --- dates -------------------------------------------------------------------------------------------------------

    def _date_formats(self, node: Node) -> tuple[DateFormat, ...]:
        """The formats that are written here, one or a list; those that can't be understood are mistakes, and so are
        two that read one text as two days."""
        nodes = self.reader.items(node, "the date formats") if isinstance(node, Sequence) else (node,)
        formats = tuple(each for each in map(self._date_format, nodes) if each is not None)
        text = ambiguous_text(formats)
        if text is not None:
            spellings = ", ".join(f"`{each.spelling}`" for each in formats)
            message = f"the date formats {spellings} read `{text}` as two days"
            hint = "give one format, or formats that no text fits twice, such as `dd.MM.yyyy` and `yyyy-MM-dd`"
            self.reader.mistake(node.place, self._date_code, message, hint)
        return formats

    def _date_format(self, node: Node) -> DateFormat | None:
        text = node.text if isinstance(node, Scalar) else ""
        dates = DateFormat.of(text, self._first_year, self._language)
        if dates is None and DateFormat.of(text, FIRST_YEARS[0]) is not None:
            message = f"`{clipped(text)}` has years of two digits, and the map doesn't say of which century"
            self.reader.mistake(node.place, self._date_code, message, _YEARS_HINT)
        elif dates is None:
            self.reader.mistake(node.place, self._date_code, f"`{clipped(text)}` is not a date format", _DATES_HINT)
        return dates

    # --- numbers -----------------------------------------------------------------------------------------------------

    def _numbers_of(self, key: str, fields: Mapping[str, Node], type_: Type) -> NumberFormat:
        if type_.kind.is_numeric and "values" not in fields:
            return self._number_format(fields, self._numbers, is_whole=type_.kind in _WHOLE_NUMBERS)
        for name in _NUMBER_KEYS:
            if name in fields:
                of = "is translated" if type_.kind.is_numeric else "is no number"
                message = f"`{key}` {of}, so it has no `{name}`"
                self.reader.mistake(fields[name].place, self._sign_code, message, f"leave `{name}` out")
        return PLAIN

    def _number_format(
        self, fields: Mapping[str, Node], usual: NumberFormat, *, is_whole: bool = False
    ) -> NumberFormat:
        """How numbers are written where these entries count before `usual`. Whole numbers have no decimal sign, so
        that any sign may stand between their thousands."""
        numbers = usual
        if "decimal" in fields and (sign := self._sign(fields["decimal"], "the decimal sign", DECIMAL_SIGNS)):
            numbers = replace(numbers, decimal=sign)
        if "thousands" in fields and (
            sign := self._sign(fields["thousands"], "the sign of thousands", THOUSANDS_SIGNS)
        ):
            numbers = replace(numbers, thousands=sign)
        if "negative" in fields:
            numbers = replace(numbers, negatives=frozenset(self._negatives(fields["negative"])))
        if "round" in fields:
            numbers = replace(numbers, rounds=self._yes(fields["round"], "`round`"))
        if is_whole:
            return replace(numbers, decimal="," if numbers.thousands == "." else ".")
        if numbers.decimal != numbers.thousands:
            return numbers
        node = next(fields[name] for name in ("thousands", "decimal") if name in fields)
        message = f"`{numbers.decimal}` can't be the decimal sign and the sign of thousands"
        hint = 'write `decimal: ","` with `thousands: "."`, or the other way round'
        self.reader.mistake(node.place, self._sign_code, message, hint)
        return usual

    def _sign(self, node: Node, what: str, signs: tuple[str, ...]) -> str | None:
        text = node.text if isinstance(node, Scalar) else None
        text = BLANK if text is not None and text.isspace() and len(text) == 1 else "'" if text == "\u2019" else text
        if text in signs:
            return text
        hint = 'write "," or "." between quotes' if signs is DECIMAL_SIGNS else _THOUSANDS_HINT
        shown = f"`{clipped(text)}`" if text else "this"
        self.reader.mistake(node.place, self._sign_code, f"{shown} can't be {what}", hint)
        return None

    def _negatives(self, node: Node) -> list[str]:
        nodes = self.reader.items(node, "the ways of writing negatives") if isinstance(node, Sequence) else (node,)
        words = [self.reader.choice(each, "a way of writing negatives", NEGATIVES) for each in nodes]
        return [word for word in words if word]

    def _yes(self, node: Node, what: str) -> bool:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.reader.wrong_kind(node, what, "`true` or `false`")
        return False

    def _whole(self, node: Node, what: str, low: int, high: int) -> int | None:
        """A whole number between these bounds."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, Decimal) and value == value.to_integral_value() and low <= value <= high:
            return int(value)
        self.reader.wrong_kind(node, what, f"a whole number between {low} and {high}")
        return None

    # --- headings ----------------------------------------------------------------------------------------------------

    def _headings(self, node: Node) -> tuple[str, ...]:
        if isinstance(node, Scalar) and node.text:
            return (node.text,)
        if not isinstance(node, Sequence):
            self.reader.wrong_kind(node, "a column", "the text of its heading")
            return ()
        items = self.reader.items(node, "the list of columns")
        texts = tuple(item.text for item in items if isinstance(item, Scalar) and item.text)
        if len(texts) != len(items):
            wrong = next(item for item in items if not isinstance(item, Scalar) or not item.text)
            self.reader.wrong_kind(wrong, "a column", "the text of its heading")
            return ()
        if len(set(texts)) != len(texts) or not 1 < len(texts) <= PARTS_MAX:
            message = f"an id is made of 2 to {PARTS_MAX} different columns"
            self.reader.mistake(node.place, self._sign_code, message, "write one heading without a list, or all parts")
            return ()
        return texts

    def _joint(self, key: str, headings: tuple[str, ...], fields: Mapping[str, Node], type_: Type) -> str:
        """The sign between the parts of an id; empty for one column."""
        node = fields.get("join")
        if len(headings) == 1:
            if node is not None:
                message = f"`{key}` is one column, so nothing is joined"
                self.reader.mistake(node.place, self._sign_code, message, "leave `join` out, or list the columns")
            return ""
        if type_.kind is not Kind.TEXT or "values" in fields:
            message = f"`{key}` can't be made of several columns: only text that isn't translated can"
            self.reader.mistake(fields["column"].place, self._sign_code, message, "give it one column")
            return ""
        joint = node.text if isinstance(node, Scalar) else ""
        if len(joint) == 1 and joint.isprintable() and not joint.isspace() and not joint.isalnum():
            return joint
        place = (node or fields["column"]).place
        message = f"`{key}` needs the one sign that stands between its columns"
        hint = 'write `join: "/"`; it may be no letter, digit or blank, and no cell may hold it'
        self.reader.mistake(place, self._sign_code, message, hint)
        return ""

    # --- words -------------------------------------------------------------------------------------------------------

    def _words(self, node: Node, what: str) -> tuple[str, ...]:
        """Texts of cells, one or a list; blanks around a cell don't count, so they don't here."""
        nodes = self.reader.items(node, what) if isinstance(node, Sequence) else (node,)
        words = []
        for each in nodes:
            if isinstance(each, Scalar) and each.text.strip():
                words.append(each.text.strip())
            else:
                self.reader.wrong_kind(
                    each, "a word for no value", "the text of a cell", "an empty cell is none anyway"
                )
        return tuple(dict.fromkeys(words))

    def _values(self, node: Node, type_: Type) -> dict[str, str | int | bool | None]:
        """What each cell stands for, by its text."""
        values: dict[str, str | int | bool | None] = {}
        type_name = TypeName(word=type_.kind, members=type_.members, place=node.place)
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


def _iso_only() -> tuple[DateFormat, ...]:
    iso = DateFormat.of(ISO)
    return (iso,) if iso else ()


_ISO_ONLY = _iso_only()


def literal(entry: Scalar, type_: Type) -> str | int | bool | None:
    """A value that stands in the map, as a request would carry it: whole numbers of counts, days and months as
    integers, other numbers as text."""
    if entry.value is None or isinstance(entry.value, bool):
        return entry.value
    number = entry.value
    if isinstance(number, Decimal) and type_.kind in _WHOLE_NUMBERS and number == number.to_integral_value():
        return int(number)
    return entry.text
