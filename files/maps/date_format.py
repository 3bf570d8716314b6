"""How the dates of a column are written: `M/d/yyyy`, `dd.MM.yyyy`, `dd-MMM-yy`.

Leaf of the maps. A format is read one way only: what could name two days is no format, or a mistake of the map. Two
digits of a year need the map's word for the century, and several formats stand side by side only where no text names
one day in one of them and another day in another.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from engine.vocabulary.days import EPOCH
from engine.vocabulary.vocabulary import DATE

ISO = "yyyy-MM-dd"
"""How columns write dates where the map says nothing else."""

MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
"""English names; their first three letters are the short ones."""

_MONTH_NUMBERS = {name[:3].lower(): number for number, name in enumerate(MONTHS, 1)}
_YEAR_OF_CENTURY = 100


def _any_case(words: Sequence[str]) -> str:
    """A pattern of these words in any case. Spelled out letter by letter, since databases and Python fold letters of
    other alphabets differently."""
    return "|".join("".join(f"[{letter.upper()}{letter.lower()}]" for letter in word) for word in words)


_TOKENS = {
    "yyyy": "(?P<year>[0-9]{4})",
    "yy": "(?P<year>[0-9]{2})",
    "MMMM": f"(?P<month>{_any_case(MONTHS)})",
    "MMM": f"(?P<month>{_any_case([name[:3] for name in MONTHS])})",
    "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "dd": "(?P<day>[0-9]{2})",
    "d": "(?P<day>[0-9]{1,2})",
}
_TOKEN = re.compile(r"y+|M+|d+|[^yMd]")
_AMBIGUOUS = re.compile(r"(?<!M)M(?=[yd])|(?<!d)d(?=[yM])")
"""One or two digits with digits right behind them: `1112013` would be two days."""


@dataclass(frozen=True, slots=True)
class DateFormat:
    """One way in which a column writes dates."""

    spelling: str
    """As the map's author wrote it, such as `M/d/yyyy` or `dd-MMM-yy`: two letters stand for exactly two digits, one
    letter for one digit or two, `MMM` and `MMMM` for an English month (`Jan`, `January`) in any case, every other
    character for itself."""

    pattern: re.Pattern[str]
    """Matches a whole cell; its groups are `year`, `month` and `day`."""

    first_year: int | None = None
    """The year from which two digits count: with 1950, `50` is 1950 and `49` is 2049. None with four digits."""

    @staticmethod
    def of(spelling: str, first_year: int | None = None) -> DateFormat | None:
        """The format with this spelling; None unless it names day, month and year once each, and no other letter of the
        alphabet, and has a `first_year` where it writes years with two digits."""
        pieces = _TOKEN.findall(spelling)
        words = [piece for piece in pieces if piece in _TOKENS]
        letters = [piece for piece in pieces if piece.isascii() and piece.isalpha()]
        if sorted(word[0] for word in words) != ["M", "d", "y"] or words != letters or _AMBIGUOUS.search(spelling):
            return None
        short = "yy" in words
        if short and first_year is None:
            return None
        regex = "".join(_TOKENS.get(piece) or re.escape(piece) for piece in pieces)
        return DateFormat(spelling, re.compile(regex, re.ASCII), first_year if short else None)

    @property
    def names_months(self) -> bool:
        """Whether months are words."""
        return "MMM" in self.spelling

    def read(self, text: str) -> date | None:
        """The day that a cell names; None where the cell has another form or names a day that doesn't exist."""
        match = self.pattern.fullmatch(text)
        if not match:
            return None
        month = match["month"]
        number = _MONTH_NUMBERS[month[:3].lower()] if self.names_months else int(month)
        try:
            return date(self._year(int(match["year"])), number, int(match["day"]))
        except ValueError:
            return None

    def spelled(self, day: date) -> str:
        """A day as this format writes it, with no digit more than it needs."""
        name = MONTHS[day.month - 1]
        parts = {
            "yyyy": f"{day.year:04}", "yy": f"{day.year % _YEAR_OF_CENTURY:02}", "MMMM": name, "MMM": name[:3],
            "MM": f"{day.month:02}", "M": f"{day.month}", "dd": f"{day.day:02}", "d": f"{day.day}",
        }  # fmt: skip
        return "".join(parts.get(piece, piece) for piece in _TOKEN.findall(self.spelling))

    def _year(self, written: int) -> int:
        if self.first_year is None:
            return written
        return self.first_year + (written - self.first_year) % _YEAR_OF_CENTURY


_FIRST, _LAST = (EPOCH + timedelta(days=days) for days in (DATE.low, DATE.high))


def read_in_any(formats: Sequence[DateFormat], text: str) -> date | None:
    """The day that a cell names in the first of these formats that makes sense of it; days that no fact can hold make
    sense in none but the only format."""
    if len(formats) == 1:
        return formats[0].read(text)
    days = (each.read(text) for each in formats)
    return next((day for day in days if day is not None and _FIRST <= day <= _LAST), None)


def ambiguous_text(formats: Sequence[DateFormat]) -> str | None:
    """A text that names one day in one of these formats and another day in another; None where there is none.

    Tried are the days of many years in each format, with and without the zeros that it may leave out: of `d/M/yyyy` and
    `M/d/yyyy` the text `1/2/2001` comes out at once.
    """
    for writer, reader in itertools.permutations(formats, 2):
        for day in _SAMPLE:
            for text in _spellings(writer, day):
                other = reader.read(text)
                if other is not None and _FIRST <= other <= _LAST and other != writer.read(text):
                    return text
    return None


_YEARS = (1901, 1910, 1912, 1999, *range(2001, 2032), 2112)
_SAMPLE = tuple(
    date(year, month, day) for year in _YEARS for month in range(1, 13) for day in (1, 2, 3, 10, 12, 20, 28)
)


def _spellings(format_: DateFormat, day: date) -> Iterator[str]:
    yield format_.spelled(day)
    padded = re.sub(r"(?<!d)d(?!d)", "dd", re.sub(r"(?<!M)M(?!M)", "MM", format_.spelling))
    if padded != format_.spelling:
        yield DateFormat(padded, format_.pattern, format_.first_year).spelled(day)
